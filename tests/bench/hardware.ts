// On what the figures were measured.

import { readFileSync } from "node:fs";
import { cpus, release, totalmem, type } from "node:os";

export interface Hardware {
  readonly cpu: string;
  readonly cores: number;
  /** In bytes. */
  readonly memory: number;
  readonly system: string;
  readonly bun: string;
  /** Processes that wanted a core just before, on average over the last minute: near 0 where the machine was quiet. */
  readonly load: number;
}

const BYTES_PER_GIB = 2 ** 30;

const loadOfLastMinute = (): number => {
  try {
    return Number(readFileSync("/proc/loadavg", "latin1").split(" ")[0]);
  } catch {
    return Number.NaN;
  }
};

export const hardware = (): Hardware => ({
  cpu: cpus()[0]?.model ?? "unknown",
  cores: cpus().length,
  memory: totalmem(),
  system: `${type()} ${release()}`,
  bun: Bun.version,
  load: loadOfLastMinute(),
});

export const hardwareText = ({ cpu, cores, memory, system, bun, load }: Hardware): string =>
  `${cpu}, ${cores} cores, ${(memory / BYTES_PER_GIB).toFixed(0)} GiB, ${system}, Bun ${bun}, ` +
  `load ${load.toFixed(2)} before`;
