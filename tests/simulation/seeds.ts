// What the tests of the simulator have in common: runs a range of seeds and says, of each that breaks a rule, which.

import { drawOptions } from "./options.ts";
import { run, scenarioOf } from "./run.ts";

/** `seed 7: lost: ...`, one for each seed that failed. */
export const failuresOf = (first: number, count: number): string[] => {
  const failures: string[] = [];
  for (let seed = first; seed < first + count; seed++) {
    const options = drawOptions(seed);
    const [finding] = run(options, scenarioOf(options)).findings;
    if (finding !== undefined) failures.push(`seed ${seed}: ${finding.rule}: ${finding.what}`);
  }
  return failures;
};
