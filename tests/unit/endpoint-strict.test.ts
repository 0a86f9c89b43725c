// Sessions begun with `strict`: an end with its reason where there can be no session, and patience with who is busy.

import { describe, expect, test } from "bun:test";

import { frameMessage } from "../../lib/transport/framed-message.ts";
import { BUSY_GIVE_UP_MS, BUSY_MAX_MS } from "../../lib/transport/limits.ts";
import { GIVE_UP_MS } from "../../lib/transport/retry.ts";
import { PacketKind } from "../../lib/transport/wire/datagrams.ts";
import { EndpointWorld, type Host } from "../support/endpoint-world.ts";

const MESSAGE = frameMessage(new TextEncoder().encode("let me in"));
const [ONE, OTHER] = [new Uint8Array(32).fill(5), new Uint8Array(32).fill(6)];

/** Where in RETRY the flags and the last byte of the key are. */
const [FLAGS_AT, KEY_END_AT] = [1, 41];

const events = (host: Host, type: string) => host.events.filter((event) => event.type === type);

interface Setting {
  readonly mine?: Uint8Array | undefined;
  readonly theirs?: Uint8Array | undefined;
  /** The key that is expected: that of the host with this number. */
  readonly expected?: number | undefined;
  readonly strict?: boolean;
}

const withPsk = (psk: Uint8Array | undefined) => (psk === undefined ? {} : { psk });

/** A session begun, with a message that waits for it. */
const begun = (seed: number, { mine, theirs, expected, strict = true }: Setting = {}) => {
  const world = new EndpointWorld(seed);
  const a = world.host(1001, withPsk(mine));
  const b = world.host(1002, withPsk(theirs));
  const expectedKey = expected === undefined ? undefined : world.keyOf(expected);
  const options = { strict, ...(expectedKey === undefined ? {} : { expectedKey }) };
  const session = a.endpoint.connect(0, b.address, options);
  a.endpoint.send(0, session, MESSAGE);
  return { world, a, b, session };
};

describe("a handshake that can come to nothing", () => {
  const settings = [
    { reason: "other_key", setting: { expected: 77 } },
    { reason: "other_key", setting: { expected: 77, theirs: ONE } },
    { reason: "password_wanted", setting: { theirs: ONE } },
    { reason: "password_wanted", setting: { theirs: ONE, expected: 1002 } },
    { reason: "password_unwanted", setting: { mine: ONE } },
    { reason: "password_wrong", setting: { mine: ONE, theirs: OTHER } },
    { reason: "password_wrong", setting: { mine: ONE, theirs: OTHER, expected: 1002 } },
  ] as const;

  test.each(settings)("ends with $reason, at once", ({ reason, setting }) => {
    const { world, a, b } = begun(1, setting);
    world.runUntil(() => a.events.length > 0);
    expect(a.events).toMatchObject([{ type: "closed", reason }]);
    // Two round trips for what is said by RETRY; three, and one more try, for what only RESPOND shows.
    expect(world.now).toBeLessThanOrEqual(reason === "password_wrong" ? 130 : 20);
    expect(events(b, "established")).toEqual([]);
  });

  test("tells which other key it was", () => {
    const { world, a, b } = begun(1, { expected: 77 });
    world.runUntil(() => a.events.length > 0);
    expect(a.events).toMatchObject([{ reason: "other_key", key: b.endpoint.publicKey }]);
  });

  test.each(settings)("ends with $reason also where half of all is lost", ({ reason, setting }) => {
    for (let seed = 1; seed <= 50; seed++) {
      const { world, a } = begun(seed, setting);
      world.conditions = { loss: 0.5, duplicate: 0.1, corrupt: 0.02, delayMs: 10, jitterMs: 40 };
      world.runUntil(() => a.events.length > 0, 8_000);
      expect(a.events).toMatchObject([{ type: "closed", reason }]);
    }
  });

  test.each(settings.filter(({ reason }) => reason !== "password_wrong"))(
    "is unanswered where nobody wants to know that it is $reason",
    ({ setting }) => {
      const { world, a } = begun(1, { ...setting, strict: false });
      world.run(3_000);
      expect(a.events).toMatchObject([{ type: "unanswered" }]);
    },
  );
});

