// Text from outside, made safe to show: what a terminal would obey, or an eye could not see, becomes a visible mark.
// Knows nothing of lines, terminals or who wrote the text.

import { joinsSyllable, Kind, kindsOf } from "./character-kinds.ts";

/** Marks that real writing puts on one letter stay below this; more is a tower that covers the lines around it. */
const COMBINING_MARKS_MAX = 8;

/** Stands for all marks on one letter past the limit. */
const MARKS_LEFT_OUT = "…";

/** What a mark is put on when it has nothing before it to sit on (Unicode's own choice for this). */
const DOTTED_CIRCLE = "\u25cc";

const CONTROL_PICTURES = 0x2400;
const PICTURE_OF_DELETE = "\u2421";

const PLAIN = /^[\x20-\x7e]*$/;

/**
 * Anything that needs a closer look: controls, formats, surrogates, private use, separators, marks, invisible letters, and
 * Korean ones without room of their own.
 */
const SUSPECT =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Noncharacter_Code_Point}\p{Zl}\p{Zp}\p{M}\p{DI}\u1160-\u11ff\ud7b0-\ud7ff]/u;

/** A flag of a region (UTS #51, emoji tag sequence): a black flag, a few tags, and the tag that ends them. */
const FLAG_OF_REGION = /\u{1f3f4}[\u{e0030}-\u{e0039}\u{e0061}-\u{e007a}]{3,6}\u{e007f}/uy;

const BLACK_FLAG = 0x1f3f4;
const TAG_END = 0xe007f;
const ZERO_WIDTH_NON_JOINER = 0x200c;
const ZERO_WIDTH_JOINER = 0x200d;

const visible = (code: number): string => {
  if (code < 0x20) return String.fromCodePoint(CONTROL_PICTURES + code);
  if (code === 0x7f) return PICTURE_OF_DELETE;
  return `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`;
};

/** Walks through a text once; what it has kept so far decides what the next character may be. */
class Walk {
  #out = "";
  /** The last character, if it was kept as it is; 0 if not. */
  #before = 0;
  /** Marks, skin colours and joiners apart, a pictograph stands before. */
  #pictograph = false;
  /** On the present letter. */
  #marks = 0;

  over(text: string): string {
    for (let at = 0; at < text.length;) {
      const code = text.codePointAt(at)!;
      const kinds = kindsOf(code);
      if ((kinds & Kind.Special) === 0) {
        at = this.#keepPlain(text, at);
        continue;
      }
      const flag = code === BLACK_FLAG ? flagAt(text, at) : undefined;
      at += flag?.length ?? unitsOf(code);
      if (flag !== undefined) this.#keep(flag, TAG_END, true);
      else if (this.#isMark(kinds)) this.#mark(code);
      else if (this.#joins(code, text.codePointAt(at) ?? 0)) this.#append(code);
      else if ((kinds & Kind.Hidden) !== 0 || this.#isLooseJamo(code, kinds)) this.#show(code);
      else this.#keep(String.fromCodePoint(code), code, this.#isPictograph(kinds));
    }
    return this.#out;
  }

  /** All from here on that needs no closer look, which is most of nearly every text. Returns where that ends. */
  #keepPlain(text: string, from: number): number {
    let last = 0;
    let at = from;
    while (at < text.length) {
      const code = text.codePointAt(at)!;
      if ((kindsOf(code) & Kind.Special) !== 0) break;
      at += unitsOf(code);
      last = code;
    }
    this.#keep(text.slice(from, at), last, false);
    return at;
  }

  /** A mark that may stay: a variation selector only behind something that has none yet. */
  #isMark(kinds: number): boolean {
    if ((kinds & Kind.Mark) === 0) return false;
    if ((kinds & Kind.Variation) === 0) return (kinds & Kind.Hidden) === 0;
    return this.#before !== 0 && (kindsOf(this.#before) & Kind.Variation) === 0;
  }

  #mark(code: number): void {
    if (this.#out === "") this.#out = DOTTED_CIRCLE;
    this.#marks++;
    if (this.#marks <= COMBINING_MARKS_MAX) this.#append(code);
    else if (this.#marks === COMBINING_MARKS_MAX + 1) this.#out += MARKS_LEFT_OUT;
  }

  /**
   * The joiners stay where they mean something: inside an emoji, and between letters of a script that needs them, where
   * both of these are shown.
   */
  #joins(code: number, after: number): boolean {
    if (code !== ZERO_WIDTH_JOINER && code !== ZERO_WIDTH_NON_JOINER) return false;
    const kinds = kindsOf(after);
    const marks = (kinds & Kind.Mark) === 0 ? this.#marks : this.#marks + 1;
    if (marks > COMBINING_MARKS_MAX) return false;
    const inPictograph = code === ZERO_WIDTH_JOINER && this.#pictograph;
    if (inPictograph && (kinds & Kind.Pictograph) !== 0) return true;
    return (kindsOf(this.#before) & kinds & Kind.Joining) !== 0;
  }

  /** A part of a Korean syllable where there is no syllable for it: nobody would see it, however many there are. */
  #isLooseJamo(code: number, kinds: number): boolean {
    return (kinds & Kind.Jamo) !== 0 && !joinsSyllable(this.#before, code);
  }

  #isPictograph(kinds: number): boolean {
    const also = this.#pictograph ? Kind.SkinColour : 0;
    return (kinds & (Kind.Pictograph | also)) !== 0;
  }

  #append(code: number): void {
    this.#out += String.fromCodePoint(code);
    this.#before = code;
  }

  #keep(characters: string, last: number, pictograph: boolean): void {
    this.#out += characters;
    this.#before = last;
    this.#pictograph = pictograph;
    this.#marks = 0;
  }

  #show(code: number): void {
    this.#out += visible(code);
    this.#before = 0;
    this.#pictograph = false;
    this.#marks = 0;
  }
}

const unitsOf = (code: number): number => (code > 0xffff ? 2 : 1);

const flagAt = (text: string, at: number): string | undefined => {
  FLAG_OF_REGION.lastIndex = at;
  return FLAG_OF_REGION.exec(text)?.[0];
};

/**
 * The text as one line that is safe to print. Controls become their pictures (`␛`), everything else that would not be
 * seen or would turn the text around becomes its code point (`<U+202E>`). Nothing is cut, and safe text stays the same.
 */
export const printable = (text: string): string => {
  if (PLAIN.test(text) || !SUSPECT.test(text)) return text;
  return new Walk().over(text);
};
