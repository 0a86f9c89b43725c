// What a handshake knows at any moment (Noise section 5.2): the chaining key, the hash of all that was said, and the key
// that follows from them. Secrets are overwritten as soon as another follows. Knows nothing of messages or their order.

import { Buffer } from "node:buffer";
import type { KeyObject } from "node:crypto";

import { type AeadKey, aeadKey, open, seal } from "./aead.ts";
import { HASH_BYTES, hkdf, type KeyPair, sha256, sharedSecret, wipe } from "./keys.ts";

/** What both sides must agree on beforehand. */
export interface Agreement {
  readonly prologue: Uint8Array;
  /** A secret of 32 bytes that they share: turns IK into IKpsk2. */
  readonly psk?: Uint8Array | undefined;
}

const PROTOCOL_NAME = "Noise_IK_25519_AESGCM_SHA256";
const PROTOCOL_NAME_PSK = "Noise_IKpsk2_25519_AESGCM_SHA256";

/** The SymmetricState of Noise section 5.2, with its CipherState inside, as IK needs it. */
export class SymmetricState {
  readonly #psk: Uint8Array | undefined;
  /** Its bytes are its own: whoever replaces it overwrites them. */
  #chainingKey: Uint8Array;
  #hash: Uint8Array;
  #key: AeadKey | undefined;
  #counter = 0;

  private constructor(chainingKey: Uint8Array, hash: Uint8Array, psk: Uint8Array | undefined) {
    this.#chainingKey = chainingKey;
    this.#hash = hash;
    this.#psk = psk;
  }

  /** Begins IK: the responder's static key is known to both (`<- s`). */
  static begin({ prologue, psk }: Agreement, responderStatic: Uint8Array): SymmetricState {
    // Neither name is longer than a hash, so it is not hashed but padded (section 5.2).
    const name = new Uint8Array(HASH_BYTES);
    name.set(Buffer.from(psk === undefined ? PROTOCOL_NAME : PROTOCOL_NAME_PSK));
    const state = new SymmetricState(name.slice(), name, psk);
    state.#mixHash(prologue);
    state.#mixHash(responderStatic);
    return state;
  }

  copy(): SymmetricState {
    const copy = new SymmetricState(new Uint8Array(this.#chainingKey), this.#hash, this.#psk);
    copy.#key = this.#key;
    copy.#counter = this.#counter;
    return copy;
  }

  get hash(): Uint8Array {
    return this.#hash;
  }

  /** Makes the state useless: nothing follows from it any more. */
  wipe(): void {
    wipe(this.#chainingKey);
    this.#key = undefined;
  }

  /** The token "e"; with a shared secret the key is mixed in as well (section 9.2). */
  mixEphemeral(publicKey: Uint8Array): void {
    this.#mixHash(publicKey);
    if (this.#psk !== undefined) this.#mixKey(publicKey);
  }

  /** The tokens "es", "ss", "ee" and "se". False when the public key is none, or of low order. */
  mixShared(keyPair: KeyPair, publicKey: KeyObject | undefined): boolean {
    const secret = publicKey && sharedSecret(keyPair, publicKey);
    if (secret === undefined) return false;
    this.#mixKey(secret);
    wipe(secret);
    return true;
  }

  /** The token "psk", if there is one. */
  mixPsk(): void {
    if (this.#psk === undefined) return;
    const [chainingKey, hash, key] = hkdf(this.#chainingKey, this.#psk, 3);
    this.#setKeys(chainingKey, key);
    this.#mixHash(hash);
    wipe(hash);
  }

  sealAndHash(plaintext: Uint8Array): Uint8Array {
    const sealed = seal(this.#key!, this.#counter++, this.#hash, plaintext);
    this.#mixHash(sealed);
    return sealed;
  }

  openAndHash(sealed: Uint8Array): Uint8Array | undefined {
    const plaintext = open(this.#key!, this.#counter++, this.#hash, sealed);
    this.#mixHash(sealed);
    return plaintext;
  }

  /** The last chaining key. Nothing follows from the state any more. */
  end(): Uint8Array {
    const secret = this.#chainingKey.slice();
    this.wipe();
    return secret;
  }

  #mixHash(data: Uint8Array): void {
    this.#hash = sha256(this.#hash, data);
  }

  #mixKey(input: Uint8Array): void {
    const [chainingKey, key] = hkdf(this.#chainingKey, input, 2);
    this.#setKeys(chainingKey, key);
  }

  #setKeys(chainingKey: Uint8Array, key: Uint8Array): void {
    wipe(this.#chainingKey);
    this.#chainingKey = chainingKey;
    this.#key = aeadKey(key);
    this.#counter = 0;
  }
}
