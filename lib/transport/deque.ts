// A first-in, first-out queue; push and shift take constant time on average. Knows nothing of what it holds.

/** The emptied front is cut off once it has this many places and is half of the array: one move per item, on average. */
const COMPACT_AT = 256;

export class Deque<Item> {
  /** The places of those that were taken are empty: a queue that never ends must not keep them. */
  #items: (Item | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  first(): Item | undefined {
    return this.#items[this.#head];
  }

  /** The item at `index`, counted from the front. */
  at(index: number): Item | undefined {
    return this.#items[this.#head + index];
  }

  shift(): Item | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#items.length) {
      this.#items.length = 0;
      this.#head = 0;
    } else if (this.#head >= COMPACT_AT && this.#head * 2 >= this.#items.length) {
      this.#items.splice(0, this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Takes out everything that does not pass. Order stays. */
  keep(passes: (item: Item) => boolean): void {
    this.#items = [...this].filter(passes);
    this.#head = 0;
  }

  *[Symbol.iterator](): IterableIterator<Item> {
    for (let at = this.#head; at < this.#items.length; at++) yield this.#items[at]!;
  }
}
