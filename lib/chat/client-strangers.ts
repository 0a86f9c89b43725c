// Direct messages whose sender has no name yet: they wait, in order, until the server says who it is.
// Knows keys and texts, nothing of sessions or lines.

/** Senders without a name that are kept waiting at once. */
const STRANGERS_MAX = 64;

/** Messages of one of them. */
const STRANGER_MESSAGES_MAX = 64;

/** All their texts together, in UTF-16 units. */
const STRANGERS_TEXT_MAX_UNITS = 4_194_304;

export class Strangers {
  readonly #waiting = new Map<string, string[]>();
  #units = 0;

  /** Every key with messages that wait. */
  get keys(): string[] {
    return [...this.#waiting.keys()];
  }

  has(key: string): boolean {
    return this.#waiting.has(key);
  }

  /** Keeps a message. Returns false when there is no room for it. */
  hold(key: string, text: string): boolean {
    const texts = this.#waiting.get(key);
    if (this.#units + text.length > STRANGERS_TEXT_MAX_UNITS) return false;
    if (texts === undefined) {
      if (this.#waiting.size >= STRANGERS_MAX) return false;
      this.#waiting.set(key, [text]);
    } else {
      if (texts.length >= STRANGER_MESSAGES_MAX) return false;
      texts.push(text);
    }
    this.#units += text.length;
    return true;
  }

  /** What waited from this key, oldest first; it is a stranger no more. */
  take(key: string): readonly string[] {
    const texts = this.#waiting.get(key) ?? [];
    this.#waiting.delete(key);
    for (const text of texts) this.#units -= text.length;
    return texts;
  }
}
