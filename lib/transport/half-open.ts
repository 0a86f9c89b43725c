// Handshakes of others that no packet has confirmed yet, and of each as little as it takes to open that packet: whoever
// receives at an address can make as many as it likes. Knows nothing of how they are made.

import type { Address } from "./address.ts";
import { HALF_OPEN_LIFETIME_MS, HALF_OPEN_MAX } from "./limits.ts";
import type { Accepted } from "./responder.ts";

export interface HalfOpen extends Omit<Accepted, "respond"> {
  readonly localIndex: number;
  readonly address: Address;
  /** When it is forgotten, in ms. */
  readonly until: number;
}

export class HalfOpens {
  /** By our index, those that are forgotten first in front. */
  readonly #byIndex = new Map<number, HalfOpen>();

  get size(): number {
    return this.#byIndex.size;
  }

  get(localIndex: number): HalfOpen | undefined {
    return this.#byIndex.get(localIndex);
  }

  /** Returns the one that has to go for it, if they are too many. */
  add(now: number, parts: Omit<HalfOpen, "until">): HalfOpen | undefined {
    this.#byIndex.set(parts.localIndex, { ...parts, until: now + HALF_OPEN_LIFETIME_MS });
    return this.#byIndex.size > HALF_OPEN_MAX ? this.#takeFirst() : undefined;
  }

  /** Its handshake was asked for again: it has as much time as at first. */
  renew(now: number, localIndex: number): void {
    const found = this.#byIndex.get(localIndex);
    if (found === undefined) return;
    this.#byIndex.delete(localIndex);
    this.add(now, found);
  }

  remove(localIndex: number): void {
    this.#byIndex.delete(localIndex);
  }

  /** Takes out one that has had its time. */
  popDue(now: number): HalfOpen | undefined {
    return this.nextAt <= now ? this.#takeFirst() : undefined;
  }

  /** When the first one is forgotten; infinity for none. */
  get nextAt(): number {
    for (const { until } of this.#byIndex.values()) return until;
    return Number.POSITIVE_INFINITY;
  }

  #takeFirst(): HalfOpen | undefined {
    for (const [localIndex, first] of this.#byIndex) {
      this.#byIndex.delete(localIndex);
      return first;
    }
    return undefined;
  }
}
