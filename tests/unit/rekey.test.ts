// Two endpoints whose keys change while they talk, on networks of every kind.

import { describe, expect, test } from "bun:test";

import type { Address, Datagram } from "../../lib/transport/address.ts";
import type { TransportEvent } from "../../lib/transport/endpoint.ts";
import { frameMessage } from "../../lib/transport/framed-message.ts";
import { REKEY_AFTER_MS } from "../../lib/transport/limits.ts";
import { KEY_LIMITS, type KeyLimits } from "../../lib/transport/session/key-phases.ts";
import { KEY_PHASE_BIT, PacketKind } from "../../lib/transport/wire/datagrams.ts";
import { EndpointWorld, type Host } from "../support/endpoint-world.ts";
import { Prng } from "../support/prng.ts";

const OFTEN: KeyLimits = { ...KEY_LIMITS, rekeyAfterMs: 2_000, rekeyAfterPackets: 50 };

const isData = (bytes: Uint8Array): boolean => (bytes[0]! & ~KEY_PHASE_BIT) === PacketKind.Data;

/** Two hosts of which one talks to the other, and how often the keys of either's packets changed. */
class Talk {
  readonly world: EndpointWorld;
  readonly ends: [Host, Host];
  readonly changes = [0, 0];
  readonly said: [string[], string[]] = [[], []];
  readonly #sessions: [number, number];
  #bits = [0, 0];

  constructor(seed: number, conditions: Partial<EndpointWorld["conditions"]>, keyLimits = OFTEN) {
    const world = new EndpointWorld(seed);
    this.world = world;
    this.ends = [1, 2].map((port) => world.host(port, { keyLimits, keepAliveMs: 15_000 })) as [
      Host,
      Host,
    ];
    const session = this.ends[0].endpoint.connect(0, this.ends[1].address);
    world.runUntil(() => this.ends[1].events.length > 0);
    this.#sessions = [session, this.ends[1].events[0]!.session];
    Object.assign(world.conditions, conditions);
    this.watch(() => true);
  }

