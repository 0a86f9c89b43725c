// What is said of a word that is wrong is one short line, however long the word is.

import { expect, test } from "bun:test";

import { ClientScene } from "../support/client-scene.ts";

const LINES: readonly (readonly [
  line: (word: string) => string,
  said: (word: string) => string,
])[] = [
  [(word) => word, (word) => `>>> [Invalid command: ${word}]`],
  [(word) => `send ${word} hi`, (word) => `>>> [Unable to send to non-existent ${word}.]`],
  [(word) => `join_group ${word}`, (word) => `>>> [Group \`${word}\` does not exist.]`],
];

test.each([
  ["as long as a line can be", "x".repeat(2_000_000), `${"x".repeat(64)}…`],
  ["a character too long", "y".repeat(65), `${"y".repeat(64)}…`],
  ["as long as it may be", "z".repeat(64), "z".repeat(64)],
  ["of pairs of surrogates", "𝒶".repeat(65), `${"𝒶".repeat(64)}…`],
  ["of as many of them as may be", "𝒶".repeat(64), "𝒶".repeat(64)],
])("a word %s", (_, word, shown) => {
  const scene = new ClientScene();
  scene.server.script = (asked) => {
    if (asked.message.type !== "join_group") return false;
    scene.server.refuse(asked, "does_not_exist", "There is no such group.");
    return true;
  };
  const client = scene.client("client", 5_555);
  for (const [line, said] of LINES) expect(client.say(line(word))).toEqual([said(shown)]);
});

test("in a group as well", () => {
  const scene = new ClientScene();
  scene.server.script = scene.server.obliging;
  const client = scene.client("client", 5_555);
  client.say("join_group g");
  const [line] = client.say("x".repeat(2_000_000));
  expect(line).toBe(`>>> (g) Invalid command: ${"x".repeat(64)}…`);
});
