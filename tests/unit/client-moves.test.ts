// Direct messages on a path that changes: the peer loses its session, or its address.

import { describe, expect, test } from "bun:test";

import { DirectLink } from "../../lib/chat/client/direct-link.ts";
import { SESSIONS_LOST_MAX } from "../../lib/chat/limits.ts";
import type { Address } from "../../lib/transport/address.ts";
import { clientPair, SERVER_PORT } from "../support/client-scene.ts";
import { Stranger } from "../support/stranger.ts";

describe("a session that the peer has lost", () => {
  test("what was not delivered goes out again on another, with its number", () => {
    const { scene, ann } = clientPair();
    const eve = new Stranger(scene);
    eve.register("eve");
    ann.node.takeShown();
    expect(ann.say("send eve a")).toEqual([">>> [Message received by eve]"]);
    eve.forget();
    expect(ann.say("send eve b", "send eve c")).toEqual([
      ">>> [Message received by eve]",
      ">>> [Message received by eve]",
    ]);
    expect(eve.texts).toEqual(["1 a", "2 b", "3 c"]);
  });

  test("again and again: the sender is told in the end", () => {
    const { scene, ann } = clientPair();
    const eve = new Stranger(scene);
    eve.register("eve");
    eve.loseAll();
    ann.node.takeShown();
    scene.server.answer("report_offline", { type: "still_online", payload: { name: "eve" } });
    const start = scene.network.now;
    expect(ann.say("send eve a")).toEqual([
      ">>> [No ACK from eve, message not delivered]",
      ">>> [eve is online, but cannot be reached from here.]",
    ]);
    expect(scene.network.now - start).toBeLessThan(5_000);
  });
});

test("both addresses change at once: when the table tells, they find each other again", () => {
  const { scene, ann, bob } = clientPair();
  expect(ann.say("send bob hello")).toEqual([">>> [Message received by bob]"]);
  const { network, server } = scene;
  for (const [actor, port] of [[ann, 7_001] as const, [bob, 7_002] as const]) {
    network.crash(actor.node);
    actor.node = network.add(port, actor.machine);
  }
  scene.onServer(() => {
    for (const [index, user] of server.users.entries()) {
      server.users[index] = { ...user, port: user.name === "ann" ? 7_001 : 7_002 };
    }
  });
  server.answer("list_groups", { type: "groups", payload: { groups: [] } });
  // Their next words to the server show it where they are.
  ann.type("list_groups");
  bob.type("list_groups");
  network.run(1_000);
  scene.onServer(() => server.pushTable());
  network.run(1_000);
  ann.type("send bob still there?");
  bob.type("send ann and you?");
  network.run(1_000);
  expect(ann.shown).toContain(">>> [Message received by bob]");
  expect(ann.shown).toContain(">>> [bob: and you?]");
  expect(bob.shown).toContain(">>> [Message received by ann]");
  expect(bob.shown).toContain(">>> [ann: still there?]");
});

describe("a peer whose address has changed while messages were on their way", () => {
  /** Bob's way in changes, ann's messages lead nowhere from then on, and after a while the table says where he is. */
  const lost = (toldAfterMs: number) => {
    const { scene, ann, bob } = clientPair();
    const { network, server } = scene;
    server.script = ({ message }) => message.type === "report_offline";
    expect(ann.say("send bob 1")).toEqual([">>> [Message received by bob]"]);
    network.crash(bob.node);
    bob.node = network.add(7_002, bob.machine);
    const isBetween = (from: Address, to: Address) =>
      from.port !== SERVER_PORT && to.port !== SERVER_PORT;
    network.passes = (from, to) => !isBetween(from, to);
    ann.shown.length = 0;
    ann.type("send bob 2", "send bob 3");
    network.run(toldAfterMs);
    scene.onServer(() => {
      server.users[1] = { ...server.users[1]!, port: 7_002 };
      server.pushTable();
    });
    return { scene, ann, bob };
  };
  const NO_ACK = ">>> [No ACK from bob, message not delivered]";
  const ACK = ">>> [Message received by bob]";

  test("the old one has had its tries, the new one has not: it gets them", () => {
    const { scene, ann, bob } = lost(2_000);
    scene.network.run(1_500);
    expect(ann.shown).toEqual([">>> [Client table updated.]"]);
    ann.type("send bob 4");
    scene.network.passes = () => true;
    scene.network.run(500);
    expect(ann.shown.slice(1)).toEqual([ACK, ACK, ACK]);
    expect(bob.shown.filter((line) => line.includes("ann"))).toEqual([
      ">>> [ann: 2]",
      ">>> [ann: 3]",
      ">>> [ann: 4]",
    ]);
  });

  test("nobody is there either: given up as soon as the new one has had its tries", () => {
    const { scene, ann } = lost(1_000);
    scene.network.run(2_400);
    expect(ann.shown).toEqual([">>> [Client table updated.]"]);
    scene.network.run(200);
    expect(ann.shown.slice(1)).toEqual([NO_ACK, NO_ACK]);
  });

  test("the new one has had its tries before anything was sent: no more than those of the old one", () => {
    const { scene, ann } = lost(2_000);
    ann.until(NO_ACK);
    scene.network.run(100);
    ann.shown.length = 0;
    const start = scene.network.now;
    ann.type("send bob 4");
    ann.until(NO_ACK);
    expect(scene.network.now - start).toBeWithin(2_400, 2_600);
  });
});

test("a peer that is not where the table has it is not looked for there with every change of the table", () => {
  const { scene, bob } = clientPair();
  const elsewhere = { host: "10.9.9.9", port: 9 };
  let tries = 0;
  bob.node.onOutput = ({ datagrams }) => {
    tries += datagrams.filter(({ to }) => to.host === elsewhere.host).length;
  };
  const eve = new Stranger(scene);
  eve.register("eve", elsewhere);
  eve.speakTo(bob)({ type: "direct_message", payload: { text: "hi" }, metadata: { number: 1 } });
  bob.until(">>> [eve: hi]");
  for (let at = 0; at < 3; at++) {
    scene.onServer((server) => server.pushTable());
    scene.network.run(1_000);
  }
  expect(tries).toBe(0);
  // Once the table has it elsewhere than before, it is.
  scene.onServer((server) => {
    const at = server.users.findIndex(({ name }) => name === "eve");
    server.users[at] = { ...server.users[at]!, port: 10 };
    server.pushTable();
  });
  scene.network.run(1_000);
  expect(tries).toBeGreaterThan(0);
});

test("a peer that was given up has all its sessions to lose again", () => {
  const link = new DirectLink({ key: "k", address: { host: "10.0.0.1", port: 1 } });
  link.sessionsLost = SESSIONS_LOST_MAX;
  link.takeAll();
  expect(link.sessionsLost).toBe(0);
});
