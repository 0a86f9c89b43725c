// The question for a password comes while the user is typing, or in the middle of a chat: nothing of that is lost.

import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";

import { type Home, newHome } from "../support/home.ts";
import { freePort, type Program, readyServer } from "../support/programs.ts";
import { ProgramAtTerminal } from "../support/terminal-programs.ts";

setDefaultTimeout(180_000);

const WORD = "hunter2 of ours";
const QUESTION = "Password of the server";
const UNANSWERED = "[What you typed and got no answer to is not repeated]";

/** An idle client notices with its next keep-alive that the server has lost it. */
const IDLE_RETURN_TIMEOUT_MS = 90_000;

let home: Home;
let port: number;
beforeEach(async () => {
  home = newHome();
  port = await freePort();
});
afterEach(() => home[Symbol.dispose]());

const startServer = (...flags: readonly string[]): Promise<Program> =>
  readyServer(port, flags, { env: home.environment });

/** A client that has just been started. */
const startClient = async (): Promise<ProgramAtTerminal> => {
  const words = ["ann", "0.0.0.0", `${port}`, `${await freePort()}`];
  const { environment: env } = home;
  return new ProgramAtTerminal("ann", "client.ts", words, { env });
};

const isAsked = (client: ProgramAtTerminal): boolean => client.raw.includes(QUESTION);

const answer = async (client: ProgramAtTerminal, timeoutMs?: number): Promise<void> => {
  await client.until(() => isAsked(client), QUESTION, timeoutMs);
  client.type(`${WORD}\r`);
};

/** Another server in the place of this one, that wants a password. */
const replace = async (server: Program): Promise<Program> => {
  server.signal("SIGKILL");
  await server.exited();
  return startServer("--password", WORD);
};

test("what is typed until the question comes is not taken for its answer, and is still there afterwards", async () => {
  await using _server = await startServer("--password", WORD);
  using client = await startClient();
  client.type("send ann one\rsend ann ");
  // The user goes on with every key that is seen, as long as there is no question.
  const draft = "tw".repeat(40);
  let typed = 0;
  client.onFrame(() => {
    if (typed < draft.length && !isAsked(client)) client.type(draft[typed++] ?? "");
  });
  await answer(client);
  await client.line("[Client table updated.]");
  await client.line("[ann: one]");
  await client.until(() => client.lines().at(-1) === `>>> send ann ${draft}`, "the draft");
  client.key("up");
  await client.until(() => client.lines().at(-1) === ">>> send ann one", "the line before");
  client.key("down");
  await client.command("!", `[ann: ${draft}!]`);
  expect(client.raw).not.toContain(WORD);
});

test("^C before the question comes is a way out, as ever", async () => {
  await using _server = await startServer("--password", WORD);
  using client = await startClient();
  await client.until(() => client.lines().at(-1) === ">>>", "the prompt");
  client.key("ctrl-c");
  const closing = ">>> [stopping client-server listener]";
  await client.until(() => client.lines().at(-1) === closing, "the closing line");
  expect(await client.exited).toBe(130);
  expect(client.lines().at(-1)).toBe(closing);
});

test("in a group, nothing asked: the user is in it again, and nothing else is said", async () => {
  await using first = await startServer();
  using client = await startClient();
  await client.line("[Client table updated.]");
  await client.command("create_group g", "[Group g created by Server.]");
  await client.command("join_group g", "[Entered group g successfully!]");
  client.type("send_group half a");
  await client.until(() => client.lines().at(-1) === ">>> (g) send_group half a", "the draft");
  await using _second = await replace(first);
  await answer(client, IDLE_RETURN_TIMEOUT_MS);
  await client.until(
    () => client.lines().filter((line) => line === ">>> [Welcome, You are registered.]").length > 1,
    "another welcome",
  );
  await client.until(() => client.lines().at(-1) === ">>> (g) send_group half a", "the draft");
  await client.command(" message", "(g) [Message received by Server.]");
  await client.command("list_members", "(g) ann");
  expect(client.lines()).not.toContain(`>>> ${UNANSWERED}`);
});

test("what was asked and got no answer is not asked again, and that is said", async () => {
  await using first = await startServer();
  using client = await startClient();
  await client.line("[Client table updated.]");
  await using _second = await replace(first);
  client.type("list_groups\r");
  await answer(client);
  await client.line(UNANSWERED);
  await client.command("list_groups", "[Available group chats:]");
});
