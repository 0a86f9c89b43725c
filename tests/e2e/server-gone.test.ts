// The server is killed: what goes on without it, and how everybody finds back when it is started again.

import { expect, setDefaultTimeout, test } from "bun:test";

import { pipedClient, pipedServer } from "../support/piped-programs.ts";
import { freePort, Program } from "../support/programs.ts";
import { clientAtTerminal } from "../support/terminal-programs.ts";

setDefaultTimeout(180_000);

/** An idle client notices with its next keep-alive that the server has lost it. */
const IDLE_RETURN_TIMEOUT_MS = 90_000;

const kill = async (server: Program): Promise<void> => {
  server.signal("SIGKILL");
  await server.exited();
};

const startAgain = (port: number): Program => new Program("server again", "server.ts", [`${port}`]);

test.concurrent("direct messages arrive, also between those who never spoke before", async () => {
  const { server, port } = await pipedServer();
  await using _server = server;
  using client = await clientAtTerminal("client", port);
  await using second = await pipedClient("second", port);
  await using third = await pipedClient("third", port);
  await second.until("[Client table updated.]");
  await client.until(
    () => client.lines().filter((line) => line.includes("table updated")).length === 3,
    "both of the others",
  );
  await client.command("send second before", "[Message received by second]");
  await second.until("[client: before]");

  await kill(server);
  client.type("send second after\r");
  await second.until("[client: after]");
  second.type("send client likewise");
  await client.line("[second: likewise]");
  await second.until("[Message received by client]");
  third.type("send client from a stranger");
  await client.line("[third: from a stranger]");
  await third.until("[Message received by client]");
  third.type("send second to another");
  await second.until("[third: to another]");
  await third.until("[Message received by second]");
  expect(client.lines().filter((line) => line === ">>> [Message received by second]")).toHaveLength(
    2,
  );
});

/** Two in a group that have spoken there, and their server; `stack` ends them. */
const groupOfTwo = async (stack: AsyncDisposableStack) => {
  const { server, port } = await pipedServer();
  stack.use(server);
  const client = stack.use(await clientAtTerminal("client", port));
  const second = stack.use(await pipedClient("second", port));
  await client.command("create_group g", "[Group g created by Server.]");
  await client.command("join_group g", "[Entered group g successfully!]");
  second.type("join_group g");
  await second.until("[Entered group g successfully!]");
  await client.command("send_group before", "(g) [Message received by Server.]");
  await second.until("(g) Group_Message client: before");
  return { server, port, client, second };
};

test.concurrent(
  "the server is back at once: a command gets its result, the group goes on",
  async () => {
    await using stack = new AsyncDisposableStack();
    const { server, port, client, second } = await groupOfTwo(stack);
    await kill(server);
    await using again = startAgain(port);
    // Typed while nobody is there yet.
    client.type("list_members\r");
    second.type("list_members");
    await again.until(`[Server started on ${port}]`);
    await client.until(
      () => client.lines().includes(">>> (g) client"),
      "its own name among the members",
    );
    await second.until("(g) second");
    client.type("send_group after\r");
    await second.until("(g) Group_Message client: after");
    second.type("send_group likewise");
    await client.line("(g) Group_Message second: likewise");
    await second.until("(g) [Message received by Server.]");

    client.type("list_members\r");
    const members = (): string[] => client.lines().slice(-3, -1).toSorted();
    const both = [">>> (g) client", ">>> (g) second"];
    await client.until(() => JSON.stringify(members()) === JSON.stringify(both), "both members");
    // Their names are still theirs.
    await using rival = new Program("rival", "client.ts", [
      "second",
      "0.0.0.0",
      `${port}`,
      `${await freePort()}`,
    ]);
    expect(await rival.exited()).toBe(1);
    expect(rival.lines[0]).toBe(">>> [`second` already exists!]");
    expect(client.lines()).not.toContain(">>> [Server not responding]");
    expect(
      second.lines.filter((line) => line === ">>> [Welcome, You are registered.]"),
    ).toHaveLength(1);
  },
);

test.concurrent(
  "who does nothing meanwhile is back by itself, and gets what was said",
  async () => {
    await using stack = new AsyncDisposableStack();
    const { server, port, client, second } = await groupOfTwo(stack);
    await kill(server);
    await using again = startAgain(port);
    client.type("send_group who is there?\r");
    await again.until(`[Server started on ${port}]`);
    await again.until("[Client client sent group message: who is there?]");
    await second.until("(g) Group_Message client: who is there?", IDLE_RETURN_TIMEOUT_MS);
    await again.until("[Client second acked group message]");
    const said = second.lines.filter((line) => line.includes("who is there?"));
    expect(said).toHaveLength(1);
  },
);

test.concurrent("kept mail and the prompt survive the server", async () => {
  await using stack = new AsyncDisposableStack();
  const { server, port, client, second } = await groupOfTwo(stack);
  await kill(server);
  second.type("send client call me back :(");
  await second.until("[Message received by client]");
  await using again = startAgain(port);
  client.type("leave_group\r");
  await again.until(`[Server started on ${port}]`);
  await client.line("[>>> second: call me back :(]");
  await client.until(() => client.lines().at(-1) === ">>>", "the prompt outside of groups");
});
