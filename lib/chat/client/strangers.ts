// Direct messages whose sender has no name yet: how many may wait, and which of them go when room is needed. Knows keys
// and prefixes of addresses, no table and no server.

import {
  PREFIX_STRANGERS_MAX,
  STRANGER_MESSAGES_MAX,
  STRANGERS_MAX,
  STRANGERS_TEXT_MAX_UNITS,
} from "../limits.ts";

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
   * Whether a message may be kept: now; after another stranger was dropped; after one of this prefix was; or not while
   * this key is unknown.
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
