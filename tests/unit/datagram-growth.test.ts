// Datagrams that grow with the path: whole endpoints over paths that carry more, that carry less than the host
// believes, and that become narrower in the middle of a message.

import { describe, expect, test } from "bun:test";

import { frameMessage } from "../../lib/transport/framed-message.ts";
import { DATAGRAM_GROWN_MAX_BYTES, DATAGRAM_MAX_BYTES } from "../../lib/transport/limits.ts";
import { PROBE_SIZES_BYTES } from "../../lib/transport/session/path-mtu.ts";
import { Recovery } from "../../lib/transport/session/recovery.ts";
import { EndpointWorld, type Host } from "../support/endpoint-world.ts";

const MESSAGES = 40;
const MESSAGE_BYTES = 100_000;
const PROBE_TIMEOUT_LONGEST_MS = 1_000;

interface Run {
  readonly world: EndpointWorld;
  readonly sender: Host;
  readonly receiver: Host;
  readonly session: number;
  /** Sizes of the datagrams that the sender sent since this was last emptied. */
  readonly sizes: number[];
  /** The first byte of each message that arrived. */
  readonly arrived: number[];
  /** What the path carries, in bytes. */
  carries: number;
  /** Called with each size that is about to be sent. */
  onSend: (bytes: number) => void;
}

/** Two endpoints with a session that moves nothing yet. */
const begin = (carries: number, { mayGrow = true, seed = 1 } = {}): Run => {
  const world = new EndpointWorld(seed);
  const sender = world.host(1, { mayGrow: () => mayGrow });
  const receiver = world.host(2, { mayGrow: () => mayGrow });
  const session = sender.endpoint.connect(world.now, receiver.address);
  const run: Run = {
    world,
    sender,
    receiver,
    session,
    sizes: [],
    arrived: [],
    carries,
    onSend() {},
  };
  world.filter = (from, { bytes }) => {
    if (from.port === sender.address.port) {
      run.sizes.push(bytes.length);
      run.onSend(bytes.length);
    }
    return bytes.length <= run.carries;
  };
  receiver.onEvent = (event) => {
    if (event.type === "message") run.arrived.push(event.bytes[0]!);
  };
  world.runUntil(() => sender.events.some(({ type }) => type === "established"));
  return run;
};

const send = ({ world, sender, session }: Run, count: number, from = 0): void => {
  for (let number = from; number < from + count; number++) {
    const bytes = new Uint8Array(MESSAGE_BYTES).fill(number);
    expect(sender.endpoint.send(world.now, session, frameMessage(bytes))).toBeNumber();
  }
};

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe("datagrams grow", () => {
  test.each([
    [1_200, 1_200],
    [1_472, 1_452],
    [8_972, 8_952],
    [65_507, DATAGRAM_GROWN_MAX_BYTES],
  ])("to what a path of %i bytes carries: %i", (carries, largest) => {
    const run = begin(carries);
    send(run, MESSAGES);
    run.world.runUntil(() => run.arrived.length === MESSAGES);
    expect(run.arrived).toEqual(upTo(MESSAGES));
    run.sizes.length = 0;
    send(run, 4, MESSAGES);
    run.world.runUntil(() => run.arrived.length === MESSAGES + 4);
    expect(Math.max(...run.sizes)).toBe(largest);
    // Nearly all of it goes in datagrams of that size.
    expect(run.sizes.filter((size) => size === largest).length * largest).toBeGreaterThan(
      4 * MESSAGE_BYTES * 0.9,
    );
  });

  test("and a try leaves room for what is to be said, should it be lost", () => {
    const { onSent } = Recovery.prototype;
    const shares: number[] = [];
    Recovery.prototype.onSent = function (packet) {
      if (packet.sizeProbe) shares.push(packet.bytes / this.congestion.windowBytes);
      onSent.call(this, packet);
    };
    try {
      const run = begin(65_507);
      send(run, MESSAGES);
      run.world.runUntil(() => run.arrived.length === MESSAGES);
    } finally {
      Recovery.prototype.onSent = onSent;
    }
    expect(shares.length).toBe(PROBE_SIZES_BYTES.length);
    expect(Math.max(...shares)).toBeLessThanOrEqual(0.5);
  });

  test("not where fragments cannot be ruled out", () => {
    const run = begin(65_507, { mayGrow: false });
    send(run, MESSAGES);
    run.world.runUntil(() => run.arrived.length === MESSAGES);
    expect(Math.max(...run.sizes)).toBe(DATAGRAM_MAX_BYTES);
  });

  test("not for messages that come one at a time", () => {
    const run = begin(65_507);
    for (let number = 0; number < 20; number++) {
      const bytes = new Uint8Array(1_000).fill(number);
      run.sender.endpoint.send(run.world.now, run.session, frameMessage(bytes));
      run.world.runUntil(() => run.arrived.length === number + 1);
    }
    expect(Math.max(...run.sizes)).toBeLessThanOrEqual(DATAGRAM_MAX_BYTES);
  });
});

