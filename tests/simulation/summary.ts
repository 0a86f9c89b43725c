// Many runs added up, and the numbers of them that are printed. Knows no seed and no screen.

import type { Result } from "./run.ts";

export class Summary {
  runs = 0;
  messages = 0;
  deliveries = 0;
  lostWithServer = 0;
  lostWithReader = 0;
  requests = 0;
  mistakes = 0;
  datagrams = 0;
  virtualMs = 0;
  failures = 0;
  readonly #byRule = new Map<string, number>();
  /** Delivery times in hundredths of a round trip: how many of each. */
  readonly #delays = new Map<number, number>();
  #delayCount = 0;

  add(result: Result): void {
    const { tally, findings } = result;
    this.runs++;
    this.messages += tally.direct + tally.group;
    this.deliveries += tally.deliveries;
    this.lostWithServer += tally.lostWithServer;
    this.lostWithReader += tally.lostWithReader;
    this.requests += result.requests;
    this.mistakes += result.mistakes;
    this.datagrams += result.datagrams;
    this.virtualMs += result.virtualMs;
    if (findings.length > 0) this.failures++;
    for (const { rule } of findings) this.#byRule.set(rule, this.count(rule) + 1);
    for (const delay of tally.delays) {
      const hundredths = Math.round((100 * delay) / result.roundTripMs);
      this.#delays.set(hundredths, (this.#delays.get(hundredths) ?? 0) + 1);
      this.#delayCount++;
    }
  }

  /** How often a rule was broken. */
  count(rule: string): number {
    return this.#byRule.get(rule) ?? 0;
  }

  /** Every broken rule and how often. */
  get rules(): [string, number][] {
    return [...this.#byRule].toSorted(([, a], [, b]) => b - a);
  }

  /** The delivery time that this share of deliveries does not exceed, in round trips. */
  delay(share: number): number {
    let left = share * this.#delayCount;
    for (const [hundredths, count] of [...this.#delays].toSorted(([a], [b]) => a - b)) {
      left -= count;
      if (left <= 0) return hundredths / 100;
    }
    return 0;
  }
}
