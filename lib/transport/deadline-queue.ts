// Whose turn is next: a binary heap of moments, in which every item knows its place, so that
// moving one costs the logarithm of how many there are and idle ones cost nothing.

/** Something with a moment at which it wants to be woken. The queue owns these two fields. */
export interface Scheduled {
  /** ms; infinity when not in the queue. */
  wakeAt: number;
  /** Index in the heap; -1 when not in the queue. */
  place: number;
}

export class DeadlineQueue<T extends Scheduled> {
  readonly #heap: T[] = [];
  /** The moments of the items in the heap, beside them: to compare them without touching the items themselves. */
  readonly #moments: number[] = [];

  /** The earliest moment; infinity if there is none. */
  get next(): number {
    return this.#moments[0] ?? Number.POSITIVE_INFINITY;
  }

  /**
   * Makes sure the item is woken at `at` or before. A moment later than the one it has is not
   * moved: the item comes out early then and says again when it wants to be woken. That is cheaper,
   * since nearly every deadline is put off before it passes.
   */
  schedule(item: T, at: number): void {
    if (item.place < 0) {
      if (at === Number.POSITIVE_INFINITY) return;
      item.place = this.#heap.length;
      this.#heap.push(item);
      this.#moments.push(at);
    } else if (at >= item.wakeAt) {
      return;
    }
    item.wakeAt = at;
    this.#up(item);
  }

  /** Takes out the earliest item if its moment has come. */
  popDue(now: number): T | undefined {
    const first = this.#heap[0];
    if (first === undefined || this.next > now) return undefined;
    this.remove(first);
    return first;
  }

  remove(item: T): void {
    const { place } = item;
    if (place < 0) return;
    const last = this.#heap.pop()!;
    this.#moments.pop();
    if (last !== item) {
      this.#put(last, place);
      this.#up(last);
      this.#down(last);
    }
    item.place = -1;
    item.wakeAt = Number.POSITIVE_INFINITY;
  }

  #put(item: T, place: number): void {
    this.#heap[place] = item;
    this.#moments[place] = item.wakeAt;
    item.place = place;
  }

  #up(item: T): void {
    let { place } = item;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (this.#moments[above]! <= item.wakeAt) break;
      this.#put(this.#heap[above]!, place);
      place = above;
    }
    this.#put(item, place);
  }

  #down(item: T): void {
    let { place } = item;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= this.#heap.length) break;
      const right = below + 1;
      if (right < this.#heap.length && this.#moments[right]! < this.#moments[below]!) below = right;
      if (this.#moments[below]! >= item.wakeAt) break;
      this.#put(this.#heap[below]!, place);
      place = below;
    }
    this.#put(item, place);
  }
}
