// Which server a client goes on with: its key and its password, in virtual time.

import { describe, expect, test } from "bun:test";

import { ClientMachine, type ClientOptions } from "../../lib/chat/client/client-machine.ts";
import type { Mismatch, Output } from "../../lib/chat/machine.ts";
import type { ServerOptions } from "../../lib/chat/server/server-machine.ts";
import { keyPairFrom } from "../../lib/transport/crypto/keys.ts";
import { ChatScene } from "../support/chat-scene.ts";
import { Actor } from "../support/client-scene.ts";
import { FAIR, FOUL } from "../support/network.ts";
import { Prng } from "../support/prng.ts";

const keyPair = (seed: number) => keyPairFrom(new Prng(seed).bytes(32));
const SECRET = new Uint8Array(32).fill(0x77);
const OTHER_SECRET = new Uint8Array(32).fill(0x78);

const WELCOME = ">>> [Welcome, You are registered.]";
const CLOSING = ">>> [stopping client-server listener]";

/** A client and all that it says to the world. */
interface Visit {
  readonly actor: Actor;
  readonly outputs: Output[];
}

/** A client that has just been started. */
const visit = (scene: ChatScene, options: Partial<ClientOptions> = {}): Visit => {
  const random = new Prng(scene.network.now);
  const machine = new ClientMachine({
    name: "ann",
    server: scene.server.address,
    keyPair: keyPairFrom(random.bytes(32)),
    random: (count) => random.bytes(count),
    ...options,
  });
  const actor = new Actor(scene.network, scene.network.add(6_000 + scene.network.now, machine));
  const outputs: Output[] = [];
  actor.node.onOutput = (output) => outputs.push(output);
  return { actor, outputs };
};

const provenBy = ({ outputs }: Visit): (Uint8Array | undefined)[] =>
  outputs.flatMap(({ serverKey }) => (serverKey === undefined ? [] : [serverKey]));

/** Waits until the client gives up this server. Returns what it said about that, and what it showed. */
const rejected = ({ actor, outputs }: Visit, limitMs?: number) => {
  actor.untilEnd(limitMs);
  return { ...outputs.at(-1)?.mismatch, status: actor.node.status, shown: actor.shown };
};

const scene = (options: Partial<ServerOptions> = {}, weather = FAIR): ChatScene =>
  new ChatScene(1, weather, { keyPair: keyPair(1), ...options });

const { publicKey: FIRST } = keyPair(1);
const { publicKey: SECOND } = keyPair(2);

describe("the server's key", () => {
  test("is told once the server has proved it", () => {
    const guest = visit(scene());
    guest.actor.until(WELCOME);
    expect(provenBy(guest)).toEqual([FIRST]);
  });

  test("the one that is expected will do", () => {
    const guest = visit(scene(), { serverKey: FIRST });
    guest.actor.until(WELCOME);
    expect(provenBy(guest)).toEqual([FIRST]);
  });

  test.each([FAIR, FOUL])("another one than expected ends the client, weather %#", (weather) => {
    const guest = visit(scene({}, weather), { serverKey: SECOND });
    expect(rejected(guest)).toMatchObject({
      reason: "other_key",
      key: FIRST,
      status: 1,
      shown: [],
    });
    expect(provenBy(guest)).toEqual([]);
  });

  test.each([FIRST, "first"] as const)("a restarted server has the same one: %p", (serverKey) => {
    const stage = scene();
    const guest = visit(stage, { serverKey });
    guest.actor.until(WELCOME);
    stage.network.run(1_000);
    stage.restart({ keyPair: keyPair(1) });
    stage.network.until(() => provenBy(guest).length > 1, "another session");
    expect(guest.actor.say("list_groups")).toEqual([">>> [Available group chats:]"]);
    expect(provenBy(guest)).toEqual([FIRST, FIRST]);
  });

  test.each([FIRST, "first"] as const)("a restarted server has another one: %p", (serverKey) => {
    const stage = scene();
    const guest = visit(stage, { serverKey });
    guest.actor.until(WELCOME);
    guest.actor.say("create_group g", "join_group g");
    stage.restart({ keyPair: keyPair(2) });
    guest.actor.type("list_members");
    guest.actor.node.takeShown();
    expect(rejected(guest)).toMatchObject({ reason: "other_key", key: SECOND, status: 1 });
    expect(guest.actor.shown.filter((line) => !line.startsWith(">>> [Leave group"))).toEqual([]);
  });

  test("where any will do, a restarted server may have another one", () => {
    const stage = scene();
    const guest = visit(stage);
    guest.actor.until(WELCOME);
    stage.restart({ keyPair: keyPair(2) });
    stage.network.until(() => provenBy(guest).length > 1, "another session");
    expect(guest.actor.say("list_groups")).toEqual([">>> [Available group chats:]"]);
    expect(provenBy(guest)).toEqual([FIRST, SECOND]);
  });
});

