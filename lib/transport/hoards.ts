// What all sessions of an endpoint together keep of messages that are not whole yet, and whose turn it is to go when that
// is too much. Knows nothing of time: what counts is what came first.

import { RECEIVE_TOTAL_MAX_BYTES } from "./limits.ts";
import type { ReceiveStream } from "./session/receive-stream.ts";

/** What one session keeps. */
interface Hoard {
  bytes: number;
  /** The end of what it kept when it took its place: once all before is delivered, nothing it keeps is that old. */
  readonly end: number;
}

/**
 * The session that has kept something for the longest time goes first, however little it is: a peer that finishes what it
 * begins is young again after every message, and one that leaves a gap grows old, whatever it sends besides.
 */
export class Hoards<Owner> {
  /** The oldest first. */
  readonly #hoards = new Map<Owner, Hoard>();
  /** Bytes kept in all. */
  #total = 0;

  /** A packet of this session was taken. */
  note(owner: Owner, { heldBytes, deliveredTo, keptTo }: ReceiveStream): void {
    const hoard = this.#hoards.get(owner);
    if (hoard === undefined && heldBytes === 0) return;
    if (hoard !== undefined && heldBytes > 0 && deliveredTo < hoard.end) {
      this.#total += heldBytes - hoard.bytes;
      hoard.bytes = heldBytes;
      return;
    }
    this.forget(owner);
    if (heldBytes === 0) return;
    this.#hoards.set(owner, { bytes: heldBytes, end: keptTo });
    this.#total += heldBytes;
  }

  /** The session to end because together they keep too much; `undefined` if they do not. */
  excess(): Owner | undefined {
    if (this.#total <= RECEIVE_TOTAL_MAX_BYTES) return undefined;
    const [oldest] = this.#hoards.keys();
    return oldest;
  }

  /** The session is gone, and all it kept. */
  forget(owner: Owner): void {
    const hoard = this.#hoards.get(owner);
    if (hoard === undefined) return;
    this.#hoards.delete(owner);
    this.#total -= hoard.bytes;
  }
}
