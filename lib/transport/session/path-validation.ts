// A peer whose datagrams come from a new address: the session follows it once that address has
// answered a challenge (RFC 9000 sections 8.2 and 9). Until then it gets no more bytes than it sent.

import { type Address, sameAddress } from "../address.ts";
import { equalBytes } from "../wire/bytes.ts";

/** A challenge is not repeated sooner than this. */
const CHALLENGE_INTERVAL_MS = 50;

export class PathValidation {
  readonly candidate: Address;
  readonly challenge: Uint8Array;
  #creditBytes = 0;
  #sentAt = Number.NEGATIVE_INFINITY;

  constructor(candidate: Address, challenge: Uint8Array) {
    this.candidate = candidate;
    this.challenge = challenge;
  }

  /** A datagram of the session arrived from the candidate. */
  onReceived(bytes: number): void {
    this.#creditBytes += bytes;
  }

  /** Takes so many bytes out of what the candidate has sent, if there are as many left. */
  spend(bytes: number): boolean {
    if (this.#creditBytes < bytes) return false;
    this.#creditBytes -= bytes;
    return true;
  }

  /** Whether a challenge of `bytes` may go out now; counts it as sent. */
  mayChallenge(now: number, bytes: number): boolean {
    if (now - this.#sentAt < CHALLENGE_INTERVAL_MS || !this.spend(bytes)) return false;
    this.#sentAt = now;
    return true;
  }

  /** Whether this response proves the candidate. */
  proves(from: Address, response: Uint8Array): boolean {
    return sameAddress(from, this.candidate) && equalBytes(response, this.challenge);
  }
}
