// A public key as people compare it.

import { sha256 } from "../transport/crypto/keys.ts";

/** `SHA256:` and the key's hash in base64 without padding, as OpenSSH shows keys. */
export const fingerprint = (publicKey: Uint8Array): string =>
  `SHA256:${Buffer.from(sha256(publicKey)).toString("base64").replaceAll("=", "")}`;
