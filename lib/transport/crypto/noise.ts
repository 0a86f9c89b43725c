// The handshakes Noise_IK_25519_AESGCM_SHA256 and, with a shared password, Noise_IKpsk2_...: the
// initiator knows the responder's static key, one message goes each way (Noise revision 34).
// Knows nothing of packets or cookies. Wrong messages are refused and never throw. Secrets on the
// way are overwritten as soon as they have served.

import { Buffer } from "node:buffer";
import type { KeyObject } from "node:crypto";

import { type AeadKey, aeadKey, TAG_BYTES } from "./aead.ts";
import { hkdf, type KeyPair, PUBLIC_KEY_BYTES, publicKeyFrom, wipe } from "./keys.ts";
import { type Agreement, SymmetricState } from "./symmetric-state.ts";

export interface HandshakeOptions extends Agreement {
  readonly static: KeyPair;
}

export interface InitiatorOptions extends HandshakeOptions {
  /** Fresh for every handshake, never used again. */
  readonly ephemeral: KeyPair;
  readonly remoteStatic: Uint8Array;
}

/** What a handshake leaves, seen from the side that asked. */
export interface TransportKeys {
  /** Whether that side wrote the first message. */
  readonly initiator: boolean;
  readonly send: AeadKey;
  readonly receive: AeadKey;
  /** From which later keys are derived: the same on both sides, HASH_BYTES long, secret. */
  readonly chain: Uint8Array;
}

const SEALED_KEY_BYTES = PUBLIC_KEY_BYTES + TAG_BYTES;
const NOTHING = new Uint8Array(0);

/** How far a handshake has come. A failed one stays failed. */
type Progress = "start" | "initiated" | "complete" | "split" | "failed";

/** Writes the first message and reads the second. */
export class InitiatorHandshake {
  readonly #options: InitiatorOptions;
  #state: SymmetricState;
  #progress: Progress = "start";

  constructor(options: InitiatorOptions) {
    this.#options = options;
    this.#state = SymmetricState.begin(options, options.remoteStatic);
  }