describe("a handshake that comes to something", () => {
  const settings: Setting[] = [{}, { expected: 1002 }, { mine: ONE, theirs: ONE, expected: 1002 }];

  test("is not ended by a network that damages every fifth datagram", () => {
    for (const setting of settings) {
      for (let seed = 1; seed <= 100; seed++) {
        const { world, a } = begun(seed, setting);
        world.conditions = { loss: 0.1, duplicate: 0.3, corrupt: 0.2, delayMs: 10, jitterMs: 40 };
        world.runUntil(() => events(a, "delivered").length > 0);
        expect(events(a, "closed")).toEqual([]);
      }
    }
  });

  test.each([
    { what: "another key", at: KEY_END_AT, setting: { expected: 1002 } },
    { what: "a password", at: FLAGS_AT, setting: {} },
  ])("is not ended by $what said once, and by a doubled datagram", ({ at, setting }) => {
    const { world, a, b } = begun(1, setting);
    let damaged = 0;
    world.filter = (_, datagram) => {
      if (datagram.bytes[0] === PacketKind.Retry && damaged++ === 0) {
        datagram.bytes[at]! ^= 1;
        world.inject(b.address, datagram);
      }
      return true;
    };
    world.runUntil(() => events(a, "delivered").length > 0, 100);
    expect(damaged).toBe(2);
    expect(a.events.map(({ type }) => type)).toEqual(["established", "delivered"]);
  });

  test("is not ended by the answer of a process that has since restarted", () => {
    const { world, a, b } = begun(1, { mine: ONE, theirs: ONE });
    const answers: Uint8Array[] = [];
    world.filter = (_, { bytes }) => bytes[0] !== PacketKind.Respond || answers.push(bytes) === 0;
    world.runUntil(() => answers.length === 1);
    world.remove(b);
    // INITIATE means nothing to another process, until its RETRY has shown its key.
    const restarted = world.host(1002, { psk: ONE }, 77);
    world.runUntil(() => answers.length === 2, 2_000);
    for (let copy = 0; copy < 5; copy++) {
      world.inject(b.address, { to: a.address, bytes: answers[0]! });
    }
    world.run(20);
    world.filter = undefined;
    world.runUntil(() => events(a, "delivered").length > 0, 1_000);
    expect(events(a, "closed")).toEqual([]);
    expect(events(restarted, "established").length).toBe(1);
  });
});

describe("a session in which the peer restarts with another key", () => {
  const restarted = (setting: Setting) => {
    const { world, a, b, session } = begun(7, setting);
    world.runUntil(() => events(a, "delivered").length > 0);
    world.remove(b);
    const stranger = world.host(1002, {}, 77);
    a.endpoint.send(world.now, session, MESSAGE);
    world.run(1_000);
    return { a, stranger };
  };

  test("ends, and the key is told, if another one was expected", () => {
    const { a, stranger } = restarted({ expected: 1002 });
    const key = stranger.endpoint.publicKey;
    expect(events(a, "closed")).toMatchObject([{ reason: "other_key", key }]);
  });

  test("ends as after a RESET if none was expected", () => {
    expect(events(restarted({}).a, "closed")).toMatchObject([{ reason: "reset" }]);
  });

  test("goes on if nobody wants to know", () => {
    const { a } = restarted({ expected: 1002, strict: false });
    expect(events(a, "closed")).toEqual([]);
  });
});

