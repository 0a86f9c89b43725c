// Hostile text: what people type and peers say, and what it should not contain but may.

import type { Prng } from "../../support/prng.ts";

/** Pieces that are more than one character, or that a terminal, JSON, Unicode or a parser takes to be special. */
const PIECES: readonly string[] = [
  ..."aZ09 \t_-.:/\\\"'`{}[]<>@~,;=|&$%*?!#",
  "\0",
  "\x07",
  "\b",
  "\n",
  "\r",
  "\x1b",
  "\x1b[31m",
  "\x1b]0;title\x07",
  "\x1bP",
  "\x7f",
  "\x85",
  "\x9b2J",
  "\xa0",
  "\xad",
  "é",
  "e\u0301",
  "\u0301",
  "ß",
  "ﬁ",
  "İ",
  "\u061c",
  "\u115f",
  "\u180e",
  "\u200b",
  "\u200c",
  "\u200d",
  "\u200e",
  "\u2028",
  "\u2029",
  "\u202e",
  "\u2066",
  "\ufe0f",
  "\ufeff",
  "\ufff9",
  "\uffff",
  "\ud800",
  "\udc00",
  "日本",
  "한",
  "Иван",
  "שלום",
  "مرحبا",
  "क्ष",
  "👍🏽",
  "👨‍👩‍👧",
  "🇩🇪",
  "🏴\u{e0067}\u{e0062}\u{e007f}",
  "\u{e0001}",
  "\u{10ffff}",
  "__proto__",
  "constructor",
  "toString",
];

/** A text of up to `most` pieces, sometimes one piece again and again. */
export const anyText = (random: Prng, most = 12): string => {
  const piece = () => (random.chance(0.05) ? anyCharacter(random) : random.pick(PIECES));
  if (random.chance(0.1)) return piece().repeat(random.between(1, 4 * most));
  let text = "";
  for (let count = random.below(most + 1); count > 0; count--) text += piece();
  return text;
};

/** Any code point, surrogates as well. */
const anyCharacter = (random: Prng): string =>
  String.fromCodePoint(random.below(random.pick([0x80, 0x800, 0x10000, 0x110000])));

/** A damaged copy: pieces put in, taken out, doubled, in another case, or from another text. */
export const damagedText = (random: Prng, valid: string, others: readonly string[]): string => {
  let text = valid;
  for (let times = random.between(1, 3); times > 0; times--) {
    const from = random.below(text.length + 1);
    const to = random.between(from, Math.min(text.length, from + random.pick([0, 1, 2, 8])));
    const [before, piece, after] = [text.slice(0, from), text.slice(from, to), text.slice(to)];
    const other = random.pick(others) ?? text;
    text = random.pick([
      () => before + anyText(random, 3) + after,
      () => before + after,
      () => before + piece.repeat(random.between(2, 5)) + after,
      () => before + piece.toUpperCase() + after,
      () => before + other.slice(random.below(other.length + 1)),
    ])();
  }
  return text;
};

/** The UTF-16 units of a text, and the text of units: what there is to shrink in it. */
export const unitsOf = (text: string): number[] =>
  Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
export const textOfUnits = (units: readonly number[]): string => {
  let text = "";
  for (const unit of units) text += String.fromCharCode(unit);
  return text;
};

/** The plainest character: what one becomes that does not matter. */
export const PLAINEST_UNIT = 0x61;

/** A text as one line of ASCII that says all of it, and back. */
export const quoted = (text: string): string =>
  JSON.stringify(text).replaceAll(/[^\x20-\x7e]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
export const unquoted = (line: string): string | undefined => {
  try {
    const text: unknown = JSON.parse(line);
    return typeof text === "string" ? text : undefined;
  } catch {
    return undefined;
  }
};
