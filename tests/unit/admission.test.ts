// How many handshakes an endpoint answers: buckets, prefixes, and what becomes of who has to wait.

import { describe, expect, test } from "bun:test";

import { PrefixBuckets, takeToken } from "../../lib/transport/bucket.ts";
import { keyPairFrom } from "../../lib/transport/crypto/keys.ts";
import { Endpoint } from "../../lib/transport/endpoint.ts";
import { frameMessage } from "../../lib/transport/framed-message.ts";
import { Admission, type HandshakeLimits } from "../../lib/transport/handshake/admission.ts";
import {
  HANDSHAKES_BURST,
  HANDSHAKES_PER_SECOND,
  IDLE_TIMEOUT_MS,
  PREFIX_HANDSHAKES_BURST,
  PREFIX_HANDSHAKES_PER_SECOND,
  PREFIX_RETRIES_BURST,
  PREFIX_RETRIES_PER_SECOND,
} from "../../lib/transport/limits.ts";
import { encodeHello, PacketKind } from "../../lib/transport/wire/datagrams.ts";
import { Crowd, type Member } from "../support/crowd.ts";
import { Prng } from "../support/prng.ts";

const MESSAGE = frameMessage(new TextEncoder().encode("hello"));
const SERVER = { host: "192.0.2.1", port: 5000 };

/** How many of so many tries at that moment succeed. */
const taken = (tries: number, take: () => boolean): number => {
  let count = 0;
  for (let i = 0; i < tries; i++) if (take()) count++;
  return count;
};

describe("a bucket", () => {
  test("has a burst, and then as many tokens as time brings", () => {
    let fullAt = -Infinity;
    const take = (now: number) => () => {
      const after = takeToken({ perSecond: 10, burst: 5 }, fullAt, now);
      fullAt = after ?? fullAt;
      return after !== undefined;
    };
    expect(taken(100, take(0))).toBe(5);
    expect(taken(100, take(99))).toBe(0);
    expect(taken(100, take(100))).toBe(1);
    expect(taken(100, take(350))).toBe(2);
    expect(taken(100, take(60_000))).toBe(5);
  });

  test("gives no more over a day than its rate, at odd rates and odd moments", () => {
    const random = new Prng(5);
    for (const rate of [
      { perSecond: 7, burst: 3 },
      { perSecond: 0.3, burst: 1 },
    ]) {
      let fullAt = -Infinity;
      let [count, now] = [0, 0];
      while (now < 86_400_000) {
        now += random.float() * 2_000;
        const after = takeToken(rate, fullAt, now);
        if (after === undefined) continue;
        fullAt = after;
        count++;
      }
      expect(count).toBeLessThanOrEqual(rate.burst + 86_402 * rate.perSecond);
    }
  });

  test("of 0 a second has no end, and one of less than one token has one", () => {
    expect(taken(1_000, () => takeToken({ perSecond: 0, burst: 0 }, 0, 0) !== undefined)).toBe(
      1_000,
    );
    expect(takeToken({ perSecond: 1, burst: 0 }, 0, 0)).toBe(1_000);
    expect(takeToken({ perSecond: 1, burst: 0 }, 1_000, 0)).toBeUndefined();
  });
});

test("prefixes are remembered up to a number, and the one that was used last the longest", () => {
  const buckets = new PrefixBuckets({ perSecond: 1, burst: 1 }, 100);
  const take = (prefix: number) => buckets.take(0, `10.0.${prefix}.1`);
  expect(take(0)).toBe(true);
  for (let prefix = 1; prefix < 250; prefix++) expect(take(prefix)).toBe(true);
  expect(buckets.size).toBe(100);
  expect(take(249)).toBe(false);
  expect(take(0)).toBe(true);
});

describe("admission", () => {
  test("is the same for all hosts of a /24", () => {
    const admission = new Admission({});
    let host = 0;
    const of = (prefix: string) => () => admission.handshake(0, `${prefix}.${host++ % 256}`);
    expect(taken(10_000, of("198.51.100"))).toBe(PREFIX_HANDSHAKES_BURST);
    expect(taken(10_000, of("198.51.101"))).toBe(PREFIX_HANDSHAKES_BURST);
  });

  test("has an end for all together; a prefix that has used its share up takes nothing of it", () => {
    const admission = new Admission({});
    const all = () =>
      taken(100_000, () => admission.handshake(0, "198.51.100.1")) +
      Array.from({ length: 100 }, (_, prefix) =>
        taken(1_000, () => admission.handshake(0, `203.0.${prefix}.1`)),
      ).reduce((a, b) => a + b);
    expect(all()).toBe(HANDSHAKES_BURST);
  });

  test("of one prefix leaves room for the others, second after second", () => {
    const admission = new Admission({});
    const honest = (now: number) => taken(500, () => admission.handshake(now, "203.0.113.7"));
    const got: number[] = [];
    for (let now = 0; now < 60_000; now += 1_000) {
      taken(100_000, () => admission.handshake(now, "198.51.100.1"));
      got.push(honest(now));
    }
    expect(got.slice(1)).toEqual(got.slice(1).map(() => PREFIX_HANDSHAKES_PER_SECOND));
  });

  test("of HELLO has an end for each prefix", () => {
    const admission = new Admission({});
    const retries = (now: number) => taken(200_000, () => admission.retry(now, "203.0.113.7"));
    expect(retries(0)).toBe(PREFIX_RETRIES_BURST);
    expect(retries(1_000)).toBe(PREFIX_RETRIES_PER_SECOND);
    expect(admission.retry(1_000, "203.0.114.7")).toBe(true);
  });

  test("of no one is limited where the limit is 0", () => {
    const admission = new Admission({ perSecond: 0, prefixPerSecond: 0 });
    expect(taken(10_000, () => admission.handshake(0, "203.0.113.7"))).toBe(10_000);
  });
});

