// What a terminal sends, the line that is edited, completion, and lines cut out of bytes.

import { describe, expect, test } from "bun:test";

import { choiceRows } from "../../lib/io/terminal/choices.ts";
import { LineSplitter } from "../../lib/io/terminal/input.ts";
import { KeyFilter } from "../../lib/io/terminal/key-filter.ts";
import { layOut, rowsOf } from "../../lib/io/terminal/width.ts";
import { inputOf } from "../support/line-input.ts";
import { Prng } from "../support/prng.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What the filter lets through, its pieces between bars, and answers in angle brackets. */
const filtered = (filter: KeyFilter, bytes: Uint8Array, now = 0): string =>
  filter
    .feed(bytes, now)
    .map((piece) => (typeof piece === "string" ? piece : `<${piece.column}>`))
    .join("|");

describe("what a terminal sends", () => {
  const cases: [input: string, passed: string][] = [
    ["hello\r", "hello\r"],
    ["\x1b[A\x1bOA\x1b[1;5D\x1b[3~\x1b[[A", "\x1b[A\x1bOA\x1b[1;5D\x1b[3~\x1b[[A"],
    ["\x1bb\x1bf\x1bd\x1b\x7f\x1bq.", "\x1bb\x1bf\x1bd\x1b\x7f."],
    ["\x1b\x1b[D\x1b\r", "\x1b[D\r"],
    ["a\x1b[12;40Rb", "a|<40>|b"],
    ["\0\x1c\x1d\x9b\x85é日👍", "é日👍"],
    ["a\u2028b", "a b"],
    ["\x1b[200~a\tb\nc\x1b[201~\td", "\x1b[200~a b\nc\x1b[201~\t|d"],
    ["\x1b[200~a\x03\x04\x17\x1b[A\x1b[31mb\r\x1b[201~\x17", "\x1b[200~ab\r\x1b[201~\x17"],
    ["\x1aa", "\x1a|a"],
    ["\x1b[?1;2c\x1b[>0q\x1b[99;99~\x1b[<0;1;1M", ""],
  ];
  test.each(cases)("%j", (input, passed) => {
    expect(filtered(new KeyFilter(), bytesOf(input))).toBe(passed);
  });

  test.each(cases)("the same byte by byte: %j", (input, passed) => {
    const filter = new KeyFilter();
    const found = [...bytesOf(input)].map((byte) => filtered(filter, Uint8Array.of(byte)));
    expect(found.join("")).toBe(passed.replaceAll("|", ""));
  });

  test("a lone Escape waits, and is forgotten", () => {
    const filter = new KeyFilter();
    expect(filtered(filter, bytesOf("a\x1b"), 1_000)).toBe("a");
    expect(filtered(filter, bytesOf("[A"), 2_000)).toBe("[A");
  });

  test("a paste whose end is lost is over after a while", () => {
    const filter = new KeyFilter();
    expect(filtered(filter, bytesOf("\x1b[200~a\x03"), 1_000)).toBe("\x1b[200~a");
    expect(filtered(filter, bytesOf("\x03"), 1_900)).toBe("");
    expect(filtered(filter, bytesOf("\x03"), 3_000)).toBe("\x03");
  });

  test("no bytes make it throw or wait for ever", () => {
    const random = new Prng(1);
    const filter = new KeyFilter();
    for (let round = 0; round < 3_000; round++) {
      const bytes = Uint8Array.from({ length: random.below(30) }, () =>
        random.below(3) === 0 ? 0x1b : random.below(256),
      );
      filter.feed(bytes, round);
    }
    expect(filtered(filter, bytesOf("~~ the end"), 9_000)).toEndWith("the end");
  });
});

