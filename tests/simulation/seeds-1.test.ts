// Part 1 of 5 of the seeds that every test run simulates: in files of their own, so that they run side by side.

import { expect, test } from "bun:test";

import { failuresOf } from "./seeds.ts";

for (let first = 1; first < 101; first += 25) {
  test(`seeds ${first} to ${first + 24}`, () => {
    expect(failuresOf(first, 25)).toEqual([]);
  });
}
