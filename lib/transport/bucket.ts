// How often something may be done: buckets of tokens that fill at a steady rate. The state of one is one number, so there
// may be very many. Knows nothing of what the tokens are for.

import { prefixOf } from "./address.ts";

/** A sustained rate, and the burst allowed after a pause (at least 1). 0 a second stands for no limit. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

const MS_PER_SECOND = 1_000;

/** Moments are sums of fractions of a ms: a rounding error up to this much is ignored. */
const ROUNDING_MS = 1e-3;

/** When there is a token in a bucket that will be full at `fullAt`, in ms. */
export function nextToken({ perSecond, burst }: Rate, fullAt: number): number {
  if (perSecond <= 0) return Number.NEGATIVE_INFINITY;
  return fullAt - ((Math.max(burst, 1) - 1) * MS_PER_SECOND) / perSecond - ROUNDING_MS;
}

/**
 * Takes tokens out of a bucket in which there is one, and may leave it in debt: so what takes more tokens than it holds
 * gets through as well, and the next has to wait the longer. Returns when it will be full, in ms. (The generic cell rate
 * algorithm: ITU-T I.371 annex A.)
 */
export function takeTokens({ perSecond }: Rate, fullAt: number, now: number, tokens = 1): number {
  if (perSecond <= 0) return fullAt;
  return Math.max(fullAt, now) + (tokens * MS_PER_SECOND) / perSecond;
}

/** Takes a token. Returns when the bucket will be full now, in ms; `undefined` if there is no token in it. */
export function takeToken(rate: Rate, fullAt: number, now: number): number | undefined {
  return nextToken(rate, fullAt) <= now ? takeTokens(rate, fullAt, now) : undefined;
}

/** One bucket for each source prefix. */
export class PrefixBuckets {
  readonly #rate: Rate;
  readonly #recentMax: number;
  /**
   * When each bucket will be full: of those used last, and of those used before them. One that is in neither is full. Two
   * maps that are filled in turn, since the first of a map that has lost many is not found at once.
   */
  #recent = new Map<string, number>();
  #before: ReadonlyMap<string, number> = new Map();

  /** Remembers `prefixesMax` buckets at most, and at least the half of them that were used last; others count as full. */
  constructor(rate: Rate, prefixesMax: number) {
    this.#rate = rate;
    this.#recentMax = Math.ceil(prefixesMax / 2);
  }

  /** How many buckets are remembered, at most. */
  get size(): number {
    return this.#recent.size + this.#before.size;
  }

  /** Takes a token for the host at this dotted quad. Returns whether there was one. */
  take(now: number, host: string): boolean {
    if (this.#rate.perSecond <= 0) return true;
    const prefix = prefixOf(host);
    const last = this.#recent.get(prefix) ?? this.#before.get(prefix) ?? now;
    const fullAt = takeToken(this.#rate, last, now);
    if (fullAt === undefined) return false;
    if (this.#recent.size >= this.#recentMax) {
      this.#before = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(prefix, fullAt);
    return true;
  }
}
