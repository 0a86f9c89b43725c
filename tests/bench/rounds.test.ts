// Rounds in turn, and what they say about the goals; the table of it.

import { expect, test } from "bun:test";

import { BEST_OTHER, type Case, type Contender, type Goal } from "./part.ts";
import { runCase } from "./rounds.ts";
import { caseText, numberText } from "./table.ts";

/** Measures these values in turn, one each round. */
const contender = (name: string, values: readonly number[], log: string[] = []): Contender => ({
  name,
  measure: async (round) => {
    log.push(`${name}${round}`);
    return { cost: values[round - 1]!, rate: 1 / values[round - 1]! };
  },
});

const caseOf = (contenders: readonly Contender[], goals: readonly Goal[] = []): Case => ({
  name: "a case",
  contenders,
  figures: [
    { name: "cost", unit: "us", better: "less" },
    { name: "rate", unit: "1/s", better: "more" },
  ],
  goals,
});

const quiet = (): void => {};

test("contenders take turns", async () => {
  const log: string[] = [];
  await runCase(caseOf([contender("A", [1, 2], log), contender("B", [3, 4], log)]), 2, quiet);
  expect(log).toEqual(["A1", "B1", "A2", "B2"]);
});

test("what is kept of it in a file says whose figures they are", async () => {
  const result = await runCase(caseOf([contender("A", [1]), contender("B", [4])]), 1, quiet);
  expect(JSON.parse(JSON.stringify(result)).contenders).toEqual([
    { name: "A", failed: false, rounds: [{ cost: 1, rate: 1 }] },
    { name: "B", failed: false, rounds: [{ cost: 4, rate: 0.25 }] },
  ]);
});

test("one that fails is left out from then on, the others go on", async () => {
  let tries = 0;
  const failing: Contender = {
    name: "B",
    measure: async () => {
      if (++tries === 2) throw new Error("it broke");
      return { cost: 1, rate: 1 };
    },
  };
  const skipped: Contender = { ...contender("C", []), skip: "c is not installed" };
  const result = await runCase(caseOf([contender("A", [1, 2, 3]), failing, skipped]), 3, quiet);
  expect(result.contenders.map(({ rounds }) => rounds.length)).toEqual([3, 1, 0]);
  expect(result.contenders.map(({ missing }) => missing)).toEqual([
    undefined,
    "it broke",
    "c is not installed",
  ]);
  expect(result.contenders.map(({ failed }) => failed)).toEqual([false, true, false]);
  expect(caseText("part", result)).toContain("B: FAILED, it broke");
  expect(caseText("part", result)).toContain("C: left out, c is not installed");
});

const met = async (goal: Goal): Promise<[number | undefined, boolean]> => {
  const others = [contender("B", [4, 4, 4]), contender("C", [8, 8, 8])];
  const { goals } = await runCase(caseOf([contender("A", [1, 2, 9]), ...others], [goal]), 3, quiet);
  return [goals[0]!.value, goals[0]!.met];
};

test("a goal is about the ratio of medians, or about the figure itself", async () => {
  expect(await met({ figure: "cost", against: "B", atMost: 0.5 })).toEqual([0.5, true]);
  expect(await met({ figure: "cost", against: "B", atMost: 0.4 })).toEqual([0.5, false]);
  expect(await met({ figure: "rate", against: "C", atLeast: 4 })).toEqual([4, true]);
  expect(await met({ figure: "rate", against: "C", atLeast: 5 })).toEqual([4, false]);
  expect(await met({ figure: "cost", against: "", atMost: 2 })).toEqual([2, true]);
});

test("the best other is the one with less where less is better, and with more where more is", async () => {
  expect(await met({ figure: "cost", against: BEST_OTHER, atMost: 1 })).toEqual([0.5, true]);
  expect(await met({ figure: "rate", against: BEST_OTHER, atLeast: 1 })).toEqual([2, true]);
});

test("a goal against one that was not measured is not met", async () => {
  expect(await met({ figure: "cost", against: "D", atMost: 1 })).toEqual([undefined, false]);
  expect(await met({ figure: "size", against: "", atMost: 1 })).toEqual([undefined, false]);
});

test("numbers have three digits or so", () => {
  const numbers = [0.012345, 6.2149, 98.76, 123.4, 999.9, 5_000, 9_999, 98_345, 1_923_456, 0, 17];
  const texts = [
    "0.0123",
    "6.21",
    "98.8",
    "123",
    "1000",
    "5000",
    "10.0 k",
    "98.3 k",
    "1.92 M",
    "0",
    "17",
  ];
  expect(numbers.map(numberText)).toEqual(texts);
});

test("the table has a row for each, with median, spread and the ratio of ours to it", async () => {
  const goals = [
    { figure: "cost", against: "the other", atMost: 0.4 },
    { figure: "cost", against: "", atMost: 2.5 },
  ];
  const contenders = [contender("ours", [1, 2, 3]), contender("the other", [4, 4.5, 4])];
  const result = await runCase(caseOf(contenders, goals), 3, quiet);
  expect(caseText("part", result).split("\n")).toEqual([
    "part: a case",
    "                 cost, us       x              rate, 1/s      x",
    "  ours          2 (1 - 3)              0.500 (0.333 - 1)",
    "  the other  4 (4 - 4.50)  0.500x  0.250 (0.222 - 0.250)  2.00x",
    "  goal: cost at most 0.4x the other: 0.500x, MISSED",
    "  goal: cost at most 2.5: 2, met",
  ]);
});
