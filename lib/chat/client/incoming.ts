// Direct messages that arrive: who sent them is told by the key of their session, never by what they say. Those whose
// sender has no name yet wait until the server says who it is. Knows the table, and lets Whois ask the server; where they
// are shown is the business of Grouping.

import { prefixOf } from "../../transport/address.ts";
import {
  PREFIX_STRANGERS_MAX,
  STRANGER_MESSAGES_MAX,
  STRANGERS_MAX,
  STRANGERS_TEXT_MAX_UNITS,
} from "../limits.ts";
import type { TableEntry } from "../message.ts";
import type { DirectPeer } from "./direct-link.ts";
import type { DirectLinks } from "./direct-links.ts";
import type { Grouping } from "./grouping.ts";
import type { ServerLink } from "./server-link.ts";
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

/** One who has no name yet. */
interface Stranger {
  /** Where it was when it spoke first. */
  readonly prefix: string;
  readonly texts: string[];
}

/**
 * Direct messages whose sender has no name yet: they wait, in order. Those whom the server does not know are the first
 * to go when room is needed. Whoever fills one prefix with strangers leaves room for those of others.
 */
export class Strangers {
  /** By their keys. */
  readonly #waiting = new Map<string, Stranger>();
  /** How many there are of each prefix. */
  readonly #ofPrefix = new Map<string, number>();
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

  /**
   * Whether a message may be kept: "now", once others made room, or others of this prefix, or not as long as this key is
   * unknown.
   */
  room(
    key: string,
    prefix: string,
    text: string,
  ): "now" | "after others" | "after its like" | "never" {
    const texts = this.#waiting.get(key)?.texts;
    if (texts !== undefined && texts.length >= STRANGER_MESSAGES_MAX) return "never";
    if (this.#units + text.length > STRANGERS_TEXT_MAX_UNITS) return "after others";
    if (texts !== undefined) return "now";
    if ((this.#ofPrefix.get(prefix) ?? 0) >= PREFIX_STRANGERS_MAX) return "after its like";
    return this.#waiting.size < STRANGERS_MAX ? "now" : "after others";
  }

  /** Keeps a message for which there is room. */
  hold(key: string, prefix: string, text: string): void {
    const stranger = this.#waiting.get(key);
    if (stranger !== undefined) stranger.texts.push(text);
    else {
      this.#waiting.set(key, { prefix, texts: [text] });
      this.#ofPrefix.set(prefix, (this.#ofPrefix.get(prefix) ?? 0) + 1);
    }
    this.#units += text.length;
  }

  /** The server does not know this key, or not yet. */
  markUnknown(key: string): void {
    if (this.#waiting.has(key)) this.#unknown.add(key);
  }

  /**
   * Drops what waits from the key, other than this one, that the server has not known for longest; with `prefix`, from one
   * of there. Returns the key.
   */
  takeUnknown(other: string, prefix?: string): string | undefined {
    for (const key of this.#unknown) {
      if (key === other) continue;
      if (prefix !== undefined && this.#waiting.get(key)?.prefix !== prefix) continue;
      this.take(key);
      return key;
    }
    return undefined;
  }

  /** What waited from this key, oldest first; it is a stranger no more. */
  take(key: string): readonly string[] {
    const stranger = this.#waiting.get(key);
    if (stranger === undefined) return [];
    const { prefix, texts } = stranger;
    this.#waiting.delete(key);
    this.#unknown.delete(key);
    const others = (this.#ofPrefix.get(prefix) ?? 1) - 1;
    if (others > 0) this.#ofPrefix.set(prefix, others);
    else this.#ofPrefix.delete(prefix);
    for (const text of texts) this.#units -= text.length;
    return texts;
  }
}