describe("a busy responder", () => {
  /** Answers HELLO, and takes no INITIATE until `freeAt`. */
  const busy = (seed: number, freeAt: number, setting: Setting = {}) => {
    const scene = begun(seed, setting);
    const { world, a } = scene;
    const tries: number[] = [];
    world.filter = (from, { bytes }) => {
      if (from === a.address && bytes[0] === PacketKind.Initiate) tries.push(world.now);
      return bytes[0] !== PacketKind.Initiate || world.now >= freeAt;
    };
    return { ...scene, tries };
  };

  test("is waited for, with tries that become rare", () => {
    const { world, a, b, tries } = busy(1, 40_000);
    world.run(40_000);
    expect(a.events).toEqual([]);
    expect(tries.length).toBeLessThan(45);
    const waits = tries.map((at, i) => at - (tries[i - 1] ?? 0));
    expect(Math.max(...waits)).toBeLessThanOrEqual(2_000);
    expect(Math.min(...waits.slice(-15))).toBeGreaterThanOrEqual(1_500);
    expect(new Set(waits.slice(-15)).size).toBeGreaterThan(10);
    world.runUntil(() => events(a, "delivered").length === 1, 2_100);
    expect(events(b, "established").length).toBe(1);
  });

  test("is waited for at 30 % loss each way as well", () => {
    for (let seed = 1; seed <= 50; seed++) {
      const { world, a } = busy(seed, 30_000);
      world.conditions = { loss: 0.3, duplicate: 0, corrupt: 0, delayMs: 20, jitterMs: 20 };
      world.runUntil(() => events(a, "delivered").length === 1);
      expect(events(a, "unanswered")).toEqual([]);
    }
  });

  test("that never has time is given up", () => {
    const { world, a } = busy(1, Infinity);
    world.runUntil(() => a.events.length > 0);
    expect(a.events).toMatchObject([{ type: "unanswered" }]);
    expect(world.now).toBeCloseTo(10 + BUSY_MAX_MS, 3);
    const before = a.traffic.datagramsOut;
    world.run(60_000);
    expect(a.traffic.datagramsOut - before).toBeLessThan(60);
  });

  test("that goes away is given up", () => {
    const { world, a, b } = busy(1, Infinity);
    world.run(10_000);
    world.remove(b);
    world.runUntil(() => a.events.length > 0);
    expect(a.events).toMatchObject([{ type: "unanswered" }]);
    expect(world.now).toBeLessThanOrEqual(10_000 + BUSY_GIVE_UP_MS);
  });

  test("that another one takes the place of is found, also if half of all is lost each way", () => {
    for (let seed = 1; seed <= 60; seed++) {
      const { world, a, b } = busy(seed, Infinity);
      world.run(2_000);
      world.remove(b);
      world.run(10_000);
      world.conditions = { loss: 0.5, duplicate: 0, corrupt: 0, delayMs: 20, jitterMs: 20 };
      world.filter = () => true;
      world.host(b.address.port);
      const given = () => events(a, "delivered").length + events(a, "unanswered").length > 0;
      world.runUntil(given);
      expect([seed, events(a, "unanswered")]).toEqual([seed, []]);
    }
  });

  test("whose answers are all lost for long still has the session that they are about", () => {
    const { world, a, b } = begun(1);
    world.filter = (_, { bytes }) => bytes[0] !== PacketKind.Respond || world.now >= 35_000;
    world.run(34_000);
    expect([a.events, b.events]).toEqual([[], []]);
    world.runUntil(() => events(a, "delivered").length === 1, 4_000);
    expect([...a.events, ...b.events].filter(({ type }) => type === "closed")).toEqual([]);
  });

  test("that has forgotten an INITIATE makes a new session of it", () => {
    const { world, a, b } = begun(1);
    let first: Uint8Array | undefined;
    world.filter = (_, { bytes }) => {
      if (bytes[0] === PacketKind.Respond) first ??= bytes;
      return bytes[0] !== PacketKind.Respond;
    };
    world.run(1_000);
    // For so long nothing arrives: half-open sessions live for 10 s.
    world.filter = () => false;
    world.run(12_000);
    world.filter = (_, { bytes }) => {
      if (bytes[0] === PacketKind.Respond) expect(bytes).not.toEqual(first!);
      return true;
    };
    world.runUntil(() => events(a, "delivered").length === 1, 6_000);
    expect(events(b, "established").length).toBe(1);
    expect(events(a, "closed")).toEqual([]);
  });

  test("gets time anew when something more is asked of it", () => {
    const { world, a, session } = busy(1, 140_000);
    world.runUntil(() => events(a, "unanswered").length === 1);
    world.run(30_000);
    a.endpoint.send(world.now, session, MESSAGE);
    world.runUntil(() => events(a, "delivered").length > 0);
    expect(events(a, "unanswered").length).toBe(1);
  });

  test("is given no time by who is not strict", () => {
    const { world, a } = busy(1, Infinity, { strict: false });
    world.runUntil(() => a.events.length > 0);
    expect(world.now).toBeCloseTo(10 + GIVE_UP_MS, 3);
  });
});

test("where nobody answers at all, a message is unanswered after five tries of 500 ms", () => {
  const { world, a } = begun(1);
  world.filter = () => false;
  world.runUntil(() => a.events.length > 0);
  expect(a.events).toMatchObject([{ type: "unanswered" }]);
  expect(world.now).toBeCloseTo(GIVE_UP_MS, 3);
});
