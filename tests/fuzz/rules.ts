// The rules that hold for all output, written without the code that is to keep them.

import { isDeepStrictEqual } from "node:util";

import { must } from "./target.ts";

/**
 * What no line may contain: controls, line ends, marks that turn the direction of text, invisible spaces. The joiners and
 * variation selectors are seen, so they may stay; where, is the business of the unit tests.
 */
const UNPRINTABLE =
  /[\0-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb]|[\u{1d173}-\u{1d17a}]/u;

/** Parts of a Korean syllable that are in none: terminals give them no room. Syllables are looked at taken apart (NFD). */
const LOOSE_JAMO =
  /(?<![\u1100-\u115e\ua960-\ua97c])[\u1160-\u11a7\ud7b0-\ud7ca]|(?<![\u1161-\u11a7\ud7b0-\ud7c6])[\u11a8-\u11ff\ud7cb-\ud7ff]/u;

/** One line that a terminal shows and does not obey. */
export const mustBePrintable = (text: string, where: string): void => {
  must(
    text.isWellFormed() && !UNPRINTABLE.test(text) && !LOOSE_JAMO.test(text.normalize("NFD")),
    "lines are printable",
    () => `${where}: ${JSON.stringify(text)}`,
  );
};

/** The same value, all the way down. */
export const mustEqual = (found: unknown, expected: unknown, rule: string): void => {
  must(isDeepStrictEqual(found, expected), rule, () => {
    return `${Bun.inspect(found)}\nis not\n${Bun.inspect(expected)}`;
  });
};
