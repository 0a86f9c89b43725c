// Direct messages that arrive: who sent them is told by the key of their session, never by what they say.
// Knows the table and how to ask the server; where they are shown is the business of Grouping.

import type { DirectLinks } from "./client-direct.ts";
import type { Grouping } from "./client-grouping.ts";
import type { ServerLink } from "./client-server.ts";
import { Strangers } from "./client-strangers.ts";
import type { UserTable } from "./client-table.ts";

export class Incoming {
  readonly #table: UserTable;
  readonly #links: DirectLinks;
  readonly #server: ServerLink;
  readonly #grouping: Grouping;
  readonly #strangers = new Strangers();

  constructor(table: UserTable, links: DirectLinks, server: ServerLink, grouping: Grouping) {
    this.#table = table;
    this.#links = links;
    this.#server = server;
    this.#grouping = grouping;
  }

  /** A message from the holder of this key, new and in order. */
  take(now: number, key: string, text: string): void {
    // Behind messages that wait for a name, this one waits too.
    const waits = this.#strangers.has(key);
    const from = waits ? undefined : this.#table.nameOf(key);
    if (from !== undefined) {
      this.#grouping.onDirect({ from, text });
      return;
    }
    for (let held = this.#strangers.hold(key, text); held !== "kept";) {
      if (held === "too_many") return;
      const nobody = this.#strangers.takeUnknown();
      if (nobody === undefined) return;
      this.#links.disown(nobody);
      held = this.#strangers.hold(key, text);
    }
    if (!waits || this.#table.onDemand) this.#ask(now, key);
  }

  /** Shows what waited for a name that is in the table now. */
  introduce(): void {
    for (const key of this.#strangers.keys) this.#show(key);
  }

  /** The server is back: it may know those whom it was asked for in vain. */
  askAgain(now: number): void {
    for (const key of this.#strangers.keys) this.#ask(now, key);
  }

  #ask(now: number, key: string): void {
    this.#server.ask(now, { type: "whois", payload: { key } }, false, (_, reply) => {
      // Without an answer the messages wait for a table, or for the server to come back.
      if (reply?.type !== "resolved" || !this.#strangers.has(key)) return;
      const { user } = reply.payload;
      if (user?.key === key) this.#table.learn(user);
      // A server that lost its memory knows its users only as they come back, and what the sender was told has arrived
      // must be shown then: it waits, as long as nobody else needs the room.
      if (this.#table.nameOf(key) !== undefined) this.#show(key);
      else this.#strangers.markUnknown(key);
    });
  }

  #show(key: string): void {
    const from = this.#table.nameOf(key);
    if (from === undefined) return;
    for (const text of this.#strangers.take(key)) this.#grouping.onDirect({ from, text });
  }
}
