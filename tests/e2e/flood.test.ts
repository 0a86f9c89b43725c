// A stranger sends random datagrams to everybody, as fast as it can, in the middle of a conversation.

import { expect, setDefaultTimeout, test } from "bun:test";

import { pipedClient, pipedServer } from "../support/piped-programs.ts";
import { freePort, Program } from "../support/programs.ts";

setDefaultTimeout(120_000);

const FLOOD_MS = 2_000;
const MESSAGES = 40;

test("nothing is lost, nobody is thrown out", async () => {
  const { server, port } = await pipedServer();
  await using _server = server;
  const ports = [await freePort(), await freePort()] as const;
  await using client = await pipedClient("client", port, ports[0]);
  await using second = await pipedClient("second", port, ports[1]);
  await client.until("[Client table updated.]");
  client.type("create_group g");
  await client.until("[Group g created by Server.]");
  for (const one of [client, second]) {
    one.type("join_group g");
    await one.until("[Entered group g successfully!]");
  }

  const words = [`${FLOOD_MS}`, `${port}`, ...ports.map(String)];
  await using flood = new Program("flood", "tests/e2e/flood-program.ts", words);
  await flood.when(() => flood.lines.includes("begun"), "that it has begun");
  for (let number = 1; number <= MESSAGES; number++) {
    client.type(`send_group to all ${number}`);
    second.type(`send_group likewise ${number}`);
    client.type(`send second in private ${number}`);
    await Bun.sleep(FLOOD_MS / MESSAGES);
  }
  const groupLines = ({ lines }: Program) => lines.filter((line) => line.includes("Group_Message"));
  const numbered = (text: string) =>
    Array.from({ length: MESSAGES }, (_, at) => `>>> (g) Group_Message ${text} ${at + 1}`);
  await second.until(`(g) Group_Message client: to all ${MESSAGES}`);
  await client.until(`(g) Group_Message second: likewise ${MESSAGES}`);
  expect(groupLines(second)).toEqual(numbered("client: to all"));
  expect(groupLines(client)).toEqual(numbered("second: likewise"));
  expect(await flood.exited()).toBe(0);

  // Each of the two is still known to the server, and to the other.
  for (const one of [client, second]) {
    one.type("list_members");
    await one.until("(g) [Members in the group g:]");
    await one.until("(g) client");
    await one.until("(g) second");
  }
  for (const one of [client, second]) {
    one.type("leave_group");
    await one.until("[Leave group chat g]");
  }
  await second.until(`[>>> client: in private ${MESSAGES}]`);
  expect(second.lines.filter((line) => line.includes("in private"))).toEqual(
    Array.from({ length: MESSAGES }, (_, at) => `>>> [>>> client: in private ${at + 1}]`),
  );
  client.type("send second still there?");
  await second.until("[client: still there?]");
  await client.until("[Message received by second]");
  expect(server.lines.filter((line) => /not responsive|removed/.test(line))).toEqual([]);
});
