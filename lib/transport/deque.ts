// A queue that is cheap at both ends of its life: in at the back, out at the front. Knows nothing of what it holds.

/** The empty places are cut off once there are this many, and no fewer than items: a move for each item taken at most. */
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
