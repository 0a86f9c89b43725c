// The two halves of a stream: messages cut in pieces, and put together again.

import { describe, expect, test } from "bun:test";

import { frameMessage } from "../../lib/transport/framed-message.ts";
import { RECEIVE_SEGMENTS_MAX, RECEIVE_WINDOW_BYTES } from "../../lib/transport/limits.ts";
import { RangeSet } from "../../lib/transport/session/ranges.ts";
import { ReceiveStream } from "../../lib/transport/session/receive-stream.ts";
import { SendStream } from "../../lib/transport/session/send-stream.ts";
import { ByteWriter } from "../../lib/transport/wire/bytes.ts";
import { Prng } from "../support/prng.ts";

/** Everything a stream has to send, as one run of bytes. */
function drain(stream: SendStream, pieceBytes = 1_000): { start: number; bytes: Uint8Array }[] {
  const pieces: { start: number; bytes: Uint8Array }[] = [];
  for (let range = stream.take(pieceBytes); range !== undefined; range = stream.take(pieceBytes)) {
    const writer = new ByteWriter();
    stream.copy(range.start, range.end, writer);
    pieces.push({ start: range.start, bytes: writer.finish() });
  }
  return pieces;
}

describe("both halves", () => {
  test("pass messages of all sizes through cuts, losses, doubles and any order", () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = new Prng(seed);
      const messages = Array.from({ length: random.between(1, 40) }, () =>
        random.bytes(random.chance(0.1) ? random.between(0, 40_000) : random.between(0, 90)),
      );
      const sending = new SendStream(RECEIVE_WINDOW_BYTES);
      const receiving = new ReceiveStream();
      const received: Uint8Array[] = [];
      for (const message of messages) sending.push(0, frameMessage(message));
      const underWay: { start: number; end: number; bytes: Uint8Array }[] = [];
      while (sending.undelivered > 0) {
        for (const { start, bytes } of drain(sending, random.between(1, 1_200))) {
          underWay.push({ start, end: start + bytes.length, bytes });
        }
        const [piece] = underWay.splice(random.below(underWay.length), 1);
        const { start, end, bytes } = piece!;
        if (random.chance(0.3)) {
          sending.onLost(start, end);
          continue;
        }
        expect(receiving.accept(start, bytes, received)).toBe("taken");
        if (random.chance(0.2)) receiving.accept(start, bytes, received);
        if (random.chance(0.2)) sending.onLost(start, end);
        else sending.onAcked(start, end);
      }
      expect(received).toEqual(messages);
      expect(sending.deliveredCount).toBe(messages.length);
    }
  });
});

describe("the sending half", () => {
  test("numbers messages and tells which are delivered, however the acknowledgements come", () => {
    const stream = new SendStream(1_000);
    expect([1, 2, 3].map((n) => stream.push(n, frameMessage(new Uint8Array(9))))).toEqual([
      1, 2, 3,
    ]);
    drain(stream);
    stream.onAcked(10, 30);
    expect(stream.deliveredCount).toBe(0);
    stream.onAcked(0, 10);
    expect(stream.deliveredCount).toBe(3);
    expect(stream.queuedAt(3)).toBeUndefined();
  });

  test("does not send again what was acknowledged meanwhile", () => {
    const stream = new SendStream(1_000);
    stream.push(0, frameMessage(new Uint8Array(99)));
    drain(stream);
    stream.onAcked(40, 60);
    stream.onLost(0, 100);
    expect(drain(stream).map(({ start, bytes }) => [start, bytes.length])).toEqual([
      [0, 40],
      [60, 40],
    ]);
  });

  test("stops at the peer's limit", () => {
    const stream = new SendStream(50);
    stream.push(0, frameMessage(new Uint8Array(99)));
    expect(drain(stream).map(({ bytes }) => bytes.length)).toEqual([50]);
    expect(stream.sendable).toBe(false);
    stream.raiseLimit(20);
    expect(stream.sendable).toBe(false);
    stream.raiseLimit(80);
    expect(drain(stream).map(({ start, bytes }) => [start, bytes.length])).toEqual([[50, 30]]);
  });

  test("looks at few of the gaps for each range that is lost, however many there are", () => {
    const GAPS = 4_000;
    const stream = new SendStream(Number.MAX_SAFE_INTEGER);
    stream.push(0, frameMessage(new Uint8Array(100 * GAPS)));
    while (stream.take(100) !== undefined);
    // Every second piece arrived.
    for (let gap = 0; gap < GAPS; gap++) stream.onAcked(100 * gap + 50, 100 * gap + 100);
    const { startOf, endOf } = RangeSet.prototype;
    let looks = 0;
    const counting = (look: typeof startOf) =>
      function (this: RangeSet, i: number): number {
        looks++;
        return look.call(this, i);
      };
    Object.assign(RangeSet.prototype, { startOf: counting(startOf), endOf: counting(endOf) });
    try {
      for (let gap = 0; gap < GAPS; gap++) stream.onLost(100 * gap, 100 * gap + 50);
    } finally {
      Object.assign(RangeSet.prototype, { startOf, endOf });
    }
    expect(looks).toBeLessThan(GAPS * 100);
    const sent = drain(stream).map(({ start, bytes }) => [start, bytes.length]);
    expect(sent).toEqual(Array.from({ length: GAPS }, (_, gap) => [100 * gap, 50]));
  });

  test("stays small while many messages pass", () => {
    const stream = new SendStream(Number.MAX_SAFE_INTEGER);
    for (let n = 0; n < 10_000; n++) {
      expect(stream.push(n, frameMessage(new Uint8Array(99)))).toBe(n + 1);
      for (const { start, bytes } of drain(stream)) stream.onAcked(start, start + bytes.length);
    }
    expect(stream.undelivered).toBe(0);
  });
});

