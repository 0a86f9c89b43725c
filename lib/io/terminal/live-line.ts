// The bottom of the screen, where the prompt and the line being typed stay while other lines appear above them: which
// bytes change what is drawn into what is to be drawn. Knows nothing of files or keys; it only makes strings.
//
// Nothing here needs to know where on the screen the prompt is, only how many rows are between it and the cursor.

import { isAscii, layOut, mostCells, rowsOf } from "./width.ts";

/** What is to be seen at the bottom. */
export interface Input {
  readonly prompt: string;
  readonly text: string;
  /** Index in the text. */
  readonly cursor: number;
}

/** A line to show above, and the same line in its colours. */
export interface ShownLine {
  readonly plain: string;
  readonly painted: string;
}

/** Where the cursor is below the first drawn row, and in its row. */
export interface Place {
  readonly row: number;
  readonly column: number;
}

interface Drawn extends Place {
  readonly input: Input;
  readonly rows: readonly string[];
  /** What is drawn before the cursor on its row. */
  readonly before: string;
  /** How many rows of the input are above the first one drawn. */
  readonly skipped: number;
  /** The narrowest that the window has been since. */
  readonly narrowest: number;
}

const BEGIN_FRAME = "\x1b[?2026h"; // synchronized output; terminals that do not know it ignore it
const END_FRAME = "\x1b[?2026l";
const CLEAR_BELOW = "\x1b[J";

/** At the start of a row. Not from its first cell: clearing a whole screen makes tmux keep a copy of it in its history. */
const CLEAR_FROM_START = " \x1b[J\r";

const up = (rows: number): string => (rows > 0 ? `\x1b[${rows}A` : "");
const down = (rows: number): string => (rows > 0 ? `\x1b[${rows}B` : "");
const right = (cells: number): string => (cells > 0 ? `\x1b[${cells}C` : "");

