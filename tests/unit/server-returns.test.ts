// Users that come back to groups: what they are told, and what they are not.

import { expect, test } from "bun:test";

import { RETURNING_MS } from "../../lib/chat/limits.ts";
import { ChatScene } from "../support/chat-scene.ts";

test("a join that is sent again after the user was gone for a while: it is told that it is in the group no more", () => {
  const scene = new ChatScene();
  scene.founder("client", 5_555, "g");
  const late = scene.user("late", 5_557);
  const asked = late.tell("join_group", { group: "g" });
  scene.run();
  scene.network.passes = (from, to) => from.port !== 5_557 && to.port !== 5_557;
  scene.run(50_000);
  scene.network.passes = () => true;
  const { epoch, version } = late.speaker.last("registered")!.payload;
  late.reconnect();
  late.ask("register", { name: "late", groups: [], known: { epoch, version } });
  late.speaker.heard.length = 0;
  late.ask("join_group", { group: "g" }, asked);
  scene.run();
  expect(late.speaker.heard).toMatchObject([
    { type: "group_joined" },
    { type: "removed_from_group", payload: { group: "g" } },
  ]);
  // One that did take effect is only answered again.
  const again = late.tell("join_group", { group: "g" });
  scene.run();
  late.speaker.heard.length = 0;
  late.ask("join_group", { group: "g" }, again);
  scene.run();
  expect(late.speaker.heard).toMatchObject([{ type: "group_joined" }]);
});

test("who claims a group that is there is in it, and hears nothing of what was said before", () => {
  const scene = new ChatScene();
  const client = scene.founder("client", 5_555, "g");
  // Everyone who was here before the server began has had the time to come back.
  scene.run(RETURNING_MS);
  const claiming = { groups: ["g"] };
  scene.stranger(6_000).ask("register", { name: "eve", ...claiming });
  client.ask("send_group", { group: "g", text: "between us" });
  const mallory = scene.stranger(6_001);
  mallory.ask("register", { name: "mallory", ...claiming });
  client.ask("send_group", { group: "g", text: "to all" });
  scene.run();
  expect(mallory.texts()).toEqual(["to all"]);
});

test("who comes back to a group that somebody has made anew already hears what was said there meanwhile", () => {
  const scene = new ChatScene();
  const client = scene.founder("client", 5_555, "g");
  const late = scene.user("late", 5_556, "g");
  scene.restart();
  const known = { epoch: "old", version: 7 };
  const first = scene.founder("first", 5_557, "g");
  for (const [actor, name] of [[client, "client"] as const, [late, "late"] as const]) {
    actor.reconnect();
    actor.ask("register", { name, groups: ["g"], known });
    if (actor === client) client.ask("send_group", { group: "g", text: "I am back" });
  }
  scene.run();
  expect(first.texts()).toEqual(["I am back"]);
  expect(late.texts()).toEqual(["I am back"]);
});
