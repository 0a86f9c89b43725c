// Direct messages between two clients: nothing lost, doubled or out of order, each with its line, with and without
// the server.

import { describe, expect, test } from "bun:test";

import { type Actor, clientPair, type ClientScene } from "../support/client-scene.ts";
import type { Asked } from "../support/scripted-server.ts";
import { Stranger } from "../support/stranger.ts";

/** Says that everyone who is reported is gone, and takes them out of the table first. */
const believing =
  (scene: ClientScene) =>
  (asked: Asked): boolean => {
    const { message } = asked;
    if (message.type !== "report_offline") return false;
    const { users } = scene.server;
    users.splice(users.findIndex(({ key }) => key === message.payload.key) >>> 0, 1);
    scene.server.pushTable();
    scene.server.reply(asked, {
      type: "offline_confirmed",
      payload: { name: message.payload.name },
    });
    return true;
  };

const texts = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `no. ${index}`);

const sendAll = (actor: Actor, to: string, all: readonly string[]): string[] =>
  actor.say(...all.map((text) => `send ${to} ${text}`));

describe("sending", () => {
  test("both at once, many at once: all arrive in order", () => {
    const { scene, ann, bob } = clientPair();
    const all = texts(300);
    ann.type(...all.map((text) => `send bob ${text}`));
    bob.type(...all.map((text) => `send ann ${text}`));
    const received = (actor: Actor, from: string) =>
      actor.shown.filter((line) => line.startsWith(`>>> [${from}: `));
    scene.network.until(
      () => received(ann, "bob").length === 300 && received(bob, "ann").length === 300,
      "all",
    );
    scene.network.run(5_000);
    expect(received(bob, "ann")).toEqual(all.map((text) => `>>> [ann: ${text}]`));
    expect(received(ann, "bob")).toEqual(all.map((text) => `>>> [bob: ${text}]`));
    expect(ann.shown.filter((line) => line === ">>> [Message received by bob]")).toHaveLength(300);
  });

  test("the name is shown as registered, however it was typed", () => {
    const { ann, bob } = clientPair();
    expect(ann.say("send BOB hi")).toEqual([">>> [Message received by bob]"]);
    expect(bob.shown).toEqual([">>> [ann: hi]"]);
  });

  test("a text of 200,000 characters goes through whole; one that does not fit is refused in one line", () => {
    const { scene, ann, bob } = clientPair();
    const long = "é".repeat(200_000);
    expect(ann.say(`send bob ${long}`)).toEqual([">>> [Message received by bob]"]);
    expect(bob.shown).toEqual([`>>> [ann: ${long}]`]);
    const tooLong = [">>> [Message too long: it does not fit into 1 MiB]"];
    expect(ann.say(`send bob ${"x".repeat(1_048_576)}`)).toEqual(tooLong);
    expect(ann.say(`send bob ${'"'.repeat(600_000)}`)).toEqual(tooLong);
    scene.network.run(1_000);
    expect(bob.shown).toHaveLength(1);
  });

  test("more than the transport queues at once: nothing is lost", () => {
    const { ann, bob } = clientPair();
    const all = texts(12).map((text) => text + "x".repeat(900_000));
    expect(sendAll(ann, "bob", all)).toHaveLength(12);
    expect(bob.shown).toEqual(all.map((text) => `>>> [ann: ${text}]`));
  });

  test("a message to somebody else does not wait for one that gets no answer", () => {
    const { scene, ann, bob } = clientPair();
    const eve = scene.client("eve", 5_557);
    scene.network.crash(bob.node);
    ann.shown.length = 0;
    ann.type("send bob hi", "send eve hi");
    expect(ann.until(">>> [Message received by eve]")).toBeLessThan(100);
    expect(eve.shown).toEqual([">>> [ann: hi]"]);
  });
});

