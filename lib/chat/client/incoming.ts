// Direct messages that arrive: who sent them is told by the key of their session, never by what they say. Those whose
// sender has no name yet wait until the server says who it is. Knows the table and how to ask the server; where they
// are shown is the business of Grouping.

import { STRANGER_MESSAGES_MAX, STRANGERS_MAX, STRANGERS_TEXT_MAX_UNITS } from "../limits.ts";
import type { DirectLinks } from "./direct-links.ts";
import type { Grouping } from "./grouping.ts";
import type { ServerLink } from "./server-link.ts";
import type { UserTable } from "./user-table.ts";

export class Incoming {
  readonly #table: UserTable;
  readonly #links: DirectLinks;
  readonly #server: ServerLink;
  readonly #grouping: Grouping;
  readonly #strangers = new Strangers();
  /** Keys that the server is being asked for: however much comes from one meanwhile, one answer is for all of it. */
  readonly #asked = new Set<string>();

  constructor(table: UserTable, links: DirectLinks, server: ServerLink, grouping: Grouping) {
    this.#table = table;
    this.#links = links;
    this.#server = server;
    this.#grouping = grouping;
  }

  /** Whether a message from the holder of this key can be taken. One that is will be shown: its sender is told so. */
  hasRoom(key: string, text: string): boolean {
    if (this.#nameNow(key) !== undefined) return true;
    for (;;) {
      const room = this.#strangers.room(key, text);
      if (room !== "after others") return room === "now";
      const nobody = this.#strangers.takeUnknown(key);
      if (nobody === undefined) return false;
      this.#links.disown(nobody);
    }
  }

  /** A message from the holder of this key, new and in order, for which there is room. */
  take(now: number, key: string, text: string): void {
    const from = this.#nameNow(key);
    if (from !== undefined) {
      this.#grouping.onDirect({ from, text });
      return;
    }
    const waits = this.#strangers.has(key);
    this.#strangers.hold(key, text);
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
    if (this.#asked.has(key)) return;
    this.#asked.add(key);
    this.#server.ask(now, { type: "whois", payload: { key } }, false, (_, reply) => {
      this.#asked.delete(key);
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

  /** Under what name a message is to be shown at once. Behind messages that wait for a name, it waits too. */
  #nameNow(key: string): string | undefined {
    return this.#strangers.has(key) ? undefined : this.#table.nameOf(key);
  }

  #show(key: string): void {
    const from = this.#table.nameOf(key);
    if (from === undefined) return;
    for (const text of this.#strangers.take(key)) this.#grouping.onDirect({ from, text });
  }
}

/**
 * Direct messages whose sender has no name yet: they wait, in order. Those whom the server does not know are the first
 * to go when room is needed.
 */
export class Strangers {
  readonly #waiting = new Map<string, string[]>();
  /** Keys that the server does not know. */
  readonly #unknown = new Set<string>();
  #units = 0;

  /** Every key with messages that wait. */
  get keys(): string[] {
    return [...this.#waiting.keys()];
  }

  has(key: string): boolean {
    return this.#waiting.has(key);
  }

  /** Whether a message may be kept: "now", once others made room, or not as long as this key is unknown. */
  room(key: string, text: string): "now" | "after others" | "never" {
    const texts = this.#waiting.get(key);
    if (texts !== undefined && texts.length >= STRANGER_MESSAGES_MAX) return "never";
    if (this.#units + text.length > STRANGERS_TEXT_MAX_UNITS) return "after others";
    return texts !== undefined || this.#waiting.size < STRANGERS_MAX ? "now" : "after others";
  }

  /** Keeps a message for which there is room. */
  hold(key: string, text: string): void {
    const texts = this.#waiting.get(key);
    if (texts === undefined) this.#waiting.set(key, [text]);
    else texts.push(text);
    this.#units += text.length;
  }

  /** The server does not know this key, or not yet. */
  markUnknown(key: string): void {
    if (this.#waiting.has(key)) this.#unknown.add(key);
  }

  /** Drops what waits from the key, other than this one, that the server has not known for longest. Returns the key. */
  takeUnknown(other: string): string | undefined {
    for (const key of this.#unknown) {
      if (key === other) continue;
      this.take(key);
      return key;
    }
    return undefined;
  }

  /** What waited from this key, oldest first; it is a stranger no more. */
  take(key: string): readonly string[] {
    const texts = this.#waiting.get(key) ?? [];
    this.#waiting.delete(key);
    this.#unknown.delete(key);
    for (const text of texts) this.#units -= text.length;
    return texts;
  }
}
