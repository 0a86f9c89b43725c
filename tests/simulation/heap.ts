// A binary heap of things that happen at a moment. Those of the same moment come out in the order in which they were
// put in, so that a run is the same every time.

/** Something with its moment, in ms of virtual time. */
export interface Timed {
  readonly at: number;
  /** Set by the heap. */
  order: number;
}

export class Heap<T extends Timed> {
  readonly #items: T[] = [];
  #count = 0;

  get size(): number {
    return this.#items.length;
  }

  /** The earliest moment; infinity if there is none. */
  get next(): number {
    return this.#items[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  push(item: T): void {
    item.order = this.#count++;
    const items = this.#items;
    let place = items.length;
    items.push(item);
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = items[above]!;
      if (before(parent, item)) break;
      items[place] = parent;
      place = above;
    }
    items[place] = item;
  }

  /** Takes out the earliest item if its moment has come. */
  popDue(now: number): T | undefined {
    const items = this.#items;
    const first = items[0];
    if (first === undefined || first.at > now) return undefined;
    const last = items.pop()!;
    if (last === first) return first;
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= items.length) break;
      const right = below + 1;
      if (right < items.length && before(items[right]!, items[below]!)) below = right;
      const child = items[below]!;
      if (before(last, child)) break;
      items[place] = child;
      place = below;
    }
    items[place] = last;
    return first;
  }
}

const before = (a: Timed, b: Timed): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
