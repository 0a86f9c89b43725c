// What commands that run for long have in common: numbers among their words, and their end.

import { EXIT_USAGE } from "../../lib/chat/exit-status.ts";

/** A number above 0, as it was typed. Throws if it is none. */
export function numberOf(text: string): number;
export function numberOf(text: string | undefined): number | undefined;
export function numberOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new Error(`not a number above 0: ${text}`);
}

/** Runs it; the process ends with the status that it returns. What it throws is what is wrong with the command line. */
export const runCommand = async (main: () => Promise<number>, usage: string): Promise<void> => {
  try {
    process.exitCode = await main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    console.error(usage);
    process.exitCode = EXIT_USAGE;
  }
};
