// Bytes that go out for each byte that comes in, from addresses that have proved nothing: at most one, for every kind of
// datagram and for those that are none, one by one and in sum. And what may never be answered.

import { describe, expect, test } from "bun:test";

import type { Address, Datagram } from "../../lib/transport/address.ts";
import { keyPairFrom } from "../../lib/transport/crypto/keys.ts";
import { Endpoint } from "../../lib/transport/endpoint.ts";
import { frameMessage } from "../../lib/transport/framed-message.ts";
import { IDLE_TIMEOUT_MS, PREFIX_RESETS_BURST } from "../../lib/transport/limits.ts";
import { ByteWriter } from "../../lib/transport/wire/bytes.ts";
import {
  decodeDatagram,
  encodeHello,
  encodeReset,
  PacketKind,
} from "../../lib/transport/wire/datagrams.ts";
import { writePathChallenge, writePing } from "../../lib/transport/wire/frames.ts";
import { KeyedPeer } from "../fuzz/world/keyed-peer.ts";
import { mutate } from "../support/mutate.ts";
import { Prng } from "../support/prng.ts";

const PEER: Address = { host: "192.0.2.2", port: 5555 };

/** Where the packet number of DATA begins. */
const NUMBER_AT = 5;

const placeOf = ({ host, port }: Address): string => `${host}:${port}`;

/** An endpoint with a session, its peer that does as it is told, and an account of what goes where. */
class Scene {
  now = 0;
  readonly random: Prng;
  readonly endpoint: Endpoint;
  readonly peer: KeyedPeer;
  /** All datagrams that the peer has sent from its own address. */
  readonly genuine: Uint8Array[] = [];
  readonly #accounts = new Map<string, { in: number; out: number }>();

  constructor(seed: number) {
    this.random = new Prng(seed);
    const random = new Prng(seed + 1);
    this.endpoint = new Endpoint({
      keyPair: keyPairFrom(new Uint8Array(32).fill(seed)),
      random: (count) => random.bytes(count),
      idleTimeoutMs: IDLE_TIMEOUT_MS,
    });
    this.peer = new KeyedPeer(new Prng(seed + 2), PEER);
    this.#hear(this.peer.hello());
    for (let turn = 0; turn < 5; turn++) {
      for (const { bytes } of this.flush()) {
        for (const reply of this.peer.receive(this.now, PEER, bytes)) this.#hear(reply.bytes);
      }
    }
    const [established] = this.endpoint.takeEvents();
    if (established?.type !== "established") throw new Error("no session");
    // Something is always under way to the peer: what is lost on the way is said again and again.
    this.endpoint.send(this.now, established.session, frameMessage(new Uint8Array(20_000)));
    this.peer.mute = true;
    for (const bytes of this.peer.say(this.now, new Uint8Array(2_000))) this.#hear(bytes);
  }

  /** A datagram comes from an address. Returns what goes out for it, in the next 10 ms. */
  say(from: Address, bytes: Uint8Array): readonly Datagram[] {
    this.#account(from).in += bytes.length;
    this.endpoint.receive(this.now, from, bytes);
    const out = this.flush();
    this.now += this.random.float() * 10;
    if (this.endpoint.nextWakeup() <= this.now) this.endpoint.wake(this.now);
    return [...out, ...this.flush()];
  }

  flush(): Datagram[] {
    const out = this.endpoint.flush(this.now);
    for (const { to, bytes } of out) this.#account(to).out += bytes.length;
    return out;
  }

  /** Addresses but the peer's that got more than they sent. */
  indebted(): string[] {
    return [...this.#accounts].flatMap(([place, sum]) =>
      place !== placeOf(PEER) && sum.out > sum.in ? [`${place}: ${sum.out} for ${sum.in}`] : [],
    );
  }

  /** What went to all addresses but the peer's. */
  spent(): number {
    return [...this.#accounts].reduce(
      (sum, [place, { out }]) => (place === placeOf(PEER) ? sum : sum + out),
      0,
    );
  }

  #hear(bytes: Uint8Array): void {
    this.genuine.push(bytes);
    this.endpoint.receive(this.now, PEER, bytes);
  }

  #account(address: Address): { in: number; out: number } {
    const place = placeOf(address);
    let account = this.#accounts.get(place);
    if (account === undefined) this.#accounts.set(place, (account = { in: 0, out: 0 }));
    return account;
  }
}

/** Every kind of datagram, as somebody may send it who has no session, or somebody in between who has seen one. */
const KINDS: Readonly<Record<string, (scene: Scene) => Uint8Array>> = {
  HELLO: ({ random }) => encodeHello(random.bytes(8)),
  "a long HELLO": ({ random }) =>
    Buffer.concat([encodeHello(random.bytes(8)), new Uint8Array(1_000)]),
  "a genuine datagram again": ({ random, genuine }) => random.pick(genuine),
  "DATA for a session that is not there": ({ random }) => {
    const bytes = random.bytes(random.between(30, 60));
    bytes[0] = PacketKind.Data;
    // A larger packet number is none.
    bytes.fill(0, NUMBER_AT, NUMBER_AT + 2);
    return bytes;
  },
  "a fresh packet of the peer that only comes from here": ({ peer }) => {
    const frames = new ByteWriter();
    writePing(frames);
    return peer.seal(frames.written())!;
  },
  "a fresh packet that wants a long answer": ({ peer, random }) => {
    const frames = new ByteWriter();
    for (let i = 0; i < random.between(1, 100); i++) writePathChallenge(frames, random.bytes(8));
    return peer.seal(frames.written())!;
  },
  "RESET of any session": ({ random }) => encodeReset(random.below(2 ** 32), random.bytes(16)),
  "what any kind may be, damaged": ({ random, genuine }) => mutate(random, random.pick(genuine)),
  "any bytes": ({ random }) => random.bytes(random.below(200)),
  "any bytes that begin like a packet": ({ random }) => {
    const bytes = random.bytes(random.between(1, 200));
    bytes[0] = random.between(1, 6);
    return bytes;
  },
};

