// Files that several processes change, at the worst moments: one stands still halfway, is taken for dead, and goes on; is
// killed; or has a clock that is wrong. Whatever happens, the file is whole, and nothing that was written is lost.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { loadServerKey } from "../../lib/io/files/key-file.ts";
import { changeWhole } from "../../lib/io/files/whole-file.ts";
import { type Home, newHome } from "../support/home.ts";
import { Program } from "../support/programs.ts";

let home: Home;
beforeEach(() => {
  home = newHome();
});
afterEach(() => home[Symbol.dispose]());

const path = (): string => join(home.folder, "file");
const lock = (): string => `${path()}.lock`;
const content = (): string => readFileSync(path(), "utf8");
const names = (): string[] => readdirSync(home.folder).sort();

/** The lock that is there looks as if its process had ended long ago. */
const outdate = (): void => utimesSync(lock(), 0, 0);

const add = (line: string): Promise<string | undefined> =>
  changeWhole(path(), (text = "") => `${text}${line}\n`);

/** A process that adds a line to the file, or makes a key without one, and stands still at a step. */
const heldAt = async (step: string, line?: string): Promise<Program> => {
  const words = [step, path(), ...(line === undefined ? [] : [line])];
  const keeper = new Program(line ?? "key", "tests/io/held-keeper-program.ts", words);
  await says(keeper, step);
  return keeper;
};

const says = (keeper: Program, step: string): Promise<void> =>
  keeper.when(() => keeper.lines.includes(step), step);

/** Lets it go on, to its end. Returns what came of it. */
const finish = async (keeper: Program): Promise<string> => {
  keeper.endInput();
  const status = await keeper.exited();
  expect({ status, stderr: keeper.stderr }).toEqual({ status: 0, stderr: "" });
  return keeper.lines.at(-1) ?? "";
};

test.each(["write", "rename"])(
  "one stands still before its %s, and loses its turn",
  async (step) => {
    writeFileSync(path(), "old\n");
    await using slow = await heldAt(step, "slow");
    expect(content()).toBe("old\n");
    outdate();
    expect(await add("quick")).toBe("old\nquick\n");
    expect(await finish(slow)).toBe(JSON.stringify("old\nquick\nslow\n"));
    expect(content()).toBe("old\nquick\nslow\n");
    expect(names()).toEqual(["file"]);
  },
);

test("it goes on while the next one writes: nothing half written takes the file's place", async () => {
  writeFileSync(path(), "old\n");
  await using first = await heldAt("rename", "first");
  outdate();
  await using second = await heldAt("write", "second");
  first.endInput();
  await says(first, "pause");
  expect(content()).toBe("old\n");
  expect(await finish(second)).toBe(JSON.stringify("old\nsecond\n"));
  expect(await finish(first)).toBe(JSON.stringify("old\nsecond\nfirst\n"));
  expect(content()).toBe("old\nsecond\nfirst\n");
  expect(names()).toEqual(["file"]);
});

test("two servers that make a key, one of them slowly, have the same one", async () => {
  await using slow = await heldAt("rename");
  outdate();
  const loaded = await loadServerKey(path());
  if (!loaded.ok) throw new Error(loaded.reason);
  const text = content();
  expect(await finish(slow)).toBe(loaded.keyPair.publicKey.toHex());
  expect(content()).toBe(text);
  expect(names()).toEqual(["file"]);
});

test("what those leave behind that are killed goes with the next change", async () => {
  writeFileSync(path(), "old\n");
  for (const step of ["write", "rename", "write"]) {
    await using keeper = await heldAt(step, "never");
    expect(names()).toEqual([
      "file",
      expect.stringMatching(/^file\.[0-9a-f]{16}\.draft$/),
      "file.lock",
    ]);
    keeper.signal("SIGKILL");
    await keeper.exited();
    outdate();
  }
  const others = ["file.draft", "file.txt", "other.0123456789abcdef.draft"];
  for (const name of others) writeFileSync(join(home.folder, name), "");
  expect(await add("new")).toBe("old\nnew\n");
  expect(names()).toEqual(["file", ...others].sort());
});

test("a clock that is ahead of the files' takes nobody's turn", async () => {
  await using first = await heldAt("rename", "first");
  await using second = await heldAt("pause", "second");
  expect(existsSync(lock())).toBe(true);
  expect(await finish(first)).toBe(JSON.stringify("first\n"));
  expect(await finish(second)).toBe(JSON.stringify("first\nsecond\n"));
  expect(names()).toEqual(["file"]);
});
