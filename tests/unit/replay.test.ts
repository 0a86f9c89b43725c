// The window against replays: each packet number once, late ones as far back as it goes.

import { expect, test } from "bun:test";

import { REPLAY_WINDOW } from "../../lib/transport/limits.ts";
import { ReplayWindow } from "../../lib/transport/session/replay.ts";
import { Prng } from "../support/prng.ts";

/** Takes this number as a session does. Returns whether it was new. */
const accept = (window: ReplayWindow, number: number): boolean => {
  const isNew = window.check(number);
  if (isNew) window.mark(number);
  return isNew;
};

test("in order: each number once", () => {
  const window = new ReplayWindow();
  for (let n = 0; n < 5_000; n++) {
    expect(accept(window, n)).toBe(true);
    expect(accept(window, n)).toBe(false);
  }
  expect(accept(window, 0)).toBe(false);
  expect(accept(window, 4_990)).toBe(false);
});

test("late numbers are accepted once, as far back as the window goes", () => {
  const window = new ReplayWindow();
  accept(window, 0);
  const top = 10_000;
  expect(accept(window, top)).toBe(true);
  const oldest = top - REPLAY_WINDOW + 1;
  expect(accept(window, oldest)).toBe(true);
  expect(accept(window, oldest)).toBe(false);
  expect(accept(window, oldest - 1)).toBe(false);
  expect(accept(window, 0)).toBe(false);
});

test("check alone changes nothing", () => {
  const window = new ReplayWindow();
  expect(window.check(1_000_000)).toBe(true);
  expect(window.check(1_000_000)).toBe(true);
  expect(accept(window, 0)).toBe(true);
  window.mark(1);
  expect(window.check(1)).toBe(false);
});

test("the first number need not be 0", () => {
  const window = new ReplayWindow();
  expect(accept(window, 7)).toBe(true);
  for (const n of [6, 0, 3]) expect(accept(window, n)).toBe(true);
  for (const n of [7, 6, 0, 3]) expect(accept(window, n)).toBe(false);
});

test.each([0, 2 ** 31 - 500, 2 ** 32 - 500, 2 ** 45])(
  "is the same as a set, from %p on",
  (base) => {
    for (let seed = 1; seed <= 3; seed++) {
      const prng = new Prng(seed);
      const window = new ReplayWindow();
      const seen = new Set<number>();
      let top = base - 1;
      for (let step = 0; step < 5_000; step++) {
        // Mostly the next one; some lost, late or doubled; now and then a jump of about a window.
        const jump = prng.pick([1, 1, 1, 1, 2, 3, -1, -2, -40, -2_047, -2_048, -3_000]);
        const far = prng.chance(0.002) ? prng.between(1_900, 2_200) : 0;
        const n = Math.max(base, top + jump + far);
        const fresh = n > top || (n > top - REPLAY_WINDOW && !seen.has(n));
        expect(window.check(n)).toBe(fresh);
        expect(accept(window, n)).toBe(fresh);
        seen.add(n);
        top = Math.max(top, n);
      }
    }
  },
);
