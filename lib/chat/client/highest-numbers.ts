// The highest number taken of each sender: what has been shown is not shown again.

import { bound } from "../../transport/bound.ts";

export class HighestNumbers {
  readonly #max: number;
  /** By whatever stands for a sender; who was heard last comes last. */
  readonly #highest = new Map<string, number>();

  /** Remembers `max` senders; beyond, who has been silent for the longest time is forgotten. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Whether this number is higher than all before it: then it is remembered. Numbers begin with 1. */
  take(sender: string, number: number): boolean {
    if (number <= (this.#highest.get(sender) ?? 0)) return false;
    this.#highest.delete(sender);
    this.#highest.set(sender, number);
    bound(this.#highest, this.#max);
    return true;
  }

  forget(sender: string): void {
    this.#highest.delete(sender);
  }
}
