// What may stand behind `bun run bench`.

import { expect, test } from "bun:test";

import { parseOptions } from "./options.ts";

const PARTS = ["limit", "fanout", "direct"];
const parse = (...argv: string[]) => parseOptions(argv, PARTS);

test("no part named means all of them, five rounds", () => {
  const all = { parts: PARTS, rounds: 5, quick: false, json: undefined, help: false };
  expect(parse()).toEqual(all);
});

test("parts come in the order of the table", () => {
  expect(parse("direct", "limit").parts).toEqual(["limit", "direct"]);
});

test("flags", () => {
  expect(parse("--rounds", "7", "--json", "a.json")).toMatchObject({ rounds: 7, json: "a.json" });
  expect(parse("--quick")).toMatchObject({ rounds: 2, quick: true });
  expect(parse("--quick", "--rounds", "1").rounds).toBe(1);
});

test.each([
  [["tea"]],
  [["--rounds", "0"]],
  [["--rounds", "x"]],
  [["--rounds", "1e3"]],
  [["--fast"]],
])("%j is refused", (argv) => {
  expect(() => parse(...argv)).toThrow();
});
