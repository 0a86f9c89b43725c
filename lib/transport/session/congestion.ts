// How many bytes one session may have under way: the NewReno controller of RFC 9002 section 7.
// Knows nothing of packets beyond their size and the time they were sent.

import { DATAGRAM_MAX_BYTES } from "../limits.ts";

/** RFC 9002 section 7.2: ten datagrams, bounded. */
const INITIAL_WINDOW_BYTES = Math.min(
  10 * DATAGRAM_MAX_BYTES,
  Math.max(2 * DATAGRAM_MAX_BYTES, 14_720),
);

/**
 * RFC 9002 says two datagrams. Four: with half of all datagrams gone at random, two would leave the
 * session waiting for its probe timer nearly all the time, and chat offers little load to begin with.
 */
const MINIMUM_WINDOW_BYTES = 4 * DATAGRAM_MAX_BYTES;

/** What a loss leaves of the window (kLossReductionFactor). */
const LOSS_REDUCTION = 0.5;

export class Congestion {
  #window = INITIAL_WINDOW_BYTES;
  #slowStartThreshold = Number.POSITIVE_INFINITY;
  #inFlight = 0;
  #blocked = false;
  /** Packets sent before this moment belong to a loss that was answered already. */
  #recoveryStart = Number.NEGATIVE_INFINITY;

  /** Whether another full datagram fits. */
  get open(): boolean {
    return this.#inFlight + DATAGRAM_MAX_BYTES <= this.#window;
  }

  /** What may still be sent, in whole bytes; below zero when too much is under way. */
  get roomBytes(): number {
    return Math.floor(this.#window - this.#inFlight);
  }

  get windowBytes(): number {
    return this.#window;
  }

  get inFlightBytes(): number {
    return this.#inFlight;
  }

  onSent(bytes: number): void {
    this.#inFlight += bytes;
  }

  /** All that fits was sent; `blocked` if there was more. The window grows only then (section 7.8). */
  onFlushed(blocked: boolean): void {
    this.#blocked = blocked;
  }

  onAcked(bytes: number, sentAt: number): void {
    this.#inFlight -= bytes;
    if (!this.#blocked || sentAt <= this.#recoveryStart) return;
    this.#window +=
      this.#window < this.#slowStartThreshold ? bytes : (DATAGRAM_MAX_BYTES * bytes) / this.#window;
  }

  /** A packet under way that nobody waits for any more. */
  onDropped(bytes: number): void {
    this.#inFlight -= bytes;
  }

  /** Packets found lost at `now`, the latest of them sent at `latestSentAt`. */
  onLost(bytes: number, latestSentAt: number, now: number): void {
    this.#inFlight -= bytes;
    if (latestSentAt <= this.#recoveryStart) return;
    this.#recoveryStart = now;
    this.#window = Math.max(this.#window * LOSS_REDUCTION, MINIMUM_WINDOW_BYTES);
    this.#slowStartThreshold = this.#window;
  }

  /** Nothing got through for several probe timeouts (section 7.6). */
  onPersistentCongestion(): void {
    this.#window = MINIMUM_WINDOW_BYTES;
    this.#recoveryStart = Number.NEGATIVE_INFINITY;
  }

  /** Begins anew; what is lost of the packets sent before says nothing of the new path. */
  onPathChange(now: number): void {
    this.#window = INITIAL_WINDOW_BYTES;
    this.#slowStartThreshold = Number.POSITIVE_INFINITY;
    this.#recoveryStart = now;
  }
}
