// Which names there are, and which are one and the same.

import { expect, test } from "bun:test";

import { checkName, foldName } from "../../lib/chat/names.ts";
import { printable } from "../../lib/chat/printable.ts";

test("letters and digits of one script, _, - and . make a name", () => {
  const names = [
    "client",
    "a",
    "7",
    "group-name",
    "x.y_z-1",
    "..",
    "имя",
    "名前",
    "カー",
    "なまえ漢字",
    "이름",
    "हिन्दी",
    "Ωμέγα2",
    "שם",
    "نام۳",
    "שָׁלוֹם",
    "Nguyễn",
    "ที่นี่",
    "ကျွန်ုပ်",
    "လျှို့ဝှက်",
    "한글",
    "ᄏᄏ",
  ];
  for (const name of names) expect(checkName(name)).toEqual({ ok: true, value: name });
});

test("anything else does not", () => {
  const texts = [
    "",
    "a b",
    " a",
    "a\n",
    "a\u0000",
    "😀",
    "a/b",
    "`a`",
    "\u202ea",
    "\u200b",
    "\u3164",
    "\u0301",
    "-\u093f",
    "x\u0302",
    "\ud800",
    "\u{13000}\u{13441}",
    "\u{18b00}\u{16fe4}",
  ];
  for (const text of texts) expect(checkName(text).ok).toBe(false);
});

test("scripts do not mix in one name", () => {
  for (const text of ["сlient", "pаypal", "αb", "имяname", "가a"]) {
    expect(checkName(text)).toMatchObject({
      ok: false,
      reason: expect.stringContaining("one script"),
    });
  }
});

test("any letter that has a script makes a name", () => {
  const letter =
    /[[\p{L}\p{Nd}]--[\p{Script=Common}\p{Script=Inherited}\p{DI}\u1160-\u11ff\ud7b0-\ud7ff\u{13441}\u{13442}]]/v;
  const refused: string[] = [];
  for (let code = 0x80; code <= 0x10ffff; code++) {
    const character = String.fromCodePoint(code);
    if (!letter.test(character) || character.normalize("NFKC") !== character) continue;
    if (!checkName(character).ok) refused.push(code.toString(16));
  }
  expect(refused).toEqual([]);
});

const reasonOf = (text: string): string => {
  const name = checkName(text);
  return name.ok ? "" : name.reason;
};

test("Korean letters that take no room are in a syllable, or in no name", () => {
  const texts = [
    "\u1161",
    "가\u1161",
    "각\u11a8",
    "\ud7b0",
    "가\ud7fb",
    "\u3133",
    "\u314f",
    "\uffc2",
    "가ㅏ",
  ];
  for (const text of texts) expect(reasonOf(text)).toContain("syllables");
  expect(checkName("\u1112\u1161\u11ab")).toEqual({ ok: true, value: "한" });
  expect(checkName("\u3131\u314f")).toEqual({ ok: true, value: "가" });
});

test("a mark does not stand on itself, where nobody sees it", () => {
  expect(checkName("ש\u05b8").ok).toBe(true);
  const texts = ["ש\u05b8\u05b8", "ש\u05b8\u05c1\u05b8", "\u0929\u093c", "א".padEnd(10, "\u05bc")];
  for (const text of texts) expect(reasonOf(text)).toContain("mark twice");
});

test("a letter has few marks, all of which are shown", () => {
  expect(checkName("ש\u05b0\u05b4\u05b8\u05bc").ok).toBe(true);
  expect(reasonOf("ש\u05b0\u05b4\u05b8\u05bc\u05c1")).toContain("fewer marks");
  expect(reasonOf("ש\u05b0\u05b4\u05b8\u05bc\u05c1ש")).toContain("fewer marks");
  expect(reasonOf("က\u102d\u102f\u1031\u1037\u103d\u103e")).toContain("fewer marks");
  const most = `क${"\u093e".repeat(8)}`;
  expect(checkName(most)).toEqual({ ok: true, value: printable(most) });
  expect(reasonOf(`${most}\u093e`)).toContain("fewer marks");
});

test("digits are of one kind", () => {
  for (const name of ["\u0660\u0661\u0669", "\u06f0\u06f9", "นาม\u0e51\u0e59", "นาม12"]) {
    expect(checkName(name)).toEqual({ ok: true, value: name });
  }
  // The last two kinds stand side by side in Unicode.
  const texts = ["\u0661\u06f1", "1\u0661", "نام1۲", "\u{116d1}\u{116db}"];
  for (const text of texts) expect(reasonOf(text)).toContain("digits of one kind");
});

test("a name has 32 characters at most, whatever they weigh", () => {
  expect(checkName("a".repeat(32)).ok).toBe(true);
  expect(checkName("a".repeat(33)).ok).toBe(false);
  expect(checkName("𠮷".repeat(32)).ok).toBe(true);
  expect(checkName("𠮷".repeat(33)).ok).toBe(false);
  expect(checkName("a".repeat(1_000_000)).ok).toBe(false);
});

test("what looks the same is made the same", () => {
  expect(checkName("e\u0301")).toEqual({ ok: true, value: "\u00e9" });
  expect(checkName("ｃｌｉｅｎｔ")).toEqual({ ok: true, value: "client" });
});

test("neither case nor way of writing makes another name", () => {
  const same = [
    ["Client", "CLIENT"],
    ["Straße", "STRASSE"],
    ["ΣΊΣΥΦΟΣ", "σίσυφος"],
    ["e\u0301", "É"],
    ["ﬀ", "FF"],
    ["ИМЯ", "имя"],
  ];
  for (const [one = "", other = ""] of same) expect(foldName(one)).toBe(foldName(other));
  expect(foldName("client")).not.toBe(foldName("client2"));
});

test("folding is done once", () => {
  for (const name of ["Straße", "ΣΊΣΥΦΟΣ", "İ", "ǅ", "Client"]) {
    expect(foldName(foldName(name))).toBe(foldName(name));
  }
});
