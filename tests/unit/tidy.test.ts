// The rules of the house, checked on every file. What fails here says where, and what to do instead.

import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { importsOf, tokensOf } from "../support/source-tokens.ts";
import { impurities, reachable, wrongImports } from "./house-rules.ts";

const ROOT = join(import.meta.dir, "../..");

/** A longer file is more than one idea. */
const FILE_MAX_LINES = 400;

const TOP_LEVEL = new Set([
  "LICENSE",
  "README.md",
  "bun.lock",
  "bunfig.toml",
  "client.ts",
  "lib",
  "package.json",
  "server.ts",
  "tests",
  "tsconfig.json",
]);

const PROGRAMS = ["server.ts", "client.ts"];

/** Files below a folder, as paths from the project's root with forward slashes. */
const filesBelow = (folder: string, ending: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name).replaceAll("\\", "/"))
    .sort();

const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");

const library = filesBelow("lib", ".ts");
const everything = [...PROGRAMS, ...library, ...filesBelow("tests", ".ts")];

test("chat and transport know no clock, no chance and no world", () => {
  expect(library.flatMap((file) => impurities(file, read(file)))).toEqual([]);
});

test("imports go from io to chat to transport, and never back", () => {
  expect(library.flatMap((file) => wrongImports(file, read(file)))).toEqual([]);
});

test("every file of the library is used by a program", () => {
  const used = reachable(PROGRAMS, (file) =>
    existsSync(join(ROOT, file)) ? read(file) : undefined,
  );
  expect(library.filter((file) => !used.has(file))).toEqual([]);
});

test("no file is more than one idea long", () => {
  const long = everything.filter((file) => read(file).split("\n").length - 1 > FILE_MAX_LINES);
  expect(long).toEqual([]);
});

test("every file begins by saying what it is", () => {
  expect(everything.filter((file) => !read(file).startsWith("// "))).toEqual([]);
});

test("nothing is left open", () => {
  const open = (file: string) =>
    tokensOf(read(file)).some(
      (token, index, tokens) =>
        token.kind === "code" &&
        ["skip", "only", "todo"].includes(token.text) &&
        tokens[index - 1]?.text === "." &&
        ["test", "describe", "it"].includes(tokens[index - 2]?.text ?? ""),
    );
  expect(everything.filter(open)).toEqual([]);
});

test("the top level holds what was agreed on", () => {
  const ignored = new Set(
    read(".gitignore")
      .split("\n")
      .map((line) => line.replace(/\/$/, "")),
  );
  const strange = readdirSync(ROOT).filter(
    (name) => !name.startsWith(".") && !TOP_LEVEL.has(name) && !ignored.has(name),
  );
  expect(strange).toEqual([]);
});

test("every promise of SECURITY.md is tested where it says", () => {
  const named = [...read(".github/SECURITY.md").matchAll(/`((?:unit|io|e2e|tests)\/[a-z-]+)`/g)];
  const files = named.map(([, name = ""]) =>
    name.startsWith("tests/") ? name : `tests/${name}.test.ts`,
  );
  expect(files.length).toBeGreaterThan(0);
  expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
});