describe("a size that the path does not carry", () => {
  test.each([
    [1_200, 1],
    [1_472, 1],
    [1_472, 20],
    [9_000, 20],
  ])(
    "(path of %i bytes, %i ms long) is learnt from short bursts as well, and costs no other",
    (carries, delayMs) => {
      const run = begin(carries);
      run.world.conditions.delayMs = delayMs;
      for (let burst = 0; burst < 60; burst++) {
        run.world.run(2_000);
        if (burst === 20) run.sizes.length = 0;
        send(run, 1, burst);
        run.world.runUntil(() => run.arrived.length === burst + 1);
      }
      expect(run.sizes.filter((size) => size > carries)).toEqual([]);
      const largest = PROBE_SIZES_BYTES.findLast((size) => size <= carries) ?? DATAGRAM_MAX_BYTES;
      const filled = run.sizes.filter((size) => size === largest).length;
      expect(filled * largest).toBeGreaterThan(40 * MESSAGE_BYTES * 0.9);
    },
  );
});

describe("a path that becomes narrower", () => {
  test.each([1_200, 1_300, 1_472, 9_000])("to %i bytes: all arrives, once, in order", (carries) => {
    const run = begin(65_507);
    let narrowAt = Number.NaN;
    let long = 0;
    run.onSend = (bytes) => {
      if (bytes === DATAGRAM_GROWN_MAX_BYTES) long++;
      if (long < 5 || run.carries === carries) return;
      run.carries = carries;
      narrowAt = run.world.now;
    };
    send(run, MESSAGES);
    run.world.runUntil(() => run.carries === carries);
    const before = run.arrived.length;
    expect(before).toBeLessThan(MESSAGES);
    run.world.runUntil(() => run.arrived.length > before);
    expect(run.world.now - narrowAt).toBeLessThan(PROBE_TIMEOUT_LONGEST_MS);
    run.world.runUntil(() => run.arrived.length === MESSAGES);
    expect(run.arrived).toEqual(upTo(MESSAGES));
    expect(run.sender.events.filter(({ type }) => type === "closed")).toEqual([]);
  });

  test("again and again, with loss besides", () => {
    for (let seed = 1; seed <= 4; seed++) {
      const run = begin(65_507, { seed });
      const widths = [65_507, 1_400, 65_507, 1_200, 9_000, 2_000];
      let sent = 0;
      run.onSend = () => {
        run.carries = widths[Math.floor(sent++ / 200) % widths.length]!;
      };
      run.world.conditions = {
        loss: 0.2,
        duplicate: 0.1,
        corrupt: 0.02,
        delayMs: 10,
        jitterMs: 15,
      };
      send(run, MESSAGES);
      run.world.runUntil(() => run.arrived.length === MESSAGES);
      expect(run.arrived).toEqual(upTo(MESSAGES));
      expect(sent).toBeGreaterThan(widths.length * 200);
    }
  });
});

test("a path that becomes narrower while nothing is said: the first long message afterwards arrives all the same", () => {
  const world = new EndpointWorld(1);
  const [sender, receiver] = [1, 2].map((port) => world.host(port, { mayGrow: () => true }));
  const session = sender!.endpoint.connect(world.now, receiver!.address);
  let carries = 65_507;
  let longest = 0;
  world.filter = (_, { bytes }) => {
    longest = Math.max(longest, bytes.length);
    return bytes.length <= carries;
  };
  const arrived = () => receiver!.events.filter(({ type }) => type === "message").length;
  for (let count = 1; count <= 20; count++) {
    sender!.endpoint.send(world.now, session, frameMessage(new Uint8Array(100_000)));
    world.runUntil(() => arrived() === count);
  }
  expect(longest).toBeGreaterThan(5_000);
  world.run(10_000);
  carries = DATAGRAM_MAX_BYTES;
  const start = world.now;
  sender!.endpoint.send(start, session, frameMessage(new Uint8Array(5_000)));
  world.runUntil(() => arrived() === 21);
  expect(world.now - start).toBeLessThan(500);
});
