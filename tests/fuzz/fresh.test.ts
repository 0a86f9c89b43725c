// Fresh inputs for every target, the same ones each time: `bun run fuzz` goes on from others for as long as it may.

import { expect, test } from "bun:test";

import { FUZZERS } from "./targets/all.ts";

/** Of each target, so many are given at least. */
const INPUTS = 6_000;

const FIRST_SEED = 1_000_000;

test.each(FUZZERS.map((fuzzer) => [fuzzer.name, fuzzer] as const))("%s", async (_, fuzzer) => {
  let seed = FIRST_SEED;
  for (let inputs = 0; inputs < INPUTS; seed++) {
    const result = await fuzzer.run(seed);
    inputs += result.inputs;
    expect({ seed, failure: result.failure }).toEqual({ seed, failure: undefined });
  }
});
