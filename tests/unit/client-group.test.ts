// The client in a group: what is shown when, what waits, and what happens when the server takes it out.

import { expect, test } from "bun:test";

import { type GroupMessage, type Push, RefusalReason } from "../../lib/chat/message.ts";
import { ClientScene } from "../support/client-scene.ts";
import type { Asked } from "../support/scripted-server.ts";

const SENDER = "0123456789abcdef";

const said = (group: string, text: string, number: number): GroupMessage => ({
  type: "group_message",
  payload: { group, from: "ann", text },
  metadata: { sender: SENDER, number },
});

const scene = () => {
  const stage = new ClientScene();
  const held: Asked[] = [];
  let holding = false;
  stage.server.script = (asked) => {
    const { message } = asked;
    if (message.type === "register") return false;
    if (holding) held.push(asked);
    else answer(stage, asked);
    return true;
  };
  const ann = stage.client("ann", 5_554);
  const client = stage.client("client", 5_555);
  const push = (message: Push) =>
    stage.onServer(() => {
      stage.server.say([...stage.server.sessions.values()][1]!, message);
    });
  const hold = () => (holding = true);
  const release = () =>
    stage.onServer(() => {
      holding = false;
      for (const asked of held.splice(0)) answer(stage, asked);
    });
  const run = () => stage.network.run(100);
  return { stage, ann, client, push, hold, release, run };
};

/** Lets everyone in and out, and refuses the rest. */
const answer = ({ server }: ClientScene, asked: Asked): void => {
  const { message } = asked;
  if (message.type === "send_group") {
    server.refuse(asked, "not_a_member", "No member.");
  } else if (message.type === "create_group") {
    server.refuse(asked, "too_many_groups", "Too many.");
  } else server.obliging(asked);
};

test("a message is shown once, and only while in that group", () => {
  const { client, push, run } = scene();
  push(said("g", "too early", 1));
  run();
  client.say("join_group g");
  push(said("g", "one", 2));
  push(said("g", "one", 2));
  push(said("other", "elsewhere", 3));
  push(said("G", "two", 4));
  push(said("g", "one", 2));
  run();
  expect(client.shown).toEqual([
    ">>> (g) Group_Message ann: one",
    ">>> (g) Group_Message ann: two",
  ]);
  expect(client.say("leave_group")).toEqual([">>> [Leave group chat g]"]);
  client.shown.length = 0;
  push(said("g", "too late", 5));
  run();
  expect(client.shown).toEqual([]);
});

test("messages that overtake the answer to join_group are shown behind it", () => {
  const { client, push, hold, release, run } = scene();
  hold();
  client.type("join_group g");
  run();
  push(said("g", "first", 1));
  push(said("g", "second", 2));
  run();
  expect(client.shown).toEqual([]);
  release();
  push(said("g", "second", 2));
  push(said("g", "third", 3));
  run();
  expect(client.shown).toEqual([
    ">>> [Entered group g successfully!]",
    ">>> (g) Group_Message ann: first",
    ">>> (g) Group_Message ann: second",
    ">>> (g) Group_Message ann: third",
  ]);
});

test("direct messages wait in the inbox, in order, and go on as before after leaving", () => {
  const { ann, client } = scene();
  client.say("join_group g");
  expect(ann.say("send client 1", "send client 2")).toEqual([
    ">>> [Message received by client]",
    ">>> [Message received by client]",
  ]);
  expect(client.say("send client myself")).toEqual([
    ">>> [client: myself]",
    ">>> [Message received by client]",
  ]);
  expect(client.say("leave_group")).toEqual([
    ">>> [Leave group chat g]",
    ">>> [>>> ann: 1]",
    ">>> [>>> ann: 2]",
  ]);
  client.shown.length = 0;
  ann.say("send client 3");
  expect(client.shown).toEqual([">>> [ann: 3]"]);
});