/** A server, and clients that begin a session with it and say something in it. */
class Scene {
  readonly crowd = new Crowd();
  readonly server: Member;
  readonly #keyPair = keyPairFrom(new Uint8Array(32).fill(1));
  readonly #random = new Prng(11);
  #seen = 0;
  #established = 0;

  constructor(handshakes: HandshakeLimits = {}) {
    this.server = this.crowd.add(SERVER, this.#endpoint({ handshakes }));
  }

  /** A client that begins now; strict, as it is towards a server. */
  client(host: string, port: number): Member {
    const endpoint = this.#endpoint({});
    const session = endpoint.connect(this.crowd.now, SERVER, { strict: true });
    endpoint.send(this.crowd.now, session, MESSAGE);
    return this.crowd.add({ host, port }, endpoint);
  }

  /** How many sessions the server has had so far. */
  established(): number {
    const { events } = this.server;
    for (; this.#seen < events.length; this.#seen++) {
      if (events[this.#seen]!.type === "established") this.#established++;
    }
    return this.#established;
  }

  #endpoint(options: { handshakes?: HandshakeLimits }): Endpoint {
    return new Endpoint({
      keyPair: this.#keyPair,
      random: (count) => this.#random.bytes(count),
      idleTimeoutMs: IDLE_TIMEOUT_MS,
      asksAtOnce: true,
      ...options,
    });
  }
}

describe("an endpoint", () => {
  test("answers no more handshakes than its limits say, and a repeated INITIATE from memory", () => {
    const scene = new Scene({ perSecond: 1, burst: 3 });
    const { crowd, server } = scene;
    for (let port = 1; port <= 10; port++) scene.client("203.0.113.7", port);
    crowd.run(100);
    expect(scene.established()).toBe(3);
    crowd.run(20_000);
    expect(scene.established()).toBe(10);
    expect(server.events.filter(({ type }) => type === "closed")).toEqual([]);
  });

  test("lets all of a /24 in within a minute, so many at once as 10,000 are for the usual limits", () => {
    const share = 1 / 5;
    const scene = new Scene({
      perSecond: HANDSHAKES_PER_SECOND * share,
      burst: HANDSHAKES_BURST * share,
      prefixPerSecond: PREFIX_HANDSHAKES_PER_SECOND * share,
      prefixBurst: PREFIX_HANDSHAKES_BURST * share,
    });
    const { crowd } = scene;
    const clients = Array.from({ length: 10_000 * share }, (_, i) =>
      scene.client(`203.0.113.${i % 250}`, 1_024 + Math.floor(i / 250)),
    );
    crowd.run(60_000, () => scene.established() === clients.length);
    expect(scene.established()).toBe(clients.length);
    expect(crowd.now).toBeLessThan(60_000);
    crowd.run(1_000);
    const told = new Set(clients.flatMap(({ events }) => events.map(({ type }) => type)));
    expect([...told].sort()).toEqual(["delivered", "established"]);
    expect(crowd.datagrams).toBeLessThan(100 * clients.length);
  });

  test("lets others in, and serves whom it knows, while one prefix begins as many as it can", () => {
    const scene = new Scene();
    const { crowd } = scene;
    const known = scene.client("203.0.113.1", 1_024);
    crowd.run(1_000);
    for (let i = 0; i < 3_000; i++)
      scene.client(`198.51.100.${i % 250}`, 1_024 + Math.floor(i / 250));
    crowd.run(2_000);
    const before = crowd.now;
    const late = scene.client("203.0.113.2", 1_024);
    known.endpoint.send(crowd.now, 1, MESSAGE);
    crowd.touch(known);
    const delivered = ({ events }: Member) =>
      events.filter(({ type }) => type === "delivered").length;
    crowd.run(1_000, () => delivered(late) === 1 && delivered(known) === 2);
    // Three round trips of 10 ms, and perhaps an acknowledgement that was held back.
    expect(crowd.now - before).toBeLessThanOrEqual(60);
    expect(scene.established()).toBeLessThan(2_000);
  });

  test("sends RETRY to a victim only as fast as to anyone, and to others all the same", () => {
    const scene = new Scene();
    const { crowd } = scene;
    const hello = encodeHello(new Uint8Array(8));
    let retries = 0;
    const victim = scene.client("203.0.113.7", 1);
    const { receive } = victim.endpoint;
    victim.endpoint.receive = function (now, from, datagram) {
      if (datagram[0] === PacketKind.Retry) retries++;
      receive.call(this, now, from, datagram);
    };
    for (let i = 0; i < 100_000; i++) {
      crowd.inject({ host: "203.0.113.7", port: 1 }, { to: SERVER, bytes: hello });
    }
    crowd.run(100);
    expect(retries).toBeLessThanOrEqual(PREFIX_RETRIES_BURST + PREFIX_RETRIES_PER_SECOND / 10);
    const other = scene.client("203.0.114.7", 1);
    crowd.run(100);
    expect(other.events.map(({ type }) => type)).toEqual(["established", "delivered"]);
  });
});
