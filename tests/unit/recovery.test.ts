// Loss detection, probes and the congestion window of a sender.

import { describe, expect, test } from "bun:test";

import { DeadlineQueue, type Scheduled } from "../../lib/transport/deadline-queue.ts";
import { UNDER_WAY_MAX_PACKETS } from "../../lib/transport/limits.ts";
import { MAX_ACK_DELAY_MS } from "../../lib/transport/retry.ts";
import { Congestion } from "../../lib/transport/session/congestion.ts";
import { Recovery } from "../../lib/transport/session/recovery.ts";
import { sizeProbe } from "../../lib/transport/session/sent-packet.ts";
import { Prng } from "../support/prng.ts";

const sent = (number: number, sentAt: number) => ({
  number,
  sentAt,
  bytes: 1_200,
  stream: [number, number + 1],
  maxData: false,
  rekey: false,
  acknowledges: -1,
  asks: false,
  sizeProbe: false,
});
const numbers = (packets: readonly { readonly number: number }[]) => packets.map((p) => p.number);
const only = (number: number) => [{ smallest: number, largest: number }];

describe("loss detection (RFC 9002 section 6.1)", () => {
  test("finds a packet lost once three later ones are acknowledged", () => {
    const recovery = new Recovery();
    for (let number = 0; number < 4; number++) recovery.onSent(sent(number, number));
    expect(recovery.onAck(100, only(2), 0)).toEqual({ acked: [sent(2, 2)], lost: [] });
    const { acked, lost } = recovery.onAck(100, only(3), 0);
    expect([numbers(acked), numbers(lost)]).toEqual([[3], [0]]);
  });

  test("finds a packet lost by time, 9/8 of the round trip after it was sent", () => {
    const recovery = new Recovery();
    recovery.onSent(sent(0, 0));
    recovery.onSent(sent(1, 0));
    recovery.onAck(80, only(1), 0);
    expect(recovery.deadline(true)).toBe(90);
    expect(numbers(recovery.onTimeout(90)!.lost)).toEqual([0]);
    expect(recovery.outstanding).toBe(false);
  });

  test("takes its time while no round trip was measured", () => {
    const recovery = new Recovery();
    recovery.onSent(sent(0, 0));
    recovery.onSent(sent(1, 0));
    // The largest one acknowledged asked for nothing: it measures nothing.
    expect(recovery.onAck(20, [{ smallest: 1, largest: 2 }], 0).lost).toEqual([]);
    expect(recovery.deadline(true)).toBe(100);
    expect(numbers(recovery.onTimeout(100)!.lost)).toEqual([0]);
  });

  test("of what was sent on the path before says nothing of the one there is now", () => {
    const recovery = new Recovery();
    const { windowBytes } = recovery.congestion;
    for (let number = 0; number < 3; number++) recovery.onSent(sent(number, number * 1_000));
    recovery.onPathChange(2_500);
    recovery.onSent(sent(6, 2_600));
    expect(numbers(recovery.onAck(2_700, only(6), 0).lost)).toEqual([0, 1, 2]);
    expect(recovery.congestion.windowBytes).toBe(windowBytes);
  });

  test("learns from a loss that was none, and does not find it again", () => {
    const recovery = new Recovery();
    for (let number = 0; number < 5; number++) recovery.onSent(sent(number, 0));
    expect(numbers(recovery.onAck(10, only(4), 0).lost)).toEqual([0, 1]);
    expect(numbers(recovery.onAck(11, only(0), 0).acked)).toEqual([0]);
    for (let number = 5; number < 10; number++) recovery.onSent(sent(number, 10));
    expect(numbers(recovery.onAck(11, only(9), 0).lost)).not.toContain(5);
  });

  test("takes acknowledged packets out of many ranges", () => {
    const recovery = new Recovery();
    for (let number = 0; number < 10; number++) recovery.onSent(sent(number, 0));
    const ranges = [
      { smallest: 8, largest: 9 },
      { smallest: 6, largest: 6 },
      { smallest: 0, largest: 2 },
    ];
    const { acked, lost } = recovery.onAck(10, ranges, 0);
    expect([numbers(acked), numbers(lost)]).toEqual([
      [0, 1, 2, 6, 8, 9],
      [3, 4, 5],
    ]);
    expect(numbers(recovery.outstandingPackets(9))).toEqual([7]);
  });

  test("probes when nothing comes back, and stops once nothing is under way", () => {
    const recovery = new Recovery();
    recovery.onSent(sent(0, 0));
    expect(recovery.onTimeout(recovery.deadline(true))).toBeUndefined();
    expect(recovery.probeCount).toBe(1);
    recovery.onAck(300, only(0), 0);
    expect(recovery.deadline(true)).toBe(Number.POSITIVE_INFINITY);
  });

  test("does not wait the less since a packet asked that may be too long to arrive", () => {
    const recovery = new Recovery();
    recovery.onSent(sent(0, 0));
    recovery.onAck(10, only(0), 0);
    recovery.onSent(sent(1, 10));
    const waits = recovery.deadline(true) - 10;
    recovery.onSent(sizeProbe(2, 11, 8_952));
    expect(recovery.deadline(true)).toBe(11 + waits);
    expect(waits).toBeGreaterThan(MAX_ACK_DELAY_MS);
  });

  test("waits for no packet that only repeats what is acknowledged, but for a limit", () => {
    const recovery = new Recovery();
    recovery.onSent(sent(0, 0));
    recovery.onSent({ ...sent(1, 0), maxData: true });
    recovery.dropRepeats();
    expect(numbers(recovery.outstandingPackets(9))).toEqual([1]);
    expect(recovery.congestion.inFlightBytes).toBe(1_200);
    recovery.onAck(10, only(1), 0);
    expect(recovery.deadline(true)).toBe(Number.POSITIVE_INFINITY);
    expect(recovery.congestion.inFlightBytes).toBe(0);
  });
});

