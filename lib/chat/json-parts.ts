// How much there is in a JSON text, seen without taking it apart: who reads it makes an object for each part.

const QUOTE = 0x22;
const COMMA = 0x2c;
const BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const BRACE = 0x7b;

/** Whether a JSON text in UTF-8 has more than `most` objects, lists and commas, outside its strings. */
export function hasMoreParts(bytes: Uint8Array, most: number): boolean {
  let parts = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) inString = !inString;
    else if (inString) {
      if (byte === BACKSLASH) at++;
    } else if (byte === COMMA || byte === BRACE || byte === BRACKET) {
      parts++;
      if (parts > most) return true;
    }
  }
  return false;
}
