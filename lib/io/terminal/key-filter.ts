// Makes what a terminal sends fit for `node:readline`, which inserts sequences that it does not know as text: those, and
// the terminal's own reports, are taken out here. Knows nothing of lines.

/** The answer to `ESC [ 6 n`: where the cursor is, counted from 1. */
export interface CursorReport {
  readonly row: number;
  readonly column: number;
}

/** `ESC [ …` (ECMA-48 section 5.4), and the function keys of the Linux console, `ESC [ [ A`. */
const CONTROL_SEQUENCE = String.raw`\x1b\[\[?[0-?]*[ -/]*[@-~]`;

/** Everything that is not plain text: control sequences, `ESC O …`, keys with Alt, control characters, line ends. */
const SPECIAL = new RegExp(
  `${CONTROL_SEQUENCE}|\\x1bO\\d?[A-Za-z]|\\x1b(?:\\x08|[^\\x00-\\x1f\\x80-\\x9f])|[\\x00-\\x1f\\x80-\\x9f\\u2028\\u2029]`,
  "gu",
);

/** A sequence whose end has not come yet. None that a terminal sends is longer. */
const UNFINISHED = /\x1b(?:\[\[?[0-?]{0,60}[ -/]{0,4}|O\d?)?$/;

/** A sequence that comes in pieces is whole within this time; an Escape that stands longer was the key, which does nothing. */
const SEQUENCE_MAX_MS = 200;

/** What readline reads to its end: up to three digits, and one for Shift, Alt and Control. */
const READLINE_KNOWS = /^\x1b(?:\[\[?\d{0,3}(?:;\d)?[A-Za-z~^$]|O\d?[A-Za-z]|[bdf\x08\x7f])$/;

const CURSOR_REPORT = /^\x1b\[(\d+);(\d+)R$/;

/** Terminals put these around what is pasted (`ESC [ ? 2004 h`). */
const PASTE_START = "\x1b[200~";
const PASTE_END = "\x1b[201~";

/** A paste comes without pauses; after one of this length, its end was lost. */
const PASTE_PAUSE_MAX_MS = 1_000;

/** Control characters that mean a key to readline. The rest would be inserted as they are. */
const CONTROL_KEY = /^[\x01-\x1a\x1e\x1f]$/;

/** readline completes only at the end of what it is given, and what follows `^Z` is for later. */
const ENDS_PIECE = /^[\t\x1a]$/;

export class KeyFilter {
  readonly #utf8 = new TextDecoder();
  #unfinished = "";
  #since = 0;
  #pasting = false;

  /** What readline is to read of `bytes`, piece by piece, and answers. `now`: milliseconds. Never throws. */
  feed(bytes: Uint8Array, now: number): (string | CursorReport)[] {
    const rest = now - this.#since <= SEQUENCE_MAX_MS ? this.#unfinished : "";
    if (now - this.#since > PASTE_PAUSE_MAX_MS) this.#pasting = false;
    const input = rest + this.#utf8.decode(bytes, { stream: true });
    this.#unfinished = UNFINISHED.exec(input)?.[0] ?? "";
    this.#since = now;

    const pieces: (string | CursorReport)[] = [];
    let piece = "";
    let at = 0;
    const end = (): void => {
      if (piece !== "") pieces.push(piece);
      piece = "";
    };
    const whole = input.slice(0, input.length - this.#unfinished.length);
    for (const { 0: special, index } of whole.matchAll(SPECIAL)) {
      const report = CURSOR_REPORT.exec(special);
      piece += whole.slice(at, index);
      at = index + special.length;
      if (report !== null) {
        end();
        pieces.push({ row: Number(report[1]), column: Number(report[2]) });
        continue;
      }
      const key = this.#key(special);
      piece += key;
      if (ENDS_PIECE.test(key)) end();
    }
    piece += whole.slice(at);
    end();
    return pieces;
  }

  /** What readline is given for it. */
  #key(special: string): string {
    if (special === PASTE_START) this.#pasting = true;
    if (special === PASTE_END) this.#pasting = false;
    // readline would take these for the end of the line.
    if (special === "\u2028" || special === "\u2029") return " ";
    // What is pasted is text, and no key but Enter.
    if (this.#pasting && special !== PASTE_START && special !== "\r" && special !== "\n") {
      return special === "\t" ? " " : "";
    }
    return CONTROL_KEY.test(special) || READLINE_KNOWS.test(special) ? special : "";
  }
}
