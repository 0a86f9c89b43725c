// What the keys do, and what else comes in from a terminal.

import { expect, test } from "bun:test";

import { DrivenConsole } from "../support/driven.ts";

test("history: up and down, and back to what was being typed", async () => {
  using console = await DrivenConsole.start();
  console.type("one\rtwo\rtwo\r\rhalf");
  await console.types("one", "two", "two", "");
  console.key("up");
  await console.until(() => console.lines().at(-1) === ">>> two", "the last line again");
  console.key("up", "up", "up");
  await console.until(() => console.lines().at(-1) === ">>> one", "the first line again");
  console.key("down", "down");
  await console.until(() => console.lines().at(-1) === ">>> half", "what was being typed");
  console.key("up", "enter");
  await console.types("one", "two", "two", "", "two");
});

test("an empty line gives a new prompt and nothing else", async () => {
  using console = await DrivenConsole.start();
  console.key("enter", "enter");
  await console.types("", "");
  await console.shows(">>>", ">>>", ">>>");
});

test("completion: what is common, then the choices, then the word", async () => {
  using console = await DrivenConsole.start();
  console.type("s\t");
  await console.shows(">>> send");
  await console.cursorAt(8);
  console.key("tab");
  await console.shows("send  send_group", ">>> send");
  console.type("_\thi\r");
  await console.types("send_group hi");
  console.type("xyz\t\r");
  await console.types("send_group hi", "xyz");
});

test("editing in the middle, by words, and of wide characters", async () => {
  using console = await DrivenConsole.start();
  console.type("send bob 日本👨‍👩‍👧‍👦x");
  console.key("left", "left", "backspace");
  await console.shows(">>> send bob 日👨‍👩‍👧‍👦x");
  await console.cursorAt(15);
  console.key("ctrl-left", "ctrl-left", "delete");
  await console.shows(">>> send ob 日👨‍👩‍👧‍👦x");
  console.key("ctrl-u");
  await console.shows(">>> ob 日👨‍👩‍👧‍👦x");
  console.key("ctrl-e", "ctrl-y", "ctrl-a", "ctrl-k", "ctrl-y", "home");
  console.type("!");
  console.key("enter");
  await console.types("!ob 日👨‍👩‍👧‍👦xsend ");
});

test("^C is shown behind what was typed, then come the closing lines", async () => {
  using console = await DrivenConsole.start();
  console.type("half a line");
  console.key("left", "left", "left", "left", "ctrl-c");
  expect(await console.exited).toBe(130);
  await console.shows(">>> half a line^C", ">>> [stopping client-server listener]");
  expect(console.typed()).toEqual([]);
});

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "%s ends the program as well",
  async (signal) => {
    using console = await DrivenConsole.start();
    console.signal(signal);
    expect(await console.exited).toBe(130);
    await console.until(
      () => console.lines().at(-1) === ">>> [stopping client-server listener]",
      "the closing line",
    );
    if (signal === "SIGINT") expect(console.lines()[0]).toBe(">>> ^C");
  },
);

test("a second ^C ends the program at once, without a word", async () => {
  using console = await DrivenConsole.start({}, "stubborn");
  console.key("ctrl-c");
  await console.until(() => console.reports.at(-1)?.type === "interrupt", "the interrupt");
  console.type("not for anyone\r");
  console.key("ctrl-c");
  expect(await console.exited).toBe(130);
  await console.shows(">>> ^C");
  expect(console.typed()).toEqual([]);
});

test("^D on an empty line is the end of the input, elsewhere it deletes", async () => {
  using console = await DrivenConsole.start();
  console.type("ab");
  console.key("home", "ctrl-d");
  await console.shows(">>> b");
  console.key("ctrl-d", "ctrl-d");
  expect(await console.exited).toBe(0);
  expect(console.reports.at(-1)?.type).toBe("end");
});

test.each([
  ["as keys", "", ""],
  ["between paste marks", "\x1b[200~", "\x1b[201~"],
])("pasted lines arrive, every one, %s", async (_, before, after) => {
  using console = await DrivenConsole.start();
  const lines = Array.from(
    { length: 300 },
    (_unused, index) => `line ${index} ${"é日x".repeat(index % 40)}`,
  );
  console.type(`${before}${lines.join("\n")}\r\n${after}rest`);
  await console.types(...lines);
  await console.until(() => console.lines().at(-1) === ">>> rest", "the rest");
});

test("a tab in a paste is a space, not a completion", async () => {
  using console = await DrivenConsole.start();
  console.type("\x1b[200~s\tx\x1b[201~\r");
  await console.types("s x");
});

test("one line of 100,000 characters", async () => {
  using console = await DrivenConsole.start();
  const text = "0123456789".repeat(10_000);
  console.type(`${text}\r`);
  await console.types(text);
});

test("control bytes, broken UTF-8 and unknown sequences do no harm", async () => {
  using console = await DrivenConsole.start();
  console.type(
    Uint8Array.from({ length: 256 }, (_, byte) => byte).filter(
      (byte) => ![3, 4, 0x1a, 10, 13].includes(byte),
    ),
  );
  console.type("\x15");
  console.type("\0a\x1b[99;99~b\x1b[1;2Zc\x1bOZd\x1b[3;4R\x1b[12;5u\x1b[<0;1;1Me");
  console.type(new Uint8Array([0xff, 0xc3, 0x28]));
  console.key("enter");
  await console.types("abcde\ufffd\ufffd(");
  console.show("[still here]");
  await console.until(() => console.lines().includes(">>> [still here]"), "a line");
});

test("^L clears the screen and keeps the input", async () => {
  using console = await DrivenConsole.start();
  console.show("[one]");
  console.type("typed");
  await console.shows(">>> [one]", ">>> typed");
  console.key("ctrl-l");
  await console.until(() => console.screen().join("|") === ">>> typed", "the input alone");
});

test("^Z where nothing can be stopped changes nothing", async () => {
  using console = await DrivenConsole.start();
  console.type("typed");
  await console.shows(">>> typed");
  console.key("ctrl-z");
  console.type(" on");
  await console.shows(">>> typed on");
});
