// Proofs that cost no memory: a cookie shows that a client receives at the address it sends from,
// a reset token that a RESET comes from who once held the session. Both are MACs over what they
// prove. Knows nothing of packets; the secrets come in as arguments.

import { timingSafeEqual } from "node:crypto";

import type { Address } from "../address.ts";
import { hmacSha256 } from "../crypto/keys.ts";
import { ByteWriter } from "../wire/bytes.ts";
import { COOKIE_BYTES, RESET_TOKEN_BYTES } from "../wire/datagrams.ts";

/** A cookie is good in the period it is made in and the next: 60 to 120 s. */
export const COOKIE_ROTATION_MS = 60_000;

// The labels keep apart what one secret might be used for.
const LABEL_PERIOD = "ChatApp/1 cookie period ";
const LABEL_RESET = "ChatApp/1 reset ";

/** Makes cookies and knows its own again, for as long as COOKIE_ROTATION_MS says. */
export class CookieJar {
  readonly #master: Uint8Array;
  /** The secret of the period last asked for, and of the one before it. */
  #period = Number.NaN;
  #current: Uint8Array;
  #previous: Uint8Array;

  /** `secret` is 32 random bytes. */
  constructor(secret: Uint8Array) {
    this.#master = secret;
    this.#current = secret;
    this.#previous = secret;
  }

  /** The cookie of an address, COOKIE_BYTES long. `now` in ms on any clock that goes on steadily. */
  bake(now: number, address: Address): Uint8Array {
    this.#rotate(now);
    return cookieOf(this.#current, address);
  }

  /** Whether this jar made the cookie for this address, in this period or the one before. */
  check(now: number, address: Address, cookie: Uint8Array): boolean {
    this.#rotate(now);
    return (
      equalSecrets(cookie, cookieOf(this.#current, address)) ||
      equalSecrets(cookie, cookieOf(this.#previous, address))
    );
  }

  #rotate(now: number): void {
    const period = Math.floor(now / COOKIE_ROTATION_MS);
    if (period === this.#period) return;
    this.#period = period;
    this.#current = hmacSha256(this.#master, `${LABEL_PERIOD}${period}`);
    this.#previous = hmacSha256(this.#master, `${LABEL_PERIOD}${period - 1}`);
  }
}

function cookieOf(secret: Uint8Array, address: Address): Uint8Array {
  return shortened(hmacSha256(secret, `${address.host}:${address.port}`), COOKIE_BYTES);
}

/**
 * The token of the session that this endpoint calls `index`, RESET_TOKEN_BYTES long. It can be
 * computed again when the session is forgotten. `secret` is 32 random bytes.
 */
export function resetToken(secret: Uint8Array, index: number): Uint8Array {
  const writer = new ByteWriter(4);
  writer.u32(index);
  return shortened(hmacSha256(secret, LABEL_RESET, writer.written()), RESET_TOKEN_BYTES);
}

/** The first bytes of a MAC (RFC 2104 section 5), without the rest in memory. */
function shortened(mac: Uint8Array, count: number): Uint8Array {
  return new Uint8Array(mac.subarray(0, count));
}

/** Whether both hold the same bytes, in a time that does not tell how many of them agree. */
export function equalSecrets(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
