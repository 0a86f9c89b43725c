// Which packet numbers have been accepted, so that none is a second time. A ring of bits after
// RFC 6479; knows nothing of packets or keys.

import { REPLAY_WINDOW } from "../limits.ts";

const WORD_BITS = 32;
const WORDS = REPLAY_WINDOW / WORD_BITS;

/**
 * Look with `check` before a packet is opened, `mark` it after: only a packet that could be opened
 * may move the window.
 */
export class ReplayWindow {
  /** The largest number accepted. */
  #top = -1;
  /** Bit `n` modulo REPLAY_WINDOW. There is none until the first gap: all up to `#top` came. */
  #bits: Uint32Array | undefined;

  /** Whether this number may be accepted: it is new, and not too old to tell. */
  check(packetNumber: number): boolean {
    if (packetNumber > this.#top) return true;
    if (this.#bits === undefined || this.#top - packetNumber >= REPLAY_WINDOW) return false;
    return (this.#bits[wordOf(packetNumber)]! & maskOf(packetNumber)) === 0;
  }

  /** Remembers a number for which `check` was true. */
  mark(packetNumber: number): void {
    if (packetNumber > this.#top) this.#advance(packetNumber);
    const bits = this.#bits;
    if (bits !== undefined) bits[wordOf(packetNumber)]! |= maskOf(packetNumber);
  }

  #advance(packetNumber: number): void {
    const skipped = packetNumber - this.#top - 1;
    if (skipped > 0) this.#bits ??= new Uint32Array(WORDS).fill(0xffff_ffff);
    const bits = this.#bits;
    if (bits !== undefined) {
      if (skipped >= REPLAY_WINDOW) bits.fill(0);
      else for (let n = this.#top + 1; n < packetNumber; n++) bits[wordOf(n)]! &= ~maskOf(n);
    }
    this.#top = packetNumber;
  }
}

// Bit operators take a number modulo 2^32, which both sizes divide: right for large numbers too.
function wordOf(packetNumber: number): number {
  return (packetNumber / WORD_BITS) & (WORDS - 1);
}

function maskOf(packetNumber: number): number {
  return 1 << (packetNumber & (WORD_BITS - 1));
}