describe("the password", () => {
  test("is the same on both sides", () => {
    const guest = visit(scene({ psk: SECRET }), { psk: SECRET });
    guest.actor.until(WELCOME);
  });

  type Secret = Uint8Array | undefined;
  const wrong: [reason: Mismatch["reason"], server: Secret, client: Secret][] = [
    ["password_wanted", SECRET, undefined],
    ["password_unwanted", undefined, SECRET],
    ["password_wrong", SECRET, OTHER_SECRET],
  ];
  describe.each([FAIR, FOUL])("weather %#", (weather) => {
    test.each(wrong)("%s", (reason, serverPsk, clientPsk) => {
      const stage = scene(serverPsk === undefined ? {} : { psk: serverPsk }, weather);
      const guest = visit(stage, clientPsk === undefined ? {} : { psk: clientPsk });
      guest.actor.type("send ann hello");
      expect(rejected(guest)).toMatchObject({ reason, status: 1, shown: [] });
      expect(provenBy(guest)).toEqual([]);
    });
  });

  test("clients that share it talk to each other", () => {
    const stage = scene({ psk: SECRET });
    const ann = visit(stage, { psk: SECRET });
    ann.actor.until(">>> [Client table updated.]");
    const ben = visit(stage, { psk: SECRET, name: "ben" });
    ben.actor.until(">>> [Client table updated.]");
    expect(ben.actor.say("send ann hello")).toEqual([">>> [Message received by ann]"]);
    expect(ann.actor.shown).toContain(">>> [ben: hello]");
  });

  test("that is changed ends those who are there", () => {
    const stage = scene({ psk: SECRET });
    const guest = visit(stage, { psk: SECRET });
    guest.actor.until(">>> [Client table updated.]");
    stage.restart({ keyPair: keyPair(1), psk: OTHER_SECRET });
    guest.actor.node.takeShown();
    expect(rejected(guest)).toMatchObject({ reason: "password_wrong", shown: [] });
  });

  describe("that is wanted all at once", () => {
    /** A client in a group, whose server has restarted with a password. */
    const surprised = () => {
      const stage = scene();
      const guest = visit(stage);
      guest.actor.until(">>> [Client table updated.]");
      guest.actor.say("create_group g", "join_group g");
      stage.restart({ keyPair: keyPair(1), psk: SECRET });
      return { stage, guest };
    };

    test("another machine is in the group again, and knows what was shown there", () => {
      const { stage, guest } = surprised();
      expect(rejected(guest)).toMatchObject({ reason: "password_wanted" });
      const { left } = guest.actor.machine;
      expect(left).toMatchObject({ group: "g", unfinished: false });
      const again = visit(stage, { psk: SECRET, left });
      expect(again.actor.machine.prompt).toBe(">>> (g) ");
      again.actor.until(">>> [Client table updated.]");
      expect(again.actor.say("list_members")).toEqual([
        ">>> (g) [Members in the group g:]",
        ">>> (g) ann",
      ]);
      expect(left.room).toBe(again.actor.machine.left.room);
    });

    test("what was typed and has not come to its end is told of", () => {
      const { guest } = surprised();
      guest.actor.type("list_members");
      rejected(guest);
      expect(guest.actor.machine.left.unfinished).toBe(true);
    });

    test("so is what was typed after the end", () => {
      const { guest } = surprised();
      rejected(guest);
      guest.actor.machine.line(0, "list_members");
      expect(guest.actor.machine.left.unfinished).toBe(true);
    });
  });
});

test("about other ends there is a line, and no mismatch", () => {
  const stage = scene();
  const first = visit(stage);
  first.actor.until(WELCOME);
  const second = visit(stage);
  second.actor.untilEnd();
  expect(second.outputs.at(-1)?.mismatch).toBeUndefined();
  expect(second.actor.shown).toEqual([">>> [`ann` already exists!]", CLOSING]);
});
