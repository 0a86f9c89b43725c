// The responder's side of handshakes: answers HELLO with a cookie and INITIATE with RESPOND.
// Keeps nothing about anyone who has not proved an address. Knows nothing of sessions beyond
// the keys it makes for them.

import type { Address } from "../address.ts";
import { bound } from "../bound.ts";
import { ephemeralKeyPair, type KeyPair, SECRET_BYTES } from "../crypto/keys.ts";
import { ResponderHandshake } from "../crypto/noise.ts";
import { HALF_OPEN_MAX } from "../limits.ts";
import { toHex } from "../wire/bytes.ts";
import {
  decodeInitiatePayload,
  encodeRespond,
  encodeRespondPayload,
  encodeRetry,
  type HelloPacket,
  type InitiatePacket,
  PROLOGUE,
  RetryFlag,
} from "../wire/datagrams.ts";
import { CookieJar } from "./cookie.ts";

/** The ephemeral key in front of an INITIATE tells one handshake from another. */
const EPHEMERAL_BYTES = 32;

/** What was said to an INITIATE. */
interface Answer {
  readonly respond: Uint8Array;
  /** Our index of the session that it made. */
  readonly localIndex: number;
}

export interface Accepted {
  /** What the keys of the session follow from (`transportKeys`). */
  readonly secret: Uint8Array;
  readonly remoteIndex: number;
  /** The peer's, for this session. */
  readonly resetToken: Uint8Array;
  readonly peerKey: Uint8Array;
  readonly respond: Uint8Array;
  /** Which handshake it was, for `forget`. */
  readonly ephemeral: string;
}

export class Responder {
  readonly #keyPair: KeyPair;
  readonly #psk: Uint8Array | undefined;
  readonly #random: (bytes: number) => Uint8Array;
  readonly #cookies: CookieJar;
  /** By the ephemeral key of INITIATE: a repeated one gets the same answer and no second session. */
  readonly #answered = new Map<string, Answer>();

  constructor(
    keyPair: KeyPair,
    psk: Uint8Array | undefined,
    random: (bytes: number) => Uint8Array,
  ) {
    this.#keyPair = keyPair;
    this.#psk = psk;
    this.#random = random;
    this.#cookies = new CookieJar(random(SECRET_BYTES));
  }

  /** RETRY, smaller than the HELLO. */
  onHello(now: number, from: Address, hello: HelloPacket): Uint8Array {
    return encodeRetry({
      flags: this.#psk === undefined ? 0 : RetryFlag.Password,
      nonce: hello.nonce,
      publicKey: this.#keyPair.publicKey,
      cookie: this.#cookies.bake(now, from),
    });
  }

  /** What was answered to this INITIATE before, if it was. */
  repeated(packet: InitiatePacket): Answer | undefined {
    return this.#answered.get(ephemeralOf(packet));
  }

  /** The session of that handshake has come to nothing: the same INITIATE may begin another one. */
  forget(ephemeral: string): void {
    this.#answered.delete(ephemeral);
  }

  /** Whether the cookie proves the address; costs one hash, and comes before anything dearer. */
  proves(now: number, from: Address, packet: InitiatePacket): boolean {
    return this.#cookies.check(now, from, packet.cookie);
  }

  /** Shakes hands: the keys of the new session and the RESPOND to send, or `undefined`. */
  onInitiate(
    packet: InitiatePacket,
    localIndex: number,
    resetToken: Uint8Array,
  ): Accepted | undefined {
    const handshake = new ResponderHandshake({
      static: this.#keyPair,
      prologue: PROLOGUE,
      psk: this.#psk,
    });
    const initiate = handshake.readInitiate(packet.noise);
    if (initiate === undefined) return undefined;
    const payload = decodeInitiatePayload(initiate.payload);
    if ("reason" in payload) return undefined;
    const message = handshake.writeRespond(
      ephemeralKeyPair(this.#random),
      encodeRespondPayload({ sender: localIndex, resetToken }),
    );
    const respond = encodeRespond(payload.sender, message);
    const ephemeral = ephemeralOf(packet);
    this.#remember(ephemeral, { respond, localIndex });
    return {
      secret: handshake.end(),
      remoteIndex: payload.sender,
      resetToken: payload.resetToken.slice(),
      peerKey: initiate.remoteStatic,
      respond,
      ephemeral,
    };
  }

  #remember(ephemeral: string, answer: Answer): void {
    this.#answered.set(ephemeral, answer);
    bound(this.#answered, HALF_OPEN_MAX);
  }
}

export function ephemeralOf({ noise }: InitiatePacket): string {
  return toHex(noise.subarray(0, EPHEMERAL_BYTES));
}
