// The group that the user is in: which one, what came before it was entered, what was shown already, and the direct
// messages that wait until it is left. Knows nothing of sessions or requests.

import { EARLY_MESSAGES_MAX, INBOX_MAX_MESSAGES, INBOX_MAX_UNITS, SEEN_MAX } from "../limits.ts";
import type { GroupMessage } from "../message.ts";
import { foldName } from "../names.ts";
import { HighestNumbers } from "./highest-numbers.ts";

/** A direct message in the inbox, both texts as received. */
export interface Mail {
  readonly from: string;
  readonly text: string;
}

export class GroupRoom {
  /** As created, not as typed. */
  #current: string | undefined;
  #entering: string | undefined;
  #early: GroupMessage[] = [];
  #inbox: Mail[] = [];
  #inboxUnits = 0;
  #full = false;
  readonly #seen = new HighestNumbers(SEEN_MAX);

  /** The group that the user is in. */
  get current(): string | undefined {
    return this.#current;
  }

  isIn(group: string): boolean {
    return this.#current !== undefined && foldName(this.#current) === foldName(group);
  }

  /** The server is asked to let the user in: messages may come before its answer does. */
  startEntering(group: string): void {
    this.#entering = foldName(group);
  }

  /** The server said no. */
  stopEntering(): void {
    this.#entering = undefined;
    this.#early = [];
  }

  /** The server said yes. Returns the messages that came before its answer. */
  enter(group: string): readonly GroupMessage[] {
    const early = this.#early;
    this.stopEntering();
    this.#current = group;
    return early;
  }

  /** Out of the group. Returns what waited meanwhile, oldest first. */
  leave(): readonly Mail[] {
    this.#current = undefined;
    const mail = this.#inbox;
    this.#inbox = [];
    this.#inboxUnits = 0;
    this.#full = false;
    return mail;
  }

  /** Whether a message to a group is to be shown now: it is to this one, and was not shown before. */
  take(message: GroupMessage): boolean {
    const { group } = message.payload;
    if (this.#entering === foldName(group)) {
      if (this.#early.length < EARLY_MESSAGES_MAX) this.#early.push(message);
      return false;
    }
    if (!this.isIn(group)) return false;
    const { sender, number } = message.metadata;
    return this.#seen.take(`${sender} ${foldName(group)}`, number);
  }

  /** Keeps a direct message. Returns those for which there is no more room, and whether that is so for the first time. */
  keep(mail: Mail): { readonly overflow: readonly Mail[]; readonly firstTime: boolean } {
    this.#inbox.push(mail);
    this.#inboxUnits += mail.text.length;
    const overflow: Mail[] = [];
    while (this.#inbox.length > INBOX_MAX_MESSAGES || this.#inboxUnits > INBOX_MAX_UNITS) {
      const oldest = this.#inbox.shift();
      if (oldest === undefined) break;
      this.#inboxUnits -= oldest.text.length;
      overflow.push(oldest);
    }
    const firstTime = overflow.length > 0 && !this.#full;
    if (firstTime) this.#full = true;
    return { overflow, firstTime };
  }
}
