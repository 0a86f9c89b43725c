// What a client is given to read: more than it can work off at once.

import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { LINES_WAITING_MAX_CHARS } from "../../lib/chat/limits.ts";
import { AT_HOME } from "../support/home.ts";
import { pipedServer } from "../support/piped-programs.ts";
import { commandOf, freePort, Program, readyServer } from "../support/programs.ts";

/** How far `cat` has read its file, in bytes. Linux only. */
const readBy = (cat: number): number =>
  Number(/^pos:\s*(\d+)$/m.exec(readFileSync(`/proc/${cat}/fdinfo/0`, "latin1"))?.[1]);

test.skipIf(process.platform !== "linux")(
  "a long pipe is read as its lines are worked off, and no faster",
  async () => {
    await using stack = new AsyncDisposableStack();
    const folder = mkdtempSync(join(tmpdir(), "chatapp-input-"));
    stack.defer(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, "lines");
    const bytes = await Bun.write(file, "list_groups\n".repeat(2_000_000));
    const [port, clientPort] = [await freePort(), await freePort()];
    stack.use(await readyServer(port));
    const pipe = join(folder, "pipe");
    Bun.spawnSync(["mkfifo", pipe]);
    const cat = Bun.spawn(["sh", "-c", 'exec cat < "$0" > "$1"', file, pipe]);
    const words = ["ann", "127.0.0.1", `${port}`, `${clientPort}`];
    const client = Bun.spawn(
      ["sh", "-c", 'exec "$@" < "$0"', pipe, ...commandOf("client.ts"), ...words],
      { stdout: "pipe", env: { ...process.env, ...AT_HOME } },
    );
    stack.defer(async () => {
      for (const one of [client, cat]) {
        one.kill("SIGKILL");
        await one.exited;
      }
    });
    const lists = (text: string): number => text.split("[Available group chats:]").length - 1;
    let shown = "";
    const decoder = new TextDecoder();
    for await (const chunk of client.stdout) {
      shown += decoder.decode(chunk, { stream: true });
      if (lists(shown) >= 100) break;
    }
    expect(readBy(cat.pid)).toBeWithin(1, LINES_WAITING_MAX_CHARS + 4_000_000);
    expect(bytes).toBeGreaterThan(5 * LINES_WAITING_MAX_CHARS);
  },
  60_000,
);

test.skipIf(process.platform !== "linux")(
  "input that is always ready and never ends leaves room for all the rest",
  async () => {
    const { server, port } = await pipedServer();
    await using _server = server;
    const words = ["ann", "127.0.0.1", `${port}`, `${await freePort()}`];
    const under = ["sh", "-c", 'exec "$@" < /dev/zero', "sh"];
    await using client = new Program("ann", "client.ts", words, { under });
    await client.until("[Welcome, You are registered.]");
    client.signal("SIGTERM");
    await client.until("[stopping client-server listener]");
    expect(await client.exited()).toBe(130);
  },
  60_000,
);
