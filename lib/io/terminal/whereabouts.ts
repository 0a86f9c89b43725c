// Where the cursor is after the window has changed its size: terminals differ in what they do with the rows, so they are
// asked (`ESC [ 6 n`). One that does not answer loses nothing, but may keep a row of what was typed twice.

import type { LiveLine, Place } from "./live-line.ts";

/** Where the cursor is if the terminal breaks its rows anew, and if it keeps them. */
interface Places {
  readonly reflowed: Place;
  readonly kept: Place;
}

/** The terminal answers with `ESC [ row ; column R`. */
const WHERE_IS_THE_CURSOR = "\x1b[6n";

/** A window that is dragged has many sizes; only when it has rested this long is it drawn anew. */
const RESIZE_QUIET_MS = 100;

/** Within this time a terminal has said where its cursor is, or it never will. */
const CURSOR_WAIT_MS = 250;

export class Whereabouts {
  readonly #live: LiveLine;
  readonly #write: (bytes: string) => void;
  readonly #onKnown: () => void;
  /** Whether the terminal breaks the cursor's rows anew, as far as that is known. */
  #reflows: boolean | undefined;
  /** No answer changes that. */
  readonly #isCertain: boolean;
  #places: Places | undefined;
  /** How many answers are still to come. */
  #questions = 0;
  /** The last question is about the present size. */
  #asked = false;
  #timer: Timer | undefined;

  /**
   * `reflows`: what is certain of the terminal beforehand. `onKnown` is called when the cursor's place is known again and
   * all may be drawn.
   */
  constructor(
    live: LiveLine,
    reflows: boolean | undefined,
    write: (bytes: string) => void,
    onKnown: () => void,
  ) {
    this.#live = live;
    this.#reflows = reflows;
    this.#isCertain = reflows !== undefined;
    this.#write = write;
    this.#onKnown = onKnown;
  }

  /** While this is so, nothing may be drawn. */
  get unknown(): boolean {
    return this.#places !== undefined;
  }

  resized(columns: number, rows: number): void {
    if (columns === this.#live.columns && rows === this.#live.screenRows) return;
    const places = this.#live.resize(columns, rows);
    if (places === null) return;
    const isSure = places.reflowed.row === places.kept.row && !mayHang(places.reflowed);
    if (!this.unknown && isSure) {
      this.#write(this.#live.settle(places.kept.row));
      this.#onKnown();
      return;
    }
    this.#places = places;
    this.#asked = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), RESIZE_QUIET_MS);
  }

  /** The terminal says that its cursor is there, counted from 0 at the top of the screen. */
  answered(cursor: Place): void {
    if (this.#questions === 0) return;
    this.#questions--;
    // An answer to an earlier question speaks of an earlier size.
    if (this.#questions > 0 || !this.#asked) return;
    this.settle(cursor);
    this.#onKnown();
  }

  /**
   * The column tells what the terminal did with the rows. Where it does not, it has done what it did before; if that is
   * not known either, nothing above is put at risk.
   */
  settle(cursor?: Place): void {
    const places = this.#places;
    clearTimeout(this.#timer);
    this.#questions = 0;
    this.#places = undefined;
    if (places === undefined) return;
    const row = this.#rowAt(places, cursor?.column);
    this.#write(this.#live.settle(row, cursor !== undefined && cursor.row < row));
  }

  #rowAt({ reflowed, kept }: Places, column: number | undefined): number {
    const hangs = mayHang(reflowed) && column !== undefined && column >= this.#live.columns - 1;
    const reflowedRow = hangs ? reflowed.row - 1 : reflowed.row;
    const fitsReflowed = hangs || column === reflowed.column;
    const fitsKept = column === kept.column;
    if (fitsReflowed !== fitsKept) {
      if (!this.#isCertain) this.#reflows = fitsReflowed;
      return fitsReflowed ? reflowedRow : kept.row;
    }
    if (!fitsReflowed || this.#reflows === undefined) return Math.min(reflowedRow, kept.row);
    return this.#reflows ? reflowedRow : kept.row;
  }

  #ask(): void {
    this.#asked = true;
    this.#questions++;
    this.#write(WHERE_IS_THE_CURSOR);
    this.#timer = setTimeout(() => {
      this.settle();
      this.#onKnown();
    }, CURSOR_WAIT_MS);
  }
}

/** Behind the last character of a full row a cursor may hang at the edge, on that character or one further, and not below. */
const mayHang = (place: Place): boolean => place.column === 0 && place.row > 0;
