// Chat messages from their structure: valid ones whose fields are changed, left out, added, doubled or of another type,
// and then perhaps damaged as text.

import type { Prng } from "../../support/prng.ts";
import { damaged } from "./bytes.ts";
import { anyText, damagedText } from "./text.ts";

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** Deep enough to find a parser that goes down without looking. */
const DEPTH_MAX = 3_000;

const NUMBERS: readonly number[] = [
  0,
  -0,
  1,
  2,
  -1,
  0.5,
  64,
  65_536,
  2 ** 31,
  2 ** 53 - 1,
  2 ** 53,
  -(2 ** 53),
  1e21,
  1e308,
];

const utf8 = new TextEncoder();
const EMPTY = utf8.encode('{"type":"ping","payload":{},"metadata":{}}');
const text = new TextDecoder();

/** The bytes of a message made from `kept`, each the bytes of one. */
export const anyMessage = (random: Prng, kept: readonly Uint8Array[]): Uint8Array => {
  const valid = random.pick(kept) ?? EMPTY;
  if (random.chance(0.1)) return valid;
  if (random.chance(0.15)) return damaged(random, valid, kept);
  const value = parsed(valid);
  if (value === undefined) return damaged(random, valid, kept);
  let changed: Json = value;
  for (let times = random.between(1, 3); times > 0; times--) {
    changed = changedOnce(random, changed, parsed(random.pick(kept) ?? EMPTY) ?? null);
  }
  const written = JSON.stringify(changed);
  if (random.chance(0.02)) return utf8.encode(nested(random, written));
  if (random.chance(0.1)) return utf8.encode(damagedText(random, written, [text.decode(valid)]));
  return utf8.encode(written);
};

/** Fields by name, with values that mean something where the message is said. */
export type Pools = Readonly<Record<string, () => string | number>>;

/** Share of the fields of a pool that get one of its values. */
const FITTING = 0.85;

/** The same message with fields that fit: what would be refused at first look gets further. */
export const fitted = (random: Prng, bytes: Uint8Array, pools: Pools): Uint8Array => {
  const value = parsed(bytes);
  if (value === undefined) return bytes;
  const fit = (one: Json): Json => {
    if (Array.isArray(one)) return one.map(fit);
    if (one === null || typeof one !== "object") return one;
    return Object.fromEntries(
      Object.entries(one).map(([name, inner]) => {
        const pool = Object.hasOwn(pools, name) ? pools[name] : undefined;
        const fits = typeof inner !== "object" && pool !== undefined && random.chance(FITTING);
        return [name, fits ? pool() : fit(inner)];
      }),
    );
  };
  return utf8.encode(JSON.stringify(fit(value)));
};

const parsed = (bytes: Uint8Array): Json | undefined => {
  try {
    return JSON.parse(text.decode(bytes)) as Json;
  } catch {
    return undefined;
  }
};

/** Changes one place, on the way down from the whole. */
const changedOnce = (random: Prng, value: Json, other: Json): Json => {
  if (value === null || typeof value !== "object") return anyValue(random, value);
  if (random.chance(0.05)) return anyValue(random, value);
  if (Array.isArray(value)) {
    const at = random.below(value.length + 1);
    const item = value[at];
    if (item === undefined) return [...value, anyValue(random, value[0] ?? null)];
    const items = Array<Json>(random.pick([0, 1, 2, 20])).fill(changedOnce(random, item, other));
    return value.toSpliced(at, 1, ...items);
  }
  const names = Object.keys(value);
  const name = random.pick(names);
  if (name === undefined || random.chance(0.08)) {
    return { ...value, [anyText(random, 2)]: anyValue(random, null) };
  }
  if (random.chance(0.08)) {
    const { [name]: _, ...rest } = value;
    return rest;
  }
  const theirs = other !== null && typeof other === "object" && !Array.isArray(other) ? other : {};
  if (random.chance(0.1)) return { ...value, [name]: theirs[name] ?? null };
  return { ...value, [name]: changedOnce(random, value[name] ?? null, theirs[name] ?? null) };
};

/** Another value, of the same type more often than not. */
const anyValue = (random: Prng, value: Json): Json => {
  const kind = random.chance(0.7) ? typeof value : random.pick(["string", "number", "object"]);
  if (kind === "number") return random.pick(NUMBERS);
  if (kind === "string") {
    if (typeof value === "string" && random.chance(0.6)) return damagedText(random, value, []);
    return random.chance(0.05) ? "x".repeat(random.pick([33, 257, 1_025])) : anyText(random);
  }
  return random.pick<Json>([null, true, {}, [], [[]], ""]);
};

const nested = (random: Prng, inner: string): string => {
  const depth = random.below(DEPTH_MAX);
  const [open, close] = random.pick([
    ["[", "]"],
    ['{"a":', "}"],
  ] as const);
  return open.repeat(depth) + inner + close.repeat(depth);
};
