// What kinds of character there are that decide how a text can be shown, and which of them a character is. Each one is
// looked up in Unicode's properties once: a long text may be of nothing but those that need it.

/** Bits. A character may be several of these. */
export const Kind = {
  Known: 1,
  Hidden: 2,
  Mark: 4,
  Variation: 8,
  SkinColour: 16,
  Pictograph: 32,
  Jamo: 64,
  Joining: 128,
  /** Any of those that cannot be kept without a look at what stands before. */
  Special: 2 | 4 | 8 | 16 | 32 | 64,
} as const;

/** Never shown as it is. Signs of the Arabic and other scripts that are written around digits are formats, yet visible. */
const HIDDEN =
  /[[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Noncharacter_Code_Point}\p{Zl}\p{Zp}\p{DI}]--[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}]]/v;

/** Korean vowels and final consonants: they take no room, since they go into that of the consonant they join. */
export const JAMO = /[\u1160-\u11ff\ud7b0-\ud7ff]/;

const MARK = /\p{M}/u;
const VARIATION = /\p{Variation_Selector}/u;
const SKIN_COLOUR = /\p{Emoji_Modifier}/u;
const PICTOGRAPH = /\p{Extended_Pictographic}/u;

/** Scripts whose spelling needs the joiner and the non-joiner (RFC 5892 appendix A.1 and A.2, taken by script). */
const JOINING =
  /[[\p{L}\p{M}]&&[\p{scx=Arab}\p{scx=Syrc}\p{scx=Mong}\p{scx=Deva}\p{scx=Beng}\p{scx=Guru}\p{scx=Gujr}\p{scx=Orya}\p{scx=Taml}\p{scx=Telu}\p{scx=Knda}\p{scx=Mlym}\p{scx=Sinh}\p{scx=Khmr}]]/v;

const PROPERTIES: readonly (readonly [kind: number, pattern: RegExp])[] = [
  [Kind.Hidden, HIDDEN],
  [Kind.Mark, MARK],
  [Kind.Variation, VARIATION],
  [Kind.SkinColour, SKIN_COLOUR],
  [Kind.Pictograph, PICTOGRAPH],
  [Kind.Jamo, JAMO],
  [Kind.Joining, JOINING],
];

const CODE_POINTS = 0x11_0000;

/** By code point; 0 for one that nobody has asked for. Made when the first text needs it, which few do. */
let known: Uint8Array | undefined;

/** The bits of a code point; lone surrogates are some as well. */
export const kindsOf = (code: number): number => {
  known ??= new Uint8Array(CODE_POINTS);
  const kinds = known[code]!;
  if (kinds !== 0) return kinds;
  const character = String.fromCodePoint(code);
  let found: number = Kind.Known;
  for (const [kind, pattern] of PROPERTIES) if (pattern.test(character)) found |= kind;
  known[code] = found;
  return found;
};

const isFirstConsonant = (code: number): boolean =>
  (code >= 0x1100 && code <= 0x115e) || (code >= 0xa960 && code <= 0xa97c);

const isVowel = (code: number): boolean =>
  (code >= 0x1161 && code <= 0x11a7) || (code >= 0xd7b0 && code <= 0xd7c6);

const isFinalConsonant = (code: number): boolean =>
  (code >= 0x11a8 && code <= 0x11ff) || (code >= 0xd7cb && code <= 0xd7fb);

/** Unicode section 3.12: of 28 syllables each, the first ends in its vowel. */
const isOpenSyllable = (code: number): boolean =>
  code >= 0xac00 && code <= 0xd7a3 && (code - 0xac00) % 28 === 0;

/** Whether a jamo goes into what is before it: a vowel into one consonant, a final consonant behind one vowel (KS X 1026-1). */
export const joinsSyllable = (before: number, jamo: number): boolean =>
  isVowel(jamo)
    ? isFirstConsonant(before)
    : isFinalConsonant(jamo) && (isVowel(before) || isOpenSyllable(before));
