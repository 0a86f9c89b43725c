// The password that a server and all its clients share: how it is asked for, and how it becomes the secret of
// their handshakes. It is never shown. Loaded only where there is one.

import { scrypt } from "node:crypto";

import { answerTo } from "../terminal/question.ts";

/** One salt for all: both sides must come to the same secret, and know nothing of each other but the password. */
const SALT = "ChatApp password 1";

/** RFC 7914 section 2: about 64 MiB of memory and 0.2 s for each password that somebody tries. */
const SCRYPT_N = 65_536;
const SCRYPT_R = 8;
const SCRYPT_P = 1;

/** What scrypt needs is 128 * N * r bytes, and a little more. */
const SCRYPT_MAX_BYTES = 2 * 128 * SCRYPT_N * SCRYPT_R;

/** As long as the psk of a Noise handshake (section 9). */
const SECRET_BYTES = 32;

/**
 * The secret that a password stands for. Takes long on purpose, but on another thread. The same letters are the same
 * password, however they were composed (NFKC).
 */
export const stretched = (password: string): Promise<Uint8Array> => {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const options = { N: SCRYPT_N, r: SCRYPT_R, p: SCRYPT_P, maxmem: SCRYPT_MAX_BYTES };
  scrypt(password.normalize("NFKC"), SALT, SECRET_BYTES, options, (error, secret) => {
    if (error instanceof Error) reject(error);
    else resolve(Uint8Array.from(secret));
    secret?.fill(0);
  });
  return promise;
};

/** Puts a question at the terminal, in the same turn of the loop. Undefined: the user gave up. */
type Question = () => Promise<string | undefined>;

/** A question for a password, with all loaded that it needs. */
export const passwordQuestion = async (message: string): Promise<Question> => {
  const prompts = await import("@clack/prompts");
  return () =>
    answerTo((signal) =>
      prompts.password({
        message,
        validate: (text) =>
          (text ?? "") === "" ? "A password has at least one character" : undefined,
        signal,
      }),
    );
};
