// The responder's side of handshakes: answers HELLO with a cookie and INITIATE with RESPOND.
// Keeps nothing about anyone who has not proved an address. Knows nothing of sessions beyond
// the keys it makes for them.

import type { Address } from "./address.ts";
import { toHex } from "./bytes.ts";
import { CookieJar } from "./cookie.ts";
import {
  decodeInitiatePayload,
  encodeRespond,
  encodeRespondPayload,
  encodeRetry,
  type HelloPacket,
  type InitiatePacket,
  PROLOGUE,
} from "./datagrams.ts";
import { type KeyPair, keyPairFrom, SECRET_BYTES } from "./keys.ts";
import { HALF_OPEN_MAX } from "./limits.ts";
import { ResponderHandshake } from "./noise.ts";
import type { SessionKeys } from "./session.ts";

/** The ephemeral key in front of an INITIATE tells one handshake from another. */
const EPHEMERAL_BYTES = 32;

export interface Accepted {
  readonly keys: SessionKeys;
  readonly peerKey: Uint8Array;
}

export class Responder {
  readonly #keyPair: KeyPair;
  readonly #psk: Uint8Array | undefined;
  readonly #random: (bytes: number) => Uint8Array;
  readonly #cookies: CookieJar;
  /** RESPOND by ephemeral key: a repeated INITIATE gets the same answer and no second session. */
  readonly #answered = new Map<string, Uint8Array>();

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
    return encodeRetry(hello.nonce, this.#keyPair.publicKey, this.#cookies.bake(now, from));
  }

  /** The RESPOND that was sent for this INITIATE before, if it was. */
  repeated(packet: InitiatePacket): Uint8Array | undefined {
    return this.#answered.get(toHex(packet.noise.subarray(0, EPHEMERAL_BYTES)));
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
  ): (Accepted & { readonly respond: Uint8Array }) | undefined {
    const handshake = new ResponderHandshake({
      static: this.#keyPair,
      ephemeral: keyPairFrom(this.#random(SECRET_BYTES)),
      prologue: PROLOGUE,
      psk: this.#psk,
    });
    const initiate = handshake.readInitiate(packet.noise);
    if (initiate === undefined) return undefined;
    const payload = decodeInitiatePayload(initiate.payload);
    if ("reason" in payload) return undefined;
    const message = handshake.writeRespond(
      encodeRespondPayload({ sender: localIndex, resetToken }),
    );
    const respond = encodeRespond(payload.sender, message);
    this.#remember(toHex(packet.noise.subarray(0, EPHEMERAL_BYTES)), respond);
    const { send, receive } = handshake.split();
    return {
      keys: {
        send,
        receive,
        remoteIndex: payload.sender,
        resetToken: payload.resetToken.slice(),
      },
      peerKey: initiate.remoteStatic,
      respond,
    };
  }

  #remember(ephemeral: string, respond: Uint8Array): void {
    this.#answered.set(ephemeral, respond);
    if (this.#answered.size <= HALF_OPEN_MAX) return;
    for (const oldest of this.#answered.keys()) {
      this.#answered.delete(oldest);
      return;
    }
  }
}
