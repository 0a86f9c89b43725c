// Command lines of both programs: what their parsers make of any words. The flags come from the programs' own tables, so
// a new one is tested with its first line of code. A step's first word says which program it is.

import {
  CLIENT_FLAGS,
  type Invocation,
  parseClientArguments,
  parseServerArguments,
  SERVER_FLAGS,
} from "../../../lib/io/command-line/arguments.ts";
import type { Prng } from "../../support/prng.ts";
import { anyText, damagedText, PLAINEST_UNIT, quoted, textOfUnits, unitsOf } from "../draw/text.ts";
import { mustBePrintable, mustEqual } from "../rules.ts";
import { must, type Target, Violation } from "../target.ts";

type Words = readonly string[];

interface Program {
  /** What changes nothing: it only names the program. */
  readonly run: string;
  readonly parse: (argv: Words) => Invocation<object>;
  readonly flags: Readonly<Record<string, { readonly placeholder?: string }>>;
  /** Words that are right. */
  readonly words: Words;
}

const PROGRAMS: Readonly<Record<string, Program>> = {
  server: { run: "-s", parse: parseServerArguments, flags: SERVER_FLAGS, words: ["5000"] },
  client: {
    run: "-c",
    parse: parseClientArguments,
    flags: CLIENT_FLAGS,
    words: ["ann", "0.0.0.0", "5000", "5555"],
  },
};

const VALUES: Words = [
  "0",
  "1",
  "5000",
  "65536",
  "-",
  "-1",
  "",
  "word",
  "1e3",
  "99999999999999999999",
];

const KINDS = new Set<string>(["run", "help", "version", "ask", "error"]);

const anyFlag = (random: Prng, { run, flags }: Program): Words => {
  const name = random.pick(["help", "version", ...Object.keys(flags)]);
  const value = random.chance(0.7) ? random.pick(VALUES) : anyText(random, 3);
  return random.pick<() => Words>([
    () => [`--${name}`],
    () => [`--${name}`, value],
    () => [`--${name}=${value}`],
    () => [`--no-${name}`],
    () => [`-${name}`],
    () => [run],
    () => ["--"],
    () => [anyText(random, 2)],
  ])();
};

/** A word cannot have a zero in it: that is where the system ends it. */
const SEPARATOR = "\0";
const wordsOf = (text: string): Words => text.split(SEPARATOR);

const draw = (random: Prng, kept: readonly Words[]): Words => {
  const name = random.pick(Object.keys(PROGRAMS));
  const program = PROGRAMS[name]!;
  let words: string[] = [...program.words];
  if (random.chance(0.2)) words = (random.pick(kept) ?? [name]).slice(1);
  for (let count = random.below(4); count > 0; count--) {
    words.splice(random.below(words.length + 1), 0, ...anyFlag(random, program));
  }
  if (random.chance(0.4)) {
    const at = random.below(words.length + 1);
    const word = words[at];
    words.splice(at, 1, ...(word === undefined ? [] : [damagedText(random, word, words)]));
  }
  if (random.chance(0.1)) words.splice(random.below(words.length + 1), random.below(3));
  return [name, ...words.flatMap((word) => word.replaceAll(SEPARATOR, ""))];
};

const take = ([name = "", ...argv]: Words): void => {
  const program = PROGRAMS[name];
  if (program === undefined) throw new Violation("a step names its program", name);
  const found = program.parse(argv);
  must(KINDS.has(found.kind), "a command line comes to one of five things", () => found.kind);
  if (found.kind === "error") mustBePrintable(found.message, "error");
  if (found.kind === "run") checkRun(found.run);
  if (found.kind === "ask") {
    return must(argv.length === 0, "questions are asked instead of words", () => argv.join());
  }
  mustEqual(
    program.parse([program.run, ...argv]),
    found,
    "the flag that names the program changes nothing",
  );
  mustEqual(program.parse(["--help", ...argv]), { kind: "help" }, "--help wins");
};

const checkRun = (run: object): void => {
  for (const [name, value] of Object.entries(run)) {
    if (!/port$/i.test(name)) continue;
    const right = Number.isInteger(value) && value >= 1_024 && value <= 65_535;
    must(right, "a port is one", () => `${name} ${value}`);
  }
};

export const args: Target<Words> = {
  name: "arguments",
  about: "the command lines of both programs",
  stepsPerCase: 500,
  begin: () => ({ take }),
  draw: (random, _, kept) => draw(random, kept),
  write: (words) => `[${words.map(quoted).join(", ")}]`,
  read(line) {
    try {
      const words: unknown = JSON.parse(line);
      if (!Array.isArray(words) || !words.every((word) => typeof word === "string"))
        return undefined;
      return Object.hasOwn(PROGRAMS, words[0] ?? "") ? words : undefined;
    } catch {
      return undefined;
    }
  },
  contents: ([_, ...argv]) => unitsOf(argv.join(SEPARATOR)),
  withContents: ([name = ""], contents) =>
    contents.length === 0 ? [name] : [name, ...wordsOf(textOfUnits(contents))],
  plainest: () => PLAINEST_UNIT,
};
