// Direct messages whose sender has no name yet: they wait, in order, until the server says who it is. Those whom it does
// not know are the first to go when room is needed. Knows keys and texts, nothing of sessions or lines.

/** Senders without a name that are kept waiting at once. */
const STRANGERS_MAX = 64;

/** Messages of one of them. */
const STRANGER_MESSAGES_MAX = 64;

/** All their texts together, in UTF-16 units. */
const STRANGERS_TEXT_MAX_UNITS = 4_194_304;

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

  /** Keeps a message, if there is room, and if not too many wait from this key. */
  hold(key: string, text: string): "kept" | "no_room" | "too_many" {
    const texts = this.#waiting.get(key);
    if (this.#units + text.length > STRANGERS_TEXT_MAX_UNITS) return "no_room";
    if (texts === undefined) {
      if (this.#waiting.size >= STRANGERS_MAX) return "no_room";
      this.#waiting.set(key, [text]);
    } else {
      if (texts.length >= STRANGER_MESSAGES_MAX) return "too_many";
      texts.push(text);
    }
    this.#units += text.length;
    return "kept";
  }

  /** The server does not know this key, or not yet. */
  markUnknown(key: string): void {
    if (this.#waiting.has(key)) this.#unknown.add(key);
  }

  /** Drops what waits from the key that has been unknown to the server for longest, and returns the key. */
  takeUnknown(): string | undefined {
    for (const key of this.#unknown) {
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
