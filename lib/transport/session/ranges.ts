// A set of whole numbers kept as ranges: packets received, bytes of a stream acknowledged or lost.
// Knows nothing of what the numbers count.

/** The numbers from `start` up to, but not with, `end`. Never empty. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * Sorted, disjoint ranges that do not touch, in one flat array: start, end, start, end, ... Adding
 * at the end and removing at the front, which is nearly all of the use, do not search.
 */
export class RangeSet {
  readonly #bounds: number[] = [];

  /** How many ranges there are. */
  get count(): number {
    return this.#bounds.length / 2;
  }

  get isEmpty(): boolean {
    return this.#bounds.length === 0;
  }

  /** The smallest number in the set. */
  get min(): number | undefined {
    return this.#bounds[0];
  }

  /** The largest number in the set. */
  get max(): number | undefined {
    const end = this.#bounds.at(-1);
    return end === undefined ? undefined : end - 1;
  }

  /** The start of range `i`, counted from the lowest. `i` is from 0 to `count` - 1. */
  startOf(i: number): number {
    return this.#bounds[2 * i]!;
  }

  /** The end of range `i`: the first number behind it. */
  endOf(i: number): number {
    return this.#bounds[2 * i + 1]!;
  }

  /** The index of the lowest range that ends at `n` or later; `count` when there is none. */
  firstEndingFrom(n: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.endOf(middle) < n) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Adds the numbers from `start` up to `end`; those already in stay. */
  add(start: number, end: number): void {
    if (start >= end) return;
    const bounds = this.#bounds;
    const last = bounds.length - 2;
    if (last < 0 || start > bounds[last + 1]!) {
      bounds.push(start, end);
      return;
    }
    if (start >= bounds[last]!) {
      if (end > bounds[last + 1]!) bounds[last + 1] = end;
      return;
    }
    // All ranges that overlap or touch the new one become one with it.
    const from = this.firstEndingFrom(start);
    const to = this.firstEndingFrom(end + 1);
    const upTo = to < this.count && this.startOf(to) <= end ? to + 1 : to;
    if (from === upTo) {
      bounds.splice(2 * from, 0, start, end);
      return;
    }
    bounds[2 * from] = Math.min(start, this.startOf(from));
    bounds[2 * from + 1] = Math.max(end, this.endOf(upTo - 1));
    if (upTo - from > 1) bounds.splice(2 * (from + 1), 2 * (upTo - from - 1));
  }

  /** Removes the numbers from `start` up to `end`; it does not matter which of them are in. */
  remove(start: number, end: number): void {
    const bounds = this.#bounds;
    const { length } = bounds;
    if (start >= end || length === 0) return;
    if (end <= bounds[0]! || start >= bounds[length - 1]!) return;
    // What touches no range but the first takes off its front, or all of it.
    if (start <= bounds[0]! && (length === 2 || end <= bounds[2]!)) {
      if (end < bounds[1]!) bounds[0] = end;
      else bounds.splice(0, 2);
      return;
    }
    const from = this.firstEndingFrom(start + 1);
    const to = this.firstEndingFrom(end + 1);
    // What is left of the first and of the last range touched.
    const head = from < this.count && this.startOf(from) < start ? this.startOf(from) : start;
    const tail = to < this.count && this.startOf(to) < end ? this.endOf(to) : end;
    const upTo = tail > end ? to + 1 : to;
    const kept: number[] = [];
    if (head < start) kept.push(head, start);
    if (tail > end) kept.push(end, tail);
    bounds.splice(2 * from, 2 * (upTo - from), ...kept);
  }

  /** Removes every number below `n`. */
  trimBelow(n: number): void {
    const min = this.min;
    if (min !== undefined) this.remove(min, n);
  }

  /** From the lowest range up. The set must not change meanwhile. */
  *[Symbol.iterator](): IterableIterator<Range> {
    for (let i = 0; i < this.count; i++) yield { start: this.startOf(i), end: this.endOf(i) };
  }
}