describe("a peer that does not keep to the rules", () => {
  test("and acknowledges nothing does not make what is kept of packets grow: the oldest are given up", () => {
    const recovery = new Recovery();
    const kept = new Set<number>();
    for (let number = 0; number < 3 * UNDER_WAY_MAX_PACKETS; number++) {
      recovery.onSent(sent(number, number));
      kept.add(number);
      for (const packet of recovery.onTimeout(number)?.lost ?? []) kept.delete(packet.number);
      const underWay = numbers(recovery.outstandingPackets(Number.MAX_SAFE_INTEGER));
      if (number % 1_000 === 0) expect(underWay).toEqual([...kept]);
      expect(underWay.length).toBeLessThanOrEqual(UNDER_WAY_MAX_PACKETS);
    }
    expect(recovery.congestion.inFlightBytes).toBe(kept.size * 1_200);
    expect(kept.has(3 * UNDER_WAY_MAX_PACKETS - 1)).toBe(true);
    expect(recovery.probeCount).toBeGreaterThan(UNDER_WAY_MAX_PACKETS);
  });

  test("and names many ranges, none of them lost ones, costs little more than their bytes", () => {
    const recovery = new Recovery();
    for (let number = 0; number < 4_000; number++) recovery.onSent(sent(number, number));
    recovery.onAck(4_000, only(3_000), 0);
    let looked = 0;
    const ranges = Array.from({ length: 256 }, (_, index) => {
      const number = index === 255 ? 1 : 3_990 - 2 * index;
      return {
        largest: number,
        get smallest() {
          looked++;
          return number;
        },
      };
    });
    recovery.onAck(4_001, ranges, 0);
    looked = 0;
    recovery.onAck(4_002, ranges, 0);
    expect(looked).toBeLessThan(20 * 256);
  });
});

describe("the congestion window (RFC 9002 section 7)", () => {
  test("doubles in slow start, is halved once per loss of a round trip, then grows slowly", () => {
    const congestion = new Congestion();
    const start = congestion.windowBytes;
    for (let i = 0; i < 10; i++) congestion.onSent(1_200);
    expect(congestion.open).toBe(false);
    congestion.onFlushed(true);
    for (let i = 0; i < 5; i++) congestion.onAcked(1_200, 1);
    expect(congestion.windowBytes).toBe(start + 5 * 1_200);
    const before = congestion.windowBytes;
    congestion.onLost(1_200, 2, 10);
    congestion.onLost(1_200, 3, 11);
    expect(congestion.windowBytes).toBe(before / 2);
    for (let i = 0; i < 7; i++) congestion.onSent(1_200);
    congestion.onAcked(1_200, 5);
    expect(congestion.windowBytes).toBe(before / 2);
    congestion.onAcked(1_200, 20);
    expect(congestion.windowBytes - before / 2).toBeCloseTo((1_200 * 1_200) / (before / 2), 6);
  });

  test("does not grow while it is not used", () => {
    const congestion = new Congestion();
    const start = congestion.windowBytes;
    for (let i = 0; i < 100; i++) {
      congestion.onSent(1_200);
      congestion.onFlushed(false);
      congestion.onAcked(1_200, i);
    }
    expect(congestion.windowBytes).toBe(start);
    expect(congestion.inFlightBytes).toBe(0);
  });
});