describe("a peer that does not answer", () => {
  test("no ACK for each message, one report, then the table and the verdict", () => {
    const { scene, ann, bob } = clientPair();
    scene.server.script = believing(scene);
    scene.network.crash(bob.node);
    const start = scene.network.now;
    expect(ann.say("send bob 1", "send bob 2")).toEqual([
      ">>> [No ACK from bob, message not delivered]",
      ">>> [No ACK from bob, message not delivered]",
      ">>> [Client table updated.]",
      ">>> [Auto-deregistered bob since they were offline.]",
    ]);
    expect(scene.network.now - start).toBeLessThan(2_700);
    expect(scene.server.of("report_offline")).toHaveLength(1);
    expect(ann.say("send bob 3")).toEqual([">>> [Unable to send to non-existent bob.]"]);
  });

  test("what is typed next waits until that has come to its end", () => {
    const { scene, ann, bob } = clientPair();
    scene.server.script = believing(scene);
    scene.network.crash(bob.node);
    expect(ann.say("send bob hi", "send ann note", "nonsense", "send bob hi")).toEqual([
      ">>> [ann: note]",
      ">>> [Message received by ann]",
      ">>> [No ACK from bob, message not delivered]",
      ">>> [Client table updated.]",
      ">>> [Auto-deregistered bob since they were offline.]",
      ">>> [Invalid command: nonsense]",
      ">>> [Unable to send to non-existent bob.]",
    ]);
  });

  test("though it lives, for it takes nothing: given up after ten seconds, and what is typed next goes on", () => {
    const { scene, bob } = clientPair();
    scene.server.answer("report_offline", { type: "still_online", payload: { name: "eve" } });
    const eve = new Stranger(scene);
    eve.register("eve");
    bob.shown.length = 0;
    const say = eve.speakTo(bob);
    const liveFor = (seconds: number): void => {
      for (let half = 0; half < 2 * seconds; half++) {
        say({ type: "ping", payload: {}, metadata: {} });
        scene.network.run(500);
      }
    };
    liveFor(1);
    eve.deaf = true;
    bob.type("send eve hello", "nonsense");
    liveFor(9.5);
    expect(bob.shown).toEqual([]);
    liveFor(2.5);
    expect(bob.shown).toEqual([
      ">>> [No ACK from eve, message not delivered]",
      ">>> [eve is online, but cannot be reached from here.]",
      ">>> [Invalid command: nonsense]",
    ]);
    eve.deaf = false;
    expect(bob.say("send eve again")).toEqual([">>> [Message received by eve]"]);
  });

  test("and whose name has another holder by now: the results come in the order of sending", () => {
    const { scene, ann, bob } = clientPair();
    scene.server.script = believing(scene);
    scene.network.crash(bob.node);
    ann.type("send bob to the old one");
    scene.onServer(({ users }) => users.splice(1, 1));
    const heir = scene.client("bob", 5_557);
    ann.shown.length = 0;
    expect(ann.say("send bob to the new one")).toEqual([
      ">>> [No ACK from bob, message not delivered]",
      ">>> [Message received by bob]",
      ">>> [Auto-deregistered bob since they were offline.]",
    ]);
    expect(heir.shown).toEqual([">>> [ann: to the new one]"]);
  });

  test("but answers the server", () => {
    const { scene, ann, bob } = clientPair();
    scene.server.answer("report_offline", { type: "still_online", payload: { name: "bob" } });
    const { node } = bob;
    scene.network.passes = (from, to) =>
      !(from.port === ann.node.address.port && to.port === node.address.port);
    expect(ann.say("send bob hi")).toEqual([
      ">>> [No ACK from bob, message not delivered]",
      ">>> [bob is online, but cannot be reached from here.]",
    ]);
    scene.network.passes = () => true;
    expect(ann.say("send bob again")).toEqual([">>> [Message received by bob]"]);
    scene.network.run(10_000);
    expect(bob.shown).toEqual([">>> [ann: again]"]);
  });

  test("with the server gone as well: nothing more is said, and messages to others go on", () => {
    const { scene, ann, bob } = clientPair();
    const eve = scene.client("eve", 5_557);
    ann.shown.length = 0;
    scene.stopServer();
    scene.network.crash(bob.node);
    expect(ann.say("send bob hi")).toEqual([">>> [No ACK from bob, message not delivered]"]);
    expect(ann.say("send eve hi")).toEqual([">>> [Message received by eve]"]);
    scene.network.run(200_000);
    expect(ann.say("send eve hi")).toEqual([">>> [Message received by eve]"]);
    expect(eve.say("send ann hi")).toEqual([">>> [Message received by ann]"]);
    expect(ann.shown).toEqual([">>> [eve: hi]"]);
  });

  test("only one way through: what arrived, but was not acknowledged, is not shown again", () => {
    const { scene, ann, bob } = clientPair();
    ann.say("send bob 0");
    scene.server.answer("report_offline", { type: "still_online", payload: { name: "bob" } });
    scene.network.passes = (from, to) =>
      !(from.port === bob.node.address.port && to.port === ann.node.address.port);
    ann.say("send bob 1");
    scene.network.passes = () => true;
    expect(ann.say("send bob 2")).toEqual([">>> [Message received by bob]"]);
    scene.network.run(10_000);
    expect(bob.shown).toEqual([">>> [ann: 0]", ">>> [ann: 1]", ">>> [ann: 2]"]);
  });
});