describe("the receiving half", () => {
  test("refuses what goes beyond its window", () => {
    const stream = new ReceiveStream();
    const beyond = stream.accept(RECEIVE_WINDOW_BYTES - 1, new Uint8Array(2), []);
    expect(beyond).toEqual({ violation: "flow control limit exceeded" });
  });

  test("refuses a length beyond the limit, also one cut into single bytes", () => {
    const length = Uint8Array.of(0x80, 0x20, 0x00, 0x00);
    expect(new ReceiveStream().accept(0, length, [])).toEqual({ violation: "message too long" });
    const stream = new ReceiveStream();
    const results = [...length].map((byte, i) => stream.accept(i, Uint8Array.of(byte), []));
    expect(results).toEqual(["taken", "taken", "taken", { violation: "message too long" }]);
  });

  test("keeps no more pieces than its limit, and goes on when the gap closes", () => {
    const stream = new ReceiveStream();
    for (let i = 0; i < RECEIVE_SEGMENTS_MAX; i++) {
      expect(stream.accept(2 * i + 2, Uint8Array.of(0), [])).toBe("taken");
    }
    expect(stream.accept(2 * RECEIVE_SEGMENTS_MAX + 2, Uint8Array.of(0), [])).toBe("no_room");
    const messages: Uint8Array[] = [];
    expect(stream.accept(0, new Uint8Array(2 * RECEIVE_SEGMENTS_MAX), messages)).toBe("taken");
    expect(messages.length).toBe(2 * RECEIVE_SEGMENTS_MAX + 1);
  });

  test("tells a new limit once half of the window is used", () => {
    const stream = new ReceiveStream();
    const message = frameMessage(new Uint8Array(RECEIVE_WINDOW_BYTES / 4));
    let offset = 0;
    const limits: (number | undefined)[] = [];
    for (let i = 0; i < 4; i++) {
      stream.accept(offset, message, []);
      offset += message.length;
      limits.push(stream.newLimit());
    }
    expect(limits).toEqual([
      undefined,
      2 * message.length + RECEIVE_WINDOW_BYTES,
      undefined,
      4 * message.length + RECEIVE_WINDOW_BYTES,
    ]);
  });

  test("refuses a length that is no exact number as soon as it is whole, also one cut into single bytes", () => {
    const length = new Uint8Array(8).fill(0xff);
    expect(new ReceiveStream().accept(0, length, [])).toEqual({ violation: "message too long" });
    const stream = new ReceiveStream();
    const results = [...length].map((byte, i) => stream.accept(i, Uint8Array.of(byte), []));
    expect(results).toEqual([...Array(7).fill("taken"), { violation: "message too long" }]);
  });

  test("takes an empty message whose length comes in two pieces, and what follows", () => {
    const stream = new ReceiveStream();
    const messages: Uint8Array[] = [];
    for (const [at, byte] of [0x40, 0x00, 0x01, 0x07].entries()) {
      expect(stream.accept(at, Uint8Array.of(byte), messages)).toBe("taken");
    }
    expect(messages).toEqual([new Uint8Array(0), Uint8Array.of(7)]);
  });
});
