// The clock of the programs: it leaves out the time in which the process did not run.

import { describe, expect, test } from "bun:test";

import { Clock, LATE_MAX_MS, sleptThrough } from "../../lib/io/clock.ts";

describe("sleptThrough", () => {
  const cases: [name: string, now: number, dueAt: number, lost: number][] = [
    ["before the time", 90, 100, 0],
    ["in time", 100, 100, 0],
    ["late, as under load", 350, 100, 0],
    ["one millisecond more than load explains", 351, 100, 1],
    ["a minute asleep", 60_350, 100, 60_000],
    ["nothing was due", 1e9, Infinity, 0],
  ];
  test.each(cases)("%s", (_name, now, dueAt, lost) => {
    expect(sleptThrough(now, dueAt)).toBe(lost);
  });
});

describe("Clock", () => {
  test("follows its source while wake-ups come in time", () => {
    let real = 1_000;
    const clock = new Clock(() => real);
    expect(clock.now()).toBe(1_000);
    clock.expect(1_100);
    real = 1_100 + LATE_MAX_MS;
    expect(clock.now()).toBe(real);
  });

  test("leaves out the time after a wake-up that was missed, and goes on from there", () => {
    let real = 1_000;
    const clock = new Clock(() => real);
    clock.expect(1_100);
    real = 61_000;
    expect(clock.now()).toBe(1_100 + LATE_MAX_MS);
    real = 61_010;
    expect(clock.now()).toBe(1_100 + LATE_MAX_MS); // stands still until it is told that somebody looked
    clock.expect(1_100 + LATE_MAX_MS);
    real = 61_030;
    expect(clock.now()).toBe(1_100 + LATE_MAX_MS + 20);
  });

  test("never runs backwards, whatever is expected of it", () => {
    let real = 0;
    const clock = new Clock(() => real);
    let last = clock.now();
    for (let step = 0; step < 2_000; step++) {
      real += (step * 7_919) % 1_301;
      const now = clock.now();
      expect(now).toBeGreaterThanOrEqual(last);
      last = now;
      if (step % 3 === 0) clock.expect(now + ((step * 104_729) % 701) - 200);
    }
  });
});
