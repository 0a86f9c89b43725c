// Endpoints that have sessions with each other, on good and bad networks: all that an endpoint promises, seen from outside.

import { describe, expect, test } from "bun:test";

import { frameMessage } from "../../lib/transport/framed-message.ts";
import { IDLE_TIMEOUT_MS } from "../../lib/transport/limits.ts";
import { GIVE_UP_MS } from "../../lib/transport/retry.ts";
import { PacketKind } from "../../lib/transport/wire/datagrams.ts";
import { KeyedPeer } from "../fuzz/world/keyed-peer.ts";
import { EndpointWorld, type Host, QUIET } from "../support/endpoint-world.ts";
import { Prng } from "../support/prng.ts";

const encode = (text: string) => frameMessage(new TextEncoder().encode(text));
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

const texts = (host: Host): string[] =>
  host.events.flatMap((event) => (event.type === "message" ? [decode(event.bytes)] : []));
const delivered = (host: Host): number =>
  host.events.reduce((max, e) => (e.type === "delivered" ? Math.max(max, e.message) : max), 0);
const count = (host: Host, type: string): number =>
  host.events.filter((event) => event.type === type).length;

const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => `message ${from + i}`);

/** Two hosts, the first of which has begun a session with the other. */
const joined = (seed: number) => {
  const world = new EndpointWorld(seed);
  const [a, b] = [world.host(1001), world.host(1002)];
  const session = a.endpoint.connect(0, b.address);
  world.runUntil(() => count(b, "established") === 1);
  return { world, a, b, session };
};

