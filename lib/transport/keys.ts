// X25519 key pairs and the hash functions of the handshake, over node:crypto. Knows nothing of
// handshakes. Makes no randomness: secrets come in as arguments.

import { Buffer } from "node:buffer";
import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
} from "node:crypto";

export interface KeyPair {
  /** The public key as it goes over the wire, PUBLIC_KEY_BYTES long. */
  readonly publicKey: Uint8Array;
  readonly privateKey: KeyObject;
}

export const PUBLIC_KEY_BYTES = 32;
export const SECRET_BYTES = 32;
export const HASH_BYTES = 32;

// A raw key behind these bytes is the DER form that node:crypto reads (RFC 8410 sections 4 and 7).
const PRIVATE_KEY_PREFIX = Buffer.from("302e020100300506032b656e04220420", "hex");
const PUBLIC_KEY_PREFIX = Buffer.from("302a300506032b656e032100", "hex");

/** The key pair of a secret of SECRET_BYTES random bytes. */
export function keyPairFrom(secret: Uint8Array): KeyPair {
  const privateKey = createPrivateKey({
    key: Buffer.concat([PRIVATE_KEY_PREFIX, secret]),
    format: "der",
    type: "pkcs8",
  });
  const encoded = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  return { publicKey: Uint8Array.from(encoded.subarray(PUBLIC_KEY_PREFIX.length)), privateKey };
}

/**
 * X25519 (RFC 7748): what both sides compute from one's private and the other's public key.
 * Undefined for a public key of low order, whose secret would be zero whatever the private key,
 * and for one of the wrong length.
 */
export function sharedSecret(keyPair: KeyPair, publicKey: Uint8Array): Uint8Array | undefined {
  if (publicKey.length !== PUBLIC_KEY_BYTES) return undefined;
  const key = createPublicKey({
    key: Buffer.concat([PUBLIC_KEY_PREFIX, publicKey]),
    format: "der",
    type: "spki",
  });
  try {
    return diffieHellman({ privateKey: keyPair.privateKey, publicKey: key });
  } catch {
    return undefined;
  }
}

/** SHA-256 of all parts, one behind the other. */
export function sha256(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** HMAC-SHA256 of all parts, one behind the other; a string stands for its UTF-8. */
export function hmacSha256(
  key: Uint8Array,
  ...parts: readonly (Uint8Array | string)[]
): Uint8Array {
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

const FIRST = Uint8Array.of(1);
const SECOND = Uint8Array.of(2);
const THIRD = Uint8Array.of(3);

/** The HKDF of Noise section 4.3, for two or three outputs of HASH_BYTES each. */
export function hkdf(
  chainingKey: Uint8Array,
  input: Uint8Array,
  outputs: 2,
): [Uint8Array, Uint8Array];
export function hkdf(
  chainingKey: Uint8Array,
  input: Uint8Array,
  outputs: 3,
): [Uint8Array, Uint8Array, Uint8Array];
export function hkdf(chainingKey: Uint8Array, input: Uint8Array, outputs: 2 | 3): Uint8Array[] {
  const temporary = hmacSha256(chainingKey, input);
  const first = hmacSha256(temporary, FIRST);
  const second = hmacSha256(temporary, first, SECOND);
  return outputs === 2 ? [first, second] : [first, second, hmacSha256(temporary, second, THIRD)];
}

/** A secret of HASH_BYTES that only the holder of the private key can compute, again and again. */
export function derivedSecret(keyPair: KeyPair, label: string): Uint8Array {
  return hmacSha256(keyPair.privateKey.export({ format: "der", type: "pkcs8" }), label);
}
