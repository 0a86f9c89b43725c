// Sets of ranges of numbers.

import { describe, expect, test } from "bun:test";

import { type Range, RangeSet } from "../../lib/transport/session/ranges.ts";
import { Prng } from "../support/prng.ts";

function setOf(...pairs: readonly (readonly [start: number, end: number])[]): RangeSet {
  const set = new RangeSet();
  for (const [start, end] of pairs) set.add(start, end);
  return set;
}

const pairsOf = (ranges: Iterable<Range>): [number, number][] =>
  [...ranges].map(({ start, end }) => [start, end]);

describe("add", () => {
  test("keeps ranges sorted and apart", () => {
    expect(pairsOf(setOf([10, 12], [0, 2], [20, 25], [5, 6]))).toEqual([
      [0, 2],
      [5, 6],
      [10, 12],
      [20, 25],
    ]);
  });

  test("joins what touches or overlaps", () => {
    expect(pairsOf(setOf([0, 2], [2, 4]))).toEqual([[0, 4]]);
    expect(pairsOf(setOf([2, 4], [0, 2]))).toEqual([[0, 4]]);
    expect(pairsOf(setOf([0, 2], [4, 6], [2, 4]))).toEqual([[0, 6]]);
    expect(pairsOf(setOf([0, 2], [4, 6], [8, 10], [1, 9]))).toEqual([[0, 10]]);
    expect(pairsOf(setOf([0, 2], [4, 6], [8, 10], [3, 20]))).toEqual([
      [0, 2],
      [3, 20],
    ]);
  });

  test("knows nothing of empty ranges", () => {
    expect(setOf([5, 5], [6, 3]).isEmpty).toBe(true);
  });
});

describe("remove", () => {
  test("cuts off, splits, and takes whole ranges", () => {
    const set = setOf([0, 10], [20, 30], [40, 50]);
    set.remove(0, 3);
    set.remove(5, 6);
    set.remove(8, 25);
    expect(pairsOf(set)).toEqual([
      [3, 5],
      [6, 8],
      [25, 30],
      [40, 50],
    ]);
    set.remove(4, 45);
    expect(pairsOf(set)).toEqual([
      [3, 4],
      [45, 50],
    ]);
    set.remove(-5, 100);
    expect(set.isEmpty).toBe(true);
  });

  test("trimBelow", () => {
    const set = setOf([0, 10], [20, 30]);
    set.trimBelow(-1);
    set.trimBelow(0);
    expect(set.count).toBe(2);
    set.trimBelow(25);
    expect(pairsOf(set)).toEqual([[25, 30]]);
    set.trimBelow(30);
    expect(set.isEmpty).toBe(true);
    set.trimBelow(99);
  });
});

test("an empty set", () => {
  const set = new RangeSet();
  expect([set.min, set.max, set.count]).toEqual([undefined, undefined, 0]);
  set.remove(0, 10);
  expect([...set]).toEqual([]);
});

test("large numbers", () => {
  const set = setOf([2 ** 52, 2 ** 53 - 1], [0, 1]);
  expect([set.min, set.max]).toEqual([0, 2 ** 53 - 2]);
});

test.each([1, 2, 3, 4])("is the same as a plain set of numbers, seed %p", (seed) => {
  const prng = new Prng(seed);
  const size = 60;
  const model = new Set<number>();
  const set = new RangeSet();
  for (let step = 0; step < 3_000; step++) {
    const start = prng.below(size);
    const end = start + prng.below(prng.pick([2, 4, 20]));
    switch (prng.below(8)) {
      case 0:
        set.trimBelow(start >> 2);
        for (const n of model) if (n < start >> 2) model.delete(n);
        break;
      case 1:
      case 2:
      case 3:
        set.remove(start, end);
        for (let n = start; n < end; n++) model.delete(n);
        break;
      default:
        set.add(start, end);
        for (let n = start; n < end; n++) model.add(n);
    }
    check(set, model);
  }
});

function check(set: RangeSet, model: ReadonlySet<number>): void {
  const sorted = [...model].sort((a, b) => a - b);
  const expected: [number, number][] = [];
  for (const n of sorted) {
    const last = expected.at(-1);
    if (last !== undefined && last[1] === n) last[1] = n + 1;
    else expected.push([n, n + 1]);
  }
  expect(pairsOf(set)).toEqual(expected);
  expect(set.count).toBe(expected.length);
  expect([set.min, set.max]).toEqual([sorted[0], sorted.at(-1)]);
}
