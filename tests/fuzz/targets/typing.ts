// Bytes from a terminal: keys, pasted text, answers of the terminal and rubbish, through the filter into the line that is
// being edited.

import { KeyFilter } from "../../../lib/io/terminal/key-filter.ts";
import { LineInput } from "../../../lib/io/terminal/line-input.ts";
import { rowsOf } from "../../../lib/io/terminal/width.ts";
import type { Prng } from "../../support/prng.ts";
import { anyText, PLAINEST_UNIT } from "../draw/text.ts";
import { must, type Run, type Target } from "../target.ts";
import { readBytes, writeBytes } from "./plain.ts";

const ESC = "\x1b";

const KEYS: readonly string[] = [
  "\r",
  "\n",
  "\t",
  "\x7f",
  ..."\x01\x02\x03\x04\x05\x06\x08\x0b\x0c\x0e\x10\x14\x15\x17\x19\x1a\x1f",
  ...["[A", "[B", "[C", "[D", "[H", "[F", "[3~", "[1;5C", "[1;5D", "OA", "b", "f", "d", "y"].map(
    (key) => ESC + key,
  ),
  `${ESC}[200~`,
  `${ESC}[201~`,
  `${ESC}[12;40R`,
  ESC,
  `${ESC}[`,
  `${ESC}]0;`,
  `${ESC}[?1;2c`,
];

/** The screen is so wide. */
const COLUMNS = 40;

const CONTROL = /[\0-\x1f\x7f-\x9f]/;

const utf8 = new TextEncoder();

class TypingRun implements Run<Uint8Array> {
  readonly #filter = new KeyFilter();
  readonly #segmenter = new Intl.Segmenter();
  readonly #input: LineInput;
  #now = 0;
  #over = false;

  constructor() {
    const nothing = (): void => {};
    this.#input = new LineInput({
      onLine: (line) => this.#check(line),
      onInterrupt: nothing,
      onSuspend: nothing,
      onEnd: () => (this.#over = true),
      onClearScreen: nothing,
      onChoices: nothing,
      onFull: nothing,
      onKey: nothing,
      complete: (line) => [["send ", "send_group ", "ann "], line.split(" ").at(-1) ?? ""],
    });
  }

  get over(): boolean {
    return this.#over;
  }

  take(bytes: Uint8Array): void {
    this.#now += 7;
    for (const piece of this.#filter.feed(bytes, this.#now)) {
      if (this.#over) return;
      if (typeof piece === "string") this.#input.feed(piece);
      else must(Number.isInteger(piece.column), "a column is a number", () => `${piece.column}`);
    }
    const { text, cursor } = this.#input;
    this.#check(text);
    must(cursor >= 0 && cursor <= text.length, "the cursor is in the line", () => `${cursor}`);
    const cluster = this.#segmenter.segment(text).containing(cursor);
    must((cluster?.index ?? cursor) === cursor, "the cursor is between two characters", () => {
      return `${cursor} in ${JSON.stringify(text)}`;
    });
    rowsOf(text, COLUMNS);
  }

  #check(text: string): void {
    must(!CONTROL.test(text) && text.isWellFormed(), "a typed line has no controls", () => {
      return JSON.stringify(text);
    });
  }
}

const draw = (random: Prng, kept: readonly Uint8Array[]): Uint8Array => {
  if (random.chance(0.1)) return random.bytes(random.below(12));
  if (random.chance(0.1)) return random.pick(kept) ?? new Uint8Array(0);
  let text = "";
  for (let count = random.between(1, 4); count > 0; count--) {
    text += random.chance(0.6) ? random.pick(KEYS) : anyText(random, 3);
  }
  const bytes = utf8.encode(text);
  return random.chance(0.1) ? bytes.slice(0, random.below(bytes.length + 1)) : bytes;
};

export const typing: Target<Uint8Array, TypingRun> = {
  name: "typing",
  about: "KeyFilter, LineInput",
  stepsPerCase: 200,
  async begin() {
    const run = new TypingRun();
    await new Promise((resolve) => setImmediate(resolve)); // until then its stream only collects
    return run;
  },
  draw: (random, _, kept) => draw(random, kept),
  write: writeBytes,
  read: readBytes,
  contents: (bytes) => [...bytes],
  withContents: (_, contents) => Uint8Array.from(contents),
  plainest: () => PLAINEST_UNIT,
};
