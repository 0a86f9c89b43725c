// What is typed at a terminal: whole while others talk, and no harm done, whatever it is.

import { describe, expect, setDefaultTimeout, test } from "bun:test";

import { pipedClient, pipedServer } from "../support/piped-programs.ts";
import { Prng } from "../support/prng.ts";
import { clientAtTerminal, serverAtTerminal } from "../support/terminal-programs.ts";
import type { ProgramAtTerminal } from "../support/terminal-programs.ts";

setDefaultTimeout(120_000);

test("the typed line is whole at every moment while 50 messages a second arrive", async () => {
  const { server, port } = await pipedServer();
  await using _server = server;
  using client = await clientAtTerminal("client", port, { rows: 12 });
  await using other = await pipedClient("other", port);
  await client.until(
    () => client.lines().filter((line) => line === ">>> [Client table updated.]").length === 2,
    "the other one",
  );

  // Lines of one row and of several; the typed one grows beyond a row as well.
  const count = 150;
  const message = (number: number) =>
    `number ${number} ${"long ".repeat(number % 3 === 0 ? 30 : 1)}.`;
  const text =
    "send other a line that is typed character by character, with  two  spaces, a 日本語 word, " +
    "and an end that is on the next row";
  let typed = "";
  let drawn = "";
  let checks = 0;
  client.onFrame(() => {
    checks++;
    const last = client.lines().at(-1) ?? "";
    const seen = last.slice(">>> ".length);
    // The last key may not be drawn yet. What was drawn before stays.
    if (!last.startsWith(">>>") || !typed.startsWith(seen) || !seen.startsWith(drawn))
      throw new Error(`typed \`${typed}\`, but the last line is \`${last}\``);
  });

  let sent = 0;
  const timer = setInterval(() => {
    sent++;
    other.type(`send client ${message(sent)}`);
    if (sent === count) clearInterval(timer);
  }, 20);
  try {
    for (const character of text) {
      typed += character;
      client.type(character);
      const line = `>>> ${typed}`.trimEnd();
      await client.until(() => client.lines().at(-1) === line, `\`${line}\` at the end`);
      drawn = typed.trimEnd();
    }
    await client.line(`[other: ${message(count)}]`);
  } finally {
    clearInterval(timer);
  }

  const messages = Array.from({ length: count }, (_, at) => `>>> [other: ${message(at + 1)}]`);
  expect(client.lines().filter((line) => line.startsWith(">>> [other: "))).toEqual(messages);
  expect(client.lines().at(-1)).toBe(`>>> ${text}`);
  expect(checks).toBeGreaterThan(count / 2);
  typed = drawn = "";
  client.key("enter");
  await other.until(`[client: ${text.slice("send other ".length)}]`);
  await client.line("[Message received by other]");
});

describe("garbage", () => {
  /** Ends what is unfinished (a paste, a sequence, a line), then a command must work as ever. */
  const recovers = async (client: ProgramAtTerminal): Promise<void> => {
    client.type("\x1b[201~");
    client.key("ctrl-e", "ctrl-u", "enter");
    await client.command("send client still here", "[client: still here]");
    await client.line("[Message received by client]");
  };

  const ETX = 0x03; // ^C
  const EOT = 0x04; // ^D
  const SUB = 0x1a; // ^Z: the program looks for a moment whether it was stopped
  const FS = 0x1c; // ^\: ends any program, once the terminal is back in its usual mode

  const DC3 = 0x13; // ^S: holds the output back

  test("random bytes, and the client still works", async () => {
    const { server, port } = await pipedServer();
    await using _server = server;
    const meaningful = new Set([ETX, EOT, SUB]);
    for (const seed of [1, 2, 3]) {
      using client = await clientAtTerminal("client", port);
      const random = new Prng(seed);
      for (let piece = 0; piece < 20; piece++)
        client.type(random.bytes(200).filter((byte) => !meaningful.has(byte)));
      await recovers(client);
      client.type("\x05\x15dereg client\r");
      expect(await client.exited).toBe(0);
    }
  });

  test("sequences that mean something elsewhere, and the client still works", async () => {
    const { server, port } = await pipedServer();
    await using _server = server;
    using client = await clientAtTerminal("client", port);
    const sequences = [
      "\0\0\0",
      "\x1bc", // a terminal would reset itself
      "\x1b[2J\x1b[H\x1b[?1049h",
      "\x1b]0;title\x07\x1b]52;c;Z2FyYmFnZQ==\x07",
      "\x1bP$q\x1b\\\x1b_x\x1b\\\x1b^y\x1b\\",
      "\x1b[99999999999999999999;1;1;1;1;1;1;1;1A",
      "\x1b[M   \x1b[<0;10;10M\x1b[<0;10;10m", // a mouse
      "\x1b[1;1R\x1b[5;5R", // answers to questions that were not asked
      "\u202e\u200b\ud7ff\ufffe",
      "\xff\xfe".repeat(10),
      "\x1a", // ^Z, and nobody there to go on at a shell
      "\x1b[200~half a paste\r\x1b[200~and another",
      "\x1b[",
      "\x1b",
    ];
    for (const sequence of sequences) client.type(sequence);
    await recovers(client);
  });

  test("random bytes with ^C and ^D among them: works on, or ends cleanly", async () => {
    const { server, port } = await pipedServer();
    await using _server = server;
    for (const seed of [4, 5, 6]) {
      using client = await clientAtTerminal(`client${seed}`, port);
      const random = new Prng(seed);
      // Behind a lonely ^D it leaves as with `dereg`, at the first ^C as ever, at the second one at once.
      const bytes = random.bytes(4_000).filter((byte) => byte !== SUB && byte !== FS);
      client.type(Uint8Array.from([...bytes, ETX]));
      expect([0, 130]).toContain(await client.exited);
      expect(client.raw).not.toMatch(/Something went wrong|Error|\bat .*\.[jt]s/);
    }
  });

  test("at the server's terminal, and the server still works", async () => {
    const { server, port } = await serverAtTerminal();
    using _server = server;
    // What a terminal in its usual mode makes signals of, or stops its output for.
    const meaningful = new Set([ETX, SUB, FS, DC3]);
    for (let seed = 7; seed < 10; seed++)
      server.type(new Prng(seed).bytes(1_000).filter((byte) => !meaningful.has(byte)));
    server.type("\x04\x04\r");
    await using client = await pipedClient("client", port);
    client.type("list_groups");
    await client.until("[Available group chats:]");
    await server.until(() => server.raw.includes("requested listing groups"), "the request");
    server.key("ctrl-c");
    expect(await server.exited).toBe(0);
    await server.until(() => server.lines().at(-1) === ">>> [Quitting.]", "the last line");
  });
});