describe("the checks themselves", () => {
  const found = (source: string) =>
    impurities("lib/chat/planted.ts", source).map(
      ({ line, text }) => `${line} ${text.split(":")[0]}`,
    );

  const planted: [source: string, violation: string][] = [
    ["const a = 1;\nconst now = Date.now();", "2 Date"],
    ["const now = performance.now();", "1 performance"],
    ["const x = Math.random();", "1 Math.random"],
    ["const x = Math\n  .random();", "2 Math.random"],
    ["/* a\nb */ console.log(1);", "2 console"],
    ["const x = `text ${process.pid} text`;", "1 process"],
    ["const x = `a ${`b ${{ a: Bun }.a}`} c`;", "1 Bun"],
    ["const half = total / 2; await half / 2;", "1 await"],
    ['const it = /[/"]/g; setTimeout(it);', "1 setTimeout"],
    ["const it = a.b() / 2 + globalThis.c / 3;", "1 globalThis"],
    ['import { randomBytes } from "node:crypto";', "1 randomBytes"],
    ["nodeCrypto.randomFillSync(bytes);", "1 randomFillSync"],
    ["names.sort((a, b) => a.localeCompare(b));", "1 localeCompare"],
    ["call(...process.argv);", "1 process"],
    ["export const f = async () => 1;", "1 async"],
  ];
  test.each(planted)("find %j", (source, violation) => {
    expect(found(source)).toEqual([violation]);
  });

  const innocent = [
    "// Date.now() and Math.random()",
    "/** `await` it */ const a = 1; // console",
    "const a = \"console.log(Date.now())\" + 'process';",
    "const a = `Date ${1} process`;",
    "const a = `\\`Date ${'`'} process`;",
    "const a = /Date|process/.test(text) && text.replace(/[/]Date\\//g, '');",
    "const a = this.process + it.performance + Math.floor(1.5);",
    "return /Bun/;",
    "const a = `${/Date`/.test(b)} Bun ${b / 2} Bun`;",
  ];
  test.each(innocent)("leave %j alone", (source) => {
    expect(found(source)).toEqual([]);
  });

  test("leave lib/io alone", () => {
    expect(impurities("lib/io/clock.ts", "performance.now()")).toEqual([]);
  });

  test("see every form of an import", () => {
    const source = `
      import { a } from "./a.ts"; import type { B } from './b.ts';
      export * from "./c.ts"; export { d } from "./d.ts"; import "./e.ts";
      const f = await import("./f.ts"); type G = typeof import("./g.ts");
      import data from "./h.json" with { type: "json" };
      // import "./not.ts"
      const text = 'import "./not.ts"'; from("./not.ts"); \`\${from}./not.ts\`;
    `;
    const expected = ["a.ts", "b.ts", "c.ts", "d.ts", "e.ts", "f.ts", "g.ts", "h.json"];
    expect(importsOf(tokensOf(source))).toEqual(expected.map((name) => `./${name}`));
  });

  const directions: [file: string, specifier: string, allowed: boolean][] = [
    ["lib/io/x.ts", "../chat/y.ts", true],
    ["lib/io/x.ts", "../transport/y.ts", true],
    ["lib/io/x.ts", "node:fs", true],
    ["lib/io/x.ts", "../../package.json", true],
    ["lib/chat/x.ts", "../transport/y.ts", true],
    ["lib/chat/x.ts", "./y.ts", true],
    ["lib/chat/x.ts", "node:crypto", true],
    ["lib/io/x.ts", "../../server.ts", false],
    ["lib/io/x.ts", "../../tests/y.ts", false],
    ["lib/chat/x.ts", "../io/y.ts", false],
    ["lib/chat/x.ts", "node:fs", false],
    ["lib/chat/x.ts", "bun:sqlite", false],
    ["lib/chat/x.ts", "picocolors", false],
    ["lib/transport/x.ts", "../chat/y.ts", false],
    ["lib/transport/x.ts", "../io/y.ts", false],
    ["lib/transport/x.ts", "node:timers", false],
  ];
  test.each(directions)("%s imports %s: %p", (file, specifier, allowed) => {
    expect(wrongImports(file, `import type { Y } from "${specifier}";`).length).toBe(
      allowed ? 0 : 1,
    );
  });

  test("find a file that nobody uses", () => {
    const files: Record<string, string> = {
      "client.ts": 'import { a } from "./lib/a.ts";',
      "lib/a.ts": 'import type { B } from "./io/b.ts"; import "./a.ts";',
      "lib/io/b.ts": "export type B = 1;",
      "lib/dead.ts": "",
    };
    const used = reachable(["client.ts"], (file) => files[file]);
    expect([...used].sort()).toEqual(["client.ts", "lib/a.ts", "lib/io/b.ts"]);
  });
});
