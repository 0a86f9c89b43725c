// X25519 key pairs and the hash functions of the handshake, over node:crypto. Knows nothing of
// handshakes. Makes no randomness: secrets come in as arguments.

import { Buffer } from "node:buffer";
import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
  timingSafeEqual,
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
  const key = Buffer.concat([PRIVATE_KEY_PREFIX, secret]);
  const privateKey = createPrivateKey({ key, format: "der", type: "pkcs8" });
  wipe(key);
  const encoded = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  return { publicKey: new Uint8Array(encoded.subarray(PUBLIC_KEY_PREFIX.length)), privateKey };
}

/** A key pair that was never used. Nothing but the pair itself holds its secret afterwards. */
export function ephemeralKeyPair(random: (bytes: number) => Uint8Array): KeyPair {
  const secret = random(SECRET_BYTES);
  const keyPair = keyPairFrom(secret);
  wipe(secret);
  return keyPair;
}

/** The other side's public key made ready for use; `undefined` for one of the wrong length. */
export function publicKeyFrom(bytes: Uint8Array): KeyObject | undefined {
  if (bytes.length !== PUBLIC_KEY_BYTES) return undefined;
  const key = Buffer.concat([PUBLIC_KEY_PREFIX, bytes]);
  return createPublicKey({ key, format: "der", type: "spki" });
}

/**
 * X25519 (RFC 7748): what both sides compute from one's private and the other's public key.
 * Undefined for a public key of low order, whose secret would be zero whatever the private key.
 */
export function sharedSecret(
  { privateKey }: KeyPair,
  publicKey: KeyObject,
): Uint8Array | undefined {
  try {
    return diffieHellman({ privateKey, publicKey });
  } catch {
    return undefined;
  }
}

/** Overwrites secrets that have served. */
export function wipe(...secrets: readonly Uint8Array[]): void {
  for (const secret of secrets) secret.fill(0);
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

/** The first `bytes` bytes of an HMAC-SHA256 (RFC 2104 section 5), without the rest in memory. */
export function shortMac(
  key: Uint8Array,
  bytes: number,
  ...parts: readonly (Uint8Array | string)[]
): Uint8Array {
  return new Uint8Array(hmacSha256(key, ...parts).subarray(0, bytes));
}

/** Whether both hold the same bytes, in a time that does not tell how many of them agree. */
export function equalSecrets(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

const NO_INFO = new Uint8Array(0);

/**
 * The HKDF of Noise section 4.3, for two or three outputs of HASH_BYTES each: that of RFC 5869 with
 * the chaining key as salt and no info.
 */
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
  const derived = hkdfSync("sha256", input, chainingKey, NO_INFO, outputs * HASH_BYTES);
  const output = (index: number) => new Uint8Array(derived, index * HASH_BYTES, HASH_BYTES);
  return outputs === 2 ? [output(0), output(1)] : [output(0), output(1), output(2)];
}

/** A secret of HASH_BYTES that only the holder of the private key can compute, again and again. */
export function derivedSecret(keyPair: KeyPair, label: string): Uint8Array {
  const exported = keyPair.privateKey.export({ format: "der", type: "pkcs8" });
  const derived = hmacSha256(exported, label);
  wipe(exported);
  return derived;
}
