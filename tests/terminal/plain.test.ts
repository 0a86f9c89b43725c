// Consoles that are not live: pipes, files, dumb terminals, and the server.

import { expect, test } from "bun:test";

import { UNREAD_MAX_CHARS } from "../../lib/io/terminal/console-plain.ts";
import { DrivenConsole, DRIVER } from "../support/driven.ts";
import { TerminalSession } from "../support/pty.ts";

const BUN = process.execPath;
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
const driver = (...words: readonly string[]): string =>
  [BUN, DRIVER, ...words].map(quoted).join(" ");

/** Runs a shell's line without any terminal. */
const run = async (
  line: string,
  input = "",
): Promise<{ status: number; out: string; errors: string }> => {
  const child = Bun.spawn(["bash", "-c", line], {
    stdin: new Blob([input]),
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, FORCE_COLOR: "1" },
  });
  const [out, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { status: await child.exited, out, errors };
};

test("in pipes: one line each way, no prompt, no escape sequence; a last line needs no end", async () => {
  const { status, out, errors } = await run(driver(), "one\r\n\ntwo  spaces \nthree");
  expect(out).toBe(">>> [bob: one]\n>>> [bob: ]\n>>> [bob: two  spaces ]\n>>> [bob: three]\n");
  expect([status, errors]).toEqual([0, ""]);
});

test("bytes that are not UTF-8 do no harm in a pipe", async () => {
  const { out } = await run(`printf 'a\\0b\\377c\\303\\n' | ${driver()}`);
  expect(out).toBe(">>> [bob: a\0b\ufffdc\ufffd]\n");
});

test.each(["< /dev/null", "< /", "<&-"])("nothing to read from: %s", async (from) => {
  const { status, errors } = await run(`${driver()} ${from}`);
  expect([status, errors]).toEqual([0, ""]);
});

test("a reader that is slow gets every line, also those of the end", async () => {
  const { out } = await run(`${driver("client", "50000")} | (sleep 0.2; cat)`);
  const lines = out.trimEnd().split("\n");
  expect(lines.length).toBe(50_000);
  expect(lines.at(-1)).toBe(">>> [line 50000]");
});

test("a reader that has had enough ends the program, without a word", async () => {
  // A pipe that is never closed: the program has no other reason to end.
  const { out, errors } = await run(
    `f=$(mktemp -u); mkfifo "$f"; ${driver("client", "100000")} <> "$f" | head -n 1; rm "$f"`,
  );
  expect([out, errors]).toEqual([">>> [line 1]\n", ""]);
});

test("into a file", async () => {
  const { out } = await run(`f=$(mktemp); ${driver("client", "3")} > "$f"; cat "$f"; rm "$f"`);
  expect(out).toBe(">>> [line 1]\n>>> [line 2]\n>>> [line 3]\n");
});

test("the server shows its lines and reads nothing", async () => {
  const { out } = await run(`${driver("server", "2")}; cat`, "left alone\n");
  expect(out).toBe(">>> [line 1]\n>>> [line 2]\nleft alone\n");
});

test("what nobody reads costs the server bounded memory: it says how many lines it has left out", async () => {
  const count = 1_500_000;
  // All are there before the first one is written.
  const { status, out } = await run(driver("server", `${count}`));
  const lines = out.trimEnd().split("\n");
  const kept = lines.slice(0, -1);
  expect(kept.every((line, at) => line === `>>> [line ${at + 1}]`)).toBe(true);
  expect(lines.at(-1)).toBe(
    `>>> [${count - kept.length} lines are left out here: nobody has read them in time]`,
  );
  expect(out.length).toBeGreaterThan(0.9 * UNREAD_MAX_CHARS);
  expect(out.length).toBeLessThan(1.1 * UNREAD_MAX_CHARS);
  expect(status).toBe(0);
});

test.each(["server", "client"] as const)(
  "a line that is shown several times: at a %s",
  async (role) => {
    using console = await DrivenConsole.start({}, role);
    const again = {
      kind: "status",
      text: "[Client client2 acked group message]",
      times: 3,
    } as const;
    console.show("[one]", again, "[two]");
    const acked = ">>> [Client client2 acked group message]";
    const prompt = role === "client" ? [">>>"] : [];
    await console.shows(">>> [one]", acked, acked, acked, ">>> [two]", ...prompt);
  },
);

test("^C at the server's terminal: the closing lines begin on a new line", async () => {
  using console = await DrivenConsole.start({}, "server");
  console.show("[Server started on 5000]");
  await console.shows(">>> [Server started on 5000]");
  console.key("ctrl-c");
  expect(await console.exited).toBe(130);
  await console.shows(
    ">>> [Server started on 5000]",
    "^C",
    ">>> [stopping client-server listener]",
  );
});

test("colours at a terminal change nothing but the colours, and NO_COLOR turns them off", async () => {
  const lines = [
    { kind: "status", text: "[Client table updated.]" },
    { kind: "chat", text: "[bob: hi [there]: you]" },
    { kind: "chat", text: "[>>> bob: call me]" },
    { kind: "group", text: "Group_Message bob: hey", scope: "dev" },
    { kind: "error", text: "Invalid command: x", scope: "dev" },
    { kind: "closing", text: "[stopping client-server listener]" },
  ] as const;
  const expected = [
    ">>> [Client table updated.]",
    ">>> [bob: hi [there]: you]",
    ">>> [>>> bob: call me]",
    ">>> (dev) Group_Message bob: hey",
    ">>> (dev) Invalid command: x",
    ">>> [stopping client-server listener]",
    ">>>",
  ];
  using colored = await DrivenConsole.start();
  colored.show(...lines);
  await colored.shows(...expected);
  expect(colored.raw).toMatch(/\x1b\[[0-9;]*m/);
  using plain = await DrivenConsole.start({ env: { NO_COLOR: "1" } });
  plain.show(...lines);
  await plain.shows(...expected);
  expect(plain.raw).not.toMatch(/\x1b\[[0-9;]*m/);
  using empty = await DrivenConsole.start({ env: { NO_COLOR: "" } });
  empty.show(...lines);
  await empty.shows(...expected);
  expect(empty.raw).toMatch(/\x1b\[[0-9;]*m/);
});

test("a dumb terminal gets no escape sequence and no prompt", async () => {
  using session = new TerminalSession([BUN, DRIVER, "client", "1"], { env: { TERM: "dumb" } });
  await session.until(() => session.lines().includes(">>> [line 1]"), "the line");
  session.type("hello\n");
  await session.until(() => session.lines().at(-1) === ">>> [bob: hello]", "the answer");
  session.key("ctrl-d");
  expect(await session.exited).toBe(0);
  expect(session.raw).not.toContain("\x1b");
});

test.each([
  ["input from a pipe", `echo hello | ${driver()}`, ""],
  ["output to a pipe", `${driver()} | cat`, "hello\n\x04"],
])("%s, the other end at a terminal: no prompt", async (_, line, typed) => {
  using session = new TerminalSession(["bash", "-c", line]);
  session.type(typed);
  await session.until(() => session.lines().includes(">>> [bob: hello]"), "the line");
  await session.exited;
  expect(session.lines()).not.toContain(">>>");
});
