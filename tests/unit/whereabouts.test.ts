// Where the cursor is after the window has changed its size: what a terminal answers, and what it is taken to mean.

import { describe, expect, test } from "bun:test";

import { LiveLine } from "../../lib/io/terminal/live-line.ts";
import { isKnownToReflow } from "../../lib/io/terminal/tty.ts";
import { Whereabouts } from "../../lib/io/terminal/whereabouts.ts";

const QUESTION = "\x1b[6n";

const ROWS = 24;

/** An input of so many cells, prompt and all, at the bottom of a terminal of 80 columns. */
const stage = (cells: number, reflows?: boolean) => {
  const live = new LiveLine(80, ROWS);
  const input = { prompt: ">>> ", text: "x".repeat(cells - 4), cursor: cells - 4 };
  let written = "";
  let asked = (): void => {};
  const write = (bytes: string): void => {
    written += bytes;
    if (bytes.includes(QUESTION)) asked();
  };
  const whereabouts = new Whereabouts(live, reflows, write, () => {});
  live.frame([], input);
  return {
    /** What was written since the window changed. */
    written: () => written,
    /** How many rows above the cursor's the input is taken to begin. The terminal says that the cursor is in `column`. */
    async rowsAbove(columns: number, column: number, row = 20): Promise<number> {
      written = "";
      const question = Promise.withResolvers<void>();
      asked = question.resolve;
      whereabouts.resized(columns, ROWS);
      if (whereabouts.unknown) {
        await question.promise;
        whereabouts.answered({ row, column });
      }
      live.frame([], input);
      return Number(/\x1b\[(\d+)A/.exec(written)?.[1] ?? 0);
    },
  };
};

// Cells, columns, where the cursor is said to be, and how many rows above it the input begins.
const REFLOWED: readonly (readonly [number, number, number, number])[] = [
  [100, 40, 20, 2],
  [119, 40, 39, 2],
  [120, 40, 0, 3],
  [120, 40, 39, 2],
  [120, 40, 40, 2],
  [99, 20, 19, 4],
  [100, 20, 0, 5],
  [100, 20, 19, 4],
  [100, 20, 20, 4],
  [100, 100, 0, 1],
  [100, 100, 99, 0],
  [100, 100, 100, 0],
];

test.each(REFLOWED)(
  "a terminal that breaks rows anew: %i cells in %i columns, the cursor in column %i",
  async (cells, columns, column, rows) => {
    expect(await stage(cells, true).rowsAbove(columns, column)).toBe(rows);
  },
);

describe("one that may do either, where both would give the same column", () => {
  test("nothing above the input is put at risk", async () => {
    expect(await stage(118).rowsAbove(40, 38)).toBe(1);
  });

  test("it is taken to have broken the rows anew if it did so before", async () => {
    const { rowsAbove } = stage(118);
    expect(await rowsAbove(50, 18)).toBe(2);
    expect(await rowsAbove(80, 38)).toBe(1);
    expect(await rowsAbove(40, 38)).toBe(2);
  });

  test("it is taken to have kept the rows if it did so before", async () => {
    const { rowsAbove } = stage(118);
    expect(await rowsAbove(50, 38)).toBe(1);
    expect(await rowsAbove(25, 18)).toBe(2);
  });

  test("what is certain beforehand no answer changes", async () => {
    const { rowsAbove } = stage(118, true);
    expect(await rowsAbove(50, 38)).toBe(1);
    expect(await rowsAbove(25, 18)).toBe(4);
  });
});

test("rows that have left the screen at its top do not go on in what is drawn there", async () => {
  for (const [row, isCut] of [
    [1, true],
    [2, false],
  ] as const) {
    const { rowsAbove, written } = stage(118, true);
    await rowsAbove(40, 38, row);
    expect(written().endsWith("\x1b[J\r\r\n")).toBe(isCut);
  }
});

test.each([
  [{ TERM: "tmux-256color" }, true],
  [{ TERM: "screen", TMUX: "/tmp/tmux-0/default,1,0" }, true],
  [{ TERM: "screen" }, false],
  [{ TERM: "xterm-256color", TMUX: "/tmp/tmux-0/default,1,0" }, false],
  [{}, false],
])("what the environment says of the terminal: %p", (environment, known) => {
  expect(isKnownToReflow(environment)).toBe(known);
});
