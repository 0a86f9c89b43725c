// Answers that are held back from the senders of a group while no member of it keeps up: so they speak no faster than the
// fastest of those who listen, and nobody who is slow makes the others slow. Knows groups, and not who keeps up.

import { PARKED_MAX_MS } from "../limits.ts";
import type { Group } from "./membership.ts";

/** Whose message it was, and the request's id. */
export interface Parked {
  readonly key: string;
  readonly id: number;
}

interface Held {
  /** When the first of them was held back, in ms. */
  readonly since: number;
  readonly answers: Parked[];
}

export class Parking {
  /** In the order in which it began. */
  readonly #groups = new Map<Group, Held>();

  hold(now: number, group: Group, answer: Parked): void {
    const held = this.#groups.get(group);
    if (held === undefined) this.#groups.set(group, { since: now, answers: [answer] });
    else held.answers.push(answer);
  }

  /** Takes out the answers of a group, oldest first: somebody keeps up again, or is in the group no more. */
  take(group: Group): readonly Parked[] {
    const held = this.#groups.get(group);
    if (held === undefined) return [];
    this.#groups.delete(group);
    return held.answers;
  }

  nextWakeup(): number {
    for (const { since } of this.#groups.values()) return since + PARKED_MAX_MS;
    return Infinity;
  }

  /** Takes out what was held back for too long. */
  takeDue(now: number): readonly Parked[] {
    const due: Parked[] = [];
    for (const [group, { since }] of this.#groups) {
      if (since + PARKED_MAX_MS > now) break;
      due.push(...this.take(group));
    }
    return due;
  }
}
