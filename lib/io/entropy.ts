// Where all randomness of a program comes from. The machines are handed this source and know no other.

import { randomFillSync } from "node:crypto";

import { ephemeralKeyPair, type KeyPair } from "../transport/crypto/keys.ts";

/** `length` bytes from the system's generator, in an array of their own. */
export const randomBytes = (length: number): Uint8Array => randomFillSync(new Uint8Array(length));

/** A key pair that has never been used: the identity of one run of a program. */
export const freshKeyPair = (): KeyPair => ephemeralKeyPair(randomBytes);
