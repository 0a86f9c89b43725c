// Random numbers from a seed: the same seed gives the same run. xoshiro128** seeded by splitmix32.

export class Prng {
  readonly #state = new Uint32Array(4);

  constructor(seed: number) {
    let s = seed >>> 0;
    for (let i = 0; i < 4; i++) {
      s = (s + 0x9e37_79b9) >>> 0;
      let z = Math.imul(s ^ (s >>> 16), 0x21f0_aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a_2d97);
      this.#state[i] = z ^ (z >>> 15);
    }
  }

  /** From 0 to 2^32 - 1. */
  u32(): number {
    const s = this.#state;
    const result = Math.imul(rotl(Math.imul(s[1]!, 5), 7), 9) >>> 0;
    const t = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    s[3] = rotl(s[3]!, 11);
    return result;
  }

  /** From 0 up to, but not with, 1. */
  float(): number {
    return this.u32() / 0x1_0000_0000;
  }

  /** A whole number from 0 up to, but not with, `n`. */
  below(n: number): number {
    return Math.floor(this.float() * n);
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True with this probability, from 0 to 1. */
  chance(probability: number): boolean {
    return this.float() < probability;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let i = 0; i < count; i++) bytes[i] = this.u32();
    return bytes;
  }

  /** A new generator whose numbers do not depend on how far this one is used later. */
  fork(): Prng {
    return new Prng(this.u32());
  }
}

function rotl(n: number, by: number): number {
  return (n << by) | (n >>> (32 - by));
}
