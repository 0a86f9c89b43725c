// The receiving half of a session's byte stream (RFC 9000 sections 2.2 and 3.2): byte ranges in,
// in any order and any number of times; whole messages out, once each and in order.
// Knows nothing of packets, time or keys.

import {
  MESSAGE_MAX_BYTES,
  RECEIVE_PIECE_OVERHEAD_BYTES,
  RECEIVE_SEGMENTS_MAX,
  RECEIVE_WINDOW_BYTES,
} from "../limits.ts";
import { ByteReader, ByteWriter } from "../wire/bytes.ts";

/** The longest form of a length (RFC 9000 section 16). */
const VARINT_MAX_BYTES = 8;

const TOO_LONG = "message too long";

interface Segment {
  readonly start: number;
  readonly bytes: Uint8Array;
}

/** Of a stream without gaps: shared by nearly all there are, and never changed. */
const NO_SEGMENTS: Segment[] = [];

/** What became of a range: taken; dropped for want of room (not acknowledged, it will come again); or against the protocol. */
export type Accepted = "taken" | "no_room" | { readonly violation: string };

export class ReceiveStream {
  /** The next byte that nothing was read of yet. */
  #offset = 0;
  /** Pieces beyond `#offset`, disjoint, ascending. */
  #segments: Segment[] = NO_SEGMENTS;
  /** Their bytes. */
  #segmentBytes = 0;
  /** The start of the message that is being put together, its length in front. */
  #partial: ByteWriter | undefined;
  /** The limit last told to the peer. */
  #advertised = RECEIVE_WINDOW_BYTES;

  /** Takes a range of the stream; whole messages are added to `messages`. Nothing points into `bytes` afterwards. */
  accept(start: number, bytes: Uint8Array, messages: Uint8Array[]): Accepted {
    const end = start + bytes.length;
    if (end > this.#advertised) return { violation: "flow control limit exceeded" };
    if (end <= this.#offset) return "taken";
    if (start > this.#offset) {
      if (this.#segments.length >= RECEIVE_SEGMENTS_MAX) return "no_room";
      this.#keep(start, bytes);
      return "taken";
    }
    const known = this.#offset - start;
    let violation = this.#read(known === 0 ? bytes : bytes.subarray(known), messages);
    while (violation === undefined) {
      const next = this.#segments[0];
      if (next === undefined || next.start > this.#offset) break;
      this.#segments.shift();
      if (this.#segments.length === 0) this.#segments = NO_SEGMENTS;
      this.#segmentBytes -= next.bytes.length;
      const fresh = next.bytes.subarray(Math.min(this.#offset - next.start, next.bytes.length));
      if (fresh.length > 0) violation = this.#read(fresh, messages);
    }
    return violation === undefined ? "taken" : { violation };
  }

  /** What is kept of messages that are not whole, each piece with what it costs besides its bytes. */
  get heldBytes(): number {
    const pieces = this.#segments.length * RECEIVE_PIECE_OVERHEAD_BYTES;
    return (this.#partial?.capacity ?? 0) + this.#segmentBytes + pieces;
  }

  /** Messages were delivered up to this offset: the one that is being put together begins here. */
  get deliveredTo(): number {
    return this.#offset - (this.#partial?.length ?? 0);
  }

  /** The offset behind the last byte that has come. */
  get keptTo(): number {
    const last = this.#segments.at(-1);
    return last === undefined ? this.#offset : last.start + last.bytes.length;
  }

  /** A new limit to tell the peer, once half the window is used up (RFC 9000 section 4.2). */
  newLimit(): number | undefined {
    const limit = this.#offset + RECEIVE_WINDOW_BYTES;
    if (limit - this.#advertised < RECEIVE_WINDOW_BYTES / 2) return undefined;
    this.#advertised = limit;
    return limit;
  }

  /** The limit last told: sent again when the packet that carried it was lost. */
  get limit(): number {
    return this.#advertised;
  }

  /** Consumes bytes that follow directly on what was read. Returns what is wrong with them, if anything is. */
  #read(bytes: Uint8Array, messages: Uint8Array[]): string | undefined {
    this.#offset += bytes.length;
    let rest = bytes;
    while (this.#partial !== undefined) {
      // Its length may not be whole either: then this is the next byte of that.
      const missing = neededBytes(this.#partial.written()) - this.#partial.length;
      if (missing === Number.POSITIVE_INFINITY) return TOO_LONG;
      if (missing > 0) {
        if (rest.length === 0) return undefined;
        this.#partial.bytes(rest.subarray(0, missing));
        rest = rest.subarray(missing);
        continue;
      }
      const whole = new ByteReader(this.#partial.written());
      messages.push(whole.copy(whole.varint())!);
      this.#partial = undefined;
    }
    const reader = new ByteReader(rest);
    let consumed = 0;
    while (consumed < rest.length) {
      const body = reader.copy(reader.varint());
      if (body === undefined) break;
      messages.push(body);
      consumed = rest.length - reader.remaining;
    }
    if (consumed === rest.length) return undefined;
    const start = rest.subarray(consumed);
    if (neededBytes(start) === Number.POSITIVE_INFINITY) return TOO_LONG;
    this.#partial = new ByteWriter(start.length);
    this.#partial.bytes(start);
    return undefined;
  }

  /**
   * Keeps a range that lies beyond a gap, without what is already there. Copied: a view would keep the
   * whole packet in memory, however small the piece.
   */
  #keep(start: number, bytes: Uint8Array): void {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const segment = this.#segments[middle]!;
      if (segment.start + segment.bytes.length <= start) low = middle + 1;
      else high = middle;
    }
    const end = start + bytes.length;
    const fresh: Segment[] = [];
    let at = start;
    let index = low;
    for (; index < this.#segments.length && at < end; index++) {
      const segment = this.#segments[index]!;
      if (segment.start >= end) break;
      if (segment.start > at) {
        fresh.push({ start: at, bytes: bytes.slice(at - start, segment.start - start) });
        this.#segmentBytes += segment.start - at;
      }
      fresh.push(segment);
      at = Math.max(at, segment.start + segment.bytes.length);
    }
    if (at < end) {
      fresh.push({ start: at, bytes: bytes.slice(at - start) });
      this.#segmentBytes += end - at;
    }
    if (this.#segments === NO_SEGMENTS) this.#segments = [];
    this.#segments.splice(low, index - low, ...fresh);
  }
}

/** Bytes that the message at the start of `bytes` takes, its length in front included; infinity if it is too long. */
function neededBytes(bytes: Uint8Array): number {
  const reader = new ByteReader(bytes);
  const length = reader.varint();
  if (length < 0 && bytes.length < VARINT_MAX_BYTES) return bytes.length + 1;
  if (length < 0 || length > MESSAGE_MAX_BYTES) return Number.POSITIVE_INFINITY;
  return bytes.length - reader.remaining + length;
}
