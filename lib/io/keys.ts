// What a terminal sends, as keys: text, control bytes and escape sequences (ECMA-48, xterm) become names.
// Knows nothing of lines or of what a key does.

/** What a key means to someone who edits a line. Keys without a meaning here are left out. */
export type KeyName =
  | "enter"
  | "tab"
  | "backspace"
  | "delete"
  | "left"
  | "right"
  | "up"
  | "down"
  | "home"
  | "end"
  | "word-left"
  | "word-right"
  | "delete-word-left"
  | "delete-word-right"
  | "delete-to-start"
  | "delete-to-end"
  | "yank"
  | "clear-screen"
  | "interrupt"
  | "end-of-input"
  | "suspend";

export type Key =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "key"; readonly name: KeyName }
  /** The answer to `ESC [ 6 n`: where the cursor is, counted from 1. */
  | { readonly type: "cursor"; readonly row: number; readonly column: number };

const CONTROLS: Readonly<Record<string, KeyName>> = {
  "\x01": "home",
  "\x02": "left",
  "\x03": "interrupt",
  "\x04": "end-of-input",
  "\x05": "end",
  "\x06": "right",
  "\x08": "backspace",
  "\x09": "tab",
  "\x0a": "enter",
  "\x0b": "delete-to-end",
  "\x0c": "clear-screen",
  "\x0d": "enter",
  "\x0e": "down",
  "\x10": "up",
  "\x15": "delete-to-start",
  "\x17": "delete-word-left",
  "\x19": "yank",
  "\x1a": "suspend",
  "\x7f": "backspace",
};

/** The last letter of `ESC [ … letter` and `ESC O letter`. */
const LETTERS: Readonly<Record<string, KeyName>> = {
  A: "up",
  B: "down",
  C: "right",
  D: "left",
  F: "end",
  H: "home",
};

/** The number of `ESC [ number ~`. */
const NUMBERS: Readonly<Record<string, KeyName>> = {
  "1": "home",
  "3": "delete",
  "4": "end",
  "7": "home",
  "8": "end",
};

/** What follows Escape, or is typed with Alt. */
const WITH_ALT: Readonly<Record<string, KeyName>> = {
  b: "word-left",
  f: "word-right",
  d: "delete-word-right",
  "\x7f": "delete-word-left",
  "\x08": "delete-word-left",
};

const CSI = /^\x1b\[([0-?]*)[ -/]*([@-~])/;
const CSI_BEGUN = /^\x1b(?:\[[0-?]*[ -/]*)?$/;
const SS3 = /^\x1bO([@-~])/;
const CURSOR_REPORT = /^(\d+);(\d+)$/;
const TEXT = /^[^\x00-\x1f\x7f-\x9f]+/;

/** Longer than any sequence a terminal sends; what goes on beyond it is not one. */
const SEQUENCE_MAX_CHARS = 64;

/** Terminals put these around what is pasted (`ESC [ ? 2004 h`). */
const PASTE_START = "200";
const PASTE_END = "201";

/** Turns pieces of input into keys; a sequence or a letter that is cut in two by the pieces is put together. */
export class KeyDecoder {
  readonly #utf8 = new TextDecoder();
  #rest = "";
  #pasting = false;
  #afterReturn = false;

  /** True while the start of an escape sequence waits for the rest of it. */
  get waiting(): boolean {
    return this.#rest !== "";
  }

  /** The keys in `bytes`. Never throws: bytes that are not UTF-8 become U+FFFD, unknown sequences nothing. */
  feed(bytes: Uint8Array): Key[] {
    this.#rest += this.#utf8.decode(bytes, { stream: true });
    const keys: Key[] = [];
    let at = 0;
    while (at < this.#rest.length) {
      const taken = this.#take(this.#rest, at, keys);
      if (taken === 0) break;
      at += taken;
    }
    this.#rest = this.#rest.slice(at);
    return keys;
  }

  /** Gives up waiting: the Escape was a key of its own, which means nothing here. */
  forget(): void {
    this.#rest = "";
  }

  /** Takes one key off the input at `at`; returns how many characters it had, 0 if its end is still to come. */
  #take(input: string, at: number, keys: Key[]): number {
    const afterReturn = this.#afterReturn;
    this.#afterReturn = false;
    const first = input[at] ?? "";
    if (first === "\x1b") return this.#takeSequence(input.slice(at, at + SEQUENCE_MAX_CHARS), keys);

    // Return and line feed together are one line end.
    if (first === "\r") this.#afterReturn = true;
    else if (first === "\n" && afterReturn) return 1;

    if (first === "\t" && this.#pasting) {
      keys.push({ type: "text", text: " " });
      return 1;
    }
    const name = CONTROLS[first];
    if (name !== undefined) {
      keys.push({ type: "key", name });
      return 1;
    }
    const text = TEXT.exec(at === 0 ? input : input.slice(at))?.[0] ?? "";
    if (text === "") return 1;
    keys.push({ type: "text", text });
    return text.length;
  }

  #takeSequence(input: string, keys: Key[]): number {
    const csi = CSI.exec(input);
    if (csi !== null) {
      const [whole, parameters = "", letter = ""] = csi;
      this.#takeControlSequence(parameters, letter, keys);
      return whole.length;
    }
    if (CSI_BEGUN.test(input)) return input.length < SEQUENCE_MAX_CHARS ? 0 : input.length;

    const ss3 = SS3.exec(input);
    if (ss3 !== null) {
      const name = LETTERS[ss3[1] ?? ""];
      if (name !== undefined) keys.push({ type: "key", name });
      return ss3[0].length;
    }
    if (input === "\x1bO") return 0;

    const after = input[1] ?? "";
    const name = WITH_ALT[after];
    if (name !== undefined) keys.push({ type: "key", name });
    // An unknown letter with Alt is nothing; Escape before a control or another sequence is a key alone.
    return name !== undefined || TEXT.test(after) ? 1 + after.length : 1;
  }

  #takeControlSequence(parameters: string, letter: string, keys: Key[]): void {
    if (letter === "~") {
      if (parameters === PASTE_START) this.#pasting = true;
      else if (parameters === PASTE_END) this.#pasting = false;
      else {
        const name = NUMBERS[parameters];
        if (name !== undefined) keys.push({ type: "key", name });
      }
      return;
    }
    if (letter === "R") {
      const report = CURSOR_REPORT.exec(parameters);
      if (report !== null)
        keys.push({ type: "cursor", row: Number(report[1]), column: Number(report[2]) });
      return;
    }
    const name = LETTERS[letter];
    if (name === undefined) return;
    // `1;5`: with Control, `1;3`: with Alt. Both move by words.
    const modified = /^1;[35]$/.test(parameters);
    if (modified && name === "left") keys.push({ type: "key", name: "word-left" });
    else if (modified && name === "right") keys.push({ type: "key", name: "word-right" });
    else keys.push({ type: "key", name });
  }
}
