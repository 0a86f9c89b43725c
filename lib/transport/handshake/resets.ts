// "I know no such session": tokens that prove who says so, and how many may be said.

import { derivedSecret, type KeyPair } from "../crypto/keys.ts";
import { RESETS_PER_SECOND_MAX } from "../limits.ts";
import { encodeReset } from "../wire/datagrams.ts";
import { resetToken } from "./cookie.ts";

const MS_PER_SECOND = 1_000;

export class Resets {
  /** Comes from the static key alone, so that a process with the same key can end the sessions of the one before it. */
  readonly #secret: Uint8Array;
  #second = 0;
  #sent = 0;

  constructor(keyPair: KeyPair) {
    this.#secret = derivedSecret(keyPair, "ChatApp/1 reset secret");
  }

  /** What a RESET of the session that we call `index` must carry: told to the peer in the handshake. */
  token(index: number): Uint8Array {
    return resetToken(this.#secret, index);
  }

  /** RESET, shorter than the DATA that it answers; `undefined` once there were enough in this second. */
  answer(now: number, index: number): Uint8Array | undefined {
    const second = Math.floor(now / MS_PER_SECOND);
    if (second !== this.#second) this.#sent = 0;
    this.#second = second;
    if (this.#sent >= RESETS_PER_SECOND_MAX) return undefined;
    this.#sent++;
    return encodeReset(index, this.token(index));
  }
}
