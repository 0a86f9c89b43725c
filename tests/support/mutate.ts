// Hostile bytes: valid ones damaged in the ways a network or an attacker would.

import type { Prng } from "./prng.ts";

/** A damaged copy: bits flipped, bytes replaced, cut off, put in or doubled, up to four times. */
export function mutate(prng: Prng, valid: Uint8Array): Uint8Array {
  let bytes: Uint8Array = new Uint8Array(valid);
  for (let times = prng.between(1, 4); times > 0; times--) bytes = mutateOnce(prng, bytes);
  return bytes;
}

/** Bytes to throw at a decoder: a third of them random, the others damaged from valid ones. */
export function hostile(prng: Prng, valid: readonly Uint8Array[]): Uint8Array {
  return prng.chance(1 / 3) ? prng.bytes(prng.below(64)) : mutate(prng, prng.pick(valid));
}

function mutateOnce(prng: Prng, bytes: Uint8Array): Uint8Array {
  const at = prng.below(bytes.length + 1);
  switch (prng.below(5)) {
    case 0:
      if (at < bytes.length) bytes[at]! ^= 1 << prng.below(8);
      return bytes;
    case 1:
      if (at < bytes.length) bytes[at] = prng.pick([0, 1, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xff]);
      return bytes;
    case 2:
      return bytes.slice(0, at);
    case 3:
      return Uint8Array.from([
        ...bytes.subarray(0, at),
        ...prng.bytes(prng.below(9)),
        ...bytes.subarray(at),
      ]);
    default:
      return Uint8Array.from([...bytes, ...bytes.subarray(at)]);
  }
}
