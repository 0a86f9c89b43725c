// A bucket of tokens whose owner waits for its turn.

import { describe, expect, test } from "bun:test";

import { nextToken, type Rate, takeTokens } from "../../lib/transport/bucket.ts";
import { Prng } from "../support/prng.ts";

/** When each of so many passes that all come at once, in ms. */
const passing = (rate: Rate, count: number, now = 1_000): number[] => {
  let fullAt = 0;
  return Array.from({ length: count }, () => {
    const at = Math.max(now, nextToken(rate, fullAt));
    fullAt = takeTokens(rate, fullAt, at);
    return at;
  });
};

describe("who waits for a token", () => {
  test("gets the burst at once, and the rest one by one", () => {
    const times = [1_000, 1_000, 1_000, 1_010, 1_020, 1_030];
    const passed = passing({ perSecond: 100, burst: 3 }, 6);
    for (const [place, at] of passed.entries()) expect(at).toBeCloseTo(times[place]!, 2);
  });

  test("gets all of the burst at once, at whatever fraction of a ms", () => {
    const random = new Prng(16);
    for (let round = 0; round < 2_000; round++) {
      const now = random.below(1e9) + random.float();
      const rate = { perSecond: 1 / 60, burst: random.between(2, 1_000) };
      expect(passing(rate, rate.burst, now)).toEqual(Array(rate.burst).fill(now));
    }
  });

  test("does not wait where there is no limit, or no end of the burst", () => {
    expect(passing({ perSecond: 0, burst: 1 }, 4)).toEqual(Array(4).fill(1_000));
    expect(passing({ perSecond: 1, burst: Infinity }, 4)).toEqual(Array(4).fill(1_000));
  });

  test("may take more than the burst, and the next one waits for it", () => {
    const rate = { perSecond: 10, burst: 20 };
    const fullAt = takeTokens(rate, 0, 5_000, 100);
    expect(nextToken(rate, fullAt)).toBeCloseTo(5_000 + 10_000 - 1_900, 2);
  });

  test("has the burst again after a while, and no more than that", () => {
    const rate = { perSecond: 10, burst: 5 };
    let fullAt = 0;
    for (let count = 0; count < 5; count++) fullAt = takeTokens(rate, fullAt, 1_000);
    expect(nextToken(rate, fullAt)).toBeCloseTo(1_100, 2);
    for (let count = 0; count < 5; count++) {
      expect(nextToken(rate, fullAt)).toBeLessThanOrEqual(60_000);
      fullAt = takeTokens(rate, fullAt, 60_000);
    }
    expect(nextToken(rate, fullAt)).toBeCloseTo(60_100, 2);
  });

  test("is within the rate in every stretch of time, whatever comes when", () => {
    const random = new Prng(5);
    for (let round = 0; round < 50; round++) {
      const rate = { perSecond: random.between(1, 50), burst: random.between(1, 20) };
      const passed: number[] = [];
      let fullAt = 0;
      for (let now = 0; now < 20_000; now += random.below(100)) {
        if (nextToken(rate, fullAt) > now) continue;
        fullAt = takeTokens(rate, fullAt, now);
        passed.push(now);
      }
      let excess = -Infinity;
      for (const [first, from] of passed.entries()) {
        for (const [more, to] of passed.slice(first).entries()) {
          const allowed = rate.burst + ((to - from) / 1_000) * rate.perSecond;
          excess = Math.max(excess, more + 1 - allowed);
        }
      }
      expect(excess).toBeLessThan(1e-6);
    }
  });
});
