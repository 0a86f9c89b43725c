// The line that is being typed: its text, the cursor, the history, and what each key does to them.
// Knows nothing of terminals, and not what a line means.
import type { KeyName } from "./keys.ts";
import { clusterAfter, clusterBefore, isAscii } from "./width.ts";

/** No message is longer than this (MESSAGE_MAX_BYTES of the transport), so no line needs to be. */
const LINE_MAX_CHARS = 1_048_576;

/** As many lines as a long evening has; then the oldest goes. */
const HISTORY_MAX_LINES = 1_000;

/** Words for moving and deleting: what is between white space. */
const WORD_BEFORE = /\S*\s*$/;
const WORD_AFTER = /^\s*\S*/;

const TEXT_NEVER_TYPED = /[\x00-\x1f\x7f-\x9f]/g;

export class LineEditor {
  #text = "";
  #cursor = 0;
  #deleted = "";
  readonly #history: string[] = [];
  /** Which line of the history is shown; its length: none, but the one that is being typed. */
  #shown = 0;
  #typed = "";

  get text(): string {
    return this.#text;
  }

  /** Index in the text, in UTF-16 units, always between two grapheme clusters. */
  get cursor(): number {
    return this.#cursor;
  }

  /** Puts text in at the cursor, without its control characters. False if some of it found no room. */
  insert(text: string): boolean {
    const clean = text.replace(TEXT_NEVER_TYPED, "");
    const fits = clean.slice(0, Math.max(0, LINE_MAX_CHARS - this.#text.length)).toWellFormed();
    const before = this.#text.slice(0, this.#cursor) + fits;
    this.#text = before + this.#text.slice(this.#cursor);
    this.#cursor = this.#boundary(before.length);
    return fits.length === clean.length;
  }

  /** Puts `text` in the place of the last `count` characters before the cursor. */
  replaceBefore(count: number, text: string): void {
    this.#delete(this.#cursor - count, this.#cursor);
    this.insert(text);
  }

  /** Ends the line: returns it, keeps it in the history, and begins an empty one. */
  take(): string {
    const line = this.#text;
    if (line.trim() !== "" && line !== this.#history.at(-1)) this.#history.push(line);
    if (this.#history.length > HISTORY_MAX_LINES) this.#history.shift();
    this.#shown = this.#history.length;
    this.#typed = "";
    this.#text = "";
    this.#cursor = 0;
    return line;
  }

  /** Does what a key does to the line. Keys that mean more than that (Enter, ^C, Tab ...) change nothing. */
  press(name: KeyName): void {
    switch (name) {
      case "left":
        this.#cursor = this.#left();
        break;
      case "right":
        this.#cursor = this.#right();
        break;
      case "home":
        this.#cursor = 0;
        break;
      case "end":
        this.#cursor = this.#text.length;
        break;
      case "word-left":
        this.#cursor = this.#wordLeft();
        break;
      case "word-right":
        this.#cursor = this.#wordRight();
        break;
      case "backspace":
        this.#delete(this.#left(), this.#cursor);
        break;
      case "delete":
      case "end-of-input":
        this.#delete(this.#cursor, this.#right());
        break;
      case "delete-word-left":
        this.#cut(this.#wordLeft(), this.#cursor);
        break;
      case "delete-word-right":
        this.#cut(this.#cursor, this.#wordRight());
        break;
      case "delete-to-start":
        this.#cut(0, this.#cursor);
        break;
      case "delete-to-end":
        this.#cut(this.#cursor, this.#text.length);
        break;
      case "yank":
        this.insert(this.#deleted);
        break;
      case "up":
        this.#recall(this.#shown - 1);
        break;
      case "down":
        this.#recall(this.#shown + 1);
        break;
      default:
        break;
    }
  }

  #left(): number {
    if (isAscii(this.#text)) return Math.max(0, this.#cursor - 1);
    return clusterBefore(this.#text, this.#cursor);
  }

  #right(): number {
    if (isAscii(this.#text)) return Math.min(this.#text.length, this.#cursor + 1);
    return clusterAfter(this.#text, this.#cursor);
  }

  #wordLeft(): number {
    const before = this.#text.slice(0, this.#cursor);
    return this.#cursor - (WORD_BEFORE.exec(before)?.[0].length ?? 0);
  }

  #wordRight(): number {
    const after = this.#text.slice(this.#cursor);
    return this.#cursor + (WORD_AFTER.exec(after)?.[0].length ?? 0);
  }

  #delete(from: number, to: number): void {
    const before = this.#text.slice(0, from);
    this.#text = before + this.#text.slice(to);
    this.#cursor = this.#boundary(from);
  }

  #cut(from: number, to: number): void {
    if (from === to) return;
    this.#deleted = this.#text.slice(from, to);
    this.#delete(from, to);
  }

  /** What was put together may have become one cluster (a letter and a mark): then the cursor goes behind it. */
  #boundary(at: number): number {
    if (at >= this.#text.length || isAscii(this.#text)) return Math.min(at, this.#text.length);
    return clusterBefore(this.#text, at + 1) === at ? at : clusterAfter(this.#text, at);
  }

  #recall(index: number): void {
    if (index < 0 || index > this.#history.length) return;
    if (this.#shown === this.#history.length) this.#typed = this.#text;
    this.#shown = index;
    this.#text = this.#history[index] ?? this.#typed;
    this.#cursor = this.#text.length;
  }
}
