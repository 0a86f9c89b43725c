// The simulator itself: the same seed is the same run, failures once found stay repaired, the network does what its
// conditions say.

import { describe, expect, test } from "bun:test";

import { PROBE_SIZES_BYTES } from "../../lib/transport/session/path-mtu.ts";
import { Prng } from "../support/prng.ts";
import { type Conditions, lossOf, PRESET_NAMES, PRESETS } from "./conditions.ts";
import { keptCases } from "./kept.ts";
import { KINDS, matrixOptions } from "./matrix.ts";
import { Network } from "./network.ts";
import { drawOptions } from "./options.ts";
import { runAll } from "./pool.ts";
import { run, scenarioOf } from "./run.ts";

test("the same seed twice is the same run", () => {
  for (let seed = 1; seed <= 10; seed++) {
    const options = drawOptions(seed);
    const first = run(options, scenarioOf(options));
    const second = run(drawOptions(seed), scenarioOf(options));
    expect(second.hash).toBe(first.hash);
  }
});

test("other seeds are other runs", () => {
  const hashes = [1, 2, 3, 4, 5].map((seed) => {
    const options = drawOptions(seed);
    return run(options, scenarioOf(options)).hash;
  });
  expect(new Set(hashes).size).toBe(hashes.length);
});

test("half of the hosts may grow their datagrams, and some do, up to what the path carries", () => {
  const drawn = Array.from({ length: 17 }, (_, index) => drawOptions(index + 1));
  const growing = drawn.filter(({ mayGrow }) => mayGrow === true);
  expect(growing.length).toBeGreaterThan(drawn.length / 3);
  const longest = growing.map((options) => run(options, scenarioOf(options)).longestBytes);
  for (const size of PROBE_SIZES_BYTES) expect(longest).toContain(size);
});

test("the table is of runs that have none of what other runs draw", () => {
  for (const kind of KINDS) {
    const options = matrixOptions(1, 0.1, kind);
    const { faults, conditions } = options;
    for (const name of ["rekey", "limits", "sessionPackets", "mayGrow", "faultsMs", "shortTexts"]) {
      expect(options).not.toHaveProperty(name);
    }
    expect([faults.moves, faults.widths, conditions.carriesBytes]).toEqual([0, 0, undefined]);
    expect(options.clients).toBe(5);
  }
});

test("on several threads the results are the same, in the same order", async () => {
  const seeds = [5, 4, 3, 2, 1].map((seed) => drawOptions(seed));
  const hashes = async (threads: number): Promise<string[]> => {
    const found: string[] = [];
    for await (const { options, result } of runAll(seeds, threads)) {
      found.push(`${options.seed} ${result.hash}`);
    }
    return found;
  };
  expect(await hashes(2)).toEqual(await hashes(1));
});

for (const { was, options, scenario } of keptCases()) {
  test(`kept: seed ${options.seed}, ${was}`, () => {
    expect(run(options, scenario).findings).toEqual([]);
  });
}

describe("the network", () => {
  const HERE = { host: "10.0.0.1", port: 1 };
  const THERE = { host: "10.0.0.2", port: 2 };

  /** Sends numbered datagrams, one a ms. Returns what arrived, in order, and when. */
  const send = (conditions: Conditions, count: number) => {
    const network = new Network(new Prng(1), () => conditions);
    network.place(0, HERE);
    network.place(1, THERE);
    for (let number = 0; number < count; number++) {
      const bytes = Uint8Array.of(number >>> 8, number);
      network.send(number, 0, { to: THERE, bytes });
    }
    const arrived: { number: number; at: number; length: number }[] = [];
    for (let next = network.next; next < Infinity; next = network.next) {
      const { at, bytes } = network.take(next)!;
      const number = (bytes[0] ?? 0) * 256 + (bytes[1] ?? 0);
      arrived.push({ number, at, length: bytes.length });
    }
    return arrived;
  };

  const clean = PRESETS.lan;
  const COUNT = 20_000;

  test("loses nothing and keeps the order where nothing is wrong", () => {
    const arrived = send({ ...clean, jitterMs: 50 }, COUNT);
    expect(arrived.map(({ number }) => number)).toEqual(Array.from({ length: COUNT }, (_, i) => i));
  });

  test("loses as much as it says, evenly and in bursts", () => {
    for (const name of PRESET_NAMES) {
      const conditions = { ...PRESETS[name], corrupt: 0, truncate: 0, duplicate: 0, replay: 0 };
      const lost = 1 - send(conditions, COUNT).length / COUNT;
      expect(lost).toBeCloseTo(lossOf(conditions), 1);
    }
  });

  test("delays, reorders, doubles and cuts", () => {
    const delayed = send({ ...clean, delayMs: 30, jitterMs: 10 }, 100);
    for (const { number, at } of delayed) {
      expect(at - number).toBeGreaterThanOrEqual(30);
      expect(at - number).toBeLessThan(41);
    }
    const reordered = send({ ...clean, reorder: 0.2, reorderMs: 100 }, 1_000);
    expect(reordered.some(({ number }, i) => number < (reordered[i - 1]?.number ?? 0))).toBe(true);
    expect(send({ ...clean, duplicate: 0.5 }, COUNT).length / COUNT).toBeCloseTo(1.5, 1);
    expect(send({ ...clean, truncate: 0.5 }, 100).some(({ length }) => length < 2)).toBe(true);
  });

  test("a full queue drops, a slow link delays", () => {
    const bandwidth = { bytesPerMs: 1, queueBytes: 20 };
    const arrived = send({ ...clean, jitterMs: 0, bandwidth }, 1_000);
    expect(arrived.length).toBeLessThan(600);
    expect(arrived.at(-1)!.at).toBeGreaterThan(1_000);
  });

  test("what is longer than the path carries does not arrive, and a link's width changes", () => {
    const network = new Network(new Prng(1), () => ({ ...clean, carriesBytes: 9_000 }));
    network.place(0, HERE);
    network.place(1, THERE);
    const arrives = (bytes: number): boolean => {
      network.send(0, 0, { to: THERE, bytes: new Uint8Array(bytes) });
      return network.take(1_000) !== undefined;
    };
    expect([9_000, 9_001].map(arrives)).toEqual([true, false]);
    network.widen(0, 1, 1_472);
    expect([1_472, 1_473].map(arrives)).toEqual([true, false]);
    network.heal();
    expect([1_472, 1_473].map(arrives)).toEqual([true, false]);
    network.widen(0, 1, 65_507);
    expect([9_000, 9_001].map(arrives)).toEqual([true, false]);
  });

  test("a partition ends, and an old address leads nowhere", () => {
    const network = new Network(new Prng(1), () => clean);
    network.place(0, HERE);
    network.place(1, THERE);
    const bytes = Uint8Array.of(1);
    const arrives = (): boolean => {
      network.send(0, 0, { to: THERE, bytes });
      return network.take(1_000) !== undefined;
    };
    network.cut(0, 1);
    expect(arrives()).toBe(false);
    network.mend(0, 1);
    expect(arrives()).toBe(true);
    network.rebind(1);
    expect(arrives()).toBe(false);
    network.send(0, 0, { to: network.addressOf(1), bytes });
    expect(network.take(1_000)?.seat).toBe(1);
  });
});
