// Which group messages have reached all they ever will, so that their senders need not keep them any longer.
// A sender keeps a message until it is settled, and gives it again to a server that lost its memory.

import type { FramedMessage } from "../../transport/framed-message.ts";
import type { Group } from "./membership.ts";

/** Group messages that have their places in the log: one, or several of one sender that go out together. */
export interface GroupSending {
  readonly group: Group;
  readonly ledger: Ledger;
  /** The ids of the sender's requests, ascending. */
  readonly ids: readonly number[];
  readonly frame: FramedMessage;
  /** Members that have yet to get it, and one more while members may still come back for it. */
  outstanding: number;
}

/** The group messages of one sender. */
interface Ledger {
  readonly key: string;
  /** The first ids of what is not settled, ascending. */
  readonly open: Set<number>;
  /** The highest id seen. */
  last: number;
}

export class Settlement {
  readonly #ledgers = new Map<string, Ledger>();
  readonly #news = new Set<Ledger>();
  #openBytes = 0;

  /** The bytes of all that is not settled, each message counted once, however many have yet to get it. */
  get openBytes(): number {
    return this.#openBytes;
  }

  /** Messages by the owner of `key` got their places. The caller holds them once until they have been sent to all. */
  begin(key: string, ids: readonly number[], group: Group, frame: FramedMessage): GroupSending {
    let ledger = this.#ledgers.get(key);
    if (ledger === undefined) {
      ledger = { key, open: new Set(), last: 0 };
      this.#ledgers.set(key, ledger);
    }
    ledger.open.add(ids[0]!);
    ledger.last = ids.at(-1)!;
    this.#openBytes += frame.length;
    return { group, ledger, ids, frame, outstanding: 1 };
  }

  hold(sending: GroupSending): void {
    sending.outstanding++;
  }

  /** One reason less to wait. */
  release(sending: GroupSending): void {
    sending.outstanding--;
    if (sending.outstanding > 0) return;
    this.#openBytes -= sending.frame.length;
    sending.ledger.open.delete(sending.ids[0]!);
    this.#news.add(sending.ledger);
  }

  /** Up to which id the messages of this sender are settled; `last` if none is open. */
  settledOf(key: string, last: number): number {
    const ledger = this.#ledgers.get(key);
    return ledger === undefined ? last : settled(ledger, last);
  }

  /** What changed since the last call: per sender, the id up to which all is settled. */
  takeNews(): { key: string; id: number }[] {
    if (this.#news.size === 0) return [];
    const news = Array.from(this.#news, (ledger) => {
      // Nothing is lost with an empty ledger: the next message begins a new one.
      if (ledger.open.size === 0) this.#ledgers.delete(ledger.key);
      return { key: ledger.key, id: settled(ledger, ledger.last) };
    });
    this.#news.clear();
    return news;
  }
}

function settled(ledger: Ledger, last: number): number {
  for (const oldest of ledger.open) return oldest - 1;
  return last;
}
