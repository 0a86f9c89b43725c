// What a bad link does to datagrams, one direction of it: pure and seeded. A datagram goes in with a moment; its copies
// come out, each with the moment of its arrival. Knows no socket and no address.

import type { Prng } from "./prng.ts";

export interface Link {
  /** Share of datagrams lost. */
  readonly loss?: number;
  /** One way, in ms: each datagram takes up to `jitterMs` less or more than `delayMs`, so that they overtake each other. */
  readonly delayMs?: number;
  readonly jitterMs?: number;
  /** Share that is held back by up to `heldMs` more. */
  readonly reordered?: number;
  readonly heldMs?: number;
  /** Share that arrives twice. */
  readonly doubled?: number;
  /** Share that arrives with up to four bytes changed. */
  readonly corrupted?: number;
  /** Share that arrives cut short. */
  readonly truncated?: number;
  /** What the link carries. Unlimited if not given. */
  readonly bytesPerMs?: number;
  /** What waits for a limited link; more is dropped at the tail. */
  readonly queueBytes?: number;
}

export interface Arrival {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** How often each of these happened. */
export interface Harm {
  datagrams: number;
  lost: number;
  doubled: number;
  overtaking: number;
  damaged: number;
  queueFull: number;
}

const CHANGED_MAX_BYTES = 4;

export class Impairment {
  readonly harm: Harm = {
    datagrams: 0,
    lost: 0,
    doubled: 0,
    overtaking: 0,
    damaged: 0,
    queueFull: 0,
  };
  readonly #link: Link;
  readonly #random: Prng;
  #busyUntil = 0;
  #latest = 0;

  constructor(link: Link, random: Prng) {
    this.#link = link;
    this.#random = random;
  }

  /** A datagram enters the link. Returns what comes out of it, if anything. */
  pass(now: number, bytes: Uint8Array): Arrival[] {
    const { loss = 0, doubled = 0 } = this.#link;
    this.harm.datagrams++;
    const leaves = this.#transmit(now, bytes.length);
    if (leaves === undefined) return [];
    if (this.#random.chance(loss)) {
      this.harm.lost++;
      return [];
    }
    const arrivals = [this.#arrive(leaves, bytes)];
    if (this.#random.chance(doubled)) {
      this.harm.doubled++;
      arrivals.push(this.#arrive(leaves, bytes));
    }
    return arrivals;
  }

  /** When the last bit has left the queue; `undefined` if there is no room in it. */
  #transmit(now: number, length: number): number | undefined {
    const { bytesPerMs = Infinity, queueBytes = Infinity } = this.#link;
    if (bytesPerMs === Infinity) return now;
    const starts = Math.max(now, this.#busyUntil);
    if ((starts - now) * bytesPerMs + length > queueBytes) {
      this.harm.queueFull++;
      return undefined;
    }
    this.#busyUntil = starts + length / bytesPerMs;
    return this.#busyUntil;
  }

  #arrive(leaves: number, bytes: Uint8Array): Arrival {
    const { delayMs = 0, jitterMs = 0, reordered = 0, heldMs = 0 } = this.#link;
    const held = this.#random.chance(reordered) ? this.#random.float() * heldMs : 0;
    const at = leaves + Math.max(0, delayMs + (2 * this.#random.float() - 1) * jitterMs) + held;
    if (at < this.#latest) this.harm.overtaking++;
    this.#latest = Math.max(this.#latest, at);
    return { at, bytes: this.#damage(bytes) };
  }

  #damage(bytes: Uint8Array): Uint8Array {
    const { corrupted = 0, truncated = 0 } = this.#link;
    let damaged = bytes;
    if (this.#random.chance(corrupted)) {
      damaged = bytes.slice();
      for (let count = this.#random.between(1, CHANGED_MAX_BYTES); count > 0; count--) {
        damaged[this.#random.below(damaged.length)]! ^= this.#random.between(1, 255);
      }
    }
    if (this.#random.chance(truncated)) {
      damaged = damaged.subarray(0, this.#random.below(damaged.length));
    }
    if (damaged !== bytes) this.harm.damaged++;
    return damaged;
  }
}
