// Groups that came back after the server lost its memory. Their members return one by one; what is said to the group in
// that time is kept for those who come later, who were members all along. Knows no user and no session.

import { Deque } from "../../transport/deque.ts";
import { REVIVAL_MAX_BYTES, REVIVAL_MESSAGES_MAX, REVIVAL_MS } from "../limits.ts";
import type { Group } from "./membership.ts";
import type { GroupSending, Settlement } from "./settlement.ts";

interface Revival {
  readonly closesAt: number;
  readonly kept: Deque<GroupSending>;
  /** In all that is kept. */
  messages: number;
}

export class Revivals {
  readonly #settlement: Settlement;
  /** In order of closing, since all are open for the same time. */
  readonly #open = new Map<Group, Revival>();
  /** What is kept for all groups, oldest first. */
  readonly #kept = new Set<GroupSending>();
  #bytes = 0;

  constructor(settlement: Settlement) {
    this.#settlement = settlement;
  }

  /** The group is back, with its first member. Groups that are there for another reason keep nothing for anybody. */
  open(now: number, group: Group): void {
    this.#open.set(group, { closesAt: now + REVIVAL_MS, kept: new Deque(), messages: 0 });
  }

  /** The messages kept for members that come back, oldest first. */
  kept(group: Group): readonly GroupSending[] {
    return [...(this.#open.get(group)?.kept ?? [])];
  }

  /** A message to a group. While the group is coming back, it is kept, and not settled before that is over. */
  add(sending: GroupSending): void {
    const revival = this.#open.get(sending.group);
    if (revival === undefined) return;
    this.#settlement.hold(sending);
    revival.kept.push(sending);
    revival.messages += sending.ids.length;
    this.#kept.add(sending);
    this.#bytes += sending.frame.length;
    while (revival.messages > REVIVAL_MESSAGES_MAX) this.#drop(revival);
    for (const { group } of this.#kept) {
      if (this.#bytes <= REVIVAL_MAX_BYTES) return;
      this.#drop(this.#open.get(group)!);
    }
  }

  nextWakeup(): number {
    for (const { closesAt } of this.#open.values()) return closesAt;
    return Infinity;
  }

  close(now: number): void {
    for (const [group, { closesAt, kept }] of this.#open) {
      if (closesAt > now) return;
      this.#open.delete(group);
      for (const sending of kept) this.#release(sending);
    }
  }

  /** The oldest that is kept for a group is kept no longer. */
  #drop(revival: Revival): void {
    const oldest = revival.kept.shift()!;
    revival.messages -= oldest.ids.length;
    this.#release(oldest);
  }

  #release(sending: GroupSending): void {
    this.#kept.delete(sending);
    this.#bytes -= sending.frame.length;
    this.#settlement.release(sending);
  }
}
