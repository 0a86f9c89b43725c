// How often something may be done: buckets of tokens that fill at a steady rate. The state of one is one number, so there
// may be very many. Knows nothing of what the tokens are for.

import { bound } from "./bound.ts";

/** So many a second for long, and so many at once after a pause, at least one. 0 a second stands for no limit. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

const MS_PER_SECOND = 1_000;

/** Moments are sums of fractions of a ms: so much too much is none. */
const ROUNDING_MS = 1e-6;

/** When there is a token in a bucket that will be full at `fullAt`, in ms. */
export function nextToken({ perSecond, burst }: Rate, fullAt: number): number {
  if (perSecond <= 0) return Number.NEGATIVE_INFINITY;
  return fullAt - ((Math.max(burst, 1) - 1) * MS_PER_SECOND) / perSecond;
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
  return nextToken(rate, fullAt) <= now + ROUNDING_MS ? takeTokens(rate, fullAt, now) : undefined;
}

/** One bucket for each source prefix, /24: who has one address in it may have all of them. */
export class PrefixBuckets {
  readonly #rate: Rate;
  readonly #prefixesMax: number;
  /** When each bucket will be full, the least recently used one first. One that is not here is full. */
  readonly #fullAt = new Map<string, number>();

  /** Remembers `prefixesMax` buckets; beyond, the least recently used one counts as full. */
  constructor(rate: Rate, prefixesMax: number) {
    this.#rate = rate;
    this.#prefixesMax = prefixesMax;
  }

  /** How many buckets are remembered. */
  get size(): number {
    return this.#fullAt.size;
  }

  /** Takes a token for the host at this dotted quad. Returns whether there was one. */
  take(now: number, host: string): boolean {
    if (this.#rate.perSecond <= 0) return true;
    const prefix = host.slice(0, host.lastIndexOf("."));
    const fullAt = takeToken(this.#rate, this.#fullAt.get(prefix) ?? now, now);
    if (fullAt === undefined) return false;
    this.#fullAt.delete(prefix);
    this.#fullAt.set(prefix, fullAt);
    bound(this.#fullAt, this.#prefixesMax);
    return true;
  }
}
