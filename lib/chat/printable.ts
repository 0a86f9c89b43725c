// Text from outside, made safe to show: what a terminal would obey, or an eye could not see, becomes a visible mark.
// Knows nothing of lines, terminals or who wrote the text.

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

/** Never shown as it is. Signs of the Arabic and other scripts that are written around digits are formats, yet visible. */
const HIDDEN =
  /[[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Noncharacter_Code_Point}\p{Zl}\p{Zp}\p{DI}]--[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}]]/v;

/** Korean vowels and final consonants: they take no room, since they go into that of the consonant they join. */
export const JAMO = /[\u1160-\u11ff\ud7b0-\ud7ff]/;

/** Where one has joined, in NFD: a vowel behind one consonant, or a final consonant behind one vowel (KS X 1026-1). */
const JOINED_JAMO =
  /(?:[\u1100-\u115e\ua960-\ua97c][\u1161-\u11a7\ud7b0-\ud7c6]|[\u1161-\u11a7\ud7b0-\ud7c6][\u11a8-\u11ff\ud7cb-\ud7fb])$/;

const MARK = /\p{M}/u;
const VARIATION = /\p{Variation_Selector}/u;
const SKIN_COLOUR = /\p{Emoji_Modifier}/u;
const PICTOGRAPH = /\p{Extended_Pictographic}/u;

/** Scripts whose spelling needs the joiner and the non-joiner (RFC 5892 appendix A.1 and A.2, taken by script). */
const JOINING =
  /[[\p{L}\p{M}]&&[\p{scx=Arab}\p{scx=Syrc}\p{scx=Mong}\p{scx=Deva}\p{scx=Beng}\p{scx=Guru}\p{scx=Gujr}\p{scx=Orya}\p{scx=Taml}\p{scx=Telu}\p{scx=Knda}\p{scx=Mlym}\p{scx=Sinh}\p{scx=Khmr}]]/v;

/** A flag of a region (UTS #51, emoji tag sequence): a black flag, a few tags, and the tag that ends them. */
const FLAG_OF_REGION = /\u{1f3f4}[\u{e0030}-\u{e0039}\u{e0061}-\u{e007a}]{3,6}\u{e007f}/uy;

const BLACK_FLAG = 0x1f3f4;
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
  /** The last character, if it was kept as it is. */
  #before = "";
  /** Marks, skin colours and joiners apart, a pictograph stands before. */
  #pictograph = false;
  /** On the present letter. */
  #marks = 0;

  over(text: string): string {
    for (let at = 0; at < text.length;) {
      const code = text.codePointAt(at) ?? 0;
      const character = String.fromCodePoint(code);
      const flag = code === BLACK_FLAG ? flagAt(text, at) : undefined;
      at += flag?.length ?? character.length;
      const after = String.fromCodePoint(text.codePointAt(at) ?? 0);
      if (flag !== undefined) this.#keep(flag, true);
      else if (this.#isMark(character)) this.#mark(character);
      else if (this.#joins(code, after)) this.#append(character);
      else if (HIDDEN.test(character) || this.#isLooseJamo(character)) this.#show(code);
      else this.#keep(character, this.#isPictograph(character));
    }
    return this.#out;
  }

  /** A mark that may stay: a variation selector only behind something that has none yet. */
  #isMark(character: string): boolean {
    if (!MARK.test(character)) return false;
    if (VARIATION.test(character)) return this.#before !== "" && !VARIATION.test(this.#before);
    return !HIDDEN.test(character);
  }

  #mark(character: string): void {
    if (this.#out === "") this.#out = DOTTED_CIRCLE;
    this.#marks++;
    if (this.#marks <= COMBINING_MARKS_MAX) this.#append(character);
    else if (this.#marks === COMBINING_MARKS_MAX + 1) this.#out += MARKS_LEFT_OUT;
  }

  /**
   * The joiners stay where they mean something: inside an emoji, and between letters of a script that needs them, where
   * both of these are shown.
   */
  #joins(code: number, after: string): boolean {
    if (code !== ZERO_WIDTH_JOINER && code !== ZERO_WIDTH_NON_JOINER) return false;
    const marks = MARK.test(after) ? this.#marks + 1 : this.#marks;
    if (marks > COMBINING_MARKS_MAX) return false;
    if (code === ZERO_WIDTH_JOINER && this.#pictograph && PICTOGRAPH.test(after)) return true;
    return JOINING.test(this.#before) && JOINING.test(after);
  }

  /** A part of a Korean syllable where there is no syllable for it: nobody would see it, however many there are. */
  #isLooseJamo(character: string): boolean {
    if (!JAMO.test(character)) return false;
    return !JOINED_JAMO.test((this.#before + character).normalize("NFD"));
  }

  #isPictograph(character: string): boolean {
    return PICTOGRAPH.test(character) || (this.#pictograph && SKIN_COLOUR.test(character));
  }

  #append(character: string): void {
    this.#out += character;
    this.#before = character;
  }

  #keep(character: string, pictograph: boolean): void {
    this.#append(character);
    this.#pictograph = pictograph;
    this.#marks = 0;
  }

  #show(code: number): void {
    this.#out += visible(code);
    this.#before = "";
    this.#pictograph = false;
    this.#marks = 0;
  }
}

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
