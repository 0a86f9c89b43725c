// The numbers made of many.

import { describe, expect, test } from "bun:test";

import { Delays, median, percentile } from "./statistics.ts";

test("the median is the middle one, or the mean of two", () => {
  expect(median([3])).toBe(3);
  expect(median([9, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([])).toBeNaN();
});

test("a percentile is one of the values, by nearest rank", () => {
  const values = Array.from({ length: 200 }, (_, index) => 200 - index);
  expect(percentile(values, 0.99)).toBe(198);
  expect(percentile(values, 0.5)).toBe(100);
  expect(percentile(values, 1)).toBe(200);
  expect(percentile([7], 0.01)).toBe(7);
  expect(percentile([], 0.5)).toBeNaN();
});

describe("delays", () => {
  test("have the percentiles of the list of them, to the microsecond", () => {
    const delays = new Delays();
    const list = Array.from({ length: 1_000 }, (_, index) => ((index * 7_919) % 1_000) / 100);
    for (const ms of list) delays.add(ms);
    expect(delays.total).toBe(1_000);
    for (const share of [0.01, 0.5, 0.99, 1]) {
      expect(delays.percentile(share)).toBe(percentile(list, share));
    }
  });

  test("of more than two seconds count as two", () => {
    const delays = new Delays();
    delays.add(3_600_000);
    delays.add(-1);
    expect(delays.percentile(1)).toBe(2_000);
    expect(delays.percentile(0.5)).toBe(0);
  });

  test("are forgotten", () => {
    const delays = new Delays();
    delays.add(5);
    delays.clear();
    expect(delays.percentile(0.5)).toBeNaN();
    delays.add(1);
    expect(delays.percentile(1)).toBe(1);
  });
});
