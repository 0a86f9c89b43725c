// A proof that costs no memory: a cookie shows that a client receives at the address it sends from. It is a MAC over
// that address. Knows nothing of packets; the secret comes in as an argument.

import type { Address } from "../address.ts";
import { equalSecrets, hmacSha256, shortMac } from "../crypto/keys.ts";
import { COOKIE_BYTES } from "../wire/datagrams.ts";

/** A cookie is good in the period it is made in and the next: 60 to 120 s. */
export const COOKIE_ROTATION_MS = 60_000;

/** Keeps apart what one secret might be used for. */
const LABEL_PERIOD = "ChatApp/1 cookie period ";

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
  return shortMac(secret, COOKIE_BYTES, `${address.host}:${address.port}`);
}
