// What the user does before there is a machine, or before one was let in.

import { expect, test } from "bun:test";

import type { ClientMachine } from "../../lib/chat/client/client-machine.ts";
import { UserActions } from "../../lib/io/user-actions.ts";

/** A machine that notes its lines, and a drive that acts at once. */
const stage = () => {
  const lines: string[] = [];
  const machine = { line: (_: number, text: string) => void lines.push(text) };
  const user = new UserActions();
  const type = (text: string): void => user.act((it, now) => it.line(now, text));
  const drive = { act: (action: (now: number) => void) => action(0) };
  const passOn = (): void => user.passTo(machine as unknown as ClientMachine, drive);
  const takeLines = (): string[] => lines.splice(0);
  return { user, type, passOn, takeLines };
};

test("is done when there is a machine, in order, and what follows at once", () => {
  const { type, passOn, takeLines } = stage();
  type("1");
  type("2");
  expect(takeLines()).toEqual([]);
  passOn();
  expect(takeLines()).toEqual(["1", "2"]);
  type("3");
  expect(takeLines()).toEqual(["3"]);
});

test("is done again to the next machine, unless the first one was let in", () => {
  const { user, type, passOn, takeLines } = stage();
  type("1");
  passOn();
  type("2");
  takeLines();
  expect(user.keep()).toBe(false);
  passOn();
  expect(takeLines()).toEqual(["1", "2"]);
  user.forget();
  type("3");
  takeLines();
  expect(user.keep()).toBe(true);
  type("4");
  takeLines();
  passOn();
  expect(takeLines()).toEqual(["4"]);
});