describe("to an address that has proved nothing goes no more than came from there:", () => {
  test.each(Object.entries(KINDS))("%s", (_, make) => {
    for (let seed = 1; seed <= 3; seed++) {
      const scene = new Scene(seed);
      for (let count = 0; count < 3_000; count++) {
        // Mostly from very many addresses, and time and again from one.
        const victim = scene.random.chance(0.3);
        const host = victim ? "203.0.113.9" : `203.0.${scene.random.below(256)}.9`;
        scene.say({ host, port: victim ? 9 : 1_024 + scene.random.below(100) }, make(scene));
        expect(scene.indebted()).toEqual([]);
      }
    }
  });

  test("all of them, in any order", () => {
    const scene = new Scene(7);
    const makers = Object.values(KINDS);
    for (let count = 0; count < 20_000; count++) {
      const from = { host: `203.0.113.${scene.random.below(20)}`, port: 9 };
      scene.say(from, scene.random.pick(makers)(scene));
      if (count % 10 === 0) expect(scene.indebted()).toEqual([]);
    }
    expect(scene.indebted()).toEqual([]);
    // The test sees answers at all.
    expect(scene.spent()).toBeGreaterThan(10_000);
  });
});

describe("nothing is answered", () => {
  const STRANGER = { host: "203.0.113.9", port: 9 };
  const toStranger = (out: readonly Datagram[]) =>
    out.filter(({ to }) => to.port === STRANGER.port);

  test("that cannot be read", () => {
    const scene = new Scene(4);
    const { random } = scene;
    let unread = 0;
    for (let count = 0; count < 50_000; count++) {
      const bytes = random.chance(0.5)
        ? random.bytes(random.below(120))
        : mutate(random, random.pick(scene.genuine));
      if (!("reason" in decodeDatagram(bytes))) continue;
      unread++;
      expect(toStranger(scene.say(STRANGER, bytes))).toEqual([]);
    }
    expect(unread).toBeGreaterThan(10_000);
  });

  test("that is RETRY, RESPOND or RESET, or INITIATE without a cookie, of whatever is in it", () => {
    const scene = new Scene(5);
    const lengths: Readonly<Record<number, number>> = {
      [PacketKind.Retry]: 58,
      [PacketKind.Initiate]: 134,
      [PacketKind.Respond]: 73,
      [PacketKind.Reset]: 21,
    };
    for (const [kind, length] of Object.entries(lengths)) {
      for (let count = 0; count < 2_000; count++) {
        const bytes = scene.random.bytes(length);
        bytes[0] = Number(kind);
        expect(decodeDatagram(bytes)).not.toHaveProperty("reason");
        expect(toStranger(scene.say(STRANGER, bytes))).toEqual([]);
      }
    }
  });

  test("with INITIATE whose cookie is another address's", () => {
    const scene = new Scene(6);
    const initiate = scene.genuine.find((bytes) => bytes[0] === PacketKind.Initiate)!;
    expect(scene.say(PEER, initiate).length).toBeGreaterThan(0);
    expect(toStranger(scene.say(STRANGER, initiate))).toEqual([]);
  });
});

test("RESET is said so often to one prefix, and never to a RESET: two endpoints do not keep each other busy", () => {
  const [one, two] = [new Scene(8), new Scene(9)];
  const [at, from] = [
    { host: "203.0.113.1", port: 1 },
    { host: "203.0.113.2", port: 2 },
  ];
  const data = new Uint8Array(30);
  data[0] = PacketKind.Data;
  let [resets, answers] = [0, 0];
  for (let count = 0; count < PREFIX_RESETS_BURST + 100; count++) {
    one.endpoint.receive(one.now, from, data);
    for (const { to, bytes } of one.flush()) {
      if (to.port !== from.port) continue;
      expect(bytes[0]).toBe(PacketKind.Reset);
      resets++;
      two.endpoint.receive(two.now, at, bytes);
      answers += two.flush().filter(({ to: place }) => place.port === at.port).length;
    }
  }
  expect({ resets, answers }).toEqual({ resets: PREFIX_RESETS_BURST, answers: 0 });
  // Whose sessions are really over does not wait for those who forge that.
  const elsewhere = { host: "192.0.2.1", port: 1 };
  one.endpoint.receive(one.now, elsewhere, data);
  expect(one.flush().filter(({ to }) => to.host === elsewhere.host)).toHaveLength(1);
});
