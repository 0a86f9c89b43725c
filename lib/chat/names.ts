// Names of users and groups: which are allowed, and which are the same name. Knows nothing of who holds one.
// After UTS #39 (Unicode Security Mechanisms), section 5.1: one script per name, so that none looks like another's.

import { NAME_MAX_CHARACTERS } from "./limits.ts";

export type CheckedName =
  { readonly ok: true; readonly value: string } | { readonly ok: false; readonly reason: string };

const LENGTH = `Must be 1 to ${NAME_MAX_CHARACTERS} characters`;
const CHARACTERS = "Must be letters and digits, `_`, `-` and `.` only";
const SCRIPT = "Must be letters and digits of one script";

/** No longer text is looked at: composing may make it shorter, but not by more than this. */
const TYPED_MAX_UNITS = NAME_MAX_CHARACTERS * 8;

const PLAIN = /^[0-9A-Za-z_.-]+$/;
const COMMON = /[0-9_.-]/;
const ALLOWED = /[\p{L}\p{M}\p{Nd}]/u;
/** Letters that nobody sees, such as the Hangul fillers. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/u;
const MARK = /\p{M}/u;
/** Marks that go with the letters of every script: they would make two of a name that reads as one. */
const INHERITED = /\p{Script=Inherited}/u;

/** Scripts that a name may be written in, each alone, by their Unicode short names. Latin and East Asia come before. */
const SCRIPTS =
  "Adlm Aghb Ahom Arab Armn Avst Bali Bamu Bass Batk Beng Bhks Brah Bugi Buhd Cakm Cans Cari Cham Cher Chrs Copt " +
  "Cpmn Cprt Cyrl Deva Diak Dogr Dsrt Dupl Egyp Elba Elym Ethi Geor Glag Gong Gonm Goth Gran Grek Gujr Guru Hano " +
  "Hatr Hebr Hluw Hmng Hmnp Hung Ital Java Kali Kawi Khar Khmr Khoj Kits Knda Kthi Lana Laoo Lepc Limb Lina Linb " +
  "Lisu Lyci Lydi Mahj Maka Mand Mani Marc Medf Mend Merc Mero Mlym Modi Mong Mroo Mtei Mult Mymr Nagm Nand Narb " +
  "Nbat Newa Nkoo Nshu Ogam Olck Orkh Orya Osge Osma Ougr Palm Pauc Perm Phag Phli Phlp Phnx Plrd Prti Rjng Rohg " +
  "Runr Samr Sarb Saur Sgnw Shaw Shrd Sidd Sind Sinh Sogd Sogo Sora Soyo Sund Sylo Syrc Tagb Takr Tale Talu Taml " +
  "Tang Tavt Telu Tfng Tglg Thaa Thai Tibt Tirh Tnsa Toto Ugar Vaii Vith Wara Wcho Xpeo Xsux Yezi Yiii Zanb";

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
  return { ok: true, value };
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
