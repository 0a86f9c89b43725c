// Much of everything: a chat of 64, and messages of 100,000 characters.

import { expect, setDefaultTimeout, test } from "bun:test";

import { pipedClient, pipedServer } from "../support/piped-programs.ts";
import { clientAtTerminal } from "../support/terminal-programs.ts";
import { SocketClient } from "./socket-client.ts";

setDefaultTimeout(120_000);

/** With spaces in it and characters of several bytes, and no two pieces the same. None is two cells wide. */
const longText = (length: number): string => {
  let text = "";
  for (let number = 0; text.length < length; number++) text += `${number} größer щ `;
  return `${text.slice(0, length - 1)}.`;
};

test("a chat of 64: names, a group, and a message of 100,000 characters to it", async () => {
  const { server, port } = await pipedServer();
  await using _server = server;
  using stack = new DisposableStack();
  const others = await Promise.all(
    Array.from({ length: 63 }, (_, at) => SocketClient.start(`user-${at + 1}`, port)),
  );
  for (const other of others) stack.use(other);
  await Promise.all(others.map((other) => other.line("[Client table updated.]")));
  using client = await clientAtTerminal("client", port);
  await client.command("create_group all", "[Group all created by Server.]");
  await client.command("join_group all", "[Entered group all successfully!]");
  for (const other of others) other.type("join_group all");
  await Promise.all(others.map((other) => other.line("[Entered group all successfully!]")));

  client.type("list_members\r");
  const names = ["client", ...others.map(({ name }) => name)];
  const members = (): string[] =>
    client
      .lines()
      .filter((line) => /^>>> \(all\) \S+$/.test(line))
      .map((line) => line.slice(">>> (all) ".length))
      .filter((name) => name !== "list_members");
  await client.until(() => members().length >= names.length, "64 members");
  expect(members().toSorted()).toEqual(names.toSorted());

  const text = longText(100_000);
  client.type(`send_group ${text}\r`);
  await Promise.all(others.map((other) => other.line(`(all) Group_Message client: ${text}`)));
  await client.line("(all) [Message received by Server.]");
  for (const { name } of others)
    await server.when(
      () => server.lines.includes(`>>> [Client ${name} acked group message]`),
      `that ${name} has it`,
    );

  // And each of them to the one at the terminal.
  for (const other of others) other.type(`send_group hello from ${other.name}`);
  await client.until(
    () =>
      others.every(({ name }) =>
        client.lines().includes(`>>> (all) Group_Message ${name}: hello from ${name}`),
      ),
    "63 greetings",
  );
});

test("a message of 100,000 characters, pasted and from a pipe", async () => {
  const { server, port } = await pipedServer();
  await using _server = server;
  using client = await clientAtTerminal("client", port);
  await using other = await pipedClient("other", port);
  const text = longText(100_000);
  await client.until(
    () => client.lines().filter((line) => line.includes("table updated")).length === 2,
    "the other one",
  );
  client.type(`\x1b[200~send other ${text}\x1b[201~`);
  client.key("enter");
  await other.until(`[client: ${text}]`);
  await client.line("[Message received by other]");
  other.type(`send client ${text}`);
  await client.line(`[other: ${text}]`);
  await other.until("[Message received by client]");
});
