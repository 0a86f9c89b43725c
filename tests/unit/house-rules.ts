// The rules of the house as functions over source text: which room may import which, and what the pure rooms may not
// name. Reads no files.

import { posix } from "node:path";

import { importsOf, tokensOf } from "../support/source-tokens.ts";
import type { Token } from "../support/source-tokens.ts";

/** From the outside in. A room imports itself and those behind it. */
const ROOMS = ["io", "chat", "transport"];

const PURE_ROOMS = new Set(["chat", "transport"]);

/** Deterministic given their arguments; all else that a runtime offers is the world. */
const PURE_MODULES = new Set(["node:buffer", "node:crypto"]);

const CLOCK = "take `now` as an argument";
const RANDOM = "take random bytes from the source that was handed in";
const EFFECT = "return it as a value; lib/io does it";
const SYNCHRONOUS = "the pure rooms are synchronous: return a value and let the caller come back";
const LOCALE = "depends on the machine's language: use the form without a locale";

/** What a pure room may not name, and what to do instead. A dot means a property: `Math.random`. */
const FORBIDDEN: Readonly<Record<string, string>> = {
  Date: CLOCK,
  performance: CLOCK,
  Temporal: CLOCK,
  hrtime: CLOCK,
  setTimeout: "say in nextWakeup() when to come back",
  setInterval: "say in nextWakeup() when to come back",
  setImmediate: EFFECT,
  queueMicrotask: EFFECT,
  "Math.random": RANDOM,
  crypto: RANDOM,
  randomBytes: RANDOM,
  randomFill: RANDOM,
  randomFillSync: RANDOM,
  randomInt: RANDOM,
  randomUUID: RANDOM,
  getRandomValues: RANDOM,
  generateKey: RANDOM,
  generateKeySync: RANDOM,
  generateKeyPair: RANDOM,
  generateKeyPairSync: RANDOM,
  await: SYNCHRONOUS,
  async: SYNCHRONOUS,
  Promise: SYNCHRONOUS,
  console: "return a Line",
  process: EFFECT,
  Bun: EFFECT,
  fetch: EFFECT,
  WebSocket: EFFECT,
  Worker: EFFECT,
  require: "use import",
  eval: "write the code itself",
  Function: "write the code itself",
  globalThis: "take it as an argument",
  localeCompare: LOCALE,
  toLocaleLowerCase: LOCALE,
  toLocaleUpperCase: LOCALE,
  toLocaleString: LOCALE,
};

/** Names that are as dangerous behind a dot as in front of one. */
const FORBIDDEN_AS_PROPERTY = /^(random|generateKey|getRandom|hrtime|toLocale|localeCompare)/;

export interface Violation {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** `lib/chat/server/server-machine.ts` -> `chat`; `undefined` outside of the rooms. */
const roomOf = (file: string): string | undefined => {
  const [lib, room] = file.split("/");
  return lib === "lib" && room !== undefined && ROOMS.includes(room) ? room : undefined;
};

/** The file that a relative import names, seen from the project's root; `undefined` for a package. */
const importedFile = (file: string, specifier: string): string | undefined =>
  specifier.startsWith(".") ? posix.join(posix.dirname(file), specifier) : undefined;

const forbiddenName = (tokens: readonly Token[], index: number): string | undefined => {
  const token = tokens[index];
  if (token?.kind !== "code") return undefined;
  const owner = tokens[index - 1]?.text === "." ? (tokens[index - 2]?.text ?? "") : undefined;
  const spread = owner === "."; // `...name`
  if (owner === undefined || spread)
    return Object.hasOwn(FORBIDDEN, token.text) ? token.text : undefined;
  const qualified = `${owner}.${token.text}`;
  if (Object.hasOwn(FORBIDDEN, qualified)) return qualified;
  const dangerous = FORBIDDEN_AS_PROPERTY.test(token.text) && Object.hasOwn(FORBIDDEN, token.text);
  return dangerous ? token.text : undefined;
};

/** Everything in a file of a pure room that reaches for the world. Other files may name what they like. */
export const impurities = (file: string, source: string): Violation[] => {
  if (!PURE_ROOMS.has(roomOf(file) ?? "")) return [];
  const tokens = tokensOf(source);
  const violations: Violation[] = [];
  for (const [index, token] of tokens.entries()) {
    const name = forbiddenName(tokens, index);
    if (name === undefined) continue;
    violations.push({ file, line: token.line, text: `${name}: ${FORBIDDEN[name]}` });
  }
  return violations;
};

/** Every import of a file that leads out of its room in the wrong direction, or out of a pure room into the world. */
export const wrongImports = (file: string, source: string): Violation[] => {
  const room = roomOf(file);
  const violations: Violation[] = [];
  const report = (text: string) => violations.push({ file, line: 1, text });
  for (const specifier of importsOf(tokensOf(source))) {
    const imported = importedFile(file, specifier);
    if (imported === undefined) {
      const pure = PURE_ROOMS.has(room ?? "");
      if (pure && !PURE_MODULES.has(specifier)) report(`imports ${specifier}: only lib/io may`);
      continue;
    }
    if (room === undefined) continue;
    const target = roomOf(imported);
    const inward = target !== undefined && ROOMS.indexOf(target) >= ROOMS.indexOf(room);
    const fromOutside = room === "io" && imported === "package.json";
    if (!inward && !fromOutside) report(`imports ${imported}: the way is io -> chat -> transport`);
  }
  return violations;
};

/** Every file that is reached from `roots` by imports, the roots included. `read` returns a file's source. */
export const reachable = (
  roots: readonly string[],
  read: (file: string) => string | undefined,
): Set<string> => {
  const found = new Set<string>();
  const waiting = [...roots];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (found.has(file)) continue;
    const source = read(file);
    if (source === undefined) continue;
    found.add(file);
    for (const specifier of importsOf(tokensOf(source))) {
      const imported = importedFile(file, specifier);
      if (imported?.endsWith(".ts") === true) waiting.push(imported);
    }
  }
  return found;
};
