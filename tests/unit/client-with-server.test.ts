// Real clients and the real server together, where processes and paths fail: nothing lost, doubled or out of order.

import { describe, expect, test } from "bun:test";

import type { Actor } from "../support/client-scene.ts";
import { FullScene } from "../support/full-scene.ts";
import { FAIR, FOUL } from "../support/network.ts";

const RECEIVED = ">>> (g) [Message received by Server.]";

const texts = (from: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${from} ${index}`);

const heard = (actor: Actor, from: string): string[] =>
  actor.shown.flatMap((line) => {
    const start = `>>> (g) Group_Message ${from}: `;
    return line.startsWith(start) ? [line.slice(start.length)] : [];
  });

const directFrom = (actor: Actor, from: string): string[] =>
  actor.shown.flatMap((line) => {
    const start = `>>> [${from}: `;
    return line.startsWith(start) ? [line.slice(start.length, -1)] : [];
  });

const inGroup = (seed: number, weather = FAIR) => {
  const scene = new FullScene(seed, weather);
  const names = ["ann", "bob", "eve"];
  const actors = names.map((name, index) => scene.client(name, 5_555 + index));
  actors[0]?.say("create_group g");
  for (const actor of actors) actor.say("join_group g");
  scene.network.run(500);
  for (const actor of actors) actor.node.takeShown();
  const byName = new Map(names.map((name, index) => [name, actors[index]!]));
  return { scene, names, actors, byName };
};

describe("a group whose server restarts in the middle of it", () => {
  test.each([
    ["on a good network", FAIR],
    ["on a bad network", FOUL],
  ] as const)("%s: every message reaches every member once, in order", (_what, weather) => {
    for (let seed = 1; seed <= 15; seed++) {
      const { scene, names, actors, byName } = inGroup(seed, weather);
      const count = 40;
      for (const [name, actor] of byName) {
        actor.type(...texts(name, count).map((text) => `send_group ${text}`));
      }
      scene.network.run(seed * 4);
      scene.restartServer();
      const done = () =>
        names.every((to) =>
          names.every((from) => from === to || heard(byName.get(to)!, from).length >= count),
        );
      scene.network.until(done, `all heard, seed ${seed}`, 60_000);
      scene.network.run(10_000);
      for (const to of names) {
        for (const from of names) {
          const wanted = from === to ? [] : texts(from, count);
          expect(heard(byName.get(to)!, from)).toEqual(wanted);
        }
      }
      for (const actor of actors) {
        expect(actor.shown.filter((line) => line === RECEIVED)).toHaveLength(count);
        expect(actor.node.status).toBeUndefined();
      }
    }
  });
});

test("direct messages go on while the server restarts, and the table comes back", () => {
  for (let seed = 1; seed <= 10; seed++) {
    const scene = new FullScene(seed, FOUL);
    const ann = scene.client("ann", 5_555);
    const bob = scene.client("bob", 5_556);
    ann.type(...texts("ann", 60).map((text) => `send bob ${text}`));
    bob.type(...texts("bob", 60).map((text) => `send ann ${text}`));
    scene.network.run(seed * 5);
    scene.restartServer();
    scene.network.until(
      () => directFrom(bob, "ann").length >= 60 && directFrom(ann, "bob").length >= 60,
      "all",
    );
    scene.network.run(60_000);
    expect(directFrom(bob, "ann")).toEqual(texts("ann", 60));
    expect(directFrom(ann, "bob")).toEqual(texts("bob", 60));
    expect(ann.machine.complete("send ")[0]).toEqual(["ann ", "bob "]);
    expect(ann.say("list_groups")).toEqual([">>> [Available group chats:]"]);
  }
});

test("cut off for longer than a registration lasts, then back: registered again, and reachable", () => {
  const scene = new FullScene();
  const ann = scene.client("ann", 5_555);
  const bob = scene.client("bob", 5_556);
  ann.node.takeShown();
  scene.cutOff(bob);
  scene.network.run(70_000);
  expect(ann.node.takeShown()).toEqual([">>> [Client table updated.]"]);
  scene.heal();
  scene.network.run(20_000);
  expect(ann.node.takeShown()).toEqual([">>> [Client table updated.]"]);
  expect(ann.say("send bob hi")).toEqual([">>> [Message received by bob]"]);
  expect(bob.shown.filter((line) => line.includes("already exists"))).toEqual([]);
  expect(directFrom(bob, "ann")).toEqual(["hi"]);
});

test("found offline while cut off for a moment, then back: registered again by itself", () => {
  const scene = new FullScene();
  const ann = scene.client("ann", 5_555);
  const bob = scene.client("bob", 5_556);
  ann.node.takeShown();
  scene.cutOff(bob);
  expect(ann.say("send bob hi")).toEqual([
    ">>> [No ACK from bob, message not delivered]",
    ">>> [Client table updated.]",
    ">>> [Auto-deregistered bob since they were offline.]",
  ]);
  scene.heal();
  scene.network.run(30_000);
  expect(bob.node.status).toBeUndefined();
  expect(ann.say("send bob again")).toEqual([">>> [Message received by bob]"]);
  expect(directFrom(bob, "ann")).toEqual(["again"]);
  expect(bob.say("list_groups")).toEqual([">>> [Available group chats:]"]);
});

test("a path of 20 ms and one that is cut for two seconds: nobody is gone", () => {
  const scene = new FullScene();
  const ann = scene.client("ann", 5_555);
  const bob = scene.client("bob", 5_556);
  ann.node.takeShown();
  scene.cutOff(bob);
  ann.type("send bob hi");
  scene.network.run(2_000);
  scene.heal();
  scene.network.run(2_000);
  expect(ann.shown).toEqual([">>> [Message received by bob]"]);
});

test("a member that was cut off too long is told, and can come back", () => {
  const { scene, byName } = inGroup(3);
  const ann = byName.get("ann")!;
  const bob = byName.get("bob")!;
  scene.cutOff(bob);
  ann.say("send_group are you there?");
  scene.network.run(5_000);
  expect(scene.server.takeShown()).toContain(
    ">>> [Client bob not responsive, removed from group g]",
  );
  scene.heal();
  scene.network.run(20_000);
  expect(bob.shown).toContain(">>> [Removed from group g: not responsive.]");
  expect(bob.machine.prompt).toBe(">>> ");
  bob.say("join_group g");
  bob.node.takeShown();
  ann.say("send_group and now?");
  scene.network.run(1_000);
  expect(heard(bob, "ann")).toEqual(["and now?"]);
});

test("a member that was away too long is told so in its next session, if not in the first", () => {
  const { scene, actors } = inGroup(13);
  const { network, server } = scene;
  const bob = actors[1]!;
  scene.cutOff(bob);
  network.run(50_000);
  server.takeShown();
  // He is back, but until his session ends he hears nothing of what the server says to him then.
  const isBack = (): boolean => server.shown.includes(">>> [Server table updated.]");
  let deafUntil = Infinity;
  network.passes = (_, to) => {
    if (to.port !== bob.node.address.port || !isBack()) return true;
    if (deafUntil === Infinity) deafUntil = network.now + 46_000;
    return network.now > deafUntil;
  };
  bob.until(">>> [Removed from group g: not responsive.]", 120_000);
  expect(bob.machine.prompt).toBe(">>> ");
});

test("a process that ended hard, and the next one of that name after it was found out", () => {
  const scene = new FullScene();
  const ann = scene.client("ann", 5_555);
  const bob = scene.client("bob", 5_556);
  ann.say("send bob to the first");
  scene.network.crash(bob.node);
  ann.say("send bob to nobody");
  const second = scene.client("bob", 5_556);
  ann.node.takeShown();
  expect(ann.say("send bob to the second")).toEqual([">>> [Message received by bob]"]);
  expect(second.say("send ann hello")).toEqual([">>> [Message received by ann]"]);
  expect(directFrom(second, "ann")).toEqual(["to the second"]);
  expect(ann.shown).toEqual([">>> [bob: hello]"]);
});

test("another process at the address of one that ended hard: it gets nothing, and the sender is told", () => {
  const scene = new FullScene();
  const ann = scene.client("ann", 5_555);
  const bob = scene.client("bob", 5_556);
  expect(ann.say("send bob hi")).toContain(">>> [Message received by bob]");
  scene.network.crash(bob.node);
  const carl = scene.client("carl", 5_556);
  ann.node.takeShown();
  const start = scene.network.now;
  expect(ann.say("send bob secret")).toEqual([
    ">>> [No ACK from bob, message not delivered]",
    ">>> [Client table updated.]",
    ">>> [Auto-deregistered bob since they were offline.]",
  ]);
  expect(scene.network.now - start).toBeLessThan(6_000);
  expect(ann.say("send carl hi")).toEqual([">>> [Message received by carl]"]);
  expect(directFrom(carl, "ann")).toEqual(["hi"]);
});

test("the same line of commands, piped in, on a bad network: every command has its line", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const scene = new FullScene(seed, FOUL);
    const bob = scene.client("bob", 5_556);
    const ann = scene.client("ann", 5_555);
    ann.type(
      "create_group g",
      "create_group g",
      "list_groups",
      "join_group g",
      "send_group one",
      "send bob two",
      "list_members",
      "join_group g",
      "leave_group",
      "leave_group",
      "dereg bob",
      "send nobody three",
    );
    ann.endInput();
    ann.untilEnd(30_000);
    expect(ann.shown.toSorted()).toEqual(
      [
        ">>> [Group g created by Server.]",
        ">>> [Group `g` already exists.]",
        ">>> [Available group chats:]",
        ">>> [g]",
        ">>> [Entered group g successfully!]",
        RECEIVED,
        ">>> [Message received by bob]",
        ">>> (g) [Members in the group g:]",
        ">>> (g) ann",
        ">>> (g) Invalid command: join_group",
        ">>> [Leave group chat g]",
        ">>> [Invalid command: leave_group]",
        ">>> [You can only deregister yourself.]",
        ">>> [Unable to send to non-existent nobody.]",
        ">>> [You are Offline. Bye.]",
        ">>> [stopping client-server listener]",
      ].toSorted(),
    );
    expect(ann.node.status).toBe(0);
    scene.network.run(1_000);
    expect(directFrom(bob, "ann")).toEqual(["two"]);
  }
});
