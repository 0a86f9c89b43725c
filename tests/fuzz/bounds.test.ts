// However long it goes on, no queue, table or counter grows without end: one machine each that is given very many hostile
// inputs, and what it holds afterwards.

import { fullGC, heapSize } from "bun:jsc";
import { describe, expect, test } from "bun:test";

import { Prng } from "../support/prng.ts";
import type { Run, Target } from "./target.ts";
import { endpoint } from "./targets/endpoint.ts";
import { server } from "./targets/server.ts";

const INPUTS = 15_000;

/** A handful of peers has a machine keep less than half of it. A leak of a few hundred bytes an input would be more. */
const HELD_MAX_BYTES = 8 * 1_048_576;

const held = (): number => {
  fullGC();
  return heapSize();
};

const holds = async <Step, R extends Run<Step>>(target: Target<Step, R>): Promise<number> => {
  const random = new Prng(7);
  const before = held();
  const run = await target.begin();
  for (let count = 0; count < INPUTS; count++) run.take(target.draw(random, run, []));
  const bytes = held() - before;
  run.take(target.draw(random, run, [])); // it is still there, so nothing of it was collected
  return bytes;
};

describe(`after ${INPUTS} inputs one holds no more than it may`, () => {
  test("endpoint", async () => expect(await holds(endpoint)).toBeLessThan(HELD_MAX_BYTES));
  test("server", async () => expect(await holds(server)).toBeLessThan(HELD_MAX_BYTES));
});
