// Hostile bytes: valid ones damaged as a network or an attacker would, and put together from several.

import { mutate } from "../../support/mutate.ts";
import type { Prng } from "../../support/prng.ts";
import { anyVarint, edgyNumber, integer } from "./numbers.ts";

/** Longer ones say nothing new, and cost time. */
const LENGTH_MAX = 1_500;

/** Bytes made from `kept`: damaged, cut and joined; now and then quite random. */
export const anyBytes = (random: Prng, kept: readonly Uint8Array[]): Uint8Array => {
  if (kept.length === 0 || random.chance(0.05)) return random.bytes(random.below(64));
  const bytes = random.pick(kept);
  return random.chance(0.02) ? bytes : damaged(random, bytes, kept);
};

/** A damaged copy; `others` lend their pieces. */
export const damaged = (
  random: Prng,
  valid: Uint8Array,
  others: readonly Uint8Array[],
): Uint8Array => {
  let bytes = valid;
  for (let times = random.between(1, 3); times > 0; times--) bytes = once(random, bytes, others);
  return bytes.length > LENGTH_MAX ? bytes.slice(0, LENGTH_MAX) : bytes;
};

const once = (random: Prng, bytes: Uint8Array, others: readonly Uint8Array[]): Uint8Array => {
  const from = random.below(bytes.length + 1);
  const to = random.between(from, Math.min(bytes.length, from + random.pick([1, 2, 4, 8, 64])));
  const [before, piece, after] = [
    bytes.subarray(0, from),
    bytes.subarray(from, to),
    bytes.subarray(to),
  ];
  switch (random.below(6)) {
    case 0:
    case 1:
      return mutate(random, bytes);
    case 2: // a number written over what is there
      return joined(before, anyVarint(random, edgyNumber(random)), after);
    case 3:
      return joined(before, integer(edgyNumber(random), random.pick([1, 2, 4, 8])), after);
    case 4: // a piece of another one
      return joined(before, pieceOf(random, random.pick(others) ?? bytes), after);
    default: // a piece again and again
      return joined(before, ...Array<Uint8Array>(random.between(0, 5)).fill(piece), after);
  }
};

const pieceOf = (random: Prng, bytes: Uint8Array): Uint8Array => {
  const from = random.below(bytes.length + 1);
  return bytes.subarray(from, random.between(from, bytes.length));
};

/** All parts, one behind the other. */
export const joined = (...parts: readonly Uint8Array[]): Uint8Array =>
  new Uint8Array(Buffer.concat(parts));