test("a path that is cut for 60 seconds: sessions end, the next message goes through, nothing doubles", () => {
  const { scene, ann, bob } = clientPair();
  expect(ann.say("send bob 1")).toHaveLength(1);
  scene.network.passes = (from, to) => ![from.port, to.port].includes(bob.node.address.port);
  scene.network.run(60_000);
  scene.network.passes = () => true;
  expect(ann.say("send bob 2")).toEqual([">>> [Message received by bob]"]);
  expect(bob.say("send ann 3")).toEqual([">>> [Message received by ann]"]);
  scene.network.run(60_000);
  expect(bob.shown.filter((line) => line.includes("ann"))).toEqual([
    ">>> [ann: 1]",
    ">>> [ann: 2]",
  ]);
  expect(ann.shown.filter((line) => line.includes("bob"))).toEqual([">>> [bob: 3]"]);
});

describe("a table too large to be pushed", () => {
  const onDemand = () => {
    const { scene, ann, bob } = clientPair();
    const { epoch, version } = scene.server;
    scene.server.script = (asked) => {
      const { message } = asked;
      const { users } = scene.server;
      if (message.type !== "resolve" && message.type !== "whois") return false;
      const { payload } = message;
      const user = users.find((one) =>
        "key" in payload ? one.key === payload.key : one.name === payload.name,
      );
      scene.server.reply(asked, { type: "resolved", payload: { user: user ?? null } });
      return true;
    };
    scene.onServer(() => {
      for (const session of scene.server.sessions.values()) {
        scene.server.say(session, {
          type: "table_on_demand",
          payload: { epoch, version: version + 1 },
          metadata: {},
        });
      }
    });
    scene.network.run(100);
    ann.shown.length = 0;
    bob.shown.length = 0;
    return { scene, ann, bob };
  };

  test("names and senders are asked for, once, and the order is kept", () => {
    const { scene, ann, bob } = onDemand();
    expect(sendAll(ann, "bob", texts(20))).toHaveLength(20);
    expect(bob.shown).toEqual(texts(20).map((text) => `>>> [ann: ${text}]`));
    expect(scene.server.of("resolve")).toHaveLength(1);
    expect(ann.say("send nobody hi")).toEqual([">>> [Unable to send to non-existent nobody.]"]);
  });

  test("with the server gone, a name that is to be asked for ends the client", () => {
    const { scene, ann } = onDemand();
    scene.stopServer();
    ann.type("send bob hi");
    ann.untilEnd(2_700);
    expect(ann.shown[0]).toBe(">>> [Server not responding]");
  });
});
