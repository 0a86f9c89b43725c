// Cases that failed once, kept for ever: options and scenario in full, so that they stay the same case when the way in
// which others are drawn changes.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Case } from "./shrink.ts";

export interface KeptCase extends Case {
  /** What was wrong. */
  readonly was: string;
}

const FILE = join(import.meta.dir, "failing-seeds.json");

export const keptCases = (): KeptCase[] => JSON.parse(readFileSync(FILE, "utf8")) as KeptCase[];

export const keepCase = (kept: KeptCase): void => {
  writeFileSync(FILE, `${JSON.stringify([...keptCases(), kept], undefined, 2)}\n`);
};
