// Round trip estimates, waits and the end of tries, as pure functions.

import { describe, expect, test } from "bun:test";

import {
  ASKED_ACK_DELAY_MS,
  FIRST_PROBE_PATIENCE_MS,
  GIVE_UP_MS,
  givesUpAt,
  MAX_ACK_DELAY_MS,
  PROBE_INTERVAL_IDLE_MAX_MS,
  PROBE_INTERVAL_MAX_MS,
  PROBE_UNMEASURED_MS,
  probeTimeout,
  type RttEstimate,
  TRIES,
  TRY_MS,
  updateRtt,
} from "../../lib/transport/retry.ts";

describe("updateRtt (RFC 9002 section 5.3)", () => {
  test("the first sample is believed whole", () => {
    expect(updateRtt(undefined, 40, 3)).toEqual({
      latest: 40,
      smoothed: 40,
      variance: 20,
      min: 40,
    });
  });

  test("later ones move the estimate by an eighth and a quarter", () => {
    const estimate = updateRtt({ latest: 40, smoothed: 40, variance: 20, min: 40 }, 52, 4);
    expect(estimate).toEqual({ latest: 52, smoothed: 41, variance: 17, min: 40 });
  });

  test("a delay that would go below the smallest sample is not taken off", () => {
    const estimate = updateRtt({ latest: 40, smoothed: 40, variance: 20, min: 40 }, 44, 5);
    expect(estimate.smoothed).toBe(40.5);
  });

  test("no more than MAX_ACK_DELAY_MS of a delay is believed", () => {
    const before: RttEstimate = { latest: 40, smoothed: 40, variance: 20, min: 1 };
    expect(updateRtt(before, 80, 79)).toEqual(updateRtt(before, 80, MAX_ACK_DELAY_MS));
  });

  test("settles on a steady path", () => {
    let estimate: RttEstimate | undefined;
    for (let i = 0; i < 200; i++) estimate = updateRtt(estimate, 30, 0);
    expect(estimate!.smoothed).toBeCloseTo(30);
    expect(estimate!.variance).toBeCloseTo(0);
    expect(estimate!.min).toBe(30);
  });
});

const steady = (rtt: number): RttEstimate => ({
  latest: rtt,
  smoothed: rtt,
  variance: rtt / 20,
  min: rtt,
});

/** For what asked for an acknowledgement at once. */
const wait = (estimate: RttEstimate | undefined, consecutive: number, urgent: boolean): number =>
  probeTimeout(estimate, consecutive, urgent, ASKED_ACK_DELAY_MS);

describe("probeTimeout", () => {
  test("the first wait follows the estimate", () => {
    expect(wait({ latest: 20, smoothed: 20, variance: 2, min: 20 }, 0, true)).toBe(33);
    expect(wait({ latest: 0, smoothed: 0, variance: 0, min: 0 }, 0, true)).toBe(6);
    expect(wait(undefined, 0, true)).toBe(PROBE_UNMEASURED_MS);
  });

  test("it leaves the peer the time for which it may hold an acknowledgement back", () => {
    const [held, asked] = [MAX_ACK_DELAY_MS, ASKED_ACK_DELAY_MS].map((delay) =>
      probeTimeout(steady(20), 0, true, delay),
    );
    expect(held! - asked!).toBe(MAX_ACK_DELAY_MS - ASKED_ACK_DELAY_MS);
  });

  test("it doubles, up to a limit, while the give-up time runs", () => {
    const waits = [0, 1, 2, 3, 4, 5, 2_000].map((k) => wait(steady(0), k, true));
    expect(waits).toEqual([6, 12, 24, 48, ...Array<number>(3).fill(PROBE_INTERVAL_MAX_MS)]);
  });

  test("on a slow path only the first wait is longer, and no longer than a try", () => {
    expect(wait(steady(300), 0, true)).toBe(365);
    expect(wait(steady(300), 1, true)).toBe(PROBE_INTERVAL_MAX_MS);
    const wavering = { latest: 300, smoothed: 300, variance: 200, min: 100 };
    expect(wait(wavering, 0, true)).toBe(TRY_MS);
  });

  test("the first probe is given time for its answer where that is little", () => {
    expect(wait(steady(100), 1, true)).toBeGreaterThan(100);
    expect(wait(steady(100), 1, true)).toBeLessThanOrEqual(FIRST_PROBE_PATIENCE_MS);
    expect(wait(steady(100), 2, true)).toBe(PROBE_INTERVAL_MAX_MS);
    expect(wait(steady(150), 1, true)).toBe(PROBE_INTERVAL_MAX_MS);
  });

  test("nobody is asked again before the answer can be there, however long it takes", () => {
    for (const rtt of [450, 500, 560, 1_000, 2_000]) {
      expect(wait(steady(rtt), 0, true)).toBeGreaterThan(rtt);
    }
  });

  test("it doubles freely when nobody waits any more", () => {
    expect(wait(steady(0), 5, false)).toBe(192);
    expect(wait(steady(0), 10, false)).toBe(PROBE_INTERVAL_IDLE_MAX_MS);
    expect(wait(steady(0), 5_000, false)).toBe(PROBE_INTERVAL_IDLE_MAX_MS);
    expect(wait(undefined, 1, false)).toBe(2 * PROBE_UNMEASURED_MS);
  });
});

describe("a live peer is not given up", () => {
  /** How likely it is that not one packet and its answer come through before the give-up time. */
  function wronglyGivenUp(rtt: number, estimate: RttEstimate | undefined, loss: number): number {
    let tries = 0;
    for (let at = 0, k = 0; at + rtt < GIVE_UP_MS; at += wait(estimate, k++, true)) tries++;
    return (1 - (1 - loss) ** 2) ** tries;
  }

  for (const rtt of [0.1, 20, 100, 300]) {
    test(`behind a round trip of ${rtt} ms`, () => {
      expect(wronglyGivenUp(rtt, steady(rtt), 0.5)).toBeLessThan(1 / 1_000);
      expect(wronglyGivenUp(rtt, steady(rtt), 0.3)).toBeLessThan(1 / 10_000);
      expect(wronglyGivenUp(rtt, undefined, 0.5)).toBeLessThan(1 / 1_000);
    });
  }
});

describe("giving up", () => {
  test("five tries of half a second", () => {
    expect([TRY_MS, TRIES, GIVE_UP_MS]).toEqual([500, 5, 2_500]);
  });

  test("counts from the last sign of life, or from when the message was queued", () => {
    expect(givesUpAt(1_000, 400)).toBe(3_500);
    expect(givesUpAt(1_000, 2_000.5)).toBe(4_500.5);
  });
});
