// What a flag is, as a row of a table, and how a command line is sorted into words and flags by such a table. Pure. Knows
// none of the programs' flags but --help and --version, which win over everything.

import { parseArgs } from "node:util";

import { printable } from "../../chat/printable.ts";
import type { ServerLimit } from "../../chat/server/server-limits.ts";
import type { Parsed } from "./values.ts";

/** A flag with a value, or a switch, whose value is true. */
export interface Flag<Value> {
  /** Its line in the help. */
  readonly about: string;
  /** The heading it stands under. */
  readonly group: string;
  /** How the help calls its value; left out, the flag takes none. */
  readonly placeholder?: string;
  /** `text` is the value as typed, never empty; nothing for a switch. The reason does not repeat the flag's name. */
  readonly parse: (text: string) => Parsed<Value>;
}

/** By the name, without its dashes. */
export type Flags = Readonly<Record<string, Flag<unknown>>>;

/** What was given. */
export type FlagValues<Table extends Flags> = {
  readonly [Name in keyof Table]?: Table[Name] extends Flag<infer Value> ? Value : never;
};

/** Larger numbers are a slip of the finger: whoever wants no limit says 0. */
const NUMBER_MAX = 1_000_000_000;

/** What a command line comes down to. `error` is one line. */
export type Sorted<Table extends Flags> =
  | { readonly kind: "words"; readonly words: readonly string[]; readonly flags: FlagValues<Table> }
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "error"; readonly message: string };

/** A flag that is there or not. */
export const switchFlag = (group: string, about: string): Flag<true> => ({
  about,
  group,
  parse: () => ({ ok: true, value: true }),
});

const parseNumber =
  ({ least = 0, most = NUMBER_MAX }: ServerLimit) =>
  (text: string): Parsed<number> => {
    const number = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
    if (number === 0 || (number >= least && number <= most)) return { ok: true, value: number };
    const [zero, first] = least === 0 ? ["", 0] : ["0 or ", least];
    const range = `${zero}a whole number within ${first}-${most}`;
    return { ok: false, reason: `${printable(text)}; Must be ${range}` };
  };

/** Limits as flags whose values are whole numbers; 0 stands for no limit. */
export const limitFlags = <Name extends string>(
  limits: readonly ServerLimit<Name>[],
): Readonly<Record<Name, Flag<number>>> => {
  const rows = limits.map((limit): [string, Flag<number>] => {
    const about = `${limit.about} (${limit.default} ${limit.unit})`;
    return [limit.flag, { about, group: limit.group, placeholder: "N", parse: parseNumber(limit) }];
  });
  return Object.fromEntries(rows) as Record<Name, Flag<number>>;
};

/** Something like `-1` is a (wrong) number, and `-` alone a value; all else with a dash in front is a flag. */
const looksLikeFlag = (text: string): boolean => /^-[^0-9]/.test(text);

/** They win wherever they stand, even where another flag's value should. */
const FIXED: Readonly<Record<string, "help" | "version">> = {
  "--help": "help",
  "-h": "help",
  "--version": "version",
  "-v": "version",
};

interface Token {
  readonly name: string;
  readonly value?: string | undefined;
  /** The value stands behind a `=`, and so is one whatever it looks like. */
  readonly inlineValue?: boolean | undefined;
}

/** The value of one flag of the table. The reason is a whole line. */
const parseFlag = (
  { placeholder, parse }: Flag<unknown>,
  { name, value = "", inlineValue }: Token,
): Parsed<unknown> => {
  const missing = value === "" || (inlineValue === false && looksLikeFlag(value));
  if (placeholder !== undefined && missing) {
    return { ok: false, reason: `Flag without its value: --${name} ${placeholder}; See --help` };
  }
  const parsed = parse(value);
  return parsed.ok ? parsed : { ok: false, reason: `Invalid --${name}: ${parsed.reason}` };
};

/**
 * Sorts flags from words, `--flag value` and `--flag=value`, wherever they stand. `--help` and `--version` win; behind
 * `--` everything is a word. `run` is the letter of the flag that names the program's own command and changes nothing.
 */
export const sortWords = <Table extends Flags>(
  argv: readonly string[],
  run: string,
  table: Table,
): Sorted<Table> => {
  const own = Object.entries(table).map(([name, { placeholder }]) => {
    return [name, { type: placeholder === undefined ? "boolean" : "string" } as const] as const;
  });
  const { tokens } = parseArgs({
    args: [...argv],
    options: {
      ...Object.fromEntries(own),
      help: { type: "boolean", short: "h" },
      version: { type: "boolean", short: "v" },
      run: { type: "boolean", short: run },
    },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const words = new Map<number, string>();
  const fixed = new Set<string | undefined>();
  const flags: Record<string, unknown> = {};
  let wrong: string | undefined;
  for (const token of tokens) {
    if (token.kind === "option-terminator") continue;
    const typed = argv[token.index] ?? "";
    if (token.kind === "positional" || !looksLikeFlag(typed)) {
      words.set(token.index, typed);
      continue;
    }
    fixed.add(FIXED[typed] ?? FIXED[token.inlineValue === false ? token.value : ""]);
    if (Object.hasOwn(FIXED, typed) || typed === `-${run}`) continue;
    const { name, inlineValue } = token;
    const flag = Object.hasOwn(table, name) ? table[name] : undefined;
    if (Object.hasOwn(FIXED, `--${name}`)) {
      wrong ??= `Flag that takes no value: --${name}; See --help`;
    } else if (flag === undefined) {
      // Not what stands behind it: that may be a password.
      wrong ??= `Unknown flag: ${printable(typed.split("=", 1).join())}; See --help`;
    } else if (flag.placeholder === undefined && inlineValue === true) {
      wrong ??= `Flag that takes no value: --${name}; See --help`;
    } else if (Object.hasOwn(flags, name)) {
      wrong ??= `Flag given twice: --${name}; See --help`;
    } else {
      const parsed = parseFlag(flag, token);
      flags[name] = parsed.ok ? parsed.value : undefined;
      if (!parsed.ok) wrong ??= parsed.reason;
    }
  }
  if (fixed.has("help")) return { kind: "help" };
  if (fixed.has("version")) return { kind: "version" };
  if (wrong !== undefined) return { kind: "error", message: wrong };
  return { kind: "words", words: [...words.values()], flags: flags as FlagValues<Table> };
};
