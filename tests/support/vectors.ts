// Reads the hexadecimal digits of the files in tests/vectors.

import { fromHex } from "../../lib/transport/wire/bytes.ts";

/** The bytes of hexadecimal digits; spaces between fields are for the reader. */
export function unhex(digits: string): Uint8Array {
  const bytes = fromHex(digits.replaceAll(" ", ""));
  if (bytes === undefined) throw new Error(`vector: not hexadecimal: ${digits}`);
  return bytes;
}
