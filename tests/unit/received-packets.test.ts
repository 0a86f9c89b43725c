// What a receiver acknowledges, and when.

import { describe, expect, test } from "bun:test";

import { ACK_RANGES_MAX } from "../../lib/transport/limits.ts";
import { RangeSet } from "../../lib/transport/session/ranges.ts";
import { ReceivedPackets } from "../../lib/transport/session/received-packets.ts";
import { ByteWriter } from "../../lib/transport/wire/bytes.ts";
import { type AckFrame, decodeFrames, FrameKind } from "../../lib/transport/wire/frames.ts";
import { Prng } from "../support/prng.ts";

/** The ACK that would go out now, and its ranges ascending: start, end, start, end, ... */
function acknowledged(packets: ReceivedPackets): number[] {
  const writer = new ByteWriter();
  packets.writeAck(0, writer);
  const frames = decodeFrames(writer.finish());
  if (!Array.isArray(frames)) throw new Error(frames.reason);
  expect(frames.map(({ kind }) => kind)).toEqual([FrameKind.Ack]);
  const { ranges } = frames[0] as AckFrame;
  return ranges.toReversed().flatMap(({ smallest, largest }) => [smallest, largest + 1]);
}

const flat = (ranges: RangeSet): number[] => [...ranges].flatMap(({ start, end }) => [start, end]);

describe("what is acknowledged", () => {
  test("is what was taken, in whatever order, and what the peer has read is left out", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = new Prng(seed);
      const packets = new ReceivedPackets();
      const model = new RangeSet();
      let next = random.below(3);
      const late: number[] = [];
      for (let step = 0; step < 60; step++) {
        if (late.length > 0 && random.chance(0.4)) {
          const [number] = late.splice(random.below(late.length), 1);
          packets.onTaken(0, number!, "soon");
          model.add(number!, number! + 1);
        } else {
          while (random.chance(0.3)) late.push(next++);
          expect(packets.isLargest(next)).toBe(true);
          packets.onTaken(0, next, "soon");
          model.add(next, ++next);
        }
        if (random.chance(0.1)) {
          const read = random.below(next);
          packets.onAckRead(read);
          model.trimBelow(Math.min(read + 1, model.startOf(model.count - 1)));
        }
        expect(acknowledged(packets)).toEqual(flat(model));
      }
    }
  });

  test("is no more than an ACK holds: the oldest ranges go first", () => {
    const packets = new ReceivedPackets();
    const numbers = Array.from({ length: ACK_RANGES_MAX + 5 }, (_, i) => 2 * i);
    for (const number of numbers) packets.onTaken(0, number, "soon");
    const ranges = acknowledged(packets);
    expect(ranges.length).toBe(2 * ACK_RANGES_MAX);
    expect(ranges[0]).toBe(10);
  });

  test("is said once", () => {
    const packets = new ReceivedPackets();
    packets.onTaken(0, 0, "at_once");
    const writer = new ByteWriter();
    expect(packets.writeAck(0, writer)).toBe(0);
    expect(packets.writeAck(0, writer)).toBe(-1);
    expect(packets.ackAt).toBe(Number.POSITIVE_INFINITY);
  });
});
