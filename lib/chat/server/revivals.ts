// Groups that came back after the server lost its memory. Their members return one by one; what is said to the group in
// that time is kept for those who come later, who were members all along. Knows no user and no session.

import { Deque } from "../../transport/deque.ts";
import { RETURNING_MS, REVIVAL_MAX_BYTES, REVIVAL_MESSAGES_MAX, REVIVAL_MS } from "../limits.ts";
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
  /** Groups whose time is over: each comes back once. */
  readonly #closed = new WeakSet<Group>();
  /** Until then a group that is there is likely to be one that comes back, whoever was the first to have it again. */
  #returningUntil = Number.NEGATIVE_INFINITY;

  constructor(settlement: Settlement) {
    this.#settlement = settlement;
  }

  /** The server has begun without a memory: those that were in groups come back now. */
  begin(now: number): void {
    this.#returningUntil = now + RETURNING_MS;
  }

  /**
   * A member of the group is back. `first`: the group has come back with it. Returns the messages kept for it, oldest
   * first: none, and nothing is kept, where the group was never away.
   */
  open(now: number, group: Group, first: boolean): readonly GroupSending[] {
    let revival = this.#open.get(group);
    if (revival === undefined) {
      if (this.#closed.has(group) || (!first && now > this.#returningUntil)) return [];
      revival = { closesAt: now + REVIVAL_MS, kept: new Deque(), messages: 0 };
      this.#open.set(group, revival);
    }
    return [...revival.kept];
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
      this.#closed.add(group);
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
