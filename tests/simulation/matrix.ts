// The table in the README: how delivery holds up under loss. Fixed conditions, seeds from 1 on, the same on every
// machine.

import { tableText } from "../support/table.ts";
import { PRESETS } from "./conditions.ts";
import { NO_FAULTS, type Options } from "./options.ts";
import { runAll } from "./pool.ts";
import { Summary } from "./summary.ts";

/** Each way; a datagram and its answer come through with the square of what is left. */
const LOSSES = [0, 0.1, 0.3, 0.5] as const;

export const KINDS = ["plain", "reordered", "restarts"] as const;
export type Kind = (typeof KINDS)[number];

const KIND_NAMES: Readonly<Record<Kind, string>> = {
  plain: "plain",
  reordered: "reordered, doubled",
  restarts: "restarts",
};

/** Runs in each cell if nothing else is asked for: 10,008 in all. */
export const RUNS_PER_CELL = 834;

export const CELLS = LOSSES.length * KINDS.length;

/** There and back 100 ms. */
const DELAY_MS = 50;

/** Five users, some 200 messages. */
export const matrixOptions = (seed: number, loss: number, kind: Kind): Options => ({
  seed,
  preset: "drawn",
  clients: 5,
  linesPerUser: 52,
  thinkMs: 300,
  groups: 1,
  leaves: 0,
  piped: false,
  textMax: 100,
  conditions: {
    ...PRESETS.lan,
    loss,
    delayMs: DELAY_MS,
    jitterMs: 0,
    ...(kind === "reordered" ? { reorder: 0.2, reorderMs: 2 * DELAY_MS, duplicate: 0.1 } : {}),
  },
  asymmetry: 1,
  clockDrift: 0,
  logMs: 0,
  tickMs: 1,
  faults: kind === "restarts" ? { ...NO_FAULTS, clientCrashes: 1, serverCrashes: 1 } : NO_FAULTS,
});

interface Cell {
  readonly loss: number;
  readonly kind: Kind;
  readonly summary: Summary;
}

/** Loss and network. */
const TEXT_COLUMNS = 2;

const HEADER = [
  "loss each way",
  "network",
  "runs",
  "messages",
  "lost",
  "doubled",
  "out of order",
  "other faults",
  'false "offline"',
  "median",
  "99th percentile",
];

/** In Markdown. Delivery times in round trips. `progress` is called after every run, with how many there were. */
export const matrixText = async (
  runs: number,
  threads: number,
  progress: (done: number) => void,
): Promise<{ text: string; failures: number }> => {
  const cells: Cell[] = LOSSES.flatMap((loss) =>
    KINDS.map((kind) => ({ loss, kind, summary: new Summary() })),
  );
  let done = 0;
  for await (const { result } of runAll(optionsOf(cells, runs), threads)) {
    cells[Math.floor(done++ / runs)]!.summary.add(result);
    progress(done);
  }
  const rule = HEADER.map((_, column) => (column < TEXT_COLUMNS ? "---" : "--:"));
  const failures = cells.reduce((sum, { summary }) => sum + summary.failures, 0);
  return { text: tableText([HEADER, rule, ...cells.map(rowOf)], TEXT_COLUMNS), failures };
};

/** All runs of the first cell, then all of the next. */
function* optionsOf(cells: readonly Cell[], runs: number): Iterable<Options> {
  for (const { loss, kind } of cells) {
    for (let seed = 1; seed <= runs; seed++) yield matrixOptions(seed, loss, kind);
  }
}

const rowOf = ({ loss, kind, summary }: Cell): string[] => {
  const lost = summary.count("lost");
  const doubled = summary.count("shown twice");
  const unordered = summary.count("out of order");
  const all = summary.rules.reduce((sum, [, count]) => sum + count, 0);
  return [
    `${loss * 100} %`,
    KIND_NAMES[kind],
    summary.runs.toString(),
    summary.messages.toString(),
    lost.toString(),
    doubled.toString(),
    unordered.toString(),
    (all - lost - doubled - unordered).toString(),
    `${summary.mistakes} of ${summary.requests}`,
    summary.delay(0.5).toFixed(2),
    summary.delay(0.99).toFixed(2),
  ];
};