describe("the edited line", () => {
  test("never has its cursor inside a character, nor a control in it", async () => {
    const random = new Prng(2);
    const pieces = ["a", " ", "\0\x1b[99;99~", "é", "\u0301", "👨‍👩‍👧", "\u200d", "🇩", "👍🏽", "日本"];
    const keys = [
      "\x1b[D",
      "\x1b[C",
      "\x1b[H",
      "\x1b[F",
      "\x1bb",
      "\x1bf",
      "\x7f",
      "\x1b[3~",
      "\x17",
      "\x1bd",
      "\x15",
      "\x0b",
      "\x19",
      "\x1f",
      "\x1b[A",
      "\x1b[B",
    ];
    const input = await inputOf();
    const filter = new KeyFilter();
    const segmenter = new Intl.Segmenter();
    for (let step = 0; step < 5_000; step++) {
      const what = random.below(20);
      let typed = "\r";
      if (what < 8) typed = pieces[random.below(pieces.length)] ?? "";
      else if (what < 19) typed = keys[random.below(keys.length)] ?? "";
      for (const piece of filter.feed(bytesOf(typed), step)) input.feed(String(piece));
      const { cursor, text } = input;
      const ends = new Set([
        0,
        ...Array.from(segmenter.segment(text), (one) => one.index + one.segment.length),
      ]);
      expect([step, ends.has(cursor)]).toEqual([step, true]);
      expect(text).not.toMatch(/[\x00-\x1f]/);
      expect(text.isWellFormed()).toBe(true);
    }
  });

  test.each([
    ["é", "x e\u0301\x7f", "x "],
    ["a family", "x👨‍👩‍👧\x7fy", "xy"],
    ["a flag, by Delete", "🇩🇪🇫🇷\x1b[H\x1b[3~", "🇫🇷"],
    ["words", "one, two\x17\x17three", "onethree"],
    ["undone", "one two\x17\x1f", "one two"],
  ])("deletes whole characters: %s", async (_, typed, text) => {
    const input = await inputOf();
    for (const key of typed.match(/\x1b\[.~?|[^]/gu) ?? []) input.feed(key);
    expect(input.text).toBe(text);
  });

  test("takes no more than a message can hold", async () => {
    let full = 0;
    const input = await inputOf({ onFull: () => full++ });
    input.feed("x".repeat(1_048_576));
    expect([input.text.length, full]).toEqual([1_048_576, 0]);
    input.feed("y");
    expect([input.text.length, full]).toEqual([1_048_576, 1]);
  });
});

test("rows break as a terminal breaks them", () => {
  expect(layOut("abcd", 4, 4)).toEqual({ rows: ["abcd", ""], row: 1, column: 0, before: "" });
  expect(layOut("abc日", 3, 4)).toEqual({ rows: ["abc", "日"], row: 1, column: 0, before: "" });
  expect(layOut("日本語", 1, 4)).toEqual({ rows: ["日本", "語"], row: 0, column: 2, before: "日" });
  expect(layOut("a\u202eb", 2, 9)).toEqual({
    rows: ["a\ufffdb"],
    row: 0,
    column: 2,
    before: "a\ufffd",
  });
  expect([rowsOf("", 5), rowsOf("12345", 5), rowsOf("123456", 5), rowsOf("日本", 3)]).toEqual([
    1, 1, 2, 2,
  ]);
});

test.each([
  [["send "], "se", "send ", ""],
  [["Bob "], "b", "Bob ", ""],
  [["list_groups", "list_members"], "l", "list_", ""],
  [["a1 ", "a2 "], "a", "a", "a1 |a2 "],
  [[], "x", "x", ""],
])("completion of %j for %j", async (candidates, part, expected, choices) => {
  let shown = "";
  const input = await inputOf({
    complete: () => [candidates, part],
    onChoices: (choices) => {
      shown = choices.join("|");
    },
  });
  input.feed(`${part}\t`);
  expect([input.text, shown]).toEqual([expected, choices]);
});

test("choices stand in columns where they do not fit in one row", () => {
  expect(choiceRows(["a1 ", "b2 "], 6)).toEqual(["a1  b2"]);
  const words = ["list_groups", "日本 ", "cc", "ddd", "e"];
  expect(choiceRows(words, 26)).toEqual(["list_groups  日本", "cc           ddd", "e"]);
  expect(choiceRows(["wide enough", "b"], 4)).toEqual(["wide enough", "b"]);
  const many = Array.from({ length: 60 }, (_, at) => `name${at} `);
  const rows = choiceRows(many, 40);
  expect(Math.max(...rows.map((row) => row.length))).toBeLessThanOrEqual(40);
  expect(rows.join("  ").split(/ {2,}/)).toEqual([
    ...many.slice(0, 50).map((name) => name.trim()),
    "(10 more)",
  ]);
});

test.each([
  ["abc def ghi\x17\x19", "abc def ghi"],
  ["abc def ghi\x17\x17\x19\x19", "abc def ghidef ghi"],
  ["abc def\x01\x1bd\x1bd\x05 x\x19", " xabc def"],
  ["KILLED\x15abc def\x1b\x7f\x19", "abc def"],
  ["KILLED\x15\x17\x19", "KILLED"],
  ["one two\x15x\x19\x19", "xone twoone two"],
  ["日本 👍🏽\x17\x19.", "日本 👍🏽."],
  ["\x19", ""],
])("what was deleted by words or to an end comes back: %j", async (keys, expected) => {
  const input = await inputOf();
  input.feed(keys);
  expect(input.text).toBe(expected);
});

test("lines are the same however the bytes are cut", () => {
  const bytes = bytesOf("one\r\n\n日本 two  \nlast");
  for (let size = 1; size <= bytes.length; size++) {
    const lines: string[] = [];
    const splitter = new LineSplitter((line) => lines.push(line));
    for (let at = 0; at < bytes.length; at += size) splitter.feed(bytes.subarray(at, at + size));
    splitter.end();
    expect(lines).toEqual(["one", "", "日本 two  ", "last"]);
  }
});

test("of a line without end no more is kept than anybody could send, and the next one is whole", () => {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  const piece = bytesOf("x".repeat(1_000_000));
  for (let count = 0; count < 50; count++) splitter.feed(piece);
  splitter.feed(bytesOf("\nnext\n"));
  expect(lines.map(({ length }) => length)).toEqual([2_097_152, 4]);
});
