// The sending half of a session's byte stream (RFC 9000 sections 2 and 3.1): messages in, byte
// ranges out, acknowledgements back in. Knows nothing of packets, time or keys.

import { Deque } from "../deque.ts";
import type { FramedMessage } from "../framed-message.ts";
import { SEND_QUEUE_MAX_BYTES } from "../limits.ts";
import type { ByteWriter } from "../wire/bytes.ts";
import { RangeSet } from "./ranges.ts";

interface QueuedMessage {
  /** Stream offset of its first byte. */
  readonly start: number;
  readonly bytes: Uint8Array;
  /** When it was queued, in ms. */
  readonly queuedAt: number;
}

export class SendStream {
  /** Messages not yet acknowledged whole, oldest first; none at all for a stream that rests. */
  #queue: Deque<QueuedMessage> | undefined;
  /** Number of the oldest of them; the first of a stream is 1. */
  #headNumber = 1;
  /** Where the next message goes: all bytes queued are below. */
  #end = 0;
  /** All bytes below were sent at least once. */
  #sentUpTo = 0;
  /** All bytes below are acknowledged. */
  #ackedUpTo = 0;
  /** What else is acknowledged, beyond a gap. */
  #ackedBeyond: RangeSet | undefined;
  /** Bytes to send again: their packet was lost. */
  #lost: RangeSet | undefined;
  /** The peer's limit: no byte at or beyond this offset may be sent. */
  #maxData: number;

  constructor(maxData: number) {
    this.#maxData = maxData;
  }

  /** Queues a message and returns its number, or `undefined` if the queue is full. */
  push(now: number, message: FramedMessage): number | undefined {
    if (this.#end - this.#ackedUpTo + message.length > SEND_QUEUE_MAX_BYTES) return undefined;
    this.#queue ??= new Deque();
    this.#queue.push({ start: this.#end, bytes: message, queuedAt: now });
    this.#end += message.length;
    return this.deliveredCount + this.#queue.length;
  }

  /** Number of the last message that the peer has taken, with all before it; 0 for none. */
  get deliveredCount(): number {
    return this.#headNumber - 1;
  }

  /** Messages queued and not yet taken by the peer. */
  get undelivered(): number {
    return this.#queue?.length ?? 0;
  }

  /** When message `number` was queued, if it is still not delivered. */
  queuedAt(number: number): number | undefined {
    return this.#queue?.at(number - this.#headNumber)?.queuedAt;
  }

  /** Raises the peer's limit; a lower one is old news and ignored. */
  raiseLimit(maxData: number): void {
    if (maxData > this.#maxData) this.#maxData = maxData;
  }

  /** Whether there is anything to send that the peer's limit lets through. */
  get sendable(): boolean {
    return this.#hasLost || this.#sentUpTo < Math.min(this.#end, this.#maxData);
  }

  /** Whether there are more than so many bytes to send, or any to send again. */
  exceeds(bytes: number): boolean {
    return this.#hasLost || Math.min(this.#end, this.#maxData) - this.#sentUpTo > bytes;
  }

  /** Offset of the first byte to send. */
  get nextOffset(): number {
    return this.#lost?.min ?? this.#sentUpTo;
  }

  /** Takes the earliest range to send, of at most `maxBytes`: what was lost, then what is new. */
  take(maxBytes: number): { start: number; end: number } | undefined {
    const start = this.nextOffset;
    const upTo = this.#hasLost ? this.#lost!.endOf(0) : Math.min(this.#end, this.#maxData);
    const end = Math.min(upTo, start + maxBytes);
    if (end <= start) return undefined;
    this.#lost?.remove(start, end);
    this.#sentUpTo = Math.max(this.#sentUpTo, end);
    return { start, end };
  }

  /** Copies the bytes of a range that is not yet acknowledged into `writer`. */
  copy(start: number, end: number, writer: ByteWriter): void {
    const queue = this.#queue!;
    let index = indexAt(queue, start);
    for (let at = start; at < end; index++) {
      const { start: first, bytes } = queue.at(index)!;
      const upTo = Math.min(end, first + bytes.length);
      const whole = upTo - at === bytes.length;
      writer.bytes(whole ? bytes : bytes.subarray(at - first, upTo - first));
      at = upTo;
    }
  }

  /** The packet that carried this range is acknowledged. */
  onAcked(start: number, end: number): void {
    this.#lost?.remove(start, end);
    if (end <= this.#ackedUpTo) return;
    if (start > this.#ackedUpTo) {
      this.#ackedBeyond ??= new RangeSet();
      this.#ackedBeyond.add(start, end);
      return;
    }
    this.#ackedUpTo = end;
    this.#closeGap();
    for (;;) {
      const message = this.#queue?.first();
      if (message === undefined || message.start + message.bytes.length > this.#ackedUpTo) return;
      this.#queue!.shift();
      this.#headNumber++;
    }
  }

  /** The packet that carried this range is lost, or must be doubled by a probe: send it again. */
  onLost(start: number, end: number): void {
    let at = Math.max(start, this.#ackedUpTo);
    if (at >= end) return;
    this.#lost ??= new RangeSet();
    const acked = this.#ackedBeyond;
    const count = acked?.count ?? 0;
    for (let i = acked?.firstEndingFrom(at + 1) ?? 0; i < count; i++) {
      if (acked!.startOf(i) >= end) break;
      this.#lost.add(at, acked!.startOf(i));
      at = acked!.endOf(i);
    }
    this.#lost.add(at, end);
  }

  /** Releases buffers that an idle session does not need. */
  trimIdle(): void {
    if (this.undelivered === 0) this.#queue = undefined;
    if (!this.#hasLost) this.#lost = undefined;
  }

  get #hasLost(): boolean {
    return this.#lost !== undefined && !this.#lost.isEmpty;
  }

  /** What is acknowledged beyond a gap may follow directly now. */
  #closeGap(): void {
    const beyond = this.#ackedBeyond;
    if (beyond === undefined) return;
    while ((beyond.min ?? Infinity) <= this.#ackedUpTo) {
      this.#ackedUpTo = Math.max(this.#ackedUpTo, beyond.endOf(0));
      beyond.trimBelow(this.#ackedUpTo);
    }
    if (beyond.isEmpty) this.#ackedBeyond = undefined;
  }
}

/** Index of the queued message that holds the byte at `offset`. */
function indexAt(queue: Deque<QueuedMessage>, offset: number): number {
  let low = 0;
  let high = queue.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (queue.at(middle)!.start <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
