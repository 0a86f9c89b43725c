// Direct messages that arrive: who sent them is told by the key of their session, never by what they say. Those whose
// sender has no name yet wait until the server says who it is. Knows the table, and lets Whois ask the server; where they
// are shown is the business of Grouping.

import { prefixOf } from "../../transport/address.ts";
import type { TableEntry } from "../message.ts";
import type { DirectPeer } from "./direct-link.ts";
import type { DirectLinks } from "./direct-links.ts";
import type { Grouping } from "./grouping.ts";
import type { ServerLink } from "./server-link.ts";
import { Strangers } from "./strangers.ts";
import type { UserTable } from "./user-table.ts";
import { Whois } from "./whois.ts";

export class Incoming {
  readonly #table: UserTable;
  readonly #links: DirectLinks;
  readonly #grouping: Grouping;
  readonly #strangers = new Strangers();
  readonly #whois: Whois;

  constructor(table: UserTable, links: DirectLinks, server: ServerLink, grouping: Grouping) {
    this.#table = table;
    this.#links = links;
    this.#grouping = grouping;
    this.#whois = new Whois(server, (key, user) => this.#onAnswer(key, user));
  }

  /** Whether a message from this peer can be taken. One that is will be shown: its sender is told so. */
  hasRoom({ key, address }: DirectPeer, text: string): boolean {
    if (this.#nameNow(key) !== undefined) return true;
    const prefix = prefixOf(address.host);
    for (;;) {
      const room = this.#strangers.room(key, prefix, text);
      if (room === "now" || room === "never") return room === "now";
      const nobody = this.#strangers.takeUnknown(
        key,
        room === "after its like" ? prefix : undefined,
      );
      if (nobody === undefined) return false;
      this.#whois.drop(nobody);
      this.#links.disown(nobody);
    }
  }

  /** A message from this peer, new and in order, for which there is room. */
  take(now: number, { key, address }: DirectPeer, text: string): void {
    const from = this.#nameNow(key);
    if (from !== undefined) {
      this.#grouping.onDirect({ from, text });
      return;
    }
    const waits = this.#strangers.has(key);
    this.#strangers.hold(key, prefixOf(address.host), text);
    if (!waits || this.#table.onDemand) this.#whois.ask(now, key);
  }

  /** Shows what waited for a name that is in the table now. */
  introduce(): void {
    for (const key of this.#strangers.keys) this.#show(key);
  }

  /** The server is back: it may know those whom it was asked for in vain. */
  askAgain(now: number): void {
    for (const key of this.#strangers.keys) this.#whois.ask(now, key);
  }

  /** Asks for those whose turn has come. */
  wake(now: number): void {
    this.#whois.wake(now);
  }

  /** When to call `wake`. */
  nextWakeup(): number {
    return this.#whois.nextWakeup();
  }

  /** Without an answer the messages wait for a table, or for the server to come back. */
  #onAnswer(key: string, user: TableEntry | null): void {
    if (!this.#strangers.has(key)) return;
    if (user?.key === key) this.#table.learn(user);
    // A server that lost its memory knows its users only as they come back, and what the sender was told has arrived
    // must be shown then: it waits, as long as nobody else needs the room.
    if (this.#table.nameOf(key) !== undefined) this.#show(key);
    else this.#strangers.markUnknown(key);
  }

  /** Under what name a message is to be shown at once. Behind messages that wait for a name, it waits too. */
  #nameNow(key: string): string | undefined {
    return this.#strangers.has(key) ? undefined : this.#table.nameOf(key);
  }

  #show(key: string): void {
    const from = this.#table.nameOf(key);
    if (from === undefined) return;
    this.#whois.drop(key);
    for (const text of this.#strangers.take(key)) this.#grouping.onDirect({ from, text });
  }
}
