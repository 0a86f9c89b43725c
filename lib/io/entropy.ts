// Where all randomness of a program comes from. The machines are handed this source and know no other.

import { randomFillSync } from "node:crypto";

import { keyPairFrom } from "../transport/keys.ts";
import type { KeyPair } from "../transport/keys.ts";

/** X25519 (RFC 7748 section 5): a private key is 32 random bytes. */
const SECRET_BYTES = 32;

/** `length` bytes from the system's generator, in an array of their own. */
export const randomBytes = (length: number): Uint8Array => randomFillSync(new Uint8Array(length));

/** A key pair that has never been used: the identity of one run of a program. */
export const freshKeyPair = (): KeyPair => keyPairFrom(randomBytes(SECRET_BYTES));
