// The fuzzer can fail: each deliberate defect is found within so many inputs, and what is left of the case that found it
// is as small as it can be.

import { describe, expect, test } from "bun:test";

import { DEFECTS } from "./defects.ts";
import type { Failure, Fuzzer } from "./fuzzer.ts";

const INPUTS_MAX = 40_000;

/** The first failure there is. */
const found = async ({ run }: Fuzzer): Promise<Failure | undefined> => {
  for (let seed = 1, inputs = 0; inputs < INPUTS_MAX; seed++) {
    const result = await run(seed);
    if (result.failure !== undefined) return result.failure;
    inputs += result.inputs;
  }
  return undefined;
};

describe(`found within ${INPUTS_MAX} inputs, and made small: what`, () => {
  for (const { name, fuzzer, apply, rule, smallest } of DEFECTS) {
    test(name, async () => {
      const undo = apply();
      try {
        const failure = await found(fuzzer);
        expect(failure?.rule).toStartWith(rule);
        const { steps } = await fuzzer.shrink(failure!);
        if (smallest instanceof RegExp) expect(steps.join("\n")).toMatch(smallest);
        else expect(steps).toEqual(smallest);
        // None of the steps can be done without.
        for (let at = 0; at < steps.length; at++) {
          const without = await fuzzer.replay(steps.toSpliced(at, 1));
          expect(without.failure?.rule).not.toBe(failure?.rule);
        }
      } finally {
        undo();
      }
    });
  }
});
