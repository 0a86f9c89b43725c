// Members of a group that live and take nothing: what is kept for them stays bounded, they are removed in the end, and
// nobody else has to wait for them.

import { describe, expect, test } from "bun:test";

import { SETTLED_DELAY_MS, STALL_MS } from "../../lib/chat/limits.ts";
import { ChatScene } from "../support/chat-scene.ts";
import { DeafSpeaker, deafUser } from "../support/deaf-speaker.ts";
import { FullScene } from "../support/full-scene.ts";

describe("a member that takes nothing", () => {
  test("is removed though it lives, and the others go on", () => {
    const scene = new ChatScene();
    const client = scene.founder("client", 5_555, "g");
    const { machine } = deafUser(scene, "deaf", 6_000, "g");
    scene.run();
    machine.deaf = true;
    scene.lines();
    client.ask("send_group", { group: "g", text: "hello" });
    scene.run(9_000);
    expect(scene.lines()).toEqual([">>> [Client client sent group message: hello]"]);
    scene.run(2_000);
    expect(scene.lines()).toEqual([">>> [Client deaf not responsive, removed from group g]"]);
    scene.run(SETTLED_DELAY_MS);
    expect(client.speaker.last("settled")?.payload.id).toBe(4);
  });

  test("is online for those who report it: it is heard, though it takes no question", () => {
    const scene = new ChatScene();
    const client = scene.founder("client", 5_555, "g");
    const { machine } = deafUser(scene, "deaf", 6_000, "g");
    machine.deaf = true;
    const from = scene.network.now;
    const accused = { name: "deaf", key: machine.key };
    expect(client.ask("report_offline", accused)).toMatchObject({ type: "still_online" });
    expect(scene.network.now - from).toBeWithin(4_900, 5_500);
  });

  test("is waited for only as long as nobody else is there who takes what is said", () => {
    const scene = new ChatScene();
    const client = scene.founder("client", 5_555, "g");
    const { machine } = deafUser(scene, "deaf", 6_000, "g");
    machine.deaf = true;
    const text = "x".repeat(900_000);
    const asked = [1, 2, 3, 4].map(() => client.tell("send_group", { group: "g", text }));
    scene.run(2_000);
    expect(client.speaker.answers(asked[3]!)).toEqual([]);
    const other = scene.user("other", 5_557, "g");
    scene.run();
    expect(client.speaker.answers(asked[3]!)).toMatchObject([{ type: "received" }]);
    expect(other.texts()).toEqual([]);
  });

  test("is removed also if it comes back again and again", () => {
    const scene = new ChatScene();
    const client = scene.founder("client", 5_555, "g");
    const { actor, machine } = deafUser(scene, "deaf", 6_000, "g");
    machine.deaf = true;
    scene.lines();
    const asked = client.tell("send_group", { group: "g", text: "x".repeat(900_000) });
    for (let at = 0; at < 3; at++)
      client.tell("send_group", { group: "g", text: "x".repeat(900_000) });
    const last = client.tell("send_group", { group: "g", text: "last" });
    for (let at = 0; at < 25; at++) {
      scene.run(2_000);
      actor.reconnect();
      actor.tell("register", { name: "deaf", groups: ["g"] });
    }
    expect(client.speaker.answers(asked)).toMatchObject([{ type: "received" }]);
    expect(client.speaker.answers(last)).toMatchObject([{ type: "received" }]);
    expect(scene.lines().filter((line) => line.includes("not responsive"))).toHaveLength(1);
  });

  test("does not end the clients of others, nor keep an answer from them for a minute", () => {
    const scene = new FullScene(5);
    const { network } = scene;
    const ann = scene.client("ann", 5_555);
    ann.say("create_group g", "join_group g");
    const deaf = new DeafSpeaker(network.now, 99, scene.server.address);
    const node = network.add(6_000, deaf, "10.0.0.9");
    network.act(node, (speaker, now) => {
      speaker.ask(now, "register", { name: "deaf", groups: [] });
      speaker.ask(now, "join_group", { group: "g" });
    });
    network.run(500);
    deaf.deaf = true;
    const long = Array.from({ length: 4 }, () => `send_group ${"x".repeat(900_000)}`);
    const start = network.now;
    expect(ann.say(...long, "send_group short", "list_members")).toEqual([
      ...Array(5).fill(">>> (g) [Message received by Server.]"),
      ">>> (g) [Members in the group g:]",
      ">>> (g) ann",
      ">>> (g) deaf",
    ]);
    expect(network.now - start).toBeLessThan(40_000);
    network.run(20_000);
    expect(scene.server.takeShown()).toContain(
      ">>> [Client deaf not responsive, removed from group g]",
    );
    expect(ann.node.status).toBeUndefined();
  });

  test("is not mistaken for one that is slow", () => {
    const scene = new ChatScene(2);
    const client = scene.founder("client", 5_555, "g");
    const { actor, machine } = deafUser(scene, "slow", 6_000, "g");
    scene.lines();
    for (let at = 0; at < 20; at++) {
      client.tell("send_group", { group: "g", text: `${at}` });
      machine.deaf = true;
      scene.run(8_000);
      machine.deaf = false;
      scene.run(3_000);
    }
    expect(actor.texts()).toEqual(Array.from({ length: 20 }, (_, at) => `${at}`));
    expect(scene.lines().filter((line) => line.includes("not responsive"))).toEqual([]);
  });

  test("has no more kept for it than is allowed", () => {
    // The others are to say more than that before its time is over.
    const scene = new ChatScene(4, undefined, { limits: { "bytes-per-second": 0 } });
    const senders = [scene.founder("client", 5_555, "g"), scene.user("client2", 5_556, "g")];
    const { machine } = deafUser(scene, "deaf", 6_000, "g");
    machine.deaf = true;
    scene.lines();
    const text = "x".repeat(900_000);
    const start = scene.network.now;
    for (let at = 0; at < 40; at++) {
      for (const sender of senders) sender.tell("send_group", { group: "g", text });
      scene.run(200);
      for (const { speaker } of senders) speaker.heard.length = 0;
    }
    expect(scene.network.now - start).toBeLessThan(10_000);
    expect(scene.lines().filter((line) => line.includes("not responsive"))).toEqual([
      ">>> [Client deaf not responsive, removed from group g]",
    ]);
  });
});

