// Numbers made of many: medians of rounds, percentiles of delays. Knows no clock.

/** The middle one, or the mean of the two in the middle; NaN of none. */
export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >>> 1;
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return (sorted[middle - 1]! + sorted[middle]!) / 2;
};

/** The least value that so great a share of all values does not exceed (nearest rank); NaN of none. */
export const percentile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
};

/** Delays up to this are kept apart by the microsecond; longer ones count as this long. */
const LONGEST_US = 2_000_000;

const US_PER_MS = 1_000;

/** Delays, however many, in a fixed amount of memory: a count for each microsecond. */
export class Delays {
  readonly #counts = new Uint32Array(LONGEST_US + 1);
  #total = 0;
  /** The longest so far, in us: nothing behind it need be looked at or wiped. */
  #longest = 0;

  add(ms: number): void {
    const us = Math.min(LONGEST_US, Math.max(0, Math.round(ms * US_PER_MS)));
    this.#counts[us]!++;
    this.#total++;
    if (us > this.#longest) this.#longest = us;
  }

  get total(): number {
    return this.#total;
  }

  /** The delay in ms that so great a share of all does not exceed; NaN of none. */
  percentile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#total));
    let seen = 0;
    for (let us = 0; us <= this.#longest; us++) {
      seen += this.#counts[us]!;
      if (seen >= rank) return us / US_PER_MS;
    }
    return Number.NaN;
  }

  clear(): void {
    this.#counts.fill(0, 0, this.#longest + 1);
    this.#total = 0;
    this.#longest = 0;
  }
}
