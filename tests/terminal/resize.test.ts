// The window changes its size while a long input stands at its bottom.

import { describe, test } from "bun:test";

import { DrivenConsole } from "../support/driven.ts";

const TEXT =
  "a message that is long enough for more than one row of a window of any size used here";

describe.each([true, false])("a terminal that answers where its cursor is: %p", (answers) => {
  test("is made narrower and wider", async () => {
    using console = await DrivenConsole.start({ columns: 60, rows: 20, answers });
    console.show("[above]");
    console.type(TEXT);
    await console.shows(">>> [above]", `>>> ${TEXT}`);
    console.resize(33, 20);
    await console.until(() => console.lines().at(-1) === `>>> ${TEXT}`, "the input at 33 columns");
    console.show("[at 33]");
    await console.shows(">>> [above]", ">>> [at 33]", `>>> ${TEXT}`);
    console.key("home");
    await console.until(() => console.cursor().column === 4, "the cursor at the start");
    console.resize(70, 12);
    console.show("[at 70]");
    await console.shows(">>> [above]", ">>> [at 33]", ">>> [at 70]", `>>> ${TEXT}`);
    console.type("X");
    await console.shows(">>> [above]", ">>> [at 33]", ">>> [at 70]", `>>> X${TEXT}`);
  });
});

test("many times in a row, while lines come and keys are pressed", async () => {
  using console = await DrivenConsole.start({ columns: 50, rows: 30 });
  console.type(TEXT);
  await console.shows(`>>> ${TEXT}`);
  console.order({ type: "stream", count: 40, everyMs: 5 });
  for (let columns = 49; columns > 30; columns--) console.resize(columns, 30);
  console.type("!");
  await console.until(() => console.lines().at(-1) === `>>> ${TEXT}!`, "the input as it is now");
  await console.until(() => console.lines().includes(">>> [line 40]"), "the last line");
  console.key("enter");
  await console.types(`${TEXT}!`);
});

test("keys pressed before the terminal has answered are not lost", async () => {
  using console = await DrivenConsole.start({ columns: 40, rows: 20, answers: false });
  console.type(TEXT);
  await console.shows(`>>> ${TEXT}`);
  console.resize(30, 20);
  console.type("one\rtwo\r");
  await console.types(`${TEXT}one`, "two");
});

test("in tmux, where the column alone does not tell, no row is left behind", async () => {
  using console = await DrivenConsole.start({ reflow: true, env: { TERM: "tmux-256color" } });
  const draft = TEXT.repeat(2).slice(0, 114);
  console.show("[above]");
  console.type(draft);
  await console.shows(">>> [above]", `>>> ${draft}`);
  console.resize(40, 24);
  await console.until(() => console.raw.includes("\x1b[6n"), "the question where the cursor is");
  console.show("[at 40]");
  await console.shows(">>> [above]", ">>> [at 40]", `>>> ${draft}`);
});