test("who signs off before it has taken all gets its answers, though no group messages any more", () => {
  const scene = new ChatScene();
  const ann = scene.founder("ann", 5_555, "tea");
  // Somebody keeps up.
  scene.user("cyd", 5_557, "tea");
  const { actor: deaf, machine } = deafUser(scene, "deaf", 6_000, "tea");
  machine.deaf = true;
  const text = "x".repeat(1_000_000);
  for (let count = 0; count < 6; count++) ann.ask("send_group", { group: "tea", text });
  const asked = deaf.tell("whois", { key: "0".repeat(64) });
  const left = deaf.tell("deregister");
  scene.run(1_000);
  machine.deaf = false;
  scene.run(5_000);
  expect(deaf.speaker.answers(asked)).toHaveLength(1);
  expect(deaf.speaker.answers(left)).toHaveLength(1);
  expect(deaf.texts().length).toBeLessThan(6);
});

describe("a hundred members that take nothing", () => {
  const SILENT = 100;
  const MESSAGES = 900;
  const TEXT = "x".repeat(10_000);
  /** What all messages are, and what it takes to remember each for each member. */
  const HELD_MAX_BYTES = 64 * 1_048_576;

  const heldBytes = (): number => {
    Bun.gc(true);
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };

  /** Sends to a member that listens and to so many that do not. */
  const talk = (silent: number) => {
    const scene = new ChatScene(8);
    const { network } = scene;
    const client = scene.founder("client", 5_555, "g");
    const other = scene.user("other", 5_556, "g");
    const machines = Array.from({ length: silent }, (_, at) => {
      return deafUser(scene, `deaf${at}`, 6_000 + at, "g").machine;
    });
    scene.run(1_000);
    scene.lines();
    for (const machine of machines) machine.deaf = true;
    const before = heldBytes();
    const delays: number[] = [];
    let answered = 0;
    let held = 0;
    for (let at = 0; at < MESSAGES; at++) {
      const start = network.now;
      client.tell("send_group", { group: "g", text: TEXT });
      network.until(() => other.speaker.all("group_message").length > 0, "the message");
      delays.push(network.now - start);
      network.run(10 - (network.now - start));
      answered += client.speaker.all("received").length;
      for (const { speaker } of [client, other]) speaker.heard.length = 0;
      scene.server.shown.length = 0;
      if (at % 300 === 299) held = Math.max(held, heldBytes() - before);
    }
    network.run(2_000);
    const removed = scene.lines().filter((line) => line.includes("not responsive")).length;
    return { delays, answered, held, removed };
  };

  test("cost what one of them costs, and slow nobody down", () => {
    const alone = talk(0);
    const among = talk(SILENT);
    expect(among.delays).toEqual(alone.delays);
    expect(among.answered).toBe(MESSAGES);
    expect(among.held).toBeLessThan(HELD_MAX_BYTES);
    expect(among.removed).toBe(SILENT);
  });
});