describe("a session", () => {
  test("is established, carries a message, and says that it was delivered", () => {
    const world = new EndpointWorld(1);
    const [a, b] = [world.host(1001, { asksAtOnce: true }), world.host(1002)];
    const session = a.endpoint.connect(0, b.address);
    expect(a.endpoint.send(0, session, encode("hello"))).toBe(1);
    world.runUntil(() => delivered(a) === 1);
    expect(texts(b)).toEqual(["hello"]);
    const established = b.events.find((event) => event.type === "established");
    expect(established).toMatchObject({ address: a.address, initiator: false });
    expect(established?.type === "established" && established.peerKey).toEqual(
      a.endpoint.publicKey,
    );
    // HELLO, RETRY, INITIATE, RESPOND: two round trips, then the message and its acknowledgement.
    expect(world.now).toBe(30);
  });

  test("takes only the key it expects", () => {
    const world = new EndpointWorld(1);
    const [a, b] = [world.host(1001), world.host(1002)];
    const session = a.endpoint.connect(0, b.address, { expectedKey: new Uint8Array(32).fill(9) });
    a.endpoint.send(0, session, encode("for someone else"));
    world.run(3_000);
    expect(texts(b)).toEqual([]);
    expect(count(a, "unanswered")).toBe(1);
  });

  for (const delayMs of [150, 310, 600, 1_200]) {
    test(`is established over a round trip of ${2 * delayMs} ms`, () => {
      const world = new EndpointWorld(2);
      world.conditions = { ...QUIET, delayMs };
      const [a, b] = [world.host(1001), world.host(1002)];
      const session = a.endpoint.connect(0, b.address);
      a.endpoint.send(0, session, encode("from afar"));
      world.runUntil(() => delivered(a) === 1);
      expect(texts(b)).toEqual(["from afar"]);
      expect(count(a, "unanswered")).toBe(0);
      expect(world.now).toBeLessThanOrEqual(6.5 * delayMs);
    });
  }

  test.each(["close", "abandon"] as const)(
    "says nothing more after `%s`, whatever had happened to it before",
    (end) => {
      for (const silenceMs of [GIVE_UP_MS, IDLE_TIMEOUT_MS]) {
        const { world, a, b, session } = joined(1);
        const other = a.endpoint.connect(world.now, b.address);
        for (const each of [session, other]) a.endpoint.send(world.now, each, encode("hello"));
        a.endpoint.flush(world.now);
        a.endpoint.wake(world.now + silenceMs);
        a.endpoint[end](session);
        const events = a.endpoint.takeEvents();
        expect(events.map((event) => event.session)).toEqual([other]);
        expect(a.endpoint.takeEvents()).toEqual([]);
      }
    },
  );

  test("bundles what is sent in one turn into few datagrams", () => {
    const { world, a, b, session } = joined(1);
    world.run(100);
    const before = a.traffic.datagramsOut;
    for (const text of numbered(1, 100)) a.endpoint.send(world.now, session, encode(text));
    world.runUntil(() => delivered(a) === 100);
    expect(texts(b)).toEqual(numbered(1, 100));
    expect(a.traffic.datagramsOut - before).toBeLessThanOrEqual(2);
  });

  for (const loss of [0.1, 0.3, 0.5]) {
    test(`loses, doubles and reorders nothing at ${loss * 100} % loss each way`, () => {
      for (let seed = 1; seed <= 20; seed++) {
        const world = new EndpointWorld(seed);
        world.conditions = { loss, duplicate: 0.1, corrupt: 0.02, delayMs: 10, jitterMs: 40 };
        const [a, b] = [world.host(1001), world.host(1002)];
        const session = a.endpoint.connect(0, b.address);
        let back: number | undefined;
        b.onEvent = (event) => {
          if (event.type === "established") back = event.session;
          if (event.type === "message" && back !== undefined) {
            b.endpoint.send(world.now, back, encode(`re: ${decode(event.bytes)}`));
          }
        };
        let sent = 0;
        while (sent < 200) {
          for (let i = 0; i < 10; i++) {
            a.endpoint.send(world.now, session, encode(`message ${++sent}`));
          }
          world.run(20);
        }
        world.runUntil(() => texts(a).length >= 200 && delivered(a) === 200);
        expect(texts(b)).toEqual(numbered(1, 200));
        expect(texts(a)).toEqual(numbered(1, 200).map((text) => `re: ${text}`));
        expect([count(a, "closed"), count(b, "closed")]).toEqual([0, 0]);
      }
    });
  }

  test("carries the largest message over a bad path", () => {
    const world = new EndpointWorld(3);
    const [a, b] = [world.host(1001), world.host(1002)];
    const session = a.endpoint.connect(0, b.address);
    world.conditions = { loss: 0.1, duplicate: 0.05, corrupt: 0.01, delayMs: 2, jitterMs: 5 };
    const large = "x".repeat(1_048_576);
    a.endpoint.send(0, session, encode(large));
    a.endpoint.send(0, session, encode("after it"));
    world.runUntil(() => delivered(a) === 2);
    expect(texts(b).map((text) => text.length)).toEqual([large.length, 8]);
  });

  test("passes much more than its flow control window", () => {
    const world = new EndpointWorld(3);
    const [a, b] = [world.host(1001), world.host(1002)];
    const session = a.endpoint.connect(0, b.address);
    const message = encode("y".repeat(500_000));
    let sent = 0;
    while (sent < 20) {
      if (a.endpoint.send(world.now, session, message) === "queue_full") world.run(100);
      else sent++;
    }
    world.runUntil(() => delivered(a) === 20);
    expect(texts(b).length).toBe(20);
  });

  test("refuses a message when its queue is full", () => {
    const world = new EndpointWorld(3);
    const a = world.host(1001);
    const session = a.endpoint.connect(0, { host: "10.0.0.1", port: 9 });
    const message = encode("z".repeat(1_000_000));
    const results = Array.from({ length: 6 }, () => a.endpoint.send(0, session, message));
    expect(results).toEqual([1, 2, 3, 4, "queue_full", "queue_full"]);
  });

  test("says once that a message is unanswered, 2,500 ms after it was queued", () => {
    const world = new EndpointWorld(4);
    const [a, b] = [world.host(1001), world.host(1002)];
    const session = a.endpoint.connect(0, b.address);
    a.endpoint.send(0, session, encode("one"));
    world.runUntil(() => delivered(a) === 1);
    world.run(5_000);
    world.remove(b);
    const at = world.now;
    a.endpoint.send(at, session, encode("two"));
    world.run(1_000);
    a.endpoint.send(world.now, session, encode("three"));
    world.runUntil(() => count(a, "unanswered") === 1);
    expect(world.now - at).toBeCloseTo(2_500, 3);
    world.runUntil(() => count(a, "unanswered") === 2);
    expect(world.now - at).toBeCloseTo(3_500, 3);
    world.run(10_000);
    expect(count(a, "unanswered")).toBe(2);
  });

  test("delivers after a partition that was longer than the give-up time", () => {
    const world = new EndpointWorld(4);
    const [a, b] = [world.host(1001), world.host(1002)];
    const session = a.endpoint.connect(0, b.address);
    a.endpoint.send(0, session, encode("one"));
    world.runUntil(() => delivered(a) === 1);
    world.filter = () => false;
    a.endpoint.send(world.now, session, encode("two"));
    world.run(10_000);
    world.filter = undefined;
    world.runUntil(() => delivered(a) === 2, 6_000);
    expect(texts(b)).toEqual(["one", "two"]);
  });

  test("is kept by its initiator, and forgotten by both after 45 s of silence", () => {
    const world = new EndpointWorld(5);
    const [a, b] = [world.host(1001, { keepAliveMs: 15_000 }), world.host(1002)];
    a.endpoint.connect(0, b.address);
    world.run(300_000);
    expect([count(a, "closed"), count(b, "closed")]).toEqual([0, 0]);
    world.remove(a);
    world.run(46_000);
    expect(b.events.at(-1)).toMatchObject({ type: "closed", reason: "idle" });
  });

  test("is closed by a word", () => {
    const { world, a, b, session } = joined(5);
    a.endpoint.close(session);
    world.runUntil(() => count(b, "closed") === 1);
    expect(b.events.at(-1)).toMatchObject({ type: "closed", reason: "peer" });
    expect(a.endpoint.send(world.now, session, encode("late"))).toBe("no_session");
  });

  test("follows its peer to another address, once that has answered", () => {
    const world = new EndpointWorld(6);
    const [a, b] = [world.host(1001, { keepAliveMs: 15_000 }), world.host(1002)];
    const session = a.endpoint.connect(0, b.address);
    let back = 0;
    b.onEvent = (event) => {
      if (event.type === "established") back = event.session;
    };
    world.runUntil(() => back !== 0);
    a.address = { ...a.address, port: 1003 };
    a.endpoint.send(world.now, session, encode("from elsewhere"));
    world.runUntil(() => count(b, "moved") === 1);
    b.endpoint.send(world.now, back, encode("found you"));
    world.runUntil(() => texts(a).length === 1 && delivered(a) === 1);
    expect(b.events.find((event) => event.type === "moved")).toMatchObject({
      address: { port: 1003 },
    });
  });
});

