// How large the datagrams to one peer may be: what the path was seen to carry, found by probes (RFC 8899). Knows nothing
// of packets beyond their size, and whether they arrived.

import { DATAGRAM_GROWN_MAX_BYTES, DATAGRAM_MAX_BYTES } from "../limits.ts";

/**
 * What is tried, in this order, after DATAGRAM_MAX_BYTES: Ethernet, with room for the headers of a tunnel; jumbo frames;
 * what only the loopback carries. In bytes of UDP payload.
 */
export const PROBE_SIZES_BYTES = [1_452, 8_952, DATAGRAM_GROWN_MAX_BYTES] as const;

/** Probes of one size that may be lost before it counts as too large (MAX_PROBES, RFC 8899 section 5.1.2). */
const PROBES_MAX = 3;

/** Packets of more than the base size lost in a row, with none arriving between them: a black hole (section 4.3). */
const BLACK_HOLE_PACKETS = 3;

/** How long a size that was too large is not tried again (PMTU_RAISE_TIMER, section 5.1.1). */
const RAISE_AFTER_MS = 600_000;

export class PathMtu {
  #sizeBytes: number = DATAGRAM_MAX_BYTES;
  #probing = false;
  /** The size of the last probe lost, and how many of that size were lost since one arrived. */
  #lostBytes = 0;
  #probesLost = 0;
  #lostInARow = 0;
  /** A size that the path did not carry, and until when that is believed. */
  #tooLargeBytes = Number.POSITIVE_INFINITY;
  #believedUntil = Number.NEGATIVE_INFINITY;

  /** What a datagram may be long now. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** The size of the probe to send now, if one is due. Asked while there is more to send than fits into one datagram. */
  probeDue(now: number): number | undefined {
    if (this.#probing) return undefined;
    const next = nextSize(this.#sizeBytes);
    const wanted =
      now < this.#believedUntil ? next < this.#tooLargeBytes : next < Number.POSITIVE_INFINITY;
    return wanted ? next : undefined;
  }

  onProbeSent(): void {
    this.#probing = true;
  }

  /** A probe has arrived: the path carries its size. */
  onProbeAcked(bytes: number): void {
    this.#probing = false;
    // What arrives of a smaller size says nothing of that one.
    if (bytes >= this.#lostBytes) this.#probesLost = 0;
    this.onAcked(bytes);
  }

  /** A probe is lost, which says nothing of how busy the path is (RFC 9000 section 14.4). */
  onProbeLost(now: number, bytes: number): void {
    this.#probing = false;
    if (bytes !== this.#lostBytes) this.#probesLost = 0;
    this.#lostBytes = bytes;
    this.#probesLost++;
    if (this.#probesLost >= PROBES_MAX) this.#onTooLarge(now, bytes);
  }

  /** Another packet has arrived. */
  onAcked(bytes: number): void {
    if (bytes <= DATAGRAM_MAX_BYTES) return;
    this.#lostInARow = 0;
    // Its loss was a false alarm.
    this.#sizeBytes = Math.max(this.#sizeBytes, bytes);
  }

  /** Another packet is lost. */
  onLost(now: number, bytes: number): void {
    if (bytes <= DATAGRAM_MAX_BYTES || bytes > this.#sizeBytes) return;
    this.#lostInARow++;
    if (this.#lostInARow < BLACK_HOLE_PACKETS) return;
    this.#onTooLarge(now, this.#sizeBytes);
    this.onTimeout();
  }

  /** Nothing at all has been acknowledged for a probe timeout: what goes out next must not fail for its size. */
  onTimeout(): void {
    this.#sizeBytes = DATAGRAM_MAX_BYTES;
    this.#lostInARow = 0;
  }

  #onTooLarge(now: number, bytes: number): void {
    this.#probesLost = 0;
    this.#tooLargeBytes = bytes;
    this.#believedUntil = now + RAISE_AFTER_MS;
  }
}

/** The next size to try; infinity behind the last one. */
const nextSize = (bytes: number): number =>
  PROBE_SIZES_BYTES.find((size) => size > bytes) ?? Number.POSITIVE_INFINITY;
