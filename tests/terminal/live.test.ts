// Lines that arrive while someone types: they appear above the prompt, and what is typed stays as it is.

import { expect, test } from "bun:test";

import { DrivenConsole } from "../support/driven.ts";

test("lines appear above the prompt, with what was typed and the cursor as they were", async () => {
  using console = await DrivenConsole.start();
  console.type("send bob hello");
  console.key("left", "left");
  await console.shows(">>> send bob hello");
  await console.cursorAt(16);
  console.show("[Client table updated.]", { kind: "chat", text: "[bob: hi]" });
  await console.shows(">>> [Client table updated.]", ">>> [bob: hi]", ">>> send bob hello");
  await console.cursorAt(16);
  console.type("X");
  await console.shows(">>> [Client table updated.]", ">>> [bob: hi]", ">>> send bob helXlo");
});

test("what is typed is whole at every moment while lines pour in", async () => {
  using console = await DrivenConsole.start({ rows: 10 });
  const text = "send bob a rather long message that is typed without a pause";
  console.order({ type: "stream", count: 100, everyMs: 10 });
  let typed = "";
  let frames = 0;
  console.onFrame(() => {
    frames++;
    const last = console.lines().at(-1) ?? "";
    if (!last.startsWith(">>>") || last.includes("[")) throw new Error(`no prompt: ${last}`);
    const seen = last.slice(4);
    if (!typed.startsWith(seen)) throw new Error(`typed ${typed}, seen ${seen}`);
    if (
      console.cursor().column !== 4 + seen.length &&
      !seen.endsWith(" ") &&
      !typed.startsWith(`${seen} `)
    )
      throw new Error(`cursor at ${console.cursor().column} behind ${last}`);
  });
  for (const character of text) {
    typed += character;
    console.type(character);
    await console.until(() => console.lines().at(-1) === `>>> ${typed}`.trimEnd(), typed);
  }
  const numbers = Array.from({ length: 100 }, (_, index) => `>>> [line ${index + 1}]`);
  await console.shows(...numbers, `>>> ${text}`);
  expect(frames).toBeGreaterThan(50);
});

test("an input of several rows stays whole at every moment, too", async () => {
  using console = await DrivenConsole.start({ columns: 20, rows: 8 });
  const text = "日本語 and 👨‍👩‍👧‍👦 and e\u0301 over several rows";
  console.type(text);
  await console.until(() => console.lines().join("").endsWith("rows"), "the input");
  const whole = (): string => console.screen().slice(-3).join("").replaceAll(" ", "");
  const expected = `>>> ${text}`.replaceAll(" ", "");
  expect(whole()).toBe(expected);
  const cursor = console.cursor().column;
  console.onFrame(() => {
    if (whole() !== expected) throw new Error(`seen: ${whole()}`);
    if (console.cursor().column !== cursor) throw new Error("the cursor has moved");
  });
  console.order({ type: "stream", count: 50, everyMs: 5 });
  await console.until(() => console.lines().join("\n").includes("[line 50]"), "the last line");
  for (let number = 1; number <= 50; number++)
    expect(console.lines()).toContain(`>>> [line ${number}]`);
});

test("an input that fills its row to the edge", async () => {
  using console = await DrivenConsole.start({ columns: 20 });
  const text = "0123456789abcdef";
  console.type(text);
  await console.shows(`>>> ${text}`);
  await console.until(() => console.cursor().row === 1, "the cursor on the next row");
  console.show("[one]");
  await console.shows(">>> [one]", `>>> ${text}`);
  console.type("!");
  await console.shows(">>> [one]", `>>> ${text}!`);
  console.key("backspace", "enter");
  await console.types(text);
  await console.shows(">>> [one]", `>>> ${text}`, ">>>");
});

test("an input taller than the screen destroys nothing", async () => {
  using console = await DrivenConsole.start({ columns: 20, rows: 5 });
  console.show("[first]", "[second]");
  await console.shows(">>> [first]", ">>> [second]", ">>>");
  const text = Array.from({ length: 40 }, (_, index) => `word${index}`).join(" ");
  console.type(text);
  await console.until(() => console.screen().join("").endsWith("word39"), "the end of the input");
  console.show("[third]");
  await console.until(() => console.lines().includes(">>> [third]"), "the third line");
  console.key("home");
  await console.until(() => console.screen().includes(">>> word0 word1 word"), "the start");
  console.key("enter");
  await console.types(text);
  await console.shows(">>> [first]", ">>> [second]", ">>> [third]", `>>> ${text}`, ">>>");
});

test("a typed command stays, its results follow, then the prompt, which may change", async () => {
  using console = await DrivenConsole.start();
  console.type("join_group dev\r");
  await console.types("join_group dev");
  console.order({ type: "prompt", prompt: ">>> (dev) " });
  console.show({ kind: "status", text: "[Entered group dev successfully!]" });
  await console.shows(">>> join_group dev", ">>> [Entered group dev successfully!]", ">>> (dev)");
  console.type("send_group hi");
  console.show({ kind: "group", text: "Group_Message bob: hey", scope: "dev" });
  await console.shows(
    ">>> join_group dev",
    ">>> [Entered group dev successfully!]",
    ">>> (dev) Group_Message bob: hey",
    ">>> (dev) send_group hi",
  );
});

test("more lines at once than the screen has rows", async () => {
  using console = await DrivenConsole.start({ columns: 30, rows: 6 });
  console.type("typed");
  await console.shows(">>> typed");
  const lines = Array.from({ length: 200 }, (_, index) => `[${index} ${"x".repeat(index % 50)}]`);
  console.show(...lines);
  await console.shows(...lines.map((line) => `>>> ${line}`), ">>> typed");
});

test("the terminal is left as it was, with no prompt behind the last line", async () => {
  using console = await DrivenConsole.start();
  console.type("half a li");
  await console.shows(">>> half a li");
  console.show({ kind: "closing", text: "[stopping client-server listener]" });
  console.order({ type: "close", status: 1 });
  expect(await console.exited).toBe(1);
  await console.shows(">>> [stopping client-server listener]");
  await console.until(() => console.raw.endsWith("\x1b[?2004l"), "the end of the paste marks");
  expect(console.cursor()).toEqual({ row: 1, column: 0 });
});

test("a fault does not leave the terminal in raw mode", async () => {
  using console = await DrivenConsole.start();
  console.order({ type: "fail" });
  expect(await console.exited).toBe(1);
  await console.until(() => console.raw.includes("\x1b[?2004l"), "the end of the paste marks");
});

test("a fault of the program is one line, where the prompt was", async () => {
  using console = await DrivenConsole.start({}, "guarded");
  console.type("half a li");
  await console.shows(">>> half a li");
  console.order({ type: "fail" });
  expect(await console.exited).toBe(1);
  await console.shows("Something went wrong: a fault");
  expect(console.raw).toContain("\x1b[?2004l");
});
