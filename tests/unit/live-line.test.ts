// The live line against a real terminal emulator: whatever is typed, shown and resized, every line is on the screen once,
// in order, and the prompt with all that was typed stands below them, with the cursor in its place.

import { expect, test } from "bun:test";

import { UnicodeGraphemesAddon } from "@xterm/addon-unicode-graphemes";
import { type IUnicodeVersionProvider, Terminal } from "@xterm/headless";

import { LiveLine, type Place } from "../../lib/io/terminal/live-line.ts";
import { type Layout, layOut } from "../../lib/io/terminal/width.ts";
import { inputOf } from "../support/line-input.ts";
import { Prng } from "../support/prng.ts";

const TYPED = [
  "a",
  "hello ",
  "日本",
  "é",
  "e\u0301",
  "👨‍👩‍👧‍👦",
  "👍🏽",
  "🇩🇪",
  "x".repeat(17),
  "한글",
  "\u202e",
  "❤️",
];
const SHOWN = [
  "[Welcome]",
  "x".repeat(20),
  "日本語 ".repeat(9),
  "👩‍💻 fine",
  "y".repeat(75),
  "",
  "👨‍👩‍👧‍👦".repeat(30),
];
/** Left, right, home, end, word left, backspace, delete, delete word left, up. */
const KEYS = [
  "\x1b[D",
  "\x1b[C",
  "\x1b[H",
  "\x1b[F",
  "\x1bb",
  "\x7f",
  "\x1b[3~",
  "\x17",
  "\x1b[A",
] as const;

/** How many cells a terminal gives everything that is not ASCII; none: it is joined with what stands before it. */
type Cells = 0 | 1 | 2;

/** A table of widths that has nothing in common with Bun's. */
const tableOf = (cells: Cells): IUnicodeVersionProvider => {
  const wcwidth = (code: number): Cells => (code < 0x7f ? 1 : cells);
  return {
    version: `${cells}`,
    wcwidth,
    // Packed as the emulator wants it: the width, and whether the character is joined.
    charProperties(code, before) {
      const width = wcwidth(code);
      return width > 0 ? width << 1 : (before & 6) | 1;
    },
  };
};

class Screen {
  readonly terminal: Terminal;

  /** Without `cells` it measures as Bun does. */
  constructor(columns: number, rows: number, cells?: Cells) {
    this.terminal = new Terminal({
      allowProposedApi: true,
      cols: columns,
      rows,
      scrollback: 5_000,
      convertEol: true,
    });
    if (cells === undefined) {
      this.terminal.loadAddon(new UnicodeGraphemesAddon());
    } else {
      this.terminal.unicode.register(tableOf(cells));
      this.terminal.unicode.activeVersion = `${cells}`;
    }
  }

  write(bytes: string): Promise<void> {
    return new Promise((resolve) => this.terminal.write(bytes, resolve));
  }

  /** Everything on the screen and above it, without spaces and row ends. */
  text(): string {
    const { active } = this.terminal.buffer;
    let text = "";
    for (let row = 0; row < active.length; row++)
      text += active.getLine(row)?.translateToString(true) ?? "";
    return text.replaceAll(" ", "");
  }

  cursor(): Place {
    const { cursorX, cursorY } = this.terminal.buffer.active;
    return { row: cursorY, column: cursorX };
  }
}

const drawnText = (text: string): string => layOut(text, 0, 1_000_000).rows.join("");

/** What a terminal looks like that has broken all rows anew, the cursor's among them. */
const reflowed = async (
  shown: readonly string[],
  input: Layout,
  columns: number,
  rows: number,
): Promise<Screen> => {
  const screen = new Screen(columns, rows);
  const below = input.rows.length - 1 - input.row;
  const text = [...shown, input.rows.join("")].join("\n");
  const edge = input.rows.at(-1) === "" ? " " : "";
  const up = below > 0 ? `\x1b[${below}A` : "";
  await screen.write(`${text}${edge}\r${up}\x1b[${input.column + 1}G`);
  return screen;
};

interface Options {
  readonly columns: number;
  readonly rows: number;
  readonly steps: number;
  readonly resizes: "none" | "reflow" | "keep";
  readonly longest: number;
}