test("an inbox that is full shows its oldest, and says so once", () => {
  const { ann, client } = scene();
  client.say("join_group g");
  ann.say(...Array.from({ length: 10_003 }, (_, index) => `send client ${index}`));
  expect(client.shown).toEqual([
    ">>> [The inbox is full: its oldest messages are shown now]",
    ">>> [>>> ann: 0]",
    ">>> [>>> ann: 1]",
    ">>> [>>> ann: 2]",
  ]);
  const rest = client.say("leave_group");
  expect(rest).toHaveLength(10_001);
  expect(rest[1]).toBe(">>> [>>> ann: 3]");
});

test("taken out of the group: the line, the inbox, and outside from then on", () => {
  const { ann, client, push, run } = scene();
  client.say("join_group g");
  ann.say("send client hello");
  push({ type: "removed_from_group", payload: { group: "other" }, metadata: {} });
  push({ type: "removed_from_group", payload: { group: "g" }, metadata: {} });
  push({ type: "removed_from_group", payload: { group: "g" }, metadata: {} });
  run();
  expect(client.shown).toEqual([
    ">>> [Removed from group g: not responsive.]",
    ">>> [>>> ann: hello]",
  ]);
  expect(client.machine.prompt).toBe(">>> ");
  expect(client.say("list_members")).toEqual([">>> [Invalid command: list_members]"]);
});

test("taken out while leaving: it is left, and that is all", () => {
  const { client, push, hold, release, run } = scene();
  client.say("join_group g");
  hold();
  client.type("leave_group");
  run();
  push({ type: "removed_from_group", payload: { group: "g" }, metadata: {} });
  run();
  expect(client.shown).toEqual([]);
  release();
  run();
  expect(client.shown).toEqual([">>> [Leave group chat g]"]);
});

test("a leave that the server refuses is none", () => {
  const { client, stage } = scene();
  client.say("join_group g");
  const { server } = stage;
  const { script } = server;
  server.script = (asked) => {
    if (asked.message.type !== "leave_group") return script(asked);
    server.refuse(asked, RefusalReason.Busy, "Not now.");
    return true;
  };
  expect(client.say("leave_group")).toEqual([">>> [Group g not left: Not now.]"]);
  expect(client.machine.prompt).toBe(">>> (g) ");
  server.script = script;
  expect(client.say("leave_group")).toEqual([">>> [Leave group chat g]"]);
});

test("a message that the server refuses, since the user is no member: a line for each, and out", () => {
  const { client } = scene();
  client.say("join_group g");
  expect(client.say("send_group 1", "send_group 2")).toEqual([
    ">>> [Message to group g not delivered: No member.]",
    ">>> [Removed from group g: not responsive.]",
    ">>> [Message to group g not delivered: No member.]",
  ]);
});

test("names of groups that cannot be", () => {
  const { client, stage } = scene();
  expect(client.say("create_group a/b")).toEqual([
    ">>> [Invalid group name: Must be letters and digits, `_`, `-` and `.` only]",
  ]);
  expect(client.say(`join_group ${"x".repeat(300)}`)).toEqual([
    `>>> [Group \`${"x".repeat(64)}…\` does not exist.]`,
  ]);
  expect(stage.server.of("create_group")).toHaveLength(0);
  expect(client.say("create_group g")).toEqual([">>> [Group `g` not created: Too many.]"]);
});

test("the prompt and the completion follow the group", () => {
  const { client } = scene();
  expect(client.machine.prompt).toBe(">>> ");
  client.say("join_group group-name");
  expect(client.machine.prompt).toBe(">>> (group-name) ");
  expect(client.machine.complete("send_")).toEqual([["send_group "], "send_"]);
  client.say("leave_group");
  expect(client.machine.complete("join_group g")).toEqual([["group-name"], "g"]);
});

test("an interrupt in a group shows what was acknowledged and not read, then says one line", () => {
  const { client, ann } = scene();
  client.say("join_group g");
  expect(ann.say("send client hello")).toEqual([">>> [Message received by client]"]);
  client.interrupt();
  expect(client.shown).toEqual([">>> [>>> ann: hello]", ">>> [stopping client-server listener]"]);
});
