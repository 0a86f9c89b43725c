// `bun run demo`: a server and two clients talk to each other for ten seconds, in one window. Ends by itself,
// with status 0 if everything was said. With --fast nobody stops to think.

import pc from "picocolors";

import { freePort, Program } from "./support/programs.ts";

/** Between what is typed: long enough to read along. */
const PAUSE_MS = process.argv.includes("--fast") ? 0 : 800;

const COLOURS = { server: pc.yellow, client: pc.cyan, client2: pc.magenta };
type Who = keyof typeof COLOURS;

const NAME_WIDTH = 8;

const print = (who: Who, text: string): void => {
  console.log(`${COLOURS[who](who.padEnd(NAME_WIDTH))}${text}`);
};

const tell = (text: string): void => console.log(pc.dim(`\n-- ${text}`));

/** A program whose lines are shown under its name. */
const start = (who: Who, script: string, words: readonly string[]): Program => {
  print(who, pc.dim(`$ bun ${script} ${words.join(" ")}`));
  return new Program(who, script, words, { onLine: (line) => print(who, line) });
};

const play = async (): Promise<void> => {
  const [port, port1, port2] = [await freePort(), await freePort(), await freePort()];

  tell("A server, and two who register");
  await using server = start("server", "server.ts", [`${port}`]);
  await server.until(`[Server started on ${port}]`);
  await using client = start("client", "client.ts", ["client", "0.0.0.0", `${port}`, `${port1}`]);
  await client.until("[Welcome, You are registered.]");
  await client.until("[Client table updated.]");
  await using client2 = start("client2", "client.ts", [
    "client2",
    "0.0.0.0",
    `${port}`,
    `${port2}`,
  ]);
  await client2.until("[Welcome, You are registered.]");
  await client2.until("[Client table updated.]");
  await client.until("[Client table updated.]");

  /** Typed at the prompt, in the group if one is named. */
  const type = async (program: Program, text: string, group?: string): Promise<void> => {
    await Bun.sleep(PAUSE_MS);
    const prompt = group === undefined ? ">>> " : `>>> (${group}) `;
    print(program.name as Who, prompt + pc.bold(text));
    program.type(text);
  };

  tell("A message, straight from one to the other");
  await type(client2, "send client hello there :)");
  await client.until("[client2: hello there :)]");
  await client2.until("[Message received by client]");

  tell("A group");
  await type(client, "create_group group-name");
  await client.until("[Group group-name created by Server.]");
  await type(client, "join_group group-name");
  await client.until("[Entered group group-name successfully!]");
  await type(client2, "join_group group-name");
  await client2.until("[Entered group group-name successfully!]");
  await type(client, "send_group hey there :)", "group-name");
  await client.until("(group-name) [Message received by Server.]");
  await client2.until("(group-name) Group_Message client: hey there :)");
  await server.until("[Client client2 acked group message]");
  await type(client2, "list_members", "group-name");
  await client2.until("(group-name) client2");

  tell("A private message to someone in a group waits until they leave it");
  await type(client2, "leave_group", "group-name");
  await client2.until("[Leave group chat group-name]");
  await type(client2, "send client call me back :(");
  await client2.until("[Message received by client]");
  await type(client, "leave_group", "group-name");
  await client.until("[>>> client2: call me back :(]");

  tell("Everybody leaves");
  await type(client2, "dereg client2");
  await client2.until("[You are Offline. Bye.]");
  await server.until("[Server table updated. (removed client2)]");
  await client.until("[Client table updated.]");
  await type(client, "dereg client");
  await client.until("[You are Offline. Bye.]");
  await server.until("[Server table updated. (removed client)]");
  server.signal("SIGINT");
  await server.until("[Quitting.]");

  for (const program of [client2, client, server]) {
    const status = await program.exited();
    if (status !== 0) throw new Error(`${program.name} ended with status ${status}`);
  }
};

try {
  await play();
  console.log(pc.dim("\n-- That was all. Start your own: bun server.ts, then bun client.ts"));
} catch (error) {
  console.error(`The demo stopped: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
