// Reading protocols made of lines, in place: no string is made of what is only counted.

const DIGIT_ZERO = 48;
const LINE_FEED = 10;
const SPACE = 32;

/** Bytes of a carriage return and a line feed. */
export const LINE_END_BYTES = 2;

/** Where the line feed of the line at `from` is; -1 if it is yet to come. A loop: these lines are short. */
export const lineFeedAfter = (bytes: Uint8Array, from: number): number => {
  for (let at = from; at < bytes.length; at++) if (bytes[at] === LINE_FEED) return at;
  return -1;
};

/** Where the word that ends before `end` begins. */
export const wordBefore = (bytes: Uint8Array, end: number): number => {
  let at = end;
  while (at > 0 && bytes[at - 1] !== SPACE) at--;
  return at;
};

/** The number written in decimal digits from `from` up to `end`. */
export const decimalAt = (bytes: Uint8Array, from: number, end: number): number => {
  let value = 0;
  for (let at = from; at < end; at++) value = 10 * value + bytes[at]! - DIGIT_ZERO;
  return value;
};