const play = async (seed: number, options: Options): Promise<void> => {
  const random = new Prng(seed);
  const pick = <T>(from: readonly T[]): T => from[random.below(from.length)] as T;
  let screen = new Screen(options.columns, options.rows);
  const live = new LiveLine(options.columns, options.rows);
  const editor = await inputOf();
  let prompt = ">>> ";
  const shown: string[] = [];
  const input = () => ({ prompt, text: editor.text, cursor: editor.cursor });

  await screen.write(live.frame([], input()));
  for (let step = 0; step < options.steps; step++) {
    let bytes = "";
    const lines: { plain: string; painted: string }[] = [];
    const what = random.below(options.resizes === "none" ? 9 : 10);
    if (what < 3) {
      if (editor.text.length < options.longest) editor.feed(pick(TYPED));
    } else if (what < 5) {
      editor.feed(pick(KEYS));
    } else if (what < 8) {
      for (let count = random.below(4) + 1; count > 0; count--) {
        const text = `${step}.${count} ${pick(SHOWN)}`;
        lines.push({ plain: text, painted: `\x1b[31m${text}\x1b[39m` });
        shown.push(text);
      }
      if (random.below(6) === 0) prompt = pick([">>> ", ">>> (日本) "]);
    } else if (what === 8) {
      bytes += live.finish(input(), "");
      shown.push(drawnText(prompt + editor.text));
      editor.feed("\r");
    } else {
      const columns = 12 + random.below(60);
      const before = layOut(prompt + editor.text, prompt.length + editor.cursor, columns);
      if (options.resizes === "keep") screen.terminal.resize(columns, options.rows);
      else screen = await reflowed(shown, before, columns, options.rows);
      const places = live.resize(columns, options.rows);
      if (places === null) throw new Error("nothing drawn");
      const place = options.resizes === "keep" ? places.kept : places.reflowed;
      expect([seed, step, screen.cursor().column]).toEqual([seed, step, place.column]);
      bytes += live.settle(place.row);
    }
    bytes += live.frame(lines, input());
    await screen.write(bytes);

    const expected = (shown.join("") + drawnText(prompt + editor.text)).replaceAll(" ", "");
    expect([seed, step, screen.text()]).toEqual([seed, step, expected]);
    const place = layOut(prompt + editor.text, prompt.length + editor.cursor, live.columns);
    expect([seed, step, screen.cursor().column]).toEqual([seed, step, place.column]);
  }
  screen.terminal.dispose();
};

const SEEDS = Array.from({ length: 8 }, (_, seed) => seed);

test.each(SEEDS)("typing and showing, seed %i", async (seed) => {
  await play(seed, { columns: 20 + seed, rows: 12, steps: 100, resizes: "none", longest: 120 });
});

test.each(SEEDS)(
  "the same while a terminal that keeps its rows is resized, seed %i",
  async (seed) => {
    await play(seed, { columns: 40, rows: 30, steps: 100, resizes: "keep", longest: 120 });
  },
);

test.each(SEEDS)(
  "the same while a terminal that breaks its rows anew is resized, seed %i",
  async (seed) => {
    await play(seed, { columns: 40, rows: 30, steps: 100, resizes: "reflow", longest: 120 });
  },
);

// An input that is taller than the screen scrolls within it; what was shown before stays, and comes up again afterwards.
test.each(SEEDS)("on a screen too small for the input, seed %i", async (seed) => {
  const random = new Prng(seed);
  const rows = 1 + random.below(4);
  const screen = new Screen(10, rows);
  const live = new LiveLine(10, rows);
  const editor = await inputOf();
  const input = () => ({ prompt: ">>> ", text: editor.text, cursor: editor.cursor });
  const shown: string[] = [];
  for (let step = 0; step < 200; step++) {
    let bytes = "";
    const lines: { plain: string; painted: string }[] = [];
    const what = random.below(8);
    if (what < 3) editor.feed("abcdefg".slice(random.below(6)));
    else if (what < 5) editor.feed(KEYS[random.below(KEYS.length)] ?? "");
    else if (what < 7) {
      const text = `${step}`.padEnd(1 + random.below(25), "-");
      lines.push({ plain: text, painted: text });
      shown.push(text);
    } else {
      bytes += live.finish(input(), "");
      shown.push(`>>> ${editor.text}`);
      editor.feed("\r");
    }
    await screen.write(bytes + live.frame(lines, input()));
    const all = layOut(`>>> ${editor.text}`, 4 + editor.cursor, 10);
    expect([seed, step, screen.cursor().column]).toEqual([seed, step, all.column]);
  }
  editor.feed("\x15\x0b");
  await screen.write(live.frame([], input()));
  let text = screen.text();
  for (const line of shown) {
    const at = text.indexOf(line.replaceAll(" ", ""));
    expect([seed, line, at >= 0]).toEqual([seed, line, true]);
    text = text.slice(at + line.replaceAll(" ", "").length);
  }
  screen.terminal.dispose();
});