test("senders speak no faster than the fastest member, and wait for no slower one", () => {
  const scene = new ChatScene(9);
  const client = scene.founder("client", 5_555, "g");
  const [one, two] = [deafUser(scene, "one", 6_000, "g"), deafUser(scene, "two", 6_001, "g")];
  const text = "x".repeat(100_000);
  const say = (count: number) =>
    Array.from({ length: count }, () => client.tell("send_group", { group: "g", text }));
  const answered = (ids: readonly number[]): number =>
    ids.filter((id) => client.speaker.answers(id).length > 0).length;
  one.machine.deaf = true;
  const first = say(30);
  scene.run(500);
  expect(answered(first)).toBe(30);
  two.machine.deaf = true;
  const second = say(30);
  scene.run(500);
  expect(answered(second)).toBeWithin(15, 25);
  two.machine.deaf = false;
  scene.run(3_000);
  expect(answered(second)).toBe(30);
  two.machine.deaf = true;
  const third = say(30);
  scene.run(500);
  expect(answered(third)).toBeLessThan(30);
  one.actor.tell("leave_group", { group: "g" });
  scene.run(500);
  expect(answered(third)).toBe(30);
});

test("a member that is never done, and takes one message after the other, stays", () => {
  const scene = new ChatScene();
  const client = scene.founder("client", 5_555, "g");
  const { actor, machine } = deafUser(scene, "slow", 6_000, "g");
  scene.lines();
  const text = (number: number) => `${number} ${"x".repeat(100_000)}`;
  client.tell("send_group", { group: "g", text: text(0) });
  for (let number = 1; number <= 10; number++) {
    client.tell("send_group", { group: "g", text: text(number) });
    machine.deaf = true;
    scene.run(STALL_MS - 2_000);
    machine.deaf = false;
    const heard = machine.heard.length;
    scene.network.until(() => machine.heard.length > heard, "one more");
  }
  machine.deaf = false;
  scene.run(2_000);
  expect(actor.texts()).toEqual(Array.from({ length: 11 }, (_, number) => text(number)));
  expect(scene.lines().filter((line) => line.includes("not responsive"))).toEqual([]);
});

test("a member that comes back stays, however long nothing was said before", () => {
  const scene = new ChatScene();
  const client = scene.founder("client", 5_555, "g");
  const other = scene.user("other", 5_556, "g");
  scene.run(5 * STALL_MS);
  scene.lines();
  scene.network.passes = (from, to) => from.port !== 5_556 && to.port !== 5_556;
  scene.network.act(other.node, (speaker, now) => speaker.reconnect(now));
  client.ask("send_group", { group: "g", text: "hello" });
  scene.run(500);
  scene.network.passes = () => true;
  other.ask("register", { name: "other", groups: ["g"] });
  scene.run(1_000);
  expect(other.texts()).toEqual(["hello"]);
  expect(scene.lines().filter((line) => line.includes("not responsive"))).toEqual([]);
});