  /** Counts changes of keys, and leaves the rest to `filter`. */
  watch(filter: NonNullable<EndpointWorld["filter"]>): void {
    this.world.filter = (from, datagram) => {
      const end = from.port - 1;
      const bit = datagram.bytes[0]! & KEY_PHASE_BIT;
      if (isData(datagram.bytes) && bit !== this.#bits[end]) this.changes[end]!++;
      if (isData(datagram.bytes)) this.#bits[end] = bit;
      return filter(from, datagram);
    };
  }

  say(end: 0 | 1): void {
    const text = `${end} says ${this.said[end].length}`;
    this.said[end].push(text);
    const message = frameMessage(new TextEncoder().encode(text));
    this.ends[end].endpoint.send(this.world.now, this.#sessions[end], message);
  }

  /** Both say so many messages, with waits between them of up to so many ms. */
  converse(random: Prng, messages: number, waitMs: number): void {
    for (let i = 0; i < messages; i++) {
      this.say(random.chance(0.5) ? 0 : 1);
      this.world.run(random.below(waitMs));
    }
    this.world.runUntil(() => this.complete);
  }

  heard(end: 0 | 1): string[] {
    return this.ends[end].events.flatMap((event) =>
      event.type === "message" ? [new TextDecoder().decode(event.bytes)] : [],
    );
  }

  get complete(): boolean {
    return [0, 1].every((end) => this.heard(end as 0 | 1).length >= this.said[1 - end]!.length);
  }

  /** Nothing is lost, doubled, out of order, or over. */
  check(): void {
    expect(this.heard(0)).toEqual(this.said[1]);
    expect(this.heard(1)).toEqual(this.said[0]);
    for (const { events } of this.ends) {
      expect(events.filter(({ type }) => type === "closed")).toEqual([]);
    }
  }
}

describe("keys change under a conversation", () => {
  test.each([
    { name: "on a good network", conditions: {} },
    { name: "where a third is lost", conditions: { loss: 0.3, jitterMs: 20 } },
    { name: "where half is lost", conditions: { loss: 0.5, duplicate: 0.2, delayMs: 20 } },
    { name: "where packets overtake each other", conditions: { jitterMs: 600, duplicate: 0.3 } },
    { name: "where bytes change", conditions: { corrupt: 0.2, loss: 0.2, jitterMs: 50 } },
    { name: "far away", conditions: { delayMs: 400, jitterMs: 100, loss: 0.1 } },
  ])("$name", ({ conditions }) => {
    for (let seed = 1; seed <= 8; seed++) {
      const talk = new Talk(seed, conditions);
      talk.converse(new Prng(seed), 150, 400);
      talk.check();
      for (const changes of talk.changes) expect(changes).toBeGreaterThanOrEqual(5);
    }
  });

  test("that never pauses", () => {
    const talk = new Talk(9, { loss: 0.05 });
    talk.converse(new Prng(9), 4_000, 3);
    talk.check();
    for (const changes of talk.changes) expect(changes).toBeGreaterThanOrEqual(3);
  });

  test("beside forgeries of each packet with the other phase bit", () => {
    const talk = new Talk(10, { loss: 0.1, jitterMs: 30 });
    const random = new Prng(10);
    talk.watch((from, { to, bytes }) => {
      if (!isData(bytes)) return true;
      for (const garble of [false, true]) {
        const forged = Uint8Array.from(bytes);
        forged[0]! ^= KEY_PHASE_BIT;
        if (garble) forged[random.between(5, forged.length - 1)]! ^= random.between(1, 255);
        talk.world.inject(from, { to, bytes: forged });
      }
      return true;
    });
    talk.converse(random, 150, 400);
    talk.check();
    for (const changes of talk.changes) expect(changes).toBeGreaterThanOrEqual(5);
  });

  test("and what was recorded in all phases before changes nothing", () => {
    const talk = new Talk(11, { jitterMs: 10 });
    const recorded: [Address, Datagram][] = [];
    talk.watch((from, datagram) => {
      if (isData(datagram.bytes)) recorded.push([from, datagram]);
      return true;
    });
    talk.converse(new Prng(11), 100, 400);
    talk.world.run(1_000);
    const state = () => ({ traffic: talk.ends.map(({ traffic }) => traffic.out) });
    const before = state();
    for (const [from, datagram] of recorded) talk.world.inject(from, datagram);
    talk.world.run(500);
    expect(state()).toEqual(before);
    talk.converse(new Prng(12), 50, 400);
    talk.check();
  });
});

test("a message that comes late, in the old keys, does not make the new ones old", () => {
  const talk = new Talk(15, {}, { ...KEY_LIMITS, rekeyAfterMs: 2_000, rejectAfterMs: 10_000 });
  const { world } = talk;
  talk.say(0);
  world.run(500);
  let sent = 0;
  let holds = false;
  let held: [Address, Datagram] | undefined;
  talk.watch((from, datagram) => {
    if (from.port !== 1) return true;
    sent++;
    if (holds) {
      holds = false;
      held = [from, datagram];
      return false;
    }
    if (held === undefined || (datagram.bytes[0]! & KEY_PHASE_BIT) === 0) return true;
    world.inject(from, datagram);
    world.inject(...held);
    held = undefined;
    return false;
  });
  // REKEY goes out; just before its answer comes, something is said.
  world.runUntil(() => sent > 0);
  world.run(2 * world.conditions.delayMs - 0.5);
  holds = true;
  talk.say(0);
  world.run(60_000);
  expect(held).toBeUndefined();
  expect(talk.changes).toEqual([1, 1]);
  talk.check();
});

test("an idle session has no reason to change its keys", () => {
  const talk = new Talk(13, {}, KEY_LIMITS);
  talk.world.run(10 * REKEY_AFTER_MS);
  expect(talk.changes).toEqual([0, 0]);
  talk.say(1);
  talk.world.run(REKEY_AFTER_MS + 1_000);
  expect(talk.changes).toEqual([1, 1]);
  talk.world.run(10 * REKEY_AFTER_MS);
  expect(talk.changes).toEqual([1, 1]);
  talk.check();
});

test("a session whose keys have sealed all that they may is over", () => {
  const talk = new Talk(14, {}, { ...KEY_LIMITS, rekeyAfterPackets: 1e9, rejectAfterPackets: 60 });
  const closed = (): TransportEvent[] =>
    talk.ends.flatMap(({ events }) => events.filter(({ type }) => type === "closed"));
  for (let i = 0; i < 60; i++) {
    talk.say(0);
    talk.world.run(100);
  }
  // The other side has counted fewer, and hears nothing more.
  talk.world.runUntil(() => closed().length === 2);
  expect(closed().map((event) => event.type === "closed" && event.reason)).toContain("expired");
});
