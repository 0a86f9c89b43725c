// Many sessions between two clients: a few are kept, whatever the other one does, and nothing is lost for that.

import { describe, expect, test } from "bun:test";

import { PEER_SESSIONS_MAX } from "../../lib/chat/limits.ts";
import type { Message } from "../../lib/chat/message.ts";
import { IDLE_TIMEOUT_MS } from "../../lib/transport/limits.ts";
import { clientPair } from "../support/client-scene.ts";
import { Stranger } from "../support/stranger.ts";

const PING: Message = { type: "ping", payload: {}, metadata: {} };

const direct = (number: number): Message => ({
  type: "direct_message",
  payload: { text: `no. ${number}` },
  metadata: { number },
});

const shownBy = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `>>> [eve: no. ${index + 1}]`);

describe("a peer that begins one session after another", () => {
  const crowded = () => {
    const { scene, ann, bob } = clientPair();
    const eve = new Stranger(scene);
    eve.register("eve");
    ann.node.takeShown();
    bob.node.takeShown();
    const begin = (...messages: readonly Message[]): ((message: Message) => void) => {
      const say = eve.speakTo(bob);
      for (const message of messages) say(message);
      scene.network.run(20);
      return say;
    };
    const beginMany = (): void => {
      for (let count = 0; count < 20; count++) begin(PING);
    };
    return { scene, ann, bob, eve, begin, beginMany };
  };

  test("keeps a few, and all that it said is shown once, in order", () => {
    const { scene, bob, eve, begin } = crowded();
    for (let number = 1; number <= 40; number++) begin(direct(number));
    scene.network.run(1_000);
    expect(bob.shown).toEqual(shownBy(40));
    expect(eve.open.size).toBe(PEER_SESSIONS_MAX);
  });

  test("keeps no more if it says nothing", () => {
    const { eve, beginMany } = crowded();
    beginMany();
    expect(eve.open.size).toBe(PEER_SESSIONS_MAX);
  });

  test("keeps the one on which it is spoken to", () => {
    const { bob, eve, begin, beginMany } = crowded();
    begin(PING);
    expect(bob.say("send eve a")).toEqual([">>> [Message received by eve]"]);
    beginMany();
    expect(bob.say("send eve b")).toEqual([">>> [Message received by eve]"]);
    expect(eve.texts).toEqual(["1 a", "2 b"]);
    expect(eve.heardOn.size).toBe(1);
    expect([...eve.heardOn].every((session) => eve.open.has(session))).toBe(true);
  });

  test("keeps the one on which it speaks", () => {
    const { scene, bob, begin, beginMany } = crowded();
    const say = begin(direct(1));
    beginMany();
    say(direct(2));
    scene.network.run(20);
    expect(bob.shown).toEqual(shownBy(2));
  });

  test("takes none from another", () => {
    const { ann, bob, beginMany } = crowded();
    expect(ann.say("send bob a")).toEqual([">>> [Message received by bob]"]);
    beginMany();
    let begun = 0;
    bob.node.onOutput = ({ datagrams }) => {
      begun += datagrams.filter(({ bytes }) => bytes[0] === 2).length;
    };
    expect(ann.say("send bob b")).toEqual([">>> [Message received by bob]"]);
    expect(begun).toBe(0);
  });
});

test("both move again and again while they talk: nothing is lost, doubled or out of order", () => {
  const { scene, ann, bob } = clientPair();
  const { network, server } = scene;
  const pair = [ann, bob];
  server.answer("list_groups", { type: "groups", payload: { groups: [] } });
  const said = { ann: [] as string[], bob: [] as string[] };
  for (let move = 1; move <= 20; move++) {
    for (const [index, actor] of pair.entries()) {
      if (index === 0 && move % 2 === 0) continue;
      const port = 7_000 + 10 * move + index;
      network.crash(actor.node);
      const { shown } = actor.node;
      actor.node = network.add(port, actor.machine);
      actor.node.shown.unshift(...shown);
      scene.onServer(({ users }) => (users[index] = { ...users[index]!, port }));
    }
    // Their next words to the server show it where they are.
    for (const actor of pair) actor.type("list_groups");
    for (let count = 0; count < 5; count++) {
      const text = `${move}.${count}`;
      ann.type(`send bob ${text}`);
      bob.type(`send ann ${text}`);
      said.ann.push(text);
      said.bob.push(text);
      network.run(20);
    }
    scene.onServer(() => server.pushTable());
    network.run(200);
  }
  network.run(10_000);
  const heard = (lines: readonly string[], from: string): string[] =>
    lines.flatMap((line) => (line.startsWith(`>>> [${from}: `) ? [line.slice(10, -1)] : []));
  expect(heard(bob.shown, "ann")).toEqual(said.ann);
  expect(heard(ann.shown, "bob")).toEqual(said.bob);
  for (const [actor, to] of [[ann, "bob"] as const, [bob, "ann"] as const]) {
    const received = actor.shown.filter((line) => line === `>>> [Message received by ${to}]`);
    expect(received).toHaveLength(said.ann.length);
  }
});

test("a peer whose few sessions that were kept are gone is reached all the same", () => {
  const { scene, bob } = clientPair();
  const { network } = scene;
  const eve = new Stranger(scene);
  eve.register("eve");
  bob.node.takeShown();
  for (let count = 0; count < 20; count++) {
    eve.speakTo(bob)(PING);
    network.run(20);
  }
  network.passes = (from, to) => from.port !== 6_666 && to.port !== 6_666;
  network.run(IDLE_TIMEOUT_MS + 5_000);
  expect(eve.open.size).toBe(0);
  network.passes = () => true;
  expect(bob.say("send eve a")).toEqual([">>> [Message received by eve]"]);
  expect(eve.texts).toEqual(["1 a"]);
});
