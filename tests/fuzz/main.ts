// bun run fuzz: hostile inputs from seeds for every decoder, parser and machine, a line that says how far it is, a table of
// what came of it; for a rule that is broken the smallest input that breaks it, and how to see it again.

import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";

import { EXIT_DONE, EXIT_FAILED } from "../../lib/chat/exit-status.ts";
import { numberOf, runCommand } from "../support/command.ts";
import { Progress } from "../support/progress.ts";
import { tableText } from "../support/table.ts";
import { keepCase } from "./corpus.ts";
import type { Failure } from "./fuzzer.ts";
import { type Found, runAll, type Tally } from "./pool.ts";
import { fuzzerOf, FUZZERS } from "./targets/all.ts";

const USAGE = `Usage: bun run fuzz [--seconds N] [--target T]... [--seed S] [--cases N] [--threads N] [--keep]
       bun run fuzz --target T --input STEP...

  --seconds N   for how long, 60 if left out
  --target T    one of them only; several may be given
  --seed S      the first seed; alone with --target, only the case of this seed is run
  --cases N     how many cases of each target, instead of for how long
  --threads N   how many at a time, one on each processor if left out
  --keep        adds what is found to the corpus, which the tests replay
  --input STEP  runs a case of these steps, written as in the corpus

Targets:
${FUZZERS.map(({ name, about }) => `  ${name.padEnd(12)}  ${about}`).join("\n")}`;

const SECONDS = 60;

/** A longer input does not go onto a command line. */
const COMMAND_MAX_CHARACTERS = 4_000;

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: {
      seconds: { type: "string" },
      target: { type: "string", multiple: true },
      seed: { type: "string" },
      cases: { type: "string" },
      threads: { type: "string" },
      keep: { type: "boolean", default: false },
      input: { type: "string", multiple: true },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return EXIT_DONE;
  }
  const targets = values.target ?? FUZZERS.map(({ name }) => name);
  for (const target of targets) fuzzerOf(target);
  if (values.input !== undefined) return await replay(targets, values.input);
  const seed = numberOf(values.seed);
  const single = seed !== undefined && values.seconds === undefined && values.cases === undefined;
  const cases = single ? 1 : (numberOf(values.cases) ?? Infinity);
  const seconds = numberOf(values.seconds) ?? (cases === Infinity ? SECONDS : Infinity);
  const firstSeed = seed ?? Math.floor(performance.timeOrigin % 2 ** 30);
  const threads = numberOf(values.threads) ?? availableParallelism();

  const progress = new Progress();
  const startedAt = performance.now();
  const { tallies, found } = await runAll({ targets, firstSeed, cases, seconds, threads }, (now) =>
    progress.offer(() => progressText(now, performance.now() - startedAt)),
  );
  progress.clear();
  console.log(summaryText(tallies));
  console.log(`\nFrom seed ${firstSeed} on, ${seconds1(performance.now() - startedAt)} s.`);
  if (found === undefined) return EXIT_DONE;
  await report(found, values.keep);
  return EXIT_FAILED;
};

const inputsOf = (tallies: readonly Tally[]): number =>
  tallies.reduce((sum, { inputs }) => sum + inputs, 0);

const seconds1 = (ms: number): string => (ms / 1_000).toFixed(1);

const progressText = (tallies: readonly Tally[], ms: number): string =>
  `${inputsOf(tallies)} inputs in ${seconds1(ms)} s`;

const summaryText = (tallies: readonly Tally[]): string => {
  const perSecond = (inputs: number, ms: number) =>
    ms < 1 ? "" : Math.round((1_000 * inputs) / ms).toString();
  const rows = tallies.map(({ target, inputs, cases, ms }) => [
    target,
    `${cases}`,
    `${inputs}`,
    seconds1(ms),
    perSecond(inputs, ms),
  ]);
  const all = tallies.reduce((sum, { ms }) => sum + ms, 0);
  const cases = tallies.reduce((sum, tally) => sum + tally.cases, 0);
  const inputs = inputsOf(tallies);
  const header = ["target", "cases", "inputs", "seconds of one processor", "inputs per second"];
  const rule = ["---", "---:", "---:", "---:", "---:"];
  const total = ["all", `${cases}`, `${inputs}`, seconds1(all), perSecond(inputs, all)];
  return tableText([header, rule, ...rows, total]);
};

/** The first thing found, made small. */
const report = async (found: Found, keep: boolean): Promise<void> => {
  const { target, seed, rule } = found;
  console.log(`\n${target}, seed ${seed} breaks the rule "${rule}":\n${found.what}`);
  console.log(`\nThe whole case again: bun run fuzz --target ${target} --seed ${seed}`);
  if (found.steps.length === 0) return;
  const smallest = await fuzzerOf(target).shrink(found);
  printSmallest(target, smallest);
  if (keep) keepCase(target, { name: `${rule} (seed ${seed})`, steps: smallest.steps });
};

const printSmallest = (target: string, { what, steps }: Failure): void => {
  console.log(`\nThe smallest input that breaks it too:\n${steps.join("\n")}\n\n${what}`);
  const words = steps.map((step) => `--input ${shellQuoted(step)}`).join(" ");
  if (words.length > COMMAND_MAX_CHARACTERS) return;
  console.log(`\nThis alone: bun run fuzz --target ${target} ${words}`);
};

const shellQuoted = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`;

const replay = async (targets: readonly string[], steps: readonly string[]): Promise<number> => {
  const [target, ...others] = targets;
  if (target === undefined || others.length > 0) throw new Error("--input needs one --target");
  const { failure } = await fuzzerOf(target).replay(steps);
  if (failure === undefined) {
    console.log("No rule is broken.");
    return EXIT_DONE;
  }
  console.log(`It breaks the rule "${failure.rule}":\n${failure.what}`);
  return EXIT_FAILED;
};

if (import.meta.main) await runCommand(main, "How it is used: bun run fuzz --help");