const DISPUTED = [
  ["a skin colour", "👍🏽"],
  ["Tamil, a letter of two parts", "கோ"],
  ["a circled number", "\u3248"],
  ["Hangul, parts without an end", "\u1100"],
  ["an Arabic sign", "\u0600"],
  ["a trigram", "\u2630"],
  ["Latin", "é"],
  ["Chinese", "日"],
  ["a flag", "🇩🇪"],
  ["a family", "👨‍👩‍👧‍👦"],
] as const;
const TIMES = [1, 5, 13, 15, 30, 36, 60, 200];

// Terminals differ in how wide they think a character is; whatever they think, the message and the input are whole.
test.each(DISPUTED)("however wide a terminal takes %s to be", async (_, character) => {
  for (const cells of [0, 1, 2] as const) {
    for (const times of TIMES) {
      for (const text of ["send bob half", "größe ☰ and"]) {
        const screen = new Screen(40, 24, cells);
        const live = new LiveLine(40, 24);
        const input = { prompt: ">>> ", text, cursor: text.length };
        const plain = `>>> [bob: ${character.repeat(times)}]`;
        const lines = [plain, ">>> [more]", plain].map((line) => ({ plain: line, painted: line }));
        await screen.write(live.frame([], input));
        await screen.write(live.frame(lines, input));

        const where = [cells, times];
        const shown = [...lines.map((line) => line.plain), `>>> ${text}`].join("");
        expect([...where, screen.text()]).toEqual([...where, shown.replaceAll(" ", "")]);
        const { active } = screen.terminal.buffer;
        const last = active.getLine(active.baseY + active.cursorY)?.translateToString(true);
        expect([...where, last]).toEqual([...where, `>>> ${text}`]);
        const wide = Array.from(text).filter((unit) => unit > "~").length;
        const column = `>>> ${text}`.length + wide * (cells - 1);
        expect([...where, screen.cursor().column]).toEqual([...where, column]);
        screen.terminal.dispose();
      }
    }
  }
});

test.each([
  ["ASCII of any length", "x".repeat(100), true],
  ["as wide as the window if all of it is wide", "é".repeat(20), true],
  ["one more", `${"é".repeat(20)}x`, false],
  ["pairs of surrogates", "👍".repeat(20), true],
  ["one more pair", "👍".repeat(21), false],
])("the input is not touched for lines of a certain height: %s", (_, plain, untouched) => {
  const live = new LiveLine(40, 24);
  const input = { prompt: ">>> ", text: "typed", cursor: 5 };
  live.frame([], input);
  const bytes = live.frame([{ plain, painted: plain }], input);
  expect([bytes.includes("typed"), bytes.includes("\x1b[J")]).toEqual([!untouched, !untouched]);
});

test("a text that is typed letter by letter is laid out as if it had been there at once", () => {
  for (const text of ["übermäßig", "日本語のテキスト", "a👩‍👩‍👧🇩🇪e\u0301x"]) {
    const typed = Array.from(text, (_, at) =>
      Array.from(text)
        .slice(0, at + 1)
        .join(""),
    );
    const grown = typed.map((part) => layOut(part, part.length, 80));
    const whole = typed.map((part) => {
      layOut("€", 0, 80); // what was laid out before is of no help then
      return layOut(part, part.length, 80);
    });
    expect(grown).toEqual(whole);
  }
});

test("the cell before the edge is cleared where a wide character goes to the next row", () => {
  const frame = (text: string): string => {
    const live = new LiveLine(10, 12);
    live.frame([], { prompt: ">>> ", text: "abcdefghijk", cursor: 11 });
    return live.frame([], { prompt: ">>> ", text, cursor: text.length });
  };
  expect(frame("éabcd日x")).toContain(">>> éabcd\x1b[K日x");
  expect(frame("éabcde日x")).toContain(">>> éabcde日x");
});