  /** -> e, es, s, ss. Undefined when the remote static key is none (a point of low order). */
  writeInitiate(payload: Uint8Array): Uint8Array | undefined {
    const { static: own, ephemeral, remoteStatic } = this.#options;
    const state = this.#state;
    expect(this.#progress, "start");
    this.#progress = "failed";
    state.mixEphemeral(ephemeral.publicKey);
    const remote = publicKeyFrom(remoteStatic);
    if (!state.mixShared(ephemeral, remote)) return undefined;
    const sealedStatic = state.sealAndHash(own.publicKey);
    if (!state.mixShared(own, remote)) return undefined;
    this.#progress = "initiated";
    return Buffer.concat([ephemeral.publicKey, sealedStatic, state.sealAndHash(payload)]);
  }

  /**
   * <- e, ee, se. Undefined when the message is not the answer to this handshake: the right one may
   * still come, so that a forged or damaged one costs nothing.
   */
  readRespond(message: Uint8Array): { readonly payload: Uint8Array } | undefined {
    if (this.#progress !== "initiated") return undefined;
    if (message.length < PUBLIC_KEY_BYTES + TAG_BYTES) return undefined;
    const state = this.#state.copy();
    const payload = this.#openRespond(state, message);
    if (payload === undefined) {
      state.wipe();
      return undefined;
    }
    this.#state.wipe();
    this.#state = state;
    this.#progress = "complete";
    return { payload };
  }

  #openRespond(state: SymmetricState, message: Uint8Array): Uint8Array | undefined {
    const { static: own, ephemeral } = this.#options;
    const remoteEphemeral = message.subarray(0, PUBLIC_KEY_BYTES);
    const remote = publicKeyFrom(remoteEphemeral);
    state.mixEphemeral(remoteEphemeral);
    if (!state.mixShared(ephemeral, remote) || !state.mixShared(own, remote)) return undefined;
    state.mixPsk();
    return state.openAndHash(message.subarray(PUBLIC_KEY_BYTES));
  }

  /** Nothing comes of it: its secrets are overwritten. */
  wipe(): void {
    this.#progress = "failed";
    this.#state.wipe();
  }

  /** The keys of the session. Once, after `readRespond` gave a payload. */
  split(): TransportKeys {
    expect(this.#progress, "complete");
    this.#progress = "split";
    return transportKeys(this.#state.end(), true);
  }

  /** The same on both sides of a complete handshake, and of no other. */
  get handshakeHash(): Uint8Array {
    return this.#state.hash;
  }
}

/** What the first message says, and whose it is. */
export interface Initiate {
  readonly payload: Uint8Array;
  readonly remoteStatic: Uint8Array;
}

/** Reads the first message and writes the second. */
export class ResponderHandshake {
  readonly #options: HandshakeOptions;
  readonly #state: SymmetricState;
  #remoteEphemeral: KeyObject | undefined;
  #remoteStatic: KeyObject | undefined;
  #progress: Progress = "start";

  constructor(options: HandshakeOptions) {
    this.#options = options;
    this.#state = SymmetricState.begin(options, options.static.publicKey);
  }

  /**
   * -> e, es, s, ss. Undefined when the message is not meant for this static key and prologue.
   * `remoteStatic` holds its private key, or repeats a message of one who does: only a first
   * sealed packet of the session shows which.
   */
  readInitiate(message: Uint8Array): Initiate | undefined {
    if (this.#progress !== "start") return undefined;
    const initiate = this.#openInitiate(message);
    this.#progress = initiate === undefined ? "failed" : "initiated";
    if (initiate === undefined) this.#state.wipe();
    return initiate;
  }

  #openInitiate(message: Uint8Array): Initiate | undefined {
    const { static: own } = this.#options;
    const state = this.#state;
    const payloadAt = PUBLIC_KEY_BYTES + SEALED_KEY_BYTES;
    if (message.length < payloadAt + TAG_BYTES) return undefined;
    const ephemeral = message.subarray(0, PUBLIC_KEY_BYTES);
    this.#remoteEphemeral = publicKeyFrom(ephemeral);
    state.mixEphemeral(ephemeral);
    if (!state.mixShared(own, this.#remoteEphemeral)) return undefined;
    const remoteStatic = state.openAndHash(message.subarray(PUBLIC_KEY_BYTES, payloadAt));
    if (remoteStatic === undefined) return undefined;
    this.#remoteStatic = publicKeyFrom(remoteStatic);
    if (!state.mixShared(own, this.#remoteStatic)) return undefined;
    const payload = state.openAndHash(message.subarray(payloadAt));
    return payload && { payload, remoteStatic };
  }

  /**
   * <- e, ee, se. Only after `readInitiate` gave a payload. `ephemeral` is fresh, never used again;
   * made only now, it costs nothing to who sends no good first message.
   */
  writeRespond(ephemeral: KeyPair, payload: Uint8Array): Uint8Array {
    const state = this.#state;
    expect(this.#progress, "initiated");
    state.mixEphemeral(ephemeral.publicKey);
    // Both keys have been through mixShared before, so neither is of low order now.
    state.mixShared(ephemeral, this.#remoteEphemeral);
    state.mixShared(ephemeral, this.#remoteStatic);
    state.mixPsk();
    this.#progress = "complete";
    return Buffer.concat([ephemeral.publicKey, state.sealAndHash(payload)]);
  }

  /** What the keys of the session follow from (`transportKeys`). Once, after `writeRespond`. */
  end(): Uint8Array {
    expect(this.#progress, "complete");
    this.#progress = "split";
    return this.#state.end();
  }

  /** The same on both sides of a complete handshake, and of no other. */
  get handshakeHash(): Uint8Array {
    return this.#state.hash;
  }
}

/** The keys of a session, as its initiator or its responder has them; the secret is overwritten (Noise section 5.2, Split). */
export function transportKeys(secret: Uint8Array, initiator: boolean): TransportKeys {
  const [first, second, chain] = hkdf(secret, NOTHING, 3);
  wipe(secret);
  const [ofInitiator, ofResponder] = [aeadKey(first), aeadKey(second)];
  return initiator
    ? { initiator, send: ofInitiator, receive: ofResponder, chain }
    : { initiator, send: ofResponder, receive: ofInitiator, chain };
}

/** A call out of order is a mistake in this program, whatever the other side sends. */
function expect(progress: Progress, wanted: Progress): void {
  if (progress !== wanted) throw new Error(`handshake: called when ${progress}, not ${wanted}`);
}