describe("a peer that restarts", () => {
  test("with its old key answers RESET, and the session ends at once", () => {
    const { world, a, b, session } = joined(7);
    world.remove(b);
    world.host(1002);
    a.endpoint.send(world.now, session, encode("are you there?"));
    const at = world.now;
    world.runUntil(() => count(a, "closed") === 1);
    expect(a.events.at(-1)).toMatchObject({ type: "closed", reason: "reset" });
    expect(world.now - at).toBe(10);
  });

  test("with another key is found out by HELLO", () => {
    const { world, a, b, session } = joined(7);
    world.remove(b);
    world.run(1_000);
    a.endpoint.send(world.now, session, encode("are you there?"));
    world.run(1_500);
    world.host(1002, {}, 77);
    world.runUntil(() => count(a, "closed") === 1, 1_000);
    expect(a.events.at(-1)).toMatchObject({ type: "closed", reason: "reset" });
  });

  test("is not what a damaged RETRY is taken for", () => {
    const { world, a, session } = joined(7);
    let damaged = 0;
    world.filter = (_, { bytes }) => {
      if (bytes[0] === PacketKind.Data) return false;
      // The last byte of the key, another one each time.
      if (bytes[0] === PacketKind.Retry) bytes[40]! ^= ++damaged;
      return true;
    };
    a.endpoint.send(world.now, session, encode("are you there?"));
    world.run(2_000);
    expect(damaged).toBeGreaterThan(10);
    world.filter = undefined;
    world.runUntil(() => delivered(a) === 1, 1_000);
    expect(count(a, "closed")).toBe(0);
  });

  test("with another key is found out in time at 35 % loss each way", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const { world, a, b, session } = joined(seed);
      world.conditions = { loss: 0.35, duplicate: 0, corrupt: 0, delayMs: 20, jitterMs: 20 };
      world.remove(b);
      world.host(1002, {}, 77);
      a.endpoint.send(world.now, session, encode("are you there?"));
      world.runUntil(() => count(a, "closed") === 1, 2_499);
      expect(count(a, "unanswered")).toBe(0);
    }
  });

  test("with another key is not taken where the key was known before", () => {
    const world = new EndpointWorld(7);
    const a = world.host(1001);
    const b = world.host(1002);
    const session = a.endpoint.connect(0, b.address, { expectedKey: b.endpoint.publicKey });
    world.runUntil(() => count(b, "established") === 1);
    world.remove(b);
    const stranger = world.host(1002, {}, 77);
    a.endpoint.send(world.now, session, encode("are you there?"));
    world.run(3_000);
    expect(count(a, "closed")).toBe(0);
    expect(count(a, "unanswered")).toBe(1);
    expect(texts(stranger)).toEqual([]);
  });
});

