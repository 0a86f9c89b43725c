// Frames against the vectors, written and read; what is refused, and for which reason.

import { describe, expect, test } from "bun:test";

import {
  ACK_RANGES_MAX,
  ACK_RANGES_READ_MAX,
  CLOSE_REASON_MAX_BYTES,
  PACKET_FRAMES_MAX,
} from "../../lib/transport/limits.ts";
import { ByteWriter, toHex } from "../../lib/transport/wire/bytes.ts";
import {
  decodeFrames,
  type Frame,
  FrameKind,
  isAckEliciting,
  streamOverhead,
  writeAck,
  writeClose,
} from "../../lib/transport/wire/frames.ts";
import { unhex } from "../support/vectors.ts";
import {
  encodeFrames,
  type FrameVector,
  frameVector,
  rangeSet,
  writeStream,
} from "../support/wire.ts";
import vectors from "../vectors/frames.json";

/** The one frame in these bytes. */
function only(bytes: Uint8Array): Frame {
  const frames = decodeFrames(bytes);
  if ("reason" in frames) throw new Error(frames.reason);
  expect(frames).toHaveLength(1);
  return frames[0]!;
}

describe("frames", () => {
  for (const { name, frames, hex, ...rest } of vectors.valid) {
    const bytes = unhex(hex);

    test(`${name}: read`, () => {
      const decoded = decodeFrames(bytes);
      if ("reason" in decoded) throw new Error(decoded.reason);
      expect(decoded.map(frameVector)).toEqual(frames as FrameVector[]);
    });

    if ("decodeOnly" in rest) continue;
    test(`${name}: written`, () => {
      expect(toHex(encodeFrames(frames as FrameVector[]))).toBe(toHex(bytes));
    });
  }

  test.each(vectors.invalid)("refused: $name", ({ hex, reason }) => {
    expect(decodeFrames(unhex(hex))).toEqual({ reason });
  });
});

describe("ACK", () => {
  test("the oldest ranges stay out when there are too many", () => {
    const received = rangeSet(Array.from({ length: ACK_RANGES_MAX + 8 }, (_, i) => [3 * i, 3 * i]));
    const writer = new ByteWriter();
    writeAck(writer, received, 0);
    const ack = only(writer.finish());
    if (ack.kind !== FrameKind.Ack) throw new Error("not an ACK");
    expect(ack.ranges).toHaveLength(ACK_RANGES_MAX);
    expect(ack.ranges[0]).toEqual({ smallest: 117, largest: 117 });
    expect(ack.ranges.at(-1)).toEqual({ smallest: 24, largest: 24 });
  });
});

describe("a packet that would cost much more than its bytes is refused:", () => {
  const ack = (ranges: number): Uint8Array => {
    const writer = new ByteWriter();
    const received = rangeSet(Array.from({ length: ranges }, (_, i) => [3 * i, 3 * i]));
    writeAck(writer, received, 0, ranges);
    return writer.finish();
  };

  test("too many ranges in an ACK", () => {
    expect(decodeFrames(ack(ACK_RANGES_READ_MAX))).toHaveLength(1);
    expect(decodeFrames(ack(ACK_RANGES_READ_MAX + 1))).toEqual({ reason: "too many ranges" });
  });

  test("more than one ACK", () => {
    const twice = Buffer.concat([ack(1), ack(1)]);
    expect(decodeFrames(twice)).toEqual({ reason: "more than one ACK" });
  });

  test("too many frames, where any number of PADDING in a row is one", () => {
    const pings = (count: number) => new Uint8Array(count).fill(FrameKind.Ping);
    expect(decodeFrames(pings(PACKET_FRAMES_MAX))).toHaveLength(PACKET_FRAMES_MAX);
    expect(decodeFrames(pings(PACKET_FRAMES_MAX + 1))).toEqual({ reason: "too many frames" });
    expect(decodeFrames(new Uint8Array(65_000))).toHaveLength(1);
  });
});

test("STREAM: the overhead is all but the data", () => {
  for (const offset of [0, 64, 16_384, 2 ** 30]) {
    for (const length of [0, 63, 64, 1_150]) {
      const writer = new ByteWriter();
      writeStream(writer, offset, new Uint8Array(length));
      expect(writer.length).toBe(streamOverhead(offset, length) + length);
    }
  }
});

test("STREAM: the data is a view into the packet", () => {
  const bytes = unhex("03 00 03 686579");
  const frame = only(bytes);
  if (frame.kind !== FrameKind.Stream) throw new Error("not a STREAM");
  expect(frame.data.buffer).toBe(bytes.buffer);
});

test("CLOSE: a reason that is too long is cut between two characters", () => {
  const writer = new ByteWriter();
  writeClose(writer, 1, `${"x".repeat(CLOSE_REASON_MAX_BYTES - 3)}\u{1f44b}`);
  const close = only(writer.finish());
  expect(close).toEqual({
    kind: FrameKind.Close,
    code: 1,
    reason: "x".repeat(CLOSE_REASON_MAX_BYTES - 3),
  });
});

test("only PADDING, ACK and CLOSE are not acknowledged", () => {
  const eliciting = Object.values(FrameKind).filter(isAckEliciting);
  const { Ping, Stream, MaxData, PathChallenge, PathResponse, Rekey } = FrameKind;
  expect(eliciting).toEqual([Ping, Stream, MaxData, PathChallenge, PathResponse, Rekey]);
});
