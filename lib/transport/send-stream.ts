// The sending half of a session's byte stream (RFC 9000 sections 2 and 3.1): messages in, byte
// ranges out, acknowledgements back in. Knows nothing of packets, time or keys.

import { ByteWriter, varintSize } from "./bytes.ts";
import { SEND_QUEUE_MAX_BYTES } from "./limits.ts";
import { RangeSet } from "./ranges.ts";

declare const framed: unique symbol;

/** A message with its length in front, ready for any number of streams. */
export type FramedMessage = Uint8Array & { readonly [framed]: true };

/** Puts the length (a varint) in front of a message: encode once, send to many. */
export function frameMessage(bytes: Uint8Array): FramedMessage {
  const writer = new ByteWriter(varintSize(bytes.length) + bytes.length);
  writer.varint(bytes.length);
  writer.bytes(bytes);
  return writer.finish() as FramedMessage;
}

interface QueuedMessage {
  /** Stream offset of its first byte. */
  readonly start: number;
  readonly bytes: Uint8Array;
  /** When it was queued, in ms. */
  readonly queuedAt: number;
}

export class SendStream {
  /** Messages not yet acknowledged whole, oldest first from `#head` on. */
  #queue: QueuedMessage[] = [];
  #head = 0;
  /** Number of the message at `#head`; the first of a stream is 1. */
  #headNumber = 1;
  #end = 0;
  #acked = new RangeSet();
  /** Bytes to send: new ones and those whose packet was lost. */
  #pending = new RangeSet();
  /** The peer's limit: no byte at or beyond this offset may be sent. */
  #maxData: number;

  constructor(maxData: number) {
    this.#maxData = maxData;
  }

  /** Queues a message and returns its number, or `undefined` if the queue is full. */
  push(now: number, message: FramedMessage): number | undefined {
    if (this.#end - this.#base() + message.length > SEND_QUEUE_MAX_BYTES) return undefined;
    this.#queue.push({ start: this.#end, bytes: message, queuedAt: now });
    this.#pending.add(this.#end, this.#end + message.length);
    this.#end += message.length;
    return this.#headNumber + this.#queue.length - this.#head - 1;
  }

  /** Number of the last message that the peer has taken, with all before it; 0 for none. */
  get deliveredCount(): number {
    return this.#headNumber - 1;
  }

  /** Messages queued and not yet taken by the peer. */
  get undelivered(): number {
    return this.#queue.length - this.#head;
  }

  /** When message `number` was queued, if it is still not delivered. */
  queuedAt(number: number): number | undefined {
    return this.#queue[this.#head + number - this.#headNumber]?.queuedAt;
  }

  /** Raises the peer's limit; a lower one is old news and ignored. */
  raiseLimit(maxData: number): void {
    if (maxData > this.#maxData) this.#maxData = maxData;
  }

  /** Whether there are bytes that may go out now. */
  get sendable(): boolean {
    const first = this.#pending.first();
    return first !== undefined && first.start < this.#maxData;
  }

  /** Offset of the first byte that is pending. */
  get nextOffset(): number {
    return this.#pending.min ?? this.#end;
  }

  /** Takes the earliest sendable range of at most `maxBytes` out of what is pending. */
  take(maxBytes: number): { start: number; end: number } | undefined {
    const first = this.#pending.first();
    if (first === undefined || maxBytes <= 0) return undefined;
    const end = Math.min(first.end, first.start + maxBytes, this.#maxData);
    if (end <= first.start) return undefined;
    this.#pending.remove(first.start, end);
    return { start: first.start, end };
  }

  /** Copies the bytes of a range that is not yet acknowledged into `writer`. */
  copy(start: number, end: number, writer: ByteWriter): void {
    let index = this.#indexAt(start);
    for (let at = start; at < end; index++) {
      const message = this.#queue[index]!;
      const upTo = Math.min(end, message.start + message.bytes.length);
      writer.bytes(message.bytes.subarray(at - message.start, upTo - message.start));
      at = upTo;
    }
  }

  /** The packet that carried this range is acknowledged. Returns whether a message became delivered. */
  onAcked(start: number, end: number): boolean {
    this.#acked.add(start, end);
    this.#pending.remove(start, end);
    const base = this.#base();
    const before = this.#headNumber;
    for (;;) {
      const message = this.#queue[this.#head];
      if (message === undefined || message.start + message.bytes.length > base) break;
      this.#head++;
      this.#headNumber++;
    }
    this.#compact();
    return this.#headNumber !== before;
  }

  /** The packet that carried this range is lost, or must be doubled by a probe: send it again. */
  onLost(start: number, end: number): void {
    let at = start;
    for (const range of this.#acked) {
      if (range.end <= at) continue;
      if (range.start >= end) break;
      if (range.start > at) this.#pending.add(at, range.start);
      at = range.end;
    }
    if (at < end) this.#pending.add(at, end);
  }

  /** Everything below this offset is acknowledged. */
  #base(): number {
    const first = this.#acked.first();
    return first !== undefined && first.start === 0 ? first.end : 0;
  }

  /** Index of the queued message that holds the byte at `offset`. */
  #indexAt(offset: number): number {
    let low = this.#head;
    let high = this.#queue.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#queue[middle]!.start <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #compact(): void {
    if (this.#head === this.#queue.length) {
      this.#queue.length = 0;
      this.#head = 0;
    } else if (this.#head >= 256 && this.#head * 2 >= this.#queue.length) {
      this.#queue.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
