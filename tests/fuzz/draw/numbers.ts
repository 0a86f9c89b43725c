// Numbers at which code goes wrong: the ends of their ranges on the wire, and those beside them.

import type { Prng } from "../../support/prng.ts";

/** Where a form of varint ends, an integer becomes inexact, or a limit of the protocol stands. */
const EDGES: readonly bigint[] = [
  0n,
  1n,
  63n,
  64n,
  128n,
  255n,
  256n,
  1_171n,
  1_200n,
  2_048n,
  4_096n,
  16_383n,
  16_384n,
  65_535n,
  1_048_576n,
  2_097_152n,
  4_194_304n,
  2n ** 30n,
  2n ** 31n,
  2n ** 32n,
  2n ** 48n,
  2n ** 53n,
  2n ** 62n,
];

/** What the largest varint can say. */
const VARINT_MAX = 2n ** 62n - 1n;

/** From 0 to 2^62 - 1, mostly small, often at an edge or one beside it. */
export const edgyNumber = (random: Prng): bigint => {
  if (random.chance(0.4)) return BigInt(random.below(40));
  if (random.chance(0.2)) return BigInt(Math.floor(2 ** (random.float() * 53)));
  const near = random.pick(EDGES) + BigInt(random.between(-1, 1));
  return near < 0n ? 0n : near > VARINT_MAX ? VARINT_MAX : near;
};

/** The bytes of an integer, big endian. */
export const integer = (value: bigint, size: number): Uint8Array => {
  const bytes = new Uint8Array(size);
  for (let at = size - 1, rest = value; at >= 0; at--, rest >>= 8n) bytes[at] = Number(rest & 255n);
  return bytes;
};

/** A varint, also of what is too large for the wire; now and then longer than it need be (RFC 9000 section 16). */
export const anyVarint = (random: Prng, value: bigint): Uint8Array => {
  let form = value < 64n ? 0 : value < 16_384n ? 1 : value < 2n ** 30n ? 2 : 3;
  if (form < 3 && random.chance(0.1)) form = random.between(form, 3);
  const bytes = integer(value, 1 << form);
  bytes[0]! = (bytes[0]! & 0x3f) | (form << 6);
  return bytes;
};
