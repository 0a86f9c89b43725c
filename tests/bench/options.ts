// The words behind `bun run bench`. Pure.

import { parseArgs } from "node:util";

import type { BenchOptions } from "./part.ts";

export interface Options extends BenchOptions {
  /** In the order of the table. */
  readonly parts: readonly string[];
  /** Where the figures go as JSON. */
  readonly json: string | undefined;
  readonly help: boolean;
}

const ROUNDS = 5;
const QUICK_ROUNDS = 2;

/** Throws with one line about what is wrong. No part named: all of them. */
export const parseOptions = (argv: readonly string[], parts: readonly string[]): Options => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: {
      rounds: { type: "string" },
      quick: { type: "boolean", default: false },
      json: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
    allowPositionals: true,
  });
  const unknown = positionals.find((name) => !parts.includes(name));
  if (unknown !== undefined) throw new Error(`no such part: ${unknown}`);
  const { quick, json, help } = values;
  const rounds = values.rounds ?? `${quick ? QUICK_ROUNDS : ROUNDS}`;
  if (!/^[1-9][0-9]{0,3}$/.test(rounds)) throw new Error(`not a number of rounds: ${rounds}`);
  return {
    parts: parts.filter((name) => positionals.length === 0 || positionals.includes(name)),
    rounds: Number(rounds),
    quick,
    json,
    help,
  };
};
