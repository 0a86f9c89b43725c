// Direct messages between two clients: nothing lost, doubled or out of order, each with its line, with and without
// the server.

import { describe, expect, test } from "bun:test";

import { Strangers } from "../../lib/chat/client/incoming.ts";
import { decodeMessage } from "../../lib/chat/message-decode.ts";
import { encodeMessage, type Message } from "../../lib/chat/message.ts";
import type { Address } from "../../lib/transport/address.ts";
import { toHex } from "../../lib/transport/bytes.ts";
import { Endpoint } from "../../lib/transport/endpoint.ts";
import { keyPairFrom } from "../../lib/transport/keys.ts";
import { frameMessage } from "../../lib/transport/send-stream.ts";
import { type Actor, ClientScene, SERVER_PORT } from "../support/client-scene.ts";
import { Prng } from "../support/prng.ts";
import type { Asked } from "../support/scripted-server.ts";

const pair = () => {
  const scene = new ClientScene();
  const ann = scene.client("ann", 5_555);
  const bob = scene.client("bob", 5_556);
  scene.network.run(100);
  ann.shown.length = 0;
  return { scene, ann, bob };
};

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
    const { scene, ann, bob } = pair();
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
    const { ann, bob } = pair();
    expect(ann.say("send BOB hi")).toEqual([">>> [Message received by bob]"]);
    expect(bob.shown).toEqual([">>> [ann: hi]"]);
  });

  test("a text of 200,000 characters goes through whole; one that does not fit is refused in one line", () => {
    const { scene, ann, bob } = pair();
    const long = "é".repeat(200_000);
    expect(ann.say(`send bob ${long}`)).toEqual([">>> [Message received by bob]"]);
    expect(bob.shown).toEqual([`>>> [ann: ${long}]`]);
    const [line, ...more] = ann.say(`send bob ${"x".repeat(1_100_000)}`);
    expect(line).toStartWith(">>> [Message too long: ");
    expect(more).toEqual([]);
    scene.network.run(1_000);
    expect(bob.shown).toHaveLength(1);
  });

  test("more than the transport queues at once: nothing is lost", () => {
    const { ann, bob } = pair();
    const all = texts(12).map((text) => text + "x".repeat(900_000));
    expect(sendAll(ann, "bob", all)).toHaveLength(12);
    expect(bob.shown).toEqual(all.map((text) => `>>> [ann: ${text}]`));
  });

  test("a message to somebody else does not wait for one that gets no answer", () => {
    const { scene, ann, bob } = pair();
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
    const { scene, ann, bob } = pair();
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
    const { scene, ann, bob } = pair();
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

  test("and whose name has another holder by now: the results come in the order of sending", () => {
    const { scene, ann, bob } = pair();
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
    const { scene, ann, bob } = pair();
    scene.server.script = (asked) => {
      if (asked.message.type !== "report_offline") return false;
      scene.server.reply(asked, { type: "still_online", payload: { name: "bob" } });
      return true;
    };
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
    const { scene, ann, bob } = pair();
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
    const { scene, ann, bob } = pair();
    ann.say("send bob 0");
    scene.server.script = (asked) => {
      if (asked.message.type !== "report_offline") return false;
      scene.server.reply(asked, { type: "still_online", payload: { name: "bob" } });
      return true;
    };
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
  const { scene, ann, bob } = pair();
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
    const { scene, ann, bob } = pair();
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

/** A peer without rules: an endpoint at port 6666 that does what the test says. */
const stranger = (scene: ClientScene) => {
  const random = new Prng(99);
  const endpoint = new Endpoint({
    keyPair: keyPairFrom(random.bytes(32)),
    random: (count) => random.bytes(count),
    idleTimeoutMs: 45_000,
  });
  const texts: string[] = [];
  let loses = false;
  const listen = () => {
    for (const event of endpoint.takeEvents()) {
      if (event.type === "established" && loses) endpoint.abandon(event.session);
      if (event.type !== "message") continue;
      const decoded = decodeMessage(event.bytes);
      if (decoded.kind !== "message" || decoded.message.type !== "direct_message") continue;
      texts.push(`${decoded.message.metadata.number} ${decoded.message.payload.text}`);
      sessions.add(event.session);
    }
  };
  const sessions = new Set<number>();
  const node = scene.network.add(6_666, {
    receive: (now, from, bytes) => endpoint.receive(now, from, bytes),
    wake: (now) => endpoint.wake(now),
    nextWakeup: () => endpoint.nextWakeup(),
    flush: (now) => {
      listen();
      return { lines: [], datagrams: endpoint.flush(now) };
    },
  });
  const key = toHex(endpoint.publicKey);
  return {
    key,
    texts,
    /** Forgets its sessions without a word. */
    forget: () => sessions.forEach((session) => endpoint.abandon(session)),
    /** From now on no session lasts. */
    loseAll: () => (loses = true),
    /** Begins a session with a client and returns how to say something on it. */
    speakTo: (peer: Actor) => {
      const session = endpoint.connect(scene.network.now, peer.node.address);
      return (message: Message) =>
        scene.network.act(node, (_machine, now) => {
          endpoint.send(now, session, frameMessage(encodeMessage(message)));
        });
    },
    /** Puts it into the table. */
    register: (name: string) => {
      scene.onServer((server) => {
        server.users.push({ name, key, ...node.address });
        server.pushTable();
      });
      scene.network.run(100);
    },
  };
};

describe("a session that the peer has lost", () => {
  test("what was not delivered goes out again on another, with its number", () => {
    const { scene, ann } = pair();
    const eve = stranger(scene);
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
    const { scene, ann } = pair();
    const eve = stranger(scene);
    eve.register("eve");
    eve.loseAll();
    ann.node.takeShown();
    scene.server.script = (asked) => {
      if (asked.message.type !== "report_offline") return false;
      scene.server.reply(asked, { type: "still_online", payload: { name: "eve" } });
      return true;
    };
    const start = scene.network.now;
    expect(ann.say("send eve a")).toEqual([
      ">>> [No ACK from eve, message not delivered]",
      ">>> [eve is online, but cannot be reached from here.]",
    ]);
    expect(scene.network.now - start).toBeLessThan(5_000);
  });
});

test("both addresses change at once: when the table tells, they find each other again", () => {
  const { scene, ann, bob } = pair();
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
  server.script = (asked) => {
    if (asked.message.type !== "list_groups") return false;
    server.reply(asked, { type: "groups", payload: { groups: [] } });
    return true;
  };
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
    const { scene, ann, bob } = pair();
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

describe("strangers and liars", () => {
  const direct = (number: number, text: string): Message => ({
    type: "direct_message",
    payload: { text },
    metadata: { number },
  });

  test("a key that nobody knows: the server is asked, and nothing is shown", () => {
    const { scene, bob } = pair();
    scene.server.script = (asked) => {
      if (asked.message.type !== "whois") return false;
      scene.server.reply(asked, { type: "resolved", payload: { user: null } });
      return true;
    };
    const eve = stranger(scene);
    const say = eve.speakTo(bob);
    say(direct(1, "I am ann"));
    say(direct(2, "really"));
    scene.network.run(10_000);
    expect(bob.shown).toEqual([]);
    expect(scene.server.of("whois").length).toBeGreaterThan(0);
  });

  test("a key that the server does not know yet, since it lost its memory: shown when it does", () => {
    const { scene, bob } = pair();
    scene.server.script = (asked) => {
      if (asked.message.type !== "whois") return false;
      scene.server.reply(asked, { type: "resolved", payload: { user: null } });
      return true;
    };
    const eve = stranger(scene);
    const say = eve.speakTo(bob);
    say(direct(1, "back soon"));
    scene.network.run(10_000);
    expect(bob.shown).toEqual([]);
    scene.onServer(() => {
      scene.server.users.push({ name: "eve", key: eve.key, host: "127.0.0.1", port: 6_666 });
      scene.server.pushTable();
    });
    scene.network.run(100);
    expect(bob.shown).toEqual([">>> [Client table updated.]", ">>> [eve: back soon]"]);
  });

  test("many keys that nobody knows make room for those who come later", () => {
    const strangers = new Strangers();
    const keys = Array.from({ length: 200 }, (_, number) => `key ${number}`);
    for (const key of keys) {
      while (strangers.room(key, "hello") !== "now") {
        expect(strangers.takeUnknown(key)).toBeDefined();
      }
      strangers.hold(key, "hello");
      strangers.markUnknown(key);
    }
    expect(strangers.take("key 199")).toEqual(["hello"]);
    expect(strangers.take("key 0")).toEqual([]);
    expect(strangers.keys.length).toBeLessThan(100);
  });

  test("a session that is not needed any more is ended: nobody is called in vain", () => {
    const { scene, bob } = pair();
    const eve = stranger(scene);
    scene.onServer(() => {
      scene.server.users.push({ name: "eve", key: eve.key, host: "10.0.0.1", port: 6_667 });
      scene.server.pushTable();
    });
    scene.network.run(100);
    bob.type("send eve hello");
    scene.network.run(100);
    eve.speakTo(bob)(direct(1, "here I am"));
    bob.until(">>> [Message received by eve]");
    let calls = 0;
    scene.network.passes = (_, to) => {
      if (to.port === 6_667) calls++;
      return true;
    };
    scene.network.run(5_000);
    expect(calls).toBe(0);
    expect(eve.texts).toEqual(["1 hello"]);
  });

  test("a key that the table tells of only later: shown then, in order", () => {
    const { scene, bob } = pair();
    scene.server.script = ({ message }) => message.type === "whois";
    const eve = stranger(scene);
    const say = eve.speakTo(bob);
    say(direct(1, "first"));
    say(direct(2, "second"));
    scene.network.run(1_000);
    expect(bob.shown).toEqual([]);
    scene.onServer(() => {
      scene.server.users.push({ name: "eve", key: eve.key, host: "127.0.0.1", port: 6_666 });
      scene.server.pushTable();
    });
    scene.network.run(100);
    say(direct(3, "third"));
    scene.network.run(100);
    expect(bob.shown).toEqual([
      ">>> [Client table updated.]",
      ">>> [eve: first]",
      ">>> [eve: second]",
      ">>> [eve: third]",
    ]);
  });

  test("what only the server may say has no effect from a peer", () => {
    const { scene, bob } = pair();
    const eve = stranger(scene);
    const say = eve.speakTo(bob);
    const users = [{ name: "ann", key: eve.key, host: "127.0.0.1", port: 6_666 }];
    say({
      type: "table",
      payload: { epoch: scene.server.epoch, version: 99, users },
      metadata: {},
    });
    say({ type: "deregistered", payload: {}, metadata: { id: 2 } });
    const registered = { name: "eve", epoch: "x", version: 1, settled: 0 };
    say({ type: "registered", payload: registered, metadata: { id: 1 } });
    say({
      type: "group_message",
      payload: { group: "g", from: "ann", text: "hi" },
      metadata: { sender: "0".repeat(16), number: 1 },
    });
    scene.network.run(1_000);
    expect(bob.shown).toEqual([]);
    expect(bob.machine.complete("send ")[0]).toEqual(["ann ", "bob "]);
  });

  test("a message from a user that has just left the table is still shown", () => {
    const { scene, ann, bob } = pair();
    scene.onServer(() => {
      scene.server.users.splice(0, 1);
      const session = [...scene.server.sessions.values()][1]!;
      scene.server.version++;
      scene.server.say(session, scene.server.table());
    });
    scene.network.run(100);
    expect(ann.say("send bob bye")).toEqual([">>> [Message received by bob]"]);
    expect(bob.shown).toEqual([">>> [Client table updated.]", ">>> [ann: bye]"]);
  });

  test("what is said is shown, not obeyed", () => {
    const { ann, bob } = pair();
    ann.say("send bob \x1b[2J\u202eevil\x07");
    expect(bob.shown).toEqual([">>> [ann: ␛[2J<U+202E>evil␇]"]);
  });
});
