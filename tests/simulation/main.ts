// bun run simulate: many runs from seeds, a line that says how far they are, a table of what came of them; for the first
// failure the shortest case that still fails, what happened in it, and how to see it again.

import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";

import { EXIT_DONE, EXIT_FAILED } from "../../lib/chat/exit-status.ts";
import { numberOf, runCommand } from "../support/command.ts";
import { Progress } from "../support/progress.ts";
import { tableText } from "../support/table.ts";
import { PRESET_NAMES, type PresetName } from "./conditions.ts";
import { keepCase } from "./kept.ts";
import { CELLS, matrixText, RUNS_PER_CELL } from "./matrix.ts";
import { drawOptions, type Options, optionsText } from "./options.ts";
import { runAll } from "./pool.ts";
import { type Result, run, scenarioOf } from "./run.ts";
import { type Case, shrink } from "./shrink.ts";
import { Summary } from "./summary.ts";
import { Trace } from "./trace.ts";

const USAGE = `Usage: bun run simulate [--seed N] [--runs N] [--preset P] [--minutes M] [--keep] [--all]
       bun run simulate --matrix [--runs N]

  --seed N      the first seed, 1 if left out; alone, only that one is run
  --runs N      how many seeds, 500 if left out; with --matrix, how many in each cell
  --preset P    the network of all runs: ${PRESET_NAMES.join(", ")}
  --minutes M   go on for so long, whatever the number of runs
  --keep        add the first failure to those that the tests replay
  --all         go on behind a failure, and only count
  --matrix      the table of the README
  --threads N   how many runs at a time, one on each processor if left out; nothing else depends on it`;

const RUNS = 500;

/** A trace of a shortest case that is longer than this is cut in the middle. */
const TRACE_LINES_MAX = 200;

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: {
      seed: { type: "string" },
      runs: { type: "string" },
      preset: { type: "string" },
      minutes: { type: "string" },
      keep: { type: "boolean", default: false },
      all: { type: "boolean", default: false },
      matrix: { type: "boolean", default: false },
      threads: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return EXIT_DONE;
  }
  const runs = numberOf(values.runs);
  const threads = numberOf(values.threads) ?? availableParallelism();
  if (values.matrix) return await printMatrix(runs ?? RUNS_PER_CELL, threads);
  const minutes = numberOf(values.minutes);
  const preset = presetOf(values.preset);
  const single = values.seed !== undefined && runs === undefined && minutes === undefined;
  const count = minutes === undefined ? (runs ?? (single ? 1 : RUNS)) : Number.POSITIVE_INFINITY;
  const until = performance.now() + (minutes ?? Number.POSITIVE_INFINITY) * 60_000;
  const first = numberOf(values.seed) ?? 1;
  const { keep, all } = values;
  return await simulate({ first, count, until, preset, keep, all, threads });
};

interface Plan {
  readonly first: number;
  readonly count: number;
  /** On the clock of `performance.now`. */
  readonly until: number;
  readonly preset: PresetName | undefined;
  readonly keep: boolean;
  readonly all: boolean;
  readonly threads: number;
}

const simulate = async (plan: Plan): Promise<number> => {
  const { preset, keep, all, count } = plan;
  const summary = new Summary();
  const startedAt = performance.now();
  const progress = new Progress();
  const threads = Math.min(plan.threads, count);
  for await (const { options, result } of runAll(optionsOf(plan), threads)) {
    const { seed } = options;
    summary.add(result);
    progress.offer(() => `seed ${seed}, ${summary.runs} runs, ${summary.failures} failed`);
    if (result.findings.length === 0) continue;
    progress.clear();
    if (all) {
      console.log(`seed ${seed}: ${result.findings[0]!.rule}`);
      continue;
    }
    printSummary(summary, performance.now() - startedAt);
    printFailure({ options, scenario: scenarioOf(options) }, result, preset, keep);
    return EXIT_FAILED;
  }
  progress.clear();
  printSummary(summary, performance.now() - startedAt);
  return summary.failures === 0 ? EXIT_DONE : EXIT_FAILED;
};

function* optionsOf({ first, count, until, preset }: Plan): Iterable<Options> {
  for (let seed = first; seed < first + count && performance.now() < until; seed++) {
    yield drawOptions(seed, preset);
  }
}

const printFailure = (
  failing: Case,
  result: Result,
  preset: PresetName | undefined,
  keep: boolean,
): void => {
  const { seed } = failing.options;
  const { rule } = result.findings[0]!;
  console.log(`\nSeed ${seed} breaks the rule "${rule}":`);
  for (const { what, at } of result.findings) console.log(`  ${at.toFixed(1)}  ${what}`);
  console.log(`\nOptions:\n${optionsText(failing.options)}`);
  const short = shrink(failing, rule);
  const trace = new Trace({ datagrams: false });
  const shortResult = run(short.options, short.scenario, trace);
  console.log(`\nThe shortest case that breaks it too:\n${optionsText(short.options)}`);
  for (const { what, at } of shortResult.findings) console.log(`  ${at.toFixed(1)}  ${what}`);
  console.log(`\n${cutMiddle(trace.lines).join("\n")}`);
  if (keep) keepCase({ was: rule, ...short });
  const again = preset === undefined ? "" : ` --preset ${preset}`;
  console.log(`\nTo see it again: bun run simulate --seed ${seed}${again}`);
};

const cutMiddle = (lines: readonly string[]): readonly string[] => {
  if (lines.length <= TRACE_LINES_MAX) return lines;
  const half = TRACE_LINES_MAX / 2;
  const left = lines.length - TRACE_LINES_MAX;
  return [...lines.slice(0, half), `  ... ${left} lines left out ...`, ...lines.slice(-half)];
};

const printSummary = (summary: Summary, ms: number): void => {
  const rows: [string, string][] = [
    ["runs", `${summary.runs} (${((1_000 * summary.runs) / ms).toFixed(1)} a second)`],
    ["virtual time", `${(summary.virtualMs / 3_600_000).toFixed(1)} h`],
    ["datagrams", summary.datagrams.toString()],
    ["messages", summary.messages.toString()],
    ["shown to those they were for", summary.deliveries.toString()],
    ["lost with the memory of a server that died", summary.lostWithServer.toString()],
    ["unread by a user whose client died", summary.lostWithReader.toString()],
    ["live peers declared gone", `${summary.mistakes} of ${summary.requests} requests`],
    ["failed runs", summary.failures.toString()],
    ...summary.rules.map(([rule, count]): [string, string] => [`  ${rule}`, count.toString()]),
  ];
  console.log(tableText(rows));
};

const printMatrix = async (runs: number, threads: number): Promise<number> => {
  const progress = new Progress();
  const { text, failures } = await matrixText(runs, threads, (done) => {
    progress.offer(() => `${done} of ${CELLS * runs} runs`);
  });
  progress.clear();
  console.log(text);
  return failures === 0 ? EXIT_DONE : EXIT_FAILED;
};

const presetOf = (text: string | undefined): PresetName | undefined => {
  if (text === undefined) return undefined;
  const preset = PRESET_NAMES.find((name) => name === text);
  if (preset === undefined) throw new Error(`no such network: ${text}`);
  return preset;
};

if (import.meta.main) await runCommand(main, USAGE);
