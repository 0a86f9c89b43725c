// Texts from outside, made harmless for a terminal.

import { expect, test } from "bun:test";

import { printable } from "../../lib/chat/printable.ts";

const CASES: readonly (readonly [what: string, text: string, shown: string])[] = [
  ["plain text", "hey there :)", "hey there :)"],
  ["spaces", "  three  spaces ", "  three  spaces "],
  ["an escape sequence", "\x1b[31mred\x1b[0m", "␛[31mred␛[0m"],
  ["C0 controls", "\0\t\r\n\x1f", "␀␉␍␊␟"],
  ["DEL", "a\x7f", "a␡"],
  ["C1 controls", "\x80\x9b31m\x85", "<U+0080><U+009B>31m<U+0085>"],
  ["an override", "a\u202etxt.exe", "a<U+202E>txt.exe"],
  [
    "isolates and marks",
    "\u2066\u2069\u200e\u200f\u061c",
    "<U+2066><U+2069><U+200E><U+200F><U+061C>",
  ],
  ["zero width", "a\u200bb\u2060\ufeff\u00ad", "a<U+200B>b<U+2060><U+FEFF><U+00AD>"],
  ["invisible letters", "\u3164\u115f\uffa0\u034f", "<U+3164><U+115F><U+FFA0><U+034F>"],
  ["hidden tags", "a\u{e0061}\u{e0001}", "a<U+E0061><U+E0001>"],
  ["line and paragraph separators", "a\u2028b\u2029", "a<U+2028>b<U+2029>"],
  ["lone surrogates", "a\ud800b\udc00", "a<U+D800>b<U+DC00>"],
  ["private use and noncharacters", "\ue000\uffff\u{10ffff}", "<U+E000><U+FFFF><U+10FFFF>"],
  ["letters of many scripts", "Ωmega Ж 漢字 한글 ไทย é", "Ωmega Ж 漢字 한글 ไทย é"],
  ["a right-to-left script without controls", "שלום", "שלום"],
  ["emoji sequences", "👨‍👩‍👧 👩🏽‍💻 ❤️‍🔥 1️⃣ 🇩🇪", "👨‍👩‍👧 👩🏽‍💻 ❤️‍🔥 1️⃣ 🇩🇪"],
  [
    "the flag of a region",
    "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
    "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
  ],
  ["a joiner outside of an emoji", "a\u200db", "a<U+200D>b"],
  ["two joiners inside one", "👨\u200d\u200d👩", "👨<U+200D><U+200D>👩"],
  ["the non-joiner in Persian", "می\u200cخواهم", "می\u200cخواهم"],
  ["marks on a letter", "n\u0303", "n\u0303"],
  ["a tower of marks", `x${"\u0301".repeat(500)}y`, `x${"\u0301".repeat(8)}…y`],
  [
    "a joiner before a mark past the limit",
    `x${"\u0897".repeat(8)}\u200c\u0897`,
    `x${"\u0897".repeat(8)}<U+200C>\u0897`,
  ],
  ["a mark on nothing", "\u0301a", "◌\u0301a"],
  ["Korean taken apart", "한글 값".normalize("NFD"), "한글 값".normalize("NFD")],
  [
    "old Korean",
    "\u1112\u119e\u11ab 가\u11f0 \ua960\ud7b0\ud7cb",
    "\u1112\u119e\u11ab 가\u11f0 \ua960\ud7b0\ud7cb",
  ],
  ["Korean vowels on nothing", "\u1161a\u1161\ud7b0", "<U+1161>a<U+1161><U+D7B0>"],
  ["final consonants on nothing", "\u11a8\u1100\u11a8\ud7fb", "<U+11A8>\u1100<U+11A8><U+D7FB>"],
  [
    "vowels past the first",
    "가\u1161\u11a8 \u1100\u1161\u1161",
    "가<U+1161><U+11A8> \u1100\u1161<U+1161>",
  ],
  ["final consonants past the first", "각\u11a8 가\u11f0\u11f0", "각<U+11A8> 가\u11f0<U+11F0>"],
  ["a vowel behind a mark", "\u1100\u302e\u1161", "\u1100\u302e<U+1161>"],
  ["a vowel that is none yet", "\u1100\ud7c7", "\u1100<U+D7C7>"],
  ["variation selectors, one after another", "☃\ufe0f\ufe0f", "☃\ufe0f<U+FE0F>"],
];

test.each(CASES)("%s", (_what, text, shown) => {
  expect(printable(text)).toBe(shown);
  expect(printable(shown)).toBe(shown);
});

test("any code unit: no control, no format and no separator comes through alone", () => {
  for (let unit = 0; unit < 0x10000; unit++) {
    const shown = printable(String.fromCharCode(unit));
    expect(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(shown)).toBe(false);
    expect(shown.length).toBeGreaterThan(0);
  }
});

test("a tower of Korean vowels is seen", () => {
  expect(printable(`a${"\u1161".repeat(10_000)}`)).toBe(`a${"<U+1161>".repeat(10_000)}`);
});

test("any Korean letter: none comes through alone that takes no room", () => {
  for (let code = 0x1100; code < 0xd800; code++) {
    const letter = String.fromCharCode(code);
    if (!/[\p{Script=Hangul}--\p{DI}]/v.test(letter)) continue;
    expect(Bun.stringWidth(printable(letter))).toBeGreaterThan(0);
    expect(printable(`a${letter}`) === `a${letter}`).toBe(Bun.stringWidth(letter) > 0);
  }
});

test("long text is not cut", () => {
  const text = "é\u0301漢".repeat(50_000);
  expect(printable(text)).toBe(text);
});
