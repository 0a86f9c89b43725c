// AES-256-GCM as Noise uses it: a 32-byte key, a counter as nonce, a 16-byte tag behind the
// ciphertext. Knows nothing of what it seals. This is the hot path: once per packet each way. What
// it returns are Buffers, whose `slice` does not copy.

import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from "node:crypto";

import { Scratch } from "../scratch.ts";

/** A key made ready for use. It costs no more memory than its bytes, and saves an import per call. */
export type AeadKey = KeyObject;

/** What sealing adds to a plaintext. */
export const TAG_BYTES = 16;

const CIPHER = "aes-256-gcm";
const TWO_POW_32 = 0x1_0000_0000;

/** Four zero bytes, then the counter (Noise section 12.4). Node copies it before a call returns. */
const nonce = new Uint8Array(12);

/** No UDP datagram is longer. */
const PACKET_MAX_BYTES = 65_535;

/** The packet that is being opened. */
const packets = new Scratch(PACKET_MAX_BYTES);

/** The key of 32 secret bytes, which are taken over: afterwards they are zero. */
export function aeadKey(secret: Uint8Array): AeadKey {
  const key = createSecretKey(secret);
  secret.fill(0);
  return key;
}

/**
 * The ciphertext of `plaintext` and its tag, which also covers `ad`. A counter serves once with a
 * key; it is at most INTEGER_MAX.
 */
export function seal(
  key: AeadKey,
  counter: number,
  ad: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  const cipher = createCipheriv(CIPHER, key, nonceOf(counter));
  cipher.setAAD(ad);
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** A whole packet: `header`, which is also the associated data, then what `seal` returns. */
export function sealPacket(
  key: AeadKey,
  counter: number,
  header: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  const cipher = createCipheriv(CIPHER, key, nonceOf(counter));
  cipher.setAAD(header);
  return Buffer.concat([header, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** The plaintext; undefined when anything of key, counter, `ad` or `sealed` is not as sealed. */
export function open(
  key: AeadKey,
  counter: number,
  ad: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  const length = sealed.length - TAG_BYTES;
  if (length < 0) return undefined;
  return openParts(key, counter, ad, sealed.subarray(0, length), sealed.subarray(length));
}

/** The same for a whole packet, as `sealPacket` returns it, with a header of so many bytes. */
export function openPacket(
  key: AeadKey,
  counter: number,
  packet: Uint8Array,
  headerBytes: number,
): Uint8Array | undefined {
  const { length } = packet;
  const tagAt = length - TAG_BYTES;
  if (tagAt < headerBytes) return undefined;
  const bytes = packets.load(packet);
  const header = bytes.subarray(0, headerBytes);
  const ciphertext = bytes.subarray(headerBytes, tagAt);
  return openParts(key, counter, header, ciphertext, bytes.subarray(tagAt, length));
}

function openParts(
  key: AeadKey,
  counter: number,
  ad: Uint8Array,
  ciphertext: Uint8Array,
  tag: Uint8Array,
): Uint8Array | undefined {
  const decipher = createDecipheriv(CIPHER, key, nonceOf(counter));
  decipher.setAAD(ad);
  decipher.setAuthTag(tag);
  const plaintext = decipher.update(ciphertext);
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return plaintext;
}

function nonceOf(counter: number): Uint8Array {
  const upper = counter / TWO_POW_32;
  nonce[4] = upper >>> 24;
  nonce[5] = upper >>> 16;
  nonce[6] = upper >>> 8;
  nonce[7] = upper;
  nonce[8] = counter >>> 24;
  nonce[9] = counter >>> 16;
  nonce[10] = counter >>> 8;
  nonce[11] = counter;
  return nonce;
}
