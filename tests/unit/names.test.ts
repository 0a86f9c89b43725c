// Which names there are, and which are one and the same.

import { expect, test } from "bun:test";

import { checkName, foldName } from "../../lib/chat/names.ts";

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
  ];
  for (const text of texts) expect(checkName(text).ok).toBe(false);
});

test("scripts do not mix, so that no name looks like another's", () => {
  for (const text of ["сlient", "pаypal", "αb", "имяname", "가a"]) {
    expect(checkName(text)).toMatchObject({
      ok: false,
      reason: expect.stringContaining("one script"),
    });
  }
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
