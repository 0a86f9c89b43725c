// Names of users and groups: which are allowed, and which are the same name. Knows nothing of who holds one.
// After UTS #39 (Unicode Security Mechanisms), sections 5.1, 5.3 and 5.4: one script per name, one kind of digits, and no
// heaps of marks, so that few look like another's.

import { JAMO } from "./character-kinds.ts";
import { NAME_MAX_CHARACTERS } from "./limits.ts";

export type CheckedName =
  { readonly ok: true; readonly value: string } | { readonly ok: false; readonly reason: string };

const LENGTH = `Must be 1 to ${NAME_MAX_CHARACTERS} characters`;
const CHARACTERS = "Must be letters and digits, `_`, `-` and `.` only";
const SCRIPT = "Must be letters and digits of one script";
const DIGITS = "Must have digits of one kind";
const SYLLABLES = "Must have Korean vowels and final consonants in whole syllables";
const REPEATED = "Must not have the same mark twice on one letter";
const MARKS = "Must have fewer marks on one letter";

/** Longer text is not even looked at: NFKC does not make it shorter by more than this. */
const TYPED_MAX_UNITS = NAME_MAX_CHARACTERS * 8;

const PLAIN = /^[0-9A-Za-z_.-]+$/;
const COMMON = /[0-9_.-]/;
const ALLOWED = /[\p{L}\p{M}\p{Nd}]/u;
/** Letters that nobody sees, such as the Hangul fillers; the blanks of Egyptian and the filler of Khitan are not listed. */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\u{13441}\u{13442}\u{16fe4}]/u;
const MARK = /\p{M}/u;
const DIGIT = /\p{Nd}/u;
/** A mark printed over itself is not seen, nor how often. To be asked of NFD: composed letters have marks, too. */
const REPEATED_MARK = /([\p{Mn}\p{Me}])\1/u;
/** More than 4 marks without room of their own (UTS #39), or more than the 8 of all kinds that are ever shown. NFD as well. */
const MANY_MARKS = /(?:[\p{Mn}\p{Me}]\p{Mc}*){5}|\p{M}{9}/u;
/** Marks that go with the letters of every script: they would make two of a name that reads as one. */
const INHERITED = /\p{Script=Inherited}/u;

/** Scripts that a name may be written in, each alone, by their Unicode short names. Latin and East Asia come before. */
const SCRIPTS =
  "Adlm Aghb Ahom Arab Armi Armn Avst Bali Bamu Bass Batk Beng Berf Bhks Brah Bugi Buhd Cakm Cans Cari Cham Cher " +
  "Chrs Copt Cpmn Cprt Cyrl Deva Diak Dogr Dsrt Dupl Egyp Elba Elym Ethi Gara Geor Glag Gong Gonm Goth Gran Grek " +
  "Gujr Gukh Guru Hano Hatr Hebr Hluw Hmng Hmnp Hung Ital Java Kali Kawi Khar Khmr Khoj Kits Knda Krai Kthi Lana " +
  "Laoo Lepc Limb Lina Linb Lisu Lyci Lydi Mahj Maka Mand Mani Marc Medf Mend Merc Mero Mlym Modi Mong Mroo Mtei " +
  "Mult Mymr Nagm Nand Narb Nbat Newa Nkoo Nshu Ogam Olck Onao Orkh Orya Osge Osma Ougr Palm Pauc Perm Phag Phli " +
  "Phlp Phnx Plrd Prti Rjng Rohg Runr Samr Sarb Saur Sgnw Shaw Shrd Sidd Sidt Sind Sinh Sogd Sogo Sora Soyo Sund " +
  "Sunu Sylo Syrc Tagb Takr Tale Talu Taml Tang Tavt Tayo Telu Tfng Tglg Thaa Thai Tibt Tirh Tnsa Todr Tols Toto " +
  "Tutg Ugar Vaii Vith Wara Wcho Xpeo Xsux Yezi Yiii Zanb";

let sets: readonly RegExp[] | undefined;

/**
 * The sets of characters one name may be written in. Japanese, Korean and Chinese use several scripts together and are
 * one set each (UTS #39 table 4). Made when first asked for: most names never ask, and a start should not pay for it.
 */
function scriptSets(): readonly RegExp[] {
  sets ??= [
    /\p{scx=Latn}/u,
    /[\p{scx=Hani}\p{scx=Hira}\p{scx=Kana}]/u,
    /[\p{scx=Hani}\p{scx=Hang}]/u,
    /[\p{scx=Hani}\p{scx=Bopo}]/u,
    ...SCRIPTS.split(" ").map((script) => new RegExp(`\\p{scx=${script}}`, "u")),
  ];
  return sets;
}

/**
 * Checks a name as typed. `value` is the name as it will be shown: in Unicode's composed form (NFKC), so that what
 * looks the same is the same. `reason` is one sentence for people.
 */
export function checkName(typed: string): CheckedName {
  if (typed.length === 0 || typed.length > TYPED_MAX_UNITS) return { ok: false, reason: LENGTH };
  if (PLAIN.test(typed)) {
    return typed.length <= NAME_MAX_CHARACTERS
      ? { ok: true, value: typed }
      : { ok: false, reason: LENGTH };
  }
  const value = typed.normalize("NFKC");
  const characters = [...value];
  if (characters.length > NAME_MAX_CHARACTERS) return { ok: false, reason: LENGTH };
  const special = characters.filter((character) => !COMMON.test(character));
  const wrong = (character: string): boolean =>
    !ALLOWED.test(character) || INVISIBLE.test(character) || INHERITED.test(character);
  if (special.some(wrong) || marksAreLoose(characters)) return { ok: false, reason: CHARACTERS };
  if (!scriptSets().some((set) => special.every((character) => set.test(character)))) {
    return { ok: false, reason: SCRIPT };
  }
  // Those that belong to a syllable are composed with it by now.
  if (JAMO.test(value)) return { ok: false, reason: SYLLABLES };
  const apart = value.normalize("NFD");
  if (REPEATED_MARK.test(apart)) return { ok: false, reason: REPEATED };
  if (MANY_MARKS.test(apart)) return { ok: false, reason: MARKS };
  const zeros = characters.filter((character) => DIGIT.test(character)).map(zeroOf);
  if (new Set(zeros).size > 1) return { ok: false, reason: DIGITS };
  return { ok: true, value };
}

/** The zero that goes with a digit. Unicode has the ten of each kind in a row, and kinds may stand side by side. */
function zeroOf(digit: string): number {
  const code = digit.codePointAt(0)!;
  let first = code;
  while (DIGIT.test(String.fromCodePoint(first - 1))) first--;
  return code - ((code - first) % 10);
}

/** Whether a mark stands where there is no letter for it to sit on. */
function marksAreLoose(characters: readonly string[]): boolean {
  return characters.some(
    (character, at) => MARK.test(character) && (at === 0 || COMMON.test(characters[at - 1]!)),
  );
}

/** Two names are the same name exactly if this is the same for both: neither case nor way of writing counts. */
export function foldName(name: string): string {
  if (PLAIN.test(name)) return name.toLowerCase();
  // To upper case in between: it takes apart what lower case alone keeps (ß and SS, the two small sigmas). To lower case
  // before that: the capital ẞ is its own upper case.
  const small = name.normalize("NFKC").toLowerCase();
  return small.toUpperCase().toLowerCase().normalize("NFKC");
}
