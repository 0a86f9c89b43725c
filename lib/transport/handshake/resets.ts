// "I know no such session": tokens that prove who says so, and how many may be said.

import { PrefixBuckets } from "../bucket.ts";
import { derivedSecret, type KeyPair } from "../crypto/keys.ts";
import { PREFIX_RESETS_BURST, PREFIX_RESETS_PER_SECOND, PREFIXES_MAX } from "../limits.ts";
import { encodeReset } from "../wire/datagrams.ts";
import { resetToken } from "./cookie.ts";

export class Resets {
  /** Comes from the static key alone, so that a process with the same key can end the sessions of the one before it. */
  readonly #secret: Uint8Array;
  readonly #buckets = new PrefixBuckets(
    { perSecond: PREFIX_RESETS_PER_SECOND, burst: PREFIX_RESETS_BURST },
    PREFIXES_MAX,
  );

  constructor(keyPair: KeyPair) {
    this.#secret = derivedSecret(keyPair, "ChatApp/1 reset secret");
  }

  /** What a RESET of the session that we call `index` must carry: told to the peer in the handshake. */
  token(index: number): Uint8Array {
    return resetToken(this.#secret, index);
  }

  /** RESET for this host, shorter than the DATA that it answers; `undefined` once its prefix had enough of them. */
  answer(now: number, host: string, index: number): Uint8Array | undefined {
    if (!this.#buckets.take(now, host)) return undefined;
    return encodeReset(index, this.token(index));
  }
}
