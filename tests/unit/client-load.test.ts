// The client when more comes than it can show at once: what it has acknowledged is shown, and nothing else is
// acknowledged.

import { describe, expect, test } from "bun:test";

import { parseLine } from "../../lib/chat/client/commands.ts";
import { HighestNumbers } from "../../lib/chat/client/highest-numbers.ts";
import { type Finished, LineQueue } from "../../lib/chat/client/line-queue.ts";
import { GroupRoom } from "../../lib/chat/client/room.ts";
import { INBOX_MAX_UNITS } from "../../lib/chat/limits.ts";
import type { GroupMessage } from "../../lib/chat/message.ts";
import { type Actor, ClientScene } from "../support/client-scene.ts";
import { FullScene } from "../support/full-scene.ts";

const RECEIVED = ">>> [Message received by bob]";

const received = (actor: Actor): number => actor.shown.filter((line) => line === RECEIVED).length;

/** Bob, to whom nothing comes from the server, and ann, of whom he has not heard. */
const apart = (seed: number) => {
  const scene = new FullScene(seed);
  const { network } = scene;
  const bob = scene.client("bob", 5_556);
  const { port } = scene.server.address;
  network.passes = (from, to) =>
    ![from.port, to.port].includes(5_556) || ![from.port, to.port].includes(port);
  const ann = scene.client("ann", 5_555);
  return { scene, network, ann, bob };
};

describe("messages from one who has no name yet", () => {
  test("are all shown later, if their sender was told that they were received", () => {
    const { scene, network, ann, bob } = apart(6);
    const texts = Array.from({ length: 200 }, (_, at) => `no. ${at}`);
    ann.type(...texts.map((text) => `send bob ${text}`));
    network.run(500);
    scene.heal();
    network.run(20_000);
    expect(received(ann)).toBe(200);
    const shown = bob.shown.filter((line) => line.startsWith(">>> [ann: "));
    expect(shown).toEqual(texts.map((text) => `>>> [ann: ${text}]`));
  });

  test("are not acknowledged when there is no room for them", () => {
    const { scene, network, ann, bob } = apart(7);
    const text = "x".repeat(900_000);
    ann.type(...Array.from({ length: 6 }, () => `send bob ${text}`));
    network.run(10_000);
    // Four fit; the others are refused again and again, until ann says that they did not arrive.
    expect(received(ann)).toBe(4);
    expect(ann.shown.filter((line) => line.startsWith(">>> [No ACK from bob"))).toHaveLength(2);
    scene.heal();
    network.run(20_000);
    expect(bob.shown.filter((line) => line.startsWith(">>> [ann: "))).toHaveLength(4);
  });
});

test("after the server lost its memory, those who have not noticed can still be written to", () => {
  const scene = new FullScene(10);
  const ann = scene.client("ann", 5_555);
  const bob = scene.client("bob", 5_556);
  ann.say("send bob before");
  scene.restartServer();
  expect(ann.say("list_groups")).toContain(">>> [Available group chats:]");
  expect(ann.say("send bob after")).toEqual([RECEIVED]);
  expect(bob.shown.filter((line) => line.startsWith(">>> [ann: "))).toEqual([
    ">>> [ann: before]",
    ">>> [ann: after]",
  ]);
});

test("what comes while a group is being entered is kept, however much it is", () => {
  const room = new GroupRoom();
  const said = (number: number): GroupMessage => ({
    type: "group_message",
    payload: { group: "g", from: "ann", text: "" },
    metadata: { sender: "0123456789abcdef", number },
  });
  room.startEntering("g");
  for (let number = 1; number <= 10_000; number++) expect(room.take(said(number))).toBe(false);
  expect(room.enter("g")).toHaveLength(10_000);
});

test("a server that loses every session keeps nobody waiting for more than a minute", () => {
  const scene = new ClientScene(9);
  const ann = scene.client("ann", 5_555);
  const bob = scene.client("bob", 5_556);
  scene.network.crash(bob.node);
  scene.server.script = () => true;
  ann.type("send bob hello");
  ann.until(">>> [No ACK from bob, message not delivered]");
  ann.type("nonsense");
  const ended = (): boolean => ann.shown.includes(">>> [Invalid command: nonsense]");
  for (let at = 0; at < 20 && !ended(); at++) {
    scene.network.run(4_000);
    scene.restartServer(scene.server.epoch).script = () => true;
  }
  expect(ended()).toBe(true);
  expect(ann.node.status).toBeUndefined();
});

test("who leaves politely tells the peers it has talked to", () => {
  const scene = new ClientScene(3);
  scene.server.script = (asked) => {
    if (asked.message.type !== "deregister") return false;
    scene.server.reply(asked, { type: "deregistered", payload: {} });
    return true;
  };
  const ann = scene.client("ann", 5_555);
  const bob = scene.client("bob", 5_556);
  expect(ann.say("send bob hello")).toEqual([RECEIVED]);
  scene.network.run(1_000);
  let told = 0;
  scene.network.passes = (from, to) => {
    if (from.port === 5_556 && to.port === 5_555) told++;
    return true;
  };
  bob.type("dereg bob");
  bob.untilEnd();
  expect(told).toBe(1);
});

test("lines that wait are counted with their ends: any number of empty ones is not nothing", () => {
  const finished: Finished[] = [];
  const queue = new LineQueue({
    parse: (line) => parseLine(line, "lobby"),
    run: (_now, _parsed, end) => finished.push(end),
    ended() {},
  });
  for (let count = 0; count < 10; count++) queue.push(0, "");
  queue.push(0, "help");
  expect(queue.waitingChars).toBe(15);
  queue.open(0);
  while (finished.length > 0) finished.shift()!(0);
  expect(queue.waitingChars).toBe(0);
});

test("of as many senders as allowed the highest number is remembered, and of those heard last", () => {
  const numbers = new HighestNumbers(2);
  expect(numbers.take("a", 5)).toBe(true);
  expect(numbers.take("b", 5)).toBe(true);
  expect(numbers.take("a", 6)).toBe(true);
  expect(numbers.take("c", 5)).toBe(true);
  expect(numbers.take("a", 6)).toBe(false);
  expect(numbers.take("c", 5)).toBe(false);
  // Who has been silent for the longest time is forgotten.
  expect(numbers.take("b", 5)).toBe(true);
});

test("the inbox is bounded in what its texts take, too", () => {
  const room = new GroupRoom();
  room.enter("g");
  const text = "x".repeat(1_000_000);
  const most = Math.floor(INBOX_MAX_UNITS / text.length);
  for (let number = 0; number < most; number++) {
    expect(room.keep({ from: `${number}`, text })).toEqual({ overflow: [], firstTime: false });
  }
  const { overflow, firstTime } = room.keep({ from: "last", text });
  expect([overflow.map(({ from }) => from), firstTime]).toEqual([["0"], true]);
  expect(room.leave()).toHaveLength(most);
  room.enter("g");
  for (let number = 0; number < most; number++) room.keep({ from: `${number}`, text });
  expect(room.keep({ from: "last", text }).firstTime).toBe(true);
  expect(room.keep({ from: "last", text }).firstTime).toBe(false);
});