describe("the queue of deadlines", () => {
  test("wakes everyone once, in order, never late", () => {
    const random = new Prng(11);
    const queue = new DeadlineQueue<Scheduled>();
    const items = Array.from({ length: 300 }, () => ({ wakeAt: Infinity, place: -1 }));
    const wanted = new Map<Scheduled, number>();
    for (let step = 0; step < 3_000; step++) {
      const item = random.pick(items);
      if (random.chance(0.1)) {
        queue.remove(item);
        wanted.delete(item);
      } else {
        const at = random.below(10_000);
        queue.schedule(item, at);
        wanted.set(item, Math.min(at, wanted.get(item) ?? Infinity));
      }
    }
    let last = 0;
    for (let item = queue.popDue(Infinity); item !== undefined; item = queue.popDue(Infinity)) {
      const at = wanted.get(item)!;
      expect(at).toBeGreaterThanOrEqual(last);
      last = at;
      wanted.delete(item);
    }
    expect(wanted.size).toBe(0);
    expect(queue.next).toBe(Infinity);
  });
});

test("the congestion window begins anew on another path, whatever it had become", () => {
  const congestion = new Congestion();
  const start = congestion.windowBytes;
  congestion.onFlushed(true);
  for (let i = 0; i < 100; i++) {
    congestion.onSent(1_200);
    congestion.onAcked(1_200, i);
  }
  expect(congestion.windowBytes).toBeGreaterThan(2 * start);
  congestion.onPathChange(200);
  expect(congestion.windowBytes).toBe(start);
});

test("an ACK that acknowledges nothing new does not make probes come sooner", () => {
  const recovery = new Recovery();
  recovery.onSent(sent(0, 0));
  recovery.onAck(10, only(0), 0);
  recovery.onSent(sent(1, 10));
  recovery.onTimeout(recovery.deadline(false));
  recovery.onTimeout(recovery.deadline(false));
  const due = recovery.deadline(false);
  recovery.onAck(due - 1, only(0), 0);
  expect(recovery.probeCount).toBe(2);
  expect(recovery.deadline(false)).toBe(due);
});

test("two packets lost one right behind the other halve the window, however long the machine is up", () => {
  const start = 1_000_000;
  const recovery = new Recovery();
  const { congestion } = recovery;
  recovery.onSent(sent(0, start));
  recovery.onAck(start + 10, only(0), 0);
  congestion.onFlushed(true);
  for (let i = 0; i < 20; i++) {
    congestion.onSent(1_200);
    congestion.onAcked(1_200, start);
  }
  congestion.onFlushed(false);
  const before = congestion.windowBytes;
  for (let number = 1; number <= 6; number++) recovery.onSent(sent(number, start + 20 + number));
  const { lost } = recovery.onAck(start + 30, [{ smallest: 3, largest: 6 }], 0);
  expect(lost.map(({ number }) => number)).toEqual([1, 2]);
  expect(congestion.windowBytes).toBe(before / 2);
});

test("nothing at all for several probe timeouts brings the window down to the smallest one (section 7.6)", () => {
  const recovery = new Recovery();
  const { congestion } = recovery;
  recovery.onSent(sent(0, 0));
  recovery.onAck(10, only(0), 0);
  congestion.onFlushed(true);
  for (let i = 0; i < 100; i++) {
    congestion.onSent(1_200);
    congestion.onAcked(1_200, i);
  }
  congestion.onFlushed(false);
  for (let number = 1; number <= 5; number++) recovery.onSent(sent(number, 1_000 * number));
  const { lost } = recovery.onAck(5_010, only(5), 0);
  expect(lost.map(({ number }) => number)).toEqual([1, 2, 3, 4]);
  expect(congestion.windowBytes).toBe(4 * 1_200);
});
