// The initiator's side of a handshake: HELLO until a cookie comes, then INITIATE until RESPOND
// comes. Knows nothing of the session that follows.

import { ephemeralKeyPair, type KeyPair } from "../crypto/keys.ts";
import { InitiatorHandshake } from "../crypto/noise.ts";
import {
  BUSY_AFTER_MS,
  BUSY_GIVE_UP_MS,
  BUSY_MAX_MS,
  BUSY_TRY_INTERVAL_MAX_MS,
  INITIATE_TRIES_PER_COOKIE,
} from "../limits.ts";
import { GIVE_UP_MS, PROBE_INTERVAL_IDLE_MAX_MS } from "../retry.ts";
import type { SessionKeys } from "../session/key-phases.ts";
import type { Ending } from "../transport-event.ts";
import { equalBytes } from "../wire/bytes.ts";
import {
  decodeRespondPayload,
  encodeInitiate,
  encodeInitiatePayload,
  PROLOGUE,
  type RespondPacket,
  RetryFlag,
  type RetryPacket,
} from "../wire/datagrams.ts";
import { HelloExchange } from "./hello-exchange.ts";

/** Wait between two tries while there is plenty of time left. */
const TRY_INTERVAL_MS = 100;

/**
 * The same in the second half of the time after which the other side counts as not answering: at
 * 50 % loss each way a try fails 3 times in 4, and 12 + 25 of them fail 1 time in 40,000.
 */
const LAST_TRY_INTERVAL_MS = 50;

