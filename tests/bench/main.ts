// bun run bench: what the program costs, beside what else does the same, on this machine and in the same run. A table for
// each case as soon as it is measured, and with --json everything in a file.

import {
  EXIT_DONE,
  EXIT_FAILED,
  EXIT_INTERRUPTED,
  EXIT_USAGE,
} from "../../lib/chat/exit-status.ts";
import { Progress } from "../support/progress.ts";
import { direct } from "./direct.ts";
import { fanout } from "./fanout.ts";
import { handshake } from "./handshake.ts";
import { type Hardware, hardware, hardwareText } from "./hardware.ts";
import { join } from "./join.ts";
import { limit } from "./limit.ts";
import { type Options, parseOptions } from "./options.ts";
import type { Part } from "./part.ts";
import { type CaseResult, runCase } from "./rounds.ts";
import { scale } from "./scale.ts";
import { start } from "./start.ts";
import { caseText } from "./table.ts";

const PARTS: readonly Part[] = [limit, fanout, direct, join, handshake, start, scale];

const USAGE = `Usage: bun run bench [PART...] [--rounds N] [--quick] [--json FILE]

${PARTS.map(({ name, about }) => `  ${name.padEnd(12)}${about}`).join("\n")}

  --rounds N    rounds of each contender, taking turns; 5 if left out
  --quick       two short rounds: to see that it works, not to believe the figures
  --json FILE   all figures of all rounds`;

const main = async (): Promise<number> => {
  let options: Options;
  try {
    options = parseOptions(
      process.argv.slice(2),
      PARTS.map(({ name }) => name),
    );
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    console.error(USAGE);
    return EXIT_USAGE;
  }
  if (options.help) {
    console.log(USAGE);
    return EXIT_DONE;
  }
  return await bench(options);
};

/** Everything measured so far. */
interface Results {
  readonly hardware: Hardware;
  readonly options: Options;
  readonly parts: { readonly name: string; readonly cases: CaseResult[]; failure?: string }[];
}

const bench = async (options: Options): Promise<number> => {
  const results: Results = { hardware: hardware(), options, parts: [] };
  console.log(hardwareText(results.hardware));
  const progress = new Progress();
  for (const part of PARTS.filter(({ name }) => options.parts.includes(name))) {
    const result: Results["parts"][number] = { name: part.name, cases: [] };
    results.parts.push(result);
    progress.show(part.name);
    try {
      for await (const it of part.cases(options)) {
        const show = (word: string) => progress.show(`${part.name}: ${word}`);
        const measured = await runCase(it, options.rounds, show).finally(() => it.close?.());
        result.cases.push(measured);
        progress.clear();
        console.log(`\n${caseText(part.name, measured)}`);
        await save(options.json, results);
      }
    } catch (error) {
      result.failure = error instanceof Error ? error.message : String(error);
      progress.clear();
      console.log(`\n${part.name}: FAILED, ${result.failure}`);
    }
  }
  await save(options.json, results);
  const hasFailed = results.parts.some(
    ({ failure, cases }) =>
      failure !== undefined || cases.some((it) => it.contenders.some(({ failed }) => failed)),
  );
  return hasFailed ? EXIT_FAILED : EXIT_DONE;
};

/** After each case, so that a run that is broken off leaves what it has. */
const save = async (file: string | undefined, results: Results): Promise<void> => {
  if (file !== undefined) await Bun.write(file, `${JSON.stringify(results, null, 2)}\n`);
};

if (import.meta.main) {
  // What was started ends with this process.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => process.exit(EXIT_INTERRUPTED));
  }
  process.exit(await main());
}
