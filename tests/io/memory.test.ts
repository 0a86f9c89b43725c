// When a program gives memory back, in the hands of a test: what it uses is what the test says.

import { expect, test } from "bun:test";

import { MemoryKeeper } from "../../lib/io/memory.ts";

const MIB = 1_048_576;

/** A program at 50 MiB whose usage the test sets. Each look comes 5 s after the one before. */
const program = () => {
  const state = { mib: 50, processorMs: 0, collections: 0, keptMib: 50, collectMs: 20 };
  const keeper = new MemoryKeeper(0, {
    memoryBytes: () => state.mib * MIB,
    processorMs: () => state.processorMs,
    collect: () => {
      state.collections++;
      state.mib = state.keptMib;
      state.processorMs += state.collectMs;
    },
  });
  let now = 0;
  const look = (): number => {
    now += 5_000;
    keeper.look(now);
    return state.collections;
  };
  return { state, look };
};

test("nothing is done while nothing grows", () => {
  const { state, look } = program();
  for (let looks = 0; looks < 100; looks++) {
    state.mib = 50 + (looks % 16);
    expect(look()).toBe(0);
  }
});

test("after a rush it collects, and once more when what was silent is forgotten", () => {
  const { state, look } = program();
  state.mib = 69;
  state.keptMib = 52;
  state.processorMs = 4_000;
  expect(look()).toBe(0); // busy: not now
  state.mib = 120;
  state.keptMib = 90;
  expect(look()).toBe(1);
  state.keptMib = 52;
  const looks = Array.from({ length: 40 }, look);
  expect(looks.indexOf(2)).toBe(11); // a minute later
  expect(looks.at(-1)).toBe(2);
  expect(state.mib).toBe(52);
});

test("what is really needed is looked at twice, and then let be", () => {
  const { state, look } = program();
  state.mib = 200;
  state.keptMib = 200;
  const looks = Array.from({ length: 60 }, look);
  expect(looks.at(-1)).toBe(2);
  state.mib = 230;
  state.keptMib = 205;
  expect(look()).toBe(3);
});

test("a flood is no reason to wait, as long as that costs little", () => {
  const { state, look } = program();
  state.keptMib = 60;
  const flood = (): number => {
    state.mib = 90;
    state.processorMs += 4_000;
    return look();
  };
  expect([flood(), flood(), flood()]).toEqual([1, 2, 3]); // 20 ms of 5 s
  state.collectMs = 120;
  expect([flood(), flood(), flood(), flood()]).toEqual([4, 4, 4, 5]); // 120 ms of 12 s
  expect(state.mib).toBe(60);
});