/** How much longer each wait for a busy responder is than the one before. */
const BUSY_TRY_GROWTH = 1.5;

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
  /** Patient with a busy responder, and plain about one that can give no session (see ConnectOptions). */
  readonly strict: boolean;
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
  readonly #exchange: HelloExchange;
  #attempt: Attempt | undefined;
  /** The one before, with another key, and the answer to it, which may come late. */
  #superseded: Attempt | undefined;
  #stale: Uint8Array | undefined;
  /** INITIATE with the newest cookie, and how often it is still sent before another one is asked for. */
  #initiate: Uint8Array | undefined;
  #triesLeft = 0;
  /** A RESPOND that we could not open. */
  #unopened: Uint8Array | undefined;
  /** When the responder was first heard, or `hurry` started the count again. */
  #since: number;
  /** Whether a cookie has come since then. */
  #heard = false;
  #graceUntil = Number.NEGATIVE_INFINITY;
  #interval = TRY_INTERVAL_MS;
  #nextTryAt: number;

  constructor(now: number, options: InitiationOptions) {
    this.#options = options;
    this.#exchange = new HelloExchange(options.localIndex, options.random);
    this.#since = now;
    this.#nextTryAt = now;
  }

  get nextTryAt(): number {
    return this.#nextTryAt;
  }

  /** Until then the other side is given time, whatever waits for it: it has been heard. */
  get graceUntil(): number {
    return this.#graceUntil;
  }

  /** Someone waits for this anew: back to the short intervals. */
  hurry(now: number): void {
    if (now - this.#since < GIVE_UP_MS || now < this.#graceUntil) return;
    this.#since = now;
    this.#nextTryAt = now;
    if (this.#options.strict) this.#heard = false;
  }

  /** The datagrams to send now. */
  poll(now: number): readonly Uint8Array[] {
    if (now < this.#nextTryAt) return [];
    this.#interval = this.#nextInterval(now);
    this.#nextTryAt = now + this.#interval;
    if (this.#initiate === undefined) return [this.#exchange.hello()];
    if (this.#triesLeft > 0) {
      this.#triesLeft--;
      return [this.#initiate];
    }
    // The cookie may be out of date, or only the answers may have been lost.
    return [this.#initiate, this.#exchange.hello()];
  }

  /**
   * A cookie and a key came: "on" if the next poll has something new to send; an end if there can be no session;
   * `undefined` if it is of no use.
   */
  onRetry(now: number, retry: RetryPacket): "on" | Ending | undefined {
    if (this.#triesLeft > 0 || !this.#exchange.isAnswer(retry)) return undefined;
    const { expectedKey, strict } = this.#options;
    const otherKey = expectedKey !== undefined && !equalBytes(retry.publicKey, expectedKey);
    if (otherKey && !strict) return undefined;
    const objection = this.#objectionTo(retry, otherKey);
    const ending = this.#exchange.take(objection);
    if (ending !== undefined) return ending;
    if (objection !== undefined) {
      this.#nextTryAt = now;
      return "on";
    }
    // The answer to an earlier INITIATE may still be on its way: only another key begins anew.
    if (this.#attempt === undefined || !equalBytes(this.#attempt.peerKey, retry.publicKey)) {
      const attempt = this.#begin(retry.publicKey.slice());
      if (attempt === undefined) return undefined;
      this.#superseded?.handshake.wipe();
      this.#superseded = this.#attempt;
      this.#attempt = attempt;
    }
    this.#initiate = encodeInitiate(retry.cookie, this.#attempt.message);
    this.#onCookie(now);
    return "on";
  }

  /** The answer to an INITIATE of ours: the session or its end; if it is not authentic, as of `onRetry`. */
  onRespond(now: number, respond: RespondPacket): Completed | Ending | "on" | undefined {
    const attempt = this.#attempt;
    if (attempt === undefined) return undefined;
    const answer = attempt.handshake.readRespond(respond.noise);
    if (answer === undefined) return this.#onUnopened(now, respond.noise);
    const payload = decodeRespondPayload(answer.payload);
    if ("reason" in payload) return undefined;
    const { handshake, peerKey } = attempt;
    const resetToken = payload.resetToken.slice();
    const keys = { ...handshake.split(), remoteIndex: payload.sender, resetToken };
    this.wipe();
    return { keys, peerKey };
  }

  /** It is over: the secrets of what was begun are overwritten. */
  wipe(): void {
    this.#attempt?.handshake.wipe();
    this.#superseded?.handshake.wipe();
  }

  /** Whether the other side gave a cookie and no session, for so long that it is hardly the path that loses so much. */
  #isBusy(now: number): boolean {
    if (!this.#options.strict || !this.#heard || this.#unopened !== undefined) return false;
    return now - this.#since >= BUSY_AFTER_MS && now < this.#graceUntil;
  }

  /**
   * A busy responder that has been silent for nearly too long may be another one by now, that knows of nothing: it has
   * the tries that any other has. One that is heard is only busy.
   */
  get #lastTriesFrom(): number {
    const silent = this.#graceUntil < this.#since + BUSY_MAX_MS;
    return silent ? this.#graceUntil - GIVE_UP_MS : Number.POSITIVE_INFINITY;
  }

  #nextInterval(now: number): number {
    if (this.#isBusy(now)) {
      const interval = Math.min(this.#interval * BUSY_TRY_GROWTH, BUSY_TRY_INTERVAL_MAX_MS);
      const lastTries = this.#lastTriesFrom - now;
      if (lastTries <= 0) return LAST_TRY_INTERVAL_MS;
      // Many may have begun at the same moment: at random in the last quarter, they do not come back together.
      const [chance = 0] = this.#options.random(1);
      return Math.min(interval * (1 - chance / 1_024), lastTries);
    }
    const silence = now - this.#since;
    if (silence < GIVE_UP_MS / 2) return TRY_INTERVAL_MS;
    if (silence < GIVE_UP_MS) return LAST_TRY_INTERVAL_MS;
    return Math.min(this.#interval * 2, PROBE_INTERVAL_IDLE_MAX_MS);
  }

  /** The first cookie is tried at once. Further ones of a responder that gives nothing else make no haste. */
  #onCookie(now: number): void {
    const first = !this.#heard;
    this.#heard = true;
    if (first) this.#onFirstSign(now);
    if (first || !this.#options.strict) {
      this.#triesLeft = INITIATE_TRIES_PER_COOKIE;
      this.#nextTryAt = now;
    }
    if (!this.#options.strict || this.#unopened !== undefined) return;
    this.#graceUntil = Math.min(now + BUSY_GIVE_UP_MS, this.#since + BUSY_MAX_MS);
  }

  /** Somebody is there: from now on it is silence that counts. */
  #onFirstSign(now: number): void {
    this.#since = now;
    this.#graceUntil = now + GIVE_UP_MS;
    this.#nextTryAt = now;
  }

  /** What a RETRY says against a session. Who is not strict tries nevertheless. */
  #objectionTo({ flags, publicKey }: RetryPacket, otherKey: boolean): Ending | undefined {
    const { psk, strict } = this.#options;
    if (otherKey) return { reason: "other_key", key: publicKey.slice() };
    const wanted = (flags & RetryFlag.Password) !== 0;
    if (!strict || wanted === (psk !== undefined)) return undefined;
    return { reason: wanted ? "password_wanted" : "password_unwanted" };
  }

  /**
   * It is forged, damaged, an answer to an attempt before, or of somebody who has another secret than we have. Only the
   * last two say the same again, byte for byte.
   */
  #onUnopened(now: number, noise: Uint8Array): Ending | "on" | undefined {
    const { strict, psk } = this.#options;
    if (!strict || psk === undefined) return undefined;
    if (this.#superseded?.handshake.readRespond(noise) !== undefined) this.#stale = noise.slice();
    if (isSame(this.#stale, noise)) return undefined;
    if (isSame(this.#unopened, noise)) return { reason: "password_wrong" };
    // Who answers is not busy, and can say it again at once.
    if (this.#unopened === undefined) this.#onFirstSign(now);
    this.#unopened = noise.slice();
    return "on";
  }

  /** A handshake with the holder of that key; `undefined` if it is none. */
  #begin(peerKey: Uint8Array): Attempt | undefined {
    const { keyPair, psk, localIndex, resetToken, random } = this.#options;
    const handshake = new InitiatorHandshake({
      static: keyPair,
      ephemeral: ephemeralKeyPair(random),
      remoteStatic: peerKey,
      prologue: PROLOGUE,
      psk,
    });
    const payload = encodeInitiatePayload({ sender: localIndex, resetToken });
    const message = handshake.writeInitiate(payload);
    return message && { handshake, peerKey, message };
  }
}

const isSame = (known: Uint8Array | undefined, bytes: Uint8Array): boolean =>
  known !== undefined && equalBytes(known, bytes);
