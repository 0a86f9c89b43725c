// Asking with HELLO what is there: under which nonce, and what was said against a session in answer to it.
// Knows nothing of when to ask.

import type { Ending } from "../transport-event.ts";
import { ByteWriter, equalBytes } from "../wire/bytes.ts";
import { encodeHello, NONCE_BYTES, type RetryPacket } from "../wire/datagrams.ts";

/**
 * A RETRY is not authenticated, and a flipped bit goes unnoticed. So an objection counts only when two RETRYs in a row
 * raise it, in answers to HELLOs with different nonces; a duplicated datagram counts once.
 */
export class HelloExchange {
  readonly #localIndex: number;
  readonly #random: (bytes: number) => Uint8Array;
  #nonce: Uint8Array;
  /** Of the last answer. */
  #objection: Ending | undefined;

  /** About the session that this side calls `localIndex`. */
  constructor(localIndex: number, random: (bytes: number) => Uint8Array) {
    this.#localIndex = localIndex;
    this.#random = random;
    this.#nonce = this.#freshNonce();
  }

  /** The datagram that asks. */
  hello(): Uint8Array {
    return encodeHello(this.#nonce);
  }

  /** Whether this is an answer to the question as it is asked now. */
  isAnswer({ nonce }: RetryPacket): boolean {
    return equalBytes(nonce, this.#nonce);
  }

  /**
   * Takes an answer, with what it says against the session, if it does. Returns that if the one before it said the same.
   * The next question has another nonce.
   */
  take(objection: Ending | undefined): Ending | undefined {
    const last = this.#objection;
    this.#objection = objection;
    this.#nonce = this.#freshNonce();
    if (last === undefined || objection === undefined) return undefined;
    return sameEnding(last, objection) ? objection : undefined;
  }

  /** The index in front brings the RETRY back to the session. */
  #freshNonce(): Uint8Array {
    const writer = new ByteWriter(NONCE_BYTES);
    writer.u32(this.#localIndex);
    writer.bytes(this.#random(NONCE_BYTES - 4));
    return writer.finish();
  }
}

function sameEnding(a: Ending, b: Ending): boolean {
  if (a.reason !== "other_key" || b.reason !== "other_key") return a.reason === b.reason;
  return equalBytes(a.key, b.key);
}
