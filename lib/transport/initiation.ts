// The initiator's side of a handshake: HELLO until a cookie comes, then INITIATE until RESPOND
// comes. Knows nothing of the session that follows.

import { equalBytes } from "./bytes.ts";
import {
  decodeRespondPayload,
  encodeHello,
  encodeInitiate,
  encodeInitiatePayload,
  PROLOGUE,
  type RespondPacket,
  type RetryPacket,
} from "./datagrams.ts";
import { type KeyPair, keyPairFrom, SECRET_BYTES } from "./keys.ts";
import { INITIATE_TRIES_PER_COOKIE } from "./limits.ts";
import { InitiatorHandshake } from "./noise.ts";
import { GIVE_UP_MS, PROBE_INTERVAL_IDLE_MAX_MS } from "./retry.ts";
import type { SessionKeys } from "./session.ts";

/** Wait between two tries while there is plenty of time left. */
const TRY_INTERVAL_MS = 100;

/**
 * The same in the second half of the time after which the other side counts as not answering: at
 * 50 % loss each way a try fails 3 times in 4, and 12 + 25 of them fail 1 time in 40,000.
 */
const LAST_TRY_INTERVAL_MS = 50;

/** A handshake begun: what RESPOND is to be read with. */
interface Attempt {
  readonly handshake: InitiatorHandshake;
  readonly peerKey: Uint8Array;
  /** The Noise message in every INITIATE of it, whatever the cookie. */
  readonly message: Uint8Array;
}

export interface InitiationOptions {
  readonly keyPair: KeyPair;
  readonly psk: Uint8Array | undefined;
  /** The key that the other side must have; without it, the one it presents is taken. */
  readonly expectedKey: Uint8Array | undefined;
  /** Our index of the session to be. */
  readonly localIndex: number;
  /** Our reset token for that index. */
  readonly resetToken: Uint8Array;
  readonly random: (bytes: number) => Uint8Array;
}

export interface Completed {
  readonly keys: SessionKeys;
  readonly peerKey: Uint8Array;
}

export class Initiation {
  readonly #options: InitiationOptions;
  readonly #nonce: Uint8Array;
  #attempt: Attempt | undefined;
  /** INITIATE with the newest cookie, and how often it is still sent before another one is asked for. */
  #initiate: Uint8Array | undefined;
  #triesLeft = 0;
  /** When something was last heard, or hoped for anew. */
  #since: number;
  #interval = TRY_INTERVAL_MS;
  #nextTryAt: number;

  /** `nonce` marks the HELLO, so that a RETRY finds its way back. */
  constructor(now: number, nonce: Uint8Array, options: InitiationOptions) {
    this.#options = options;
    this.#nonce = nonce;
    this.#since = now;
    this.#nextTryAt = now;
  }

  get nextTryAt(): number {
    return this.#nextTryAt;
  }

  /** Someone waits for this anew: back to the short intervals. */
  hurry(now: number): void {
    if (now - this.#since < GIVE_UP_MS) return;
    this.#since = now;
    this.#nextTryAt = now;
  }

  /** The datagrams to send now. */
  poll(now: number): readonly Uint8Array[] {
    if (now < this.#nextTryAt) return [];
    const silence = now - this.#since;
    if (silence < GIVE_UP_MS / 2) this.#interval = TRY_INTERVAL_MS;
    else if (silence < GIVE_UP_MS) this.#interval = LAST_TRY_INTERVAL_MS;
    else this.#interval = Math.min(this.#interval * 2, PROBE_INTERVAL_IDLE_MAX_MS);
    this.#nextTryAt = now + this.#interval;
    if (this.#initiate === undefined) return [encodeHello(this.#nonce)];
    if (this.#triesLeft > 0) {
      this.#triesLeft--;
      return [this.#initiate];
    }
    // The cookie may be out of date, or only the answers may have been lost.
    return [this.#initiate, encodeHello(this.#nonce)];
  }

  /** A cookie and a key came: INITIATE goes out with the next poll. Returns whether they are for us. */
  onRetry(now: number, retry: RetryPacket): boolean {
    const { expectedKey } = this.#options;
    if (this.#triesLeft > 0 || !equalBytes(retry.nonce, this.#nonce)) return false;
    if (expectedKey !== undefined && !equalBytes(retry.publicKey, expectedKey)) return false;
    if (this.#attempt === undefined) this.#since = now;
    // The answer to an earlier INITIATE may still be on its way: only another key begins anew.
    if (this.#attempt === undefined || !equalBytes(this.#attempt.peerKey, retry.publicKey)) {
      const attempt = this.#begin(retry.publicKey.slice());
      if (attempt === undefined) return false;
      this.#attempt = attempt;
    }
    this.#initiate = encodeInitiate(retry.cookie, this.#attempt.message);
    this.#triesLeft = INITIATE_TRIES_PER_COOKIE;
    this.#nextTryAt = now;
    return true;
  }

  /** The answer to an INITIATE of ours; `undefined` if it is not authentic. */
  onRespond(respond: RespondPacket): Completed | undefined {
    const attempt = this.#attempt;
    const answer = attempt?.handshake.readRespond(respond.noise);
    if (attempt === undefined || answer === undefined) return undefined;
    const payload = decodeRespondPayload(answer.payload);
    if ("reason" in payload) return undefined;
    const { handshake, peerKey } = attempt;
    const resetToken = payload.resetToken.slice();
    return { keys: { ...handshake.split(), remoteIndex: payload.sender, resetToken }, peerKey };
  }

  /** A handshake with the holder of that key; `undefined` if it is none. */
  #begin(peerKey: Uint8Array): Attempt | undefined {
    const { keyPair, psk, localIndex, resetToken, random } = this.#options;
    const handshake = new InitiatorHandshake({
      static: keyPair,
      ephemeral: keyPairFrom(random(SECRET_BYTES)),
      remoteStatic: peerKey,
      prologue: PROLOGUE,
      psk,
    });
    const payload = encodeInitiatePayload({ sender: localIndex, resetToken });
    const message = handshake.writeInitiate(payload);
    return message && { handshake, peerKey, message };
  }
}
