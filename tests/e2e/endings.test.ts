// Ways to end, wanted or not: no input, nobody who reads, a terminal that is gone, a name that is taken.

import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";

import { AT_HOME } from "../support/home.ts";
import { pipedClient, pipedServer } from "../support/piped-programs.ts";
import { commandOf, freePort, Program } from "../support/programs.ts";
import { clientAtTerminal, ProgramAtTerminal } from "../support/terminal-programs.ts";

setDefaultTimeout(120_000);

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
const shellCommand = (script: string, ...words: readonly string[]): string =>
  [...commandOf(script), ...words].map(quoted).join(" ");

const clientWords = async (name: string, serverPort: number): Promise<string[]> => [
  name,
  "0.0.0.0",
  `${serverPort}`,
  `${await freePort()}`,
];

/** Runs a shell's line with an input that stays open and empty. */
const shell = (line: string) =>
  Bun.spawn(["bash", "-c", line], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, ...AT_HOME },
  });

/** The lines of a stream, one after the other. */
class Lines {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = "";

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** Waits for the next one; the last one may lack its end. */
  async next(): Promise<string> {
    while (!this.#text.includes("\n") && (await this.#more()));
    const [line = "", ...rest] = this.#text.split("\n");
    this.#text = rest.join("\n");
    return line;
  }

  /** All that are left, once the stream is at its end. */
  async rest(): Promise<string[]> {
    while (await this.#more());
    return this.#text.trimEnd().split("\n");
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#chunks.next();
    if (done !== true) this.#text += this.#decoder.decode(value, { stream: true });
    return done !== true;
  }
}

const REGISTERED = [">>> [Welcome, You are registered.]", ">>> [Client table updated.]"];
const GONE = [">>> [You are Offline. Bye.]", ">>> [stopping client-server listener]"];

test.each(["< /dev/null", "<&-", "< /"])("a client with nothing to read: %s", async (from) => {
  const { server, port } = await pipedServer();
  await using _server = server;
  const client = shell(
    `${shellCommand("client.ts", ...(await clientWords("client", port)))} ${from}`,
  );
  const [out, errors] = await Promise.all([client.stdout.text(), client.stderr.text()]);
  expect(await client.exited).toBe(0);
  expect([out.trimEnd().split("\n"), errors]).toEqual([[...REGISTERED, ...GONE], ""]);
  await server.until("[Server table updated. (removed client)]");
});

test("a server with nothing to read serves", async () => {
  const port = await freePort();
  const server = shell(`exec ${shellCommand("server.ts", `${port}`)} <&-`);
  try {
    const output = new Lines(server.stdout);
    expect(await output.next()).toBe(`>>> [Server started on ${port}]`);
    await using client = await pipedClient("client", port);
    client.type("send client hi");
    await client.until("[Message received by client]");
    server.kill("SIGINT");
    expect(await server.exited).toBe(0);
    expect(await output.rest()).toEqual([">>> [Server table updated.]", ">>> [Quitting.]"]);
    expect(await server.stderr.text()).toBe("");
  } finally {
    server.kill("SIGKILL");
  }
});

/** Only the first line is read; then its exit status is said. */
const headed = (command: string) =>
  shell(`${command} | head -n 1; echo "status \${PIPESTATUS[0]}"`);

/** Does something again and again until a promise is settled: what is waited for may need more than one push. */
const pushing = async <T>(awaited: Promise<T>, push: () => void): Promise<T> => {
  const timer = setInterval(push, 100);
  try {
    return await awaited;
  } finally {
    clearInterval(timer);
  }
};

test("a client whose output nobody reads any more ends without a word", async () => {
  const { server, port } = await pipedServer();
  await using _server = server;
  const client = headed(shellCommand("client.ts", ...(await clientWords("client", port))));
  try {
    await server.until("[Server table updated.]");
    await using other = await pipedClient("other", port);
    // Its first lines may have been written in one piece, or while they were still read.
    const out = await pushing(client.stdout.text(), () => other.type("send client hello"));
    expect([out, await client.stderr.text()]).toEqual([`${REGISTERED[0]}\nstatus 130\n`, ""]);
  } finally {
    client.stdin.end();
  }
});

test("a server whose output nobody reads any more ends without a word", async () => {
  const port = await freePort();
  const server = headed(shellCommand("server.ts", `${port}`));
  const output = new Lines(server.stdout);
  expect(await output.next()).toBe(`>>> [Server started on ${port}]`);
  await using client = new Program("client", "client.ts", await clientWords("client", port));
  const rest = await pushing(output.rest(), () => client.type("list_groups"));
  expect([rest, await server.stderr.text()]).toEqual([["status 0"], ""]);
});

const DISK_FULL =
  "Something went wrong: the output cannot be written: ENOSPC: no space left on device, write\n";

test.if(existsSync("/dev/full"))("output that finds no room ends both with one line", async () => {
  const server = shell(`exec ${shellCommand("server.ts", `${await freePort()}`)} > /dev/full`);
  expect([await server.stderr.text(), await server.exited]).toEqual([DISK_FULL, 1]);
  const { server: other, port } = await pipedServer();
  await using _other = other;
  const words = await clientWords("client", port);
  const client = shell(`exec ${shellCommand("client.ts", ...words)} > /dev/full`);
  expect([await client.stderr.text(), await client.exited]).toEqual([DISK_FULL, 1]);
});

test("a terminal that is closed ends its client", async () => {
  const { server, port } = await pipedServer();
  await using _server = server;
  using client = await clientAtTerminal("client", port);
  client.hangUp();
  expect(await client.exited).toBe(130);
});

test("a name that is taken, at a terminal: said, and over", async () => {
  const { server, port } = await pipedServer();
  await using _server = server;
  await using _client = await pipedClient("client", port);
  using second = new ProgramAtTerminal("second", "client.ts", await clientWords("Client", port));
  expect(await second.exited).toBe(1);
  await second.shows(">>> [`Client` already exists!]", ">>> [stopping client-server listener]");
});
