// Direct messages of those whom the table does not tell of, and of those who say what is not theirs to say.

import { describe, expect, test } from "bun:test";

import { Strangers } from "../../lib/chat/client/strangers.ts";
import { PREFIX_STRANGERS_MAX, STRANGERS_MAX } from "../../lib/chat/limits.ts";
import type { Message } from "../../lib/chat/message.ts";
import { clientPair } from "../support/client-scene.ts";
import { Stranger } from "../support/stranger.ts";

describe("strangers and liars", () => {
  const direct = (number: number, text: string): Message => ({
    type: "direct_message",
    payload: { text },
    metadata: { number },
  });

  test("a key that nobody knows: the server is asked, and nothing is shown", () => {
    const { scene, bob } = clientPair();
    scene.server.answer("whois", { type: "resolved", payload: { user: null } });
    const eve = new Stranger(scene);
    const say = eve.speakTo(bob);
    say(direct(1, "I am ann"));
    say(direct(2, "really"));
    scene.network.run(10_000);
    expect(bob.shown).toEqual([]);
    expect(scene.server.of("whois").length).toBeGreaterThan(0);
  });

  test("a key that says much while the table is on demand: the server is asked once at a time", () => {
    const { scene, bob } = clientPair();
    const { epoch, version } = scene.server;
    scene.onServer((server) => {
      for (const session of server.sessions.values()) {
        server.say(session, { type: "table_on_demand", payload: { epoch, version }, metadata: {} });
      }
    });
    scene.server.script = ({ message }) => message.type === "whois";
    const eve = new Stranger(scene);
    const say = eve.speakTo(bob);
    for (let number = 1; number <= 50; number++) say(direct(number, `no. ${number}`));
    scene.network.run(1_000);
    expect(scene.server.of("whois")).toHaveLength(1);
  });

  test("a key that the server does not know yet, since it lost its memory: shown when it does", () => {
    const { scene, bob } = clientPair();
    scene.server.answer("whois", { type: "resolved", payload: { user: null } });
    const eve = new Stranger(scene);
    const say = eve.speakTo(bob);
    say(direct(1, "back soon"));
    scene.network.run(10_000);
    expect(bob.shown).toEqual([]);
    eve.register("eve");
    expect(bob.shown).toEqual([">>> [Client table updated.]", ">>> [eve: back soon]"]);
  });

  test("many keys that nobody knows make room for those who come later", () => {
    const strangers = new Strangers();
    const keys = Array.from({ length: 200 }, (_, number) => `key ${number}`);
    for (const key of keys) {
      while (strangers.room(key, "10.0.0", "hello") !== "now") {
        expect(strangers.takeUnknown(key)).toBeDefined();
      }
      strangers.hold(key, "10.0.0", "hello");
      strangers.markUnknown(key);
    }
    expect(strangers.take("key 199")).toEqual(["hello"]);
    expect(strangers.take("key 0")).toEqual([]);
    expect(strangers.keys.length).toBeLessThan(100);
  });

  test("many keys of one prefix leave room for those of others", () => {
    const strangers = new Strangers();
    const fill = (prefix: string, count: number): void => {
      for (let number = 0; number < count; number++) {
        expect(strangers.room(`${prefix}.${number}`, prefix, "hello")).toBe("now");
        strangers.hold(`${prefix}.${number}`, prefix, "hello");
      }
    };
    fill("10.9.0", PREFIX_STRANGERS_MAX);
    expect(strangers.room("one more", "10.9.0", "hello")).toBe("after its like");
    expect(strangers.room("10.9.0.1", "10.9.0", "again")).toBe("now");
    fill("10.0.0", STRANGERS_MAX - PREFIX_STRANGERS_MAX - 1);
    strangers.markUnknown("10.0.0.1");
    expect(strangers.takeUnknown("one more", "10.9.0")).toBeUndefined();
    strangers.markUnknown("10.9.0.1");
    expect(strangers.takeUnknown("one more", "10.9.0")).toBe("10.9.0.1");
    expect(strangers.room("one more", "10.9.0", "hello")).toBe("now");
    expect(strangers.takeUnknown("one more")).toBe("10.0.0.1");
  });

  test("a session that is not needed any more is ended: nobody is called in vain", () => {
    const { scene, bob } = clientPair();
    const eve = new Stranger(scene);
    eve.register("eve", { host: "10.0.0.1", port: 6_667 });
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
    const { scene, bob } = clientPair();
    scene.server.script = ({ message }) => message.type === "whois";
    const eve = new Stranger(scene);
    const say = eve.speakTo(bob);
    say(direct(1, "first"));
    say(direct(2, "second"));
    scene.network.run(1_000);
    expect(bob.shown).toEqual([]);
    eve.register("eve");
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
    const { scene, bob } = clientPair();
    const eve = new Stranger(scene);
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
    const { scene, ann, bob } = clientPair();
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
    const { ann, bob } = clientPair();
    ann.say("send bob \x1b[2J\u202eevil\x07");
    expect(bob.shown).toEqual([">>> [ann: ␛[2J<U+202E>evil␇]"]);
  });
});

test("a stranger does not make room with what it said before", () => {
  const strangers = new Strangers();
  for (const key of ["a", "b"]) {
    strangers.hold(key, "p", key);
    strangers.markUnknown(key);
  }
  expect(strangers.takeUnknown("a")).toBe("b");
  expect(strangers.takeUnknown("a")).toBeUndefined();
  expect(strangers.take("a")).toEqual(["a"]);
});
