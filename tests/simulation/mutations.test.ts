// The simulator can fail: each defect is found within 200 seeds.

import { describe, expect, test } from "bun:test";

import { MUTATIONS } from "./mutations.ts";
import { drawOptions } from "./options.ts";
import { run, scenarioOf } from "./run.ts";

const SEEDS_MAX = 200;

describe("found within 200 seeds: a client or server that", () => {
  for (const { name, apply } of MUTATIONS) {
    test(name, () => {
      const undo = apply();
      try {
        let found: string | undefined;
        for (let seed = 1; seed <= SEEDS_MAX && found === undefined; seed++) {
          const options = drawOptions(seed);
          found = run(options, scenarioOf(options)).findings[0]?.rule;
        }
        expect(found).toBeDefined();
      } finally {
        undo();
      }
    });
  }

  test("is as it should be breaks no rule", () => {
    const options = drawOptions(1);
    expect(run(options, scenarioOf(options)).findings).toEqual([]);
  });
});
