// What all sessions of an endpoint together keep of messages that are not whole yet, and whose turn it is to go when that
// is too much. Knows nothing of time: what counts is what came first.

import type { Connection } from "../connections.ts";
import { RECEIVE_TOTAL_MAX_BYTES } from "../limits.ts";

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
export class Hoards {
  /** The oldest first. */
  readonly #hoards = new Map<Connection, Hoard>();
  /** Bytes kept in all. */
  #total = 0;

  /** A packet of this session was taken. */
  note(connection: Connection): void {
    const { heldBytes, deliveredTo, keptTo } = connection.session.incoming;
    const hoard = this.#hoards.get(connection);
    if (hoard === undefined && heldBytes === 0) return;
    if (hoard !== undefined && heldBytes > 0 && deliveredTo < hoard.end) {
      this.#total += heldBytes - hoard.bytes;
      hoard.bytes = heldBytes;
      return;
    }
    this.forget(connection);
    if (heldBytes === 0) return;
    this.#hoards.set(connection, { bytes: heldBytes, end: keptTo });
    this.#total += heldBytes;
  }

  /** The session to end because together they keep too much; `undefined` if they do not. */
  excess(): Connection | undefined {
    if (this.#total <= RECEIVE_TOTAL_MAX_BYTES) return undefined;
    const [oldest] = this.#hoards.keys();
    return oldest;
  }

  /** The session is gone, and all it kept. */
  forget(connection: Connection): void {
    const hoard = this.#hoards.get(connection);
    if (hoard === undefined) return;
    this.#hoards.delete(connection);
    this.#total -= hoard.bytes;
  }
}