export class LiveLine {
  #columns: number;
  #screenRows: number;
  #drawn: Drawn | undefined;

  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.#screenRows = rows;
  }

  get columns(): number {
    return this.#columns;
  }

  get screenRows(): number {
    return this.#screenRows;
  }

  /** Shows lines above the input, and the input as it is now. Without an input the bottom is left empty. */
  frame(lines: readonly ShownLine[], input: Input | undefined): string {
    const drawn = this.#drawn;
    if (drawn !== undefined && input !== undefined && lines.length > 0) {
      // What is typed stays on the screen, untouched, at every moment; the lines are put in above it.
      const inserted = this.#insert(drawn, lines);
      if (inserted !== undefined) return this.#atomic(inserted + this.#redraw(drawn, input));
    }
    if (drawn !== undefined && input !== undefined && lines.length === 0) {
      const changed = this.#redraw(drawn, input);
      return changed === "" ? "" : this.#atomic(changed);
    }
    if (drawn === undefined && input === undefined && lines.length === 0) return "";
    const text = lines.map((line) => `${line.painted}\r\n`).join("");
    return this.#atomic(this.#lift() + text + (input === undefined ? "" : this.#lay(input)));
  }

  /** Leaves the input on the screen as it is, with `mark` behind it, and goes to the next line. */
  finish(input: Input, mark: string): string {
    const drawn = this.#drawn;
    const atEnd = { ...input, cursor: input.text.length };
    if (drawn !== undefined) {
      const moved = this.#redraw(drawn, atEnd);
      const now = this.#drawn ?? drawn;
      if (now.skipped === 0 && now.rows.at(-1) !== "") {
        this.#drawn = undefined;
        return this.#atomic(`${moved}${mark}\r\n`);
      }
      // Too much for the screen, or full to the edge: written anew without the tricks that either needs.
      const { rows } = layOut(input.prompt + input.text, 0, this.#columns);
      return this.#atomic(`${moved}${this.#lift()}${rows.join("")}${mark}\r\n`);
    }
    return this.#atomic(`${this.#lay(atEnd)}${this.finish(input, mark)}`);
  }

  /** Clears the screen but for the input. */
  clearScreen(input: Input): string {
    this.#drawn = undefined;
    return this.#atomic(`\x1b[H\x1b[2J${this.#lay(input)}`);
  }

  /** Forgets what is drawn: the cursor is on a fresh line, by whatever way. */
  forget(): void {
    this.#drawn = undefined;
  }

  /**
   * The window has a new size. Where the cursor is now depends on the terminal: most break the rows anew (`reflowed`),
   * some leave the cursor's rows as they were and cut what is too long (`kept`).
   */
  resize(columns: number, rows: number): { readonly reflowed: Place; readonly kept: Place } | null {
    this.#columns = columns;
    this.#screenRows = rows;
    const drawn = this.#drawn;
    if (drawn === undefined) return null;
    const narrowest = Math.min(drawn.narrowest, columns);
    this.#drawn = { ...drawn, narrowest };

    const text = drawn.rows.join("");
    const before = drawn.rows.slice(0, drawn.row).join("") + drawn.before;
    const reflowed = layOut(text, before.length, columns);
    return { reflowed, kept: { row: drawn.row, column: Math.min(drawn.column, narrowest - 1) } };
  }

  /**
   * After `resize`: the cursor is `row` rows below the first drawn one. All is drawn again with the next frame. With `cut`
   * the first rows have left the screen: what is drawn at its top would be one line with them, so that stays empty.
   */
  settle(row: number, cut = false): string {
    this.#drawn = undefined;
    return `\r${up(row)}${CLEAR_FROM_START}${cut ? "\r\n" : ""}`;
  }

  #atomic(text: string): string {
    return BEGIN_FRAME + text + END_FRAME;
  }

  /** As many rows of the input as are drawn at most; one row stays for what others say. */
  #rowsMax(): number {
    return Math.max(1, this.#screenRows - 1);
  }

  /** Takes the input off the screen; the cursor is then where it began. */
  #lift(): string {
    const drawn = this.#drawn;
    this.#drawn = undefined;
    return `\r${up(drawn?.row ?? 0)}${CLEAR_FROM_START}`;
  }

  /** Draws the input from the cursor's row down, where nothing is. */
  #lay(input: Input): string {
    const next = this.#arrange(input, 0);
    this.#drawn = next;
    return this.#draw(next);
  }

  /** Draws the input over what is drawn, so that nothing of it vanishes in between. */
  #redraw(drawn: Drawn, input: Input): string {
    const next = this.#arrange(input, drawn.skipped);
    this.#drawn = next;
    const same =
      next.skipped === drawn.skipped &&
      next.input.prompt === drawn.input.prompt &&
      next.rows.length === drawn.rows.length &&
      next.rows.every((row, index) => row === drawn.rows[index]);
    if (same && next.row === drawn.row && next.column === drawn.column) return "";
    if (same) return `\r${up(drawn.row)}${down(next.row)}${this.#toColumn(next)}`;

    // Clearing behind a full row would take its last character with it.
    const clearFirst = next.rows.at(-1) !== "" && next.rows.length === this.#rowsMax();
    const start = `\r${up(drawn.row)}${clearFirst ? CLEAR_FROM_START : ""}`;
    return start + this.#draw(next, clearFirst ? "" : CLEAR_BELOW);
  }

  /** Which rows of the input are drawn: all, or those around the cursor if the screen is too small for it. */
  #arrange(input: Input, skippedBefore: number): Drawn {
    const cursor = input.prompt.length + input.cursor;
    const all = layOut(input.prompt + input.text, cursor, this.#columns);
    const most = this.#rowsMax();
    let skipped = Math.min(skippedBefore, Math.max(0, all.rows.length - most));
    if (all.row < skipped) skipped = all.row;
    if (all.row >= skipped + most) skipped = all.row - most + 1;
    return {
      input,
      rows: all.rows.slice(skipped, skipped + most),
      skipped,
      row: all.row - skipped,
      column: all.column,
      before: all.before,
      narrowest: this.#columns,
    };
  }

  #draw(next: Drawn, clear = ""): string {
    const { rows } = next;
    let out = rows[0] ?? "";
    for (let index = 1; index < rows.length; index++) {
      // An empty last row: a space makes the terminal go there, as part of the same line. It stays: a row that is
      // cleared from its start no longer belongs to the line, and would not be broken anew with it.
      out += this.#clearGap(rows[index - 1] ?? "") + (rows[index] || " ");
    }
    return `${out}${clear}\r${up(rows.length - 1 - next.row)}${this.#toColumn(next)}`;
  }

  /** From the start of the cursor's row to its place. */
  #toColumn(drawn: Drawn): string {
    const { before } = drawn;
    // Where terminals do not agree on a width, writing the text again leads to the right cell in all of them.
    return isAscii(before) ? right(drawn.column) : before;
  }

  /** A wide character that found no room leaves a cell before the edge, and in it what was there. */
  #clearGap(row: string): string {
    return !isAscii(row) && Bun.stringWidth(row) === this.#columns - 1 ? "\x1b[K" : "";
  }

  /** Puts lines in above the input; undefined if they do not fit, or if it is not sure how many rows they take. */
  #insert(drawn: Drawn, lines: readonly ShownLine[]): string | undefined {
    const room = this.#screenRows - drawn.rows.length;
    const height = drawn.rows.length;
    let out = "";
    let at = drawn.row; // the row of the input that the cursor is on
    for (let first = 0; first < lines.length;) {
      let rows = 0;
      const group: string[] = [];
      for (let index = first; index < lines.length; index++) {
        const line = lines[index] as ShownLine;
        // With a row too few, the line is written over the input; with one too many, the input is not found again.
        if (!isAscii(line.plain) && mostCells(line.plain) > this.#columns) return undefined;
        const takes = rowsOf(line.plain, this.#columns);
        if (takes > room) return undefined;
        if (rows + takes > room) break;
        rows += takes;
        group.push(line.painted);
      }
      first += group.length;
      // Make room below, then push the input down into it.
      out += `\r${down(height - 1 - at)}${"\n".repeat(rows)}${up(rows + height - 1)}\x1b[${rows}L`;
      out += `${group.join("\r\n")}\r${down(1)}`;
      at = 0;
    }
    return `${out}${down(drawn.row)}${this.#toColumn(drawn)}`;
  }
}