describe("the congestion window", () => {
  test("holds also when packets of the peer keep coming in", () => {
    const world = new EndpointWorld(12);
    const [a, b] = [world.host(1001), world.host(1002)];
    const session = a.endpoint.connect(0, b.address);
    let back = 0;
    b.onEvent = (event) => {
      if (event.type === "established") back = event.session;
    };
    world.runUntil(() => back !== 0);
    world.run(100);
    // Nothing that a sends arrives any more, but b goes on talking.
    world.filter = (from) => from !== a.address;
    const before = a.traffic.out;
    for (let n = 0; n < 10; n++) a.endpoint.send(world.now, session, encode("x".repeat(100_000)));
    for (let n = 0; n < 40; n++) {
      b.endpoint.send(world.now, back, encode(`${n}`));
      world.run(1);
    }
    expect(a.traffic.out - before).toBeLessThan(20 * 1_200);
  });
});

describe("strangers", () => {
  test("with another password get no session, and the user is told in time", () => {
    const world = new EndpointWorld(13);
    const a = world.host(1001, { psk: new Uint8Array(32).fill(5) });
    const b = world.host(1002, { psk: new Uint8Array(32).fill(6) });
    const session = a.endpoint.connect(0, b.address);
    a.endpoint.send(0, session, encode("let me in"));
    world.runUntil(() => count(a, "unanswered") === 1, 3_000);
    expect(count(b, "established")).toBe(0);
    const before = a.traffic.datagramsOut;
    world.run(60_000);
    expect(a.traffic.datagramsOut - before).toBeLessThan(60);
  });

  test("who shake hands and say no more are forgotten, and gain nothing by it", () => {
    const world = new EndpointWorld(10);
    const b = world.host(1002);
    world.filter = (_, { bytes }) => bytes[0] !== PacketKind.Data;
    const strangers = Array.from({ length: 20 }, (_, i) => world.host(2_000 + i));
    for (const stranger of strangers) stranger.endpoint.connect(world.now, b.address);
    world.run(20_000);
    expect(strangers.map((stranger) => count(stranger, "established"))).toEqual(Array(20).fill(1));
    expect(b.events).toEqual([]);
    expect(b.traffic.out).toBeLessThanOrEqual(b.traffic.in);
  });

  test("who confirm a session with a packet that says nothing are forgotten as well", () => {
    const { endpoint } = new EndpointWorld(4).host(1002);
    const address = { host: "192.0.2.2", port: 5555 };
    const peer = new KeyedPeer(new Prng(4), address);
    peer.halfOpen = true;
    endpoint.receive(0, address, peer.hello());
    for (let turn = 0; turn < 3; turn++) {
      for (const { to, bytes } of endpoint.flush(0)) {
        for (const reply of peer.receive(0, to, bytes))
          endpoint.receive(0, reply.from, reply.bytes);
      }
    }
    endpoint.receive(0, address, peer.seal(new Uint8Array(10))!);
    expect(endpoint.takeEvents().map(({ type }) => type)).toEqual(["established"]);
    for (let now = 0; now <= IDLE_TIMEOUT_MS; now = endpoint.nextWakeup()) {
      endpoint.wake(now);
      endpoint.flush(now);
    }
    expect(endpoint.takeEvents()).toMatchObject([{ type: "closed", reason: "idle" }]);
  });

  test("get no more bytes than they sent before they have proved their address", () => {
    const world = new EndpointWorld(9);
    const [a, b] = [world.host(1001), world.host(1002)];
    const session = a.endpoint.connect(0, b.address);
    a.endpoint.send(0, session, encode("hello"));
    const sent: Uint8Array[] = [];
    world.filter = (_, datagram) => sent.push(datagram.bytes) > 0;
    world.runUntil(() => delivered(a) === 1);
    const hello = sent.find((bytes) => bytes[0] === PacketKind.Hello)!;
    const retry = sent.find((bytes) => bytes[0] === PacketKind.Retry)!;
    expect(retry.length).toBeLessThanOrEqual(hello.length);
    const before = b.traffic.out;
    const data = Uint8Array.from({ length: 30 }, (_, i) => (i === 0 ? PacketKind.Data : 0));
    world.inject({ host: "10.0.0.1", port: 6666 }, { to: b.address, bytes: data });
    world.run(1_000);
    expect(b.traffic.out - before).toBe(21);
  });
});
