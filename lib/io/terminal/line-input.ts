// The line that is being typed, as `node:readline` edits it: its keys, its history, its completion. What it would draw is
// thrown away; console-live.ts draws. Added here is only what readline does not do. Knows nothing of terminals.

import { createInterface } from "node:readline";
import type { Interface, Key } from "node:readline";
import { Readable, Writable } from "node:stream";

import { isYank, KillBuffer } from "./kill-buffer.ts";
import { clusterAfter, clusterBefore, isAscii } from "./width.ts";

/** No message is longer than this (MESSAGE_MAX_BYTES of the transport), so no line needs to be. */
const LINE_MAX_CHARS = 1_048_576;

/** As many lines as a long evening has; then the oldest goes. */
const HISTORY_MAX_LINES = 1_000;

/** What the keys mean that are about more than the line. */
export interface LineInputEvents {
  readonly onLine: (text: string) => void;
  /** `^C` */
  readonly onInterrupt: () => void;
  /** `^Z` */
  readonly onSuspend: () => void;
  /** `^D` on an empty line. Nothing follows. */
  readonly onEnd: () => void;
  /** `^L` */
  readonly onClearScreen: () => void;
  /** There are several candidates, and nothing that all of them begin with is left to be added. */
  readonly onChoices: (candidates: readonly string[]) => void;
  /** The last key found no room. */
  readonly onFull: () => void;
  /** After every key. */
  readonly onKey: () => void;
  /** As `ConsoleEvents.complete`. */
  readonly complete: (line: string) => readonly [candidates: readonly string[], part: string];
}

/** All of this may be written to, other than the types say. */
type Editor = Interface & { line: string; cursor: number; history: string[]; historyIndex: number };

/** The start of the character (grapheme cluster) that `at` is within; `at` itself between two. */
const startOf = (text: string, at: number): number =>
  at >= text.length ? text.length : clusterBefore(text, at + 1);

/** The end of the character that `at` is within; `at` itself between two. */
const endOf = (text: string, at: number): number =>
  startOf(text, at) === at ? at : clusterAfter(text, at);

export class LineInput {
  readonly #events: LineInputEvents;
  readonly #keys = new Readable({ read() {} });
  readonly #editor: Editor;
  /** What there was before the last key. */
  #line = "";
  #cursor = 0;
  #historyIndex = -1;
  /** The line that was being typed when the history was opened. */
  #typed = "";
  #candidates: readonly string[] = [];
  readonly #kills = new KillBuffer();

  constructor(events: LineInputEvents) {
    this.#events = events;
    this.#editor = createInterface({
      input: this.#keys,
      output: new Writable({ write: (_chunk, _encoding, done) => done() }),
      terminal: true,
      prompt: "",
      historySize: HISTORY_MAX_LINES,
      crlfDelay: Infinity,
      completer: (line: string): [string[], string] => {
        const [candidates, part] = events.complete(line);
        this.#candidates = candidates;
        return [[...candidates], part];
      },
    }) as Editor;
    // It would lay out the whole line for it with every key, and draws nothing that anyone sees.
    this.#editor.getCursorPos = () => ({ rows: 0, cols: 0 });
    this.#editor.on("line", (text) => {
      this.#editor.historyIndex = -1; // an empty line leaves it where it was
      events.onLine(text);
    });
    this.#editor.on("SIGINT", events.onInterrupt);
    this.#editor.on("SIGTSTP", events.onSuspend);
    this.#editor.on("close", events.onEnd);
    // After readline's own listener: what the key did is done.
    this.#keys.on("keypress", (_text: string | undefined, key: Key) => this.#pressed(key));
  }

  get text(): string {
    return this.#editor.line;
  }

  /** Index in the text, in UTF-16 units, always between two characters. */
  get cursor(): number {
    const { line, cursor } = this.#editor;
    // What was typed may have become one character with what follows it: a letter before a mark.
    if (cursor < line.length && !isAscii(line)) this.#editor.cursor = endOf(line, cursor);
    return this.#editor.cursor;
  }

  /** What `KeyFilter` gives. */
  feed(keys: string): void {
    this.#keys.push(keys);
  }

  /** Keys wait from now on. */
  pause(): void {
    this.#keys.pause();
  }

  resume(): void {
    this.#keys.resume();
  }

  #pressed(key: Key): void {
    const { name, ctrl = false } = key;
    const editor = this.#editor;
    if (name === "up" || (ctrl && name === "p")) this.#recall(1);
    else if (name === "down" || (ctrl && name === "n")) this.#recall(-1);
    else if (name === "tab") this.#offer();
    else if (ctrl && name === "l") this.#events.onClearScreen();
    else if (isYank(key)) this.#yank();
    else if (editor.line.length <= this.#line.length) this.#takeWholeCharacters();
    if (editor.line.length > LINE_MAX_CHARS) {
      editor.line = this.#line;
      editor.cursor = this.#cursor;
      this.#events.onFull();
    }
    this.#kills.pressed(key, { line: this.#line, cursor: this.#cursor }, editor);
    this.#line = editor.line;
    this.#cursor = editor.cursor;
    this.#historyIndex = editor.historyIndex;
    this.#events.onKey();
  }

  /** readline shows only lines that begin like the typed one, goes on past the oldest one, and forgets what was typed. */
  #recall(step: 1 | -1): void {
    const editor = this.#editor;
    if (this.#historyIndex === -1) this.#typed = this.#line;
    const index = Math.min(this.#historyIndex + step, editor.history.length - 1);
    editor.historyIndex = Math.max(-1, index);
    editor.line = editor.history[index] ?? this.#typed;
    editor.cursor = editor.line.length;
  }

  /** In place of what readline has put in. */
  #yank(): void {
    const [line, cursor] = [this.#line, this.#cursor];
    this.#editor.line = line.slice(0, cursor) + this.#kills.text + line.slice(cursor);
    this.#editor.cursor = cursor + this.#kills.text.length;
  }

  #offer(): void {
    if (this.#editor.line === this.#line && this.#candidates.length > 1)
      this.#events.onChoices(this.#candidates);
    this.#candidates = [];
  }

  /** readline moves and deletes by code point and by word; a character that it has cut goes, or stays, as a whole. */
  #takeWholeCharacters(): void {
    const editor = this.#editor;
    const [line, cursor] = [this.#line, this.#cursor];
    if (isAscii(line)) return;
    const deleted = line.length - editor.line.length;
    if (editor.line === line) {
      const snap = editor.cursor < cursor ? startOf : endOf;
      editor.cursor = snap(line, editor.cursor);
    } else if (deleted > 0 && editor.cursor === cursor) {
      editor.line = line.slice(0, cursor) + line.slice(endOf(line, cursor + deleted));
    } else if (deleted > 0 && editor.cursor === cursor - deleted) {
      const from = startOf(line, editor.cursor);
      editor.line = line.slice(0, from) + line.slice(cursor);
      editor.cursor = from;
    }
  }
}
