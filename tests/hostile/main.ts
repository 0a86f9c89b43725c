// bun run hostile: a server under attack, with a line that says how far it is, and a table of what came of it. The whole
// size of it; the tests run a small one, and look at everything but the times.

import { parseArgs } from "node:util";

import { EXIT_DONE, EXIT_FAILED } from "../../lib/chat/exit-status.ts";
import { percentile } from "../bench/statistics.ts";
import { numberOf, runCommand } from "../support/command.ts";
import { Progress } from "../support/progress.ts";
import { tableText } from "../support/table.ts";
import { attack, type AttackResult, MEMORY_BACK_BYTES } from "./attack.ts";

const USAGE = `Usage: bun run hostile [--datagrams N] [--handshakes N] [--addresses N] [--rate N]

  --datagrams N   garbage, replayed and under false flags, 1000000 if left out
  --handshakes N  100000 if left out
  --addresses N   of 127.0.0.0/8 that they come from, 1000 if left out
  --rate N        of all together, in a second, 20000 if left out`;

/** Before anything is measured: a server that has been in use for a while, not one that was born just now. */
const WARM_UP_HANDSHAKES = 3_000;

const QUIET_MS = 30_000;
const REST_MS = 120_000;

/** Times under attack over those before it. */
const TIMES_MAX = 10;

/** Timers and pipes are no finer: a 99th percentile below this counts as this. */
const FLOOR_MS = 5;

const MEMORY_GROWTH_MAX_BYTES = 32 * 1_048_576;

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: {
      datagrams: { type: "string", default: "1000000" },
      handshakes: { type: "string", default: "100000" },
      addresses: { type: "string", default: "1000" },
      rate: { type: "string", default: "20000" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return EXIT_DONE;
  }
  const progress = new Progress();
  const result = await attack({
    datagrams: numberOf(values.datagrams),
    handshakes: numberOf(values.handshakes),
    addresses: numberOf(values.addresses),
    perSecond: numberOf(values.rate),
    warmUp: WARM_UP_HANDSHAKES,
    quietMs: QUIET_MS,
    restMs: REST_MS,
    onProgress: (text) => progress.show(text),
  });
  progress.clear();
  return report(result) ? EXIT_DONE : EXIT_FAILED;
};

/** Prints it. Returns whether all is as it should be. */
const report = ({ differences, quiet, loaded, ...measured }: AttackResult): boolean => {
  const { counts, repeated, seconds, cpuSeconds, memory } = measured;
  const sent = counts.garbage + counts.replayed + counts.spoofed;
  console.log(
    `${sent} datagrams (${counts.garbage} of garbage, ${counts.replayed} replayed, ${counts.spoofed} under false flags),\n` +
      `${repeated} replayed from their own addresses, and ${counts.handshakes} handshakes\n` +
      `(${counts.retries} cookies given, ${counts.responds} answered, ${counts.established} completed) ` +
      `in ${seconds.toFixed(1)} s.\nThe server took ${cpuSeconds.toFixed(1)} s of one processor for it.\n`,
  );
  const group = [percentile(quiet.group, 0.99), percentile(loaded.group, 0.99)] as const;
  const direct = [percentile(quiet.direct, 0.99), percentile(loaded.direct, 0.99)] as const;
  const within = ([before, under]: readonly [number, number]) =>
    under <= TIMES_MAX * Math.max(before, FLOOR_MS);
  const limitOf = ([before]: readonly [number, number]) =>
    `${ms(TIMES_MAX * Math.max(before, FLOOR_MS))}`;
  const { peakBefore, peak, restBefore, rest } = memory;
  const answered = counts.bytesIn / counts.bytesOut;
  const checks: [what: string, before: string, under: string, limit: string, holds: boolean][] = [
    ["lost, doubled, out of order", "", `${differences.length}`, "0", differences.length === 0],
    ["bytes answered, for each received", "", answered.toFixed(2), "1.00", answered <= 1],
    ["group message, 99th percentile", ms(group[0]), ms(group[1]), limitOf(group), within(group)],
    ["direct message, the same", ms(direct[0]), ms(direct[1]), limitOf(direct), within(direct)],
    [
      "server memory, at most",
      mib(peakBefore),
      mib(peak),
      mib(peakBefore + MEMORY_GROWTH_MAX_BYTES),
      peak - peakBefore < MEMORY_GROWTH_MAX_BYTES,
    ],
    [
      "server memory, at rest",
      mib(restBefore),
      mib(rest),
      mib(restBefore + MEMORY_BACK_BYTES),
      rest <= restBefore + MEMORY_BACK_BYTES,
    ],
  ];
  const median = ([name, times]: readonly [string, readonly (readonly number[])[]]) => {
    const [before = [], under = []] = times;
    return [name, ms(percentile(before, 0.5)), ms(percentile(under, 0.5)), "", ""];
  };
  const rows = [
    ["", "quiet", "under attack", "limit", "holds"],
    ["---", "---:", "---:", "---:", "---:"],
    median(["group message, median", [quiet.group, loaded.group]]),
    median(["direct message, median", [quiet.direct, loaded.direct]]),
    ...checks.map(([what, before, under, limit, holds]) => {
      return [what, before, under, limit, holds ? "yes" : "NO"];
    }),
  ];
  console.log(tableText(rows));
  for (const difference of differences) console.log(difference);
  return checks.every(([, , , , holds]) => holds);
};

const ms = (time: number): string => `${time.toFixed(1)} ms`;
const mib = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MiB`;

if (import.meta.main) await runCommand(main, USAGE);
