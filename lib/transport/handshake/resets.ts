// Stateless resets (RFC 9000 section 10.3): the tokens that prove them, and how many are sent.

import { PrefixBuckets } from "../bucket.ts";
import { derivedSecret, type KeyPair, shortMac } from "../crypto/keys.ts";
import { PREFIX_RESETS_BURST, PREFIX_RESETS_PER_SECOND, PREFIXES_MAX } from "../limits.ts";
import { ByteWriter } from "../wire/bytes.ts";
import { encodeReset, RESET_TOKEN_BYTES } from "../wire/datagrams.ts";

// The labels keep apart what one secret might be used for.
const LABEL_SECRET = "ChatApp/1 reset secret";
const LABEL_TOKEN = "ChatApp/1 reset ";

export class Resets {
  /** Comes from the static key alone, so that a process with the same key can end the sessions of the one before it. */
  readonly #secret: Uint8Array;
  readonly #buckets = new PrefixBuckets(
    { perSecond: PREFIX_RESETS_PER_SECOND, burst: PREFIX_RESETS_BURST },
    PREFIXES_MAX,
  );

  constructor(keyPair: KeyPair) {
    this.#secret = derivedSecret(keyPair, LABEL_SECRET);
  }

  /**
   * What a RESET of the session that we call `index` must carry, RESET_TOKEN_BYTES long: told to the peer in the
   * handshake. It can be computed again when the session is forgotten.
   */
  token(index: number): Uint8Array {
    const writer = new ByteWriter(4);
    writer.u32(index);
    return shortMac(this.#secret, RESET_TOKEN_BYTES, LABEL_TOKEN, writer.written());
  }

  /** RESET for this host, shorter than the DATA that it answers; `undefined` once its prefix had enough of them. */
  answer(now: number, host: string, index: number): Uint8Array | undefined {
    if (!this.#buckets.take(now, host)) return undefined;
    return encodeReset(index, this.token(index));
  }
}
