// Groups that came back after the server lost its memory. Their members return one by one; what is said to the group in
// that time is kept for those who come later, who were members all along. Knows no user and no session.

import { Deque } from "../deque.ts";
import { REVIVAL_MAX_BYTES, REVIVAL_MESSAGES_MAX, REVIVAL_MS } from "../limits.ts";
import type { Group } from "./membership.ts";
import type { GroupSending, Settlement } from "./settlement.ts";

interface Revival {
  readonly closesAt: number;
  readonly kept: Deque<GroupSending>;
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

  constructor(settlement: Settlement) {
    this.#settlement = settlement;
  }

  /** A member of the group is back. Returns the messages kept for it, oldest first. */
  open(now: number, group: Group): readonly GroupSending[] {
    if (this.#closed.has(group)) return [];
    let revival = this.#open.get(group);
    if (revival === undefined) {
      revival = { closesAt: now + REVIVAL_MS, kept: new Deque() };
      this.#open.set(group, revival);
    }
    return [...revival.kept];
  }

  /** A message to a group. While the group is coming back, it is kept, and not settled before that is over. */
  add(sending: GroupSending): void {
    const kept = this.#open.get(sending.group)?.kept;
    if (kept === undefined) return;
    this.#settlement.hold(sending);
    kept.push(sending);
    this.#kept.add(sending);
    this.#bytes += sending.frame.length;
    if (kept.length > REVIVAL_MESSAGES_MAX) this.#release(kept.shift()!);
    for (const oldest of this.#kept) {
      if (this.#bytes <= REVIVAL_MAX_BYTES) return;
      this.#open.get(oldest.group)?.kept.shift();
      this.#release(oldest);
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

  #release(sending: GroupSending): void {
    this.#kept.delete(sending);
    this.#bytes -= sending.frame.length;
    this.#settlement.release(sending);
  }
}
