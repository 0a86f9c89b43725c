// What the two programs have in common: an answer to a command line that does not ask for a run, and a last line where
// something went wrong that should not. The only place, with the consoles, that writes to the standard streams.

import { writeSync } from "node:fs";

import { EXIT_FAILED, EXIT_INTERRUPTED, EXIT_USAGE } from "../../chat/exit-status.ts";
import { isLive, STDERR } from "../terminal/tty.ts";
import type { Invocation, PasswordChoice } from "./arguments.ts";
import { VERSION_LINE } from "./version.ts";

/** A terminal that takes nothing any more (`^S`) does not keep a program that is at its end. */
const CLOSE_MAX_MS = 1_000;

/** The environment's way to give a password; empty, there is none. */
const PASSWORD_VARIABLE = "CHATAPP_PASSWORD";

/** Set to anything, faults of the program itself are told in full. */
const DEBUG = process.env["CHATAPP_DEBUG"] !== undefined && process.env["CHATAPP_DEBUG"] !== "";

/** Loaded when it is to be shown; most runs never do. */
const usage = async (): Promise<string> => {
  const { commandNames, usageText } = await import("./usage.ts");
  return usageText(commandNames(Bun.main));
};

/**
 * What is to be run. `undefined`: nothing is; what there was to say was said, and the exit status is set.
 *
 * `ask` puts questions to a person, who may give up: `undefined`. It is called only where both ends are terminals.
 */
export const requestedRun = async <Run>(
  invocation: Invocation<Run>,
  ask: () => Promise<Run | undefined>,
): Promise<Run | undefined> => {
  switch (invocation.kind) {
    case "run":
      return invocation.run;
    case "help":
      console.log(await usage());
      return undefined;
    case "version":
      console.log(VERSION_LINE);
      return undefined;
    case "error":
      return fail(invocation.message, EXIT_USAGE);
    case "ask": {
      if (!isLive()) return fail(await usage(), EXIT_USAGE);
      const run = await ask();
      if (run === undefined) process.exitCode = EXIT_INTERRUPTED;
      return run;
    }
  }
};

/**
 * The password that was given with a flag, in the environment, or on being asked for; undefined if there is to be none.
 * Ends the program where it cannot be had.
 */
export const givenPassword = async (
  choice: PasswordChoice | undefined,
): Promise<string | undefined> => {
  if (choice === undefined) return process.env[PASSWORD_VARIABLE] || undefined;
  if (choice.kind === "word") return choice.word;
  if (!isLive()) return fail("A password can be asked for on a terminal only", EXIT_FAILED);
  return askedPassword("Password");
};

/** Asks for a password at the terminal. Whoever does not want to give one ends the program. */
const askedPassword = async (question: string): Promise<string> => {
  const { passwordQuestion } = await import("./password.ts");
  const ask = await passwordQuestion(question);
  return (await ask()) ?? process.exit(EXIT_INTERRUPTED);
};

/** The secret of a password, for the handshakes; none without one. */
export const secretOf = async (password: string | undefined): Promise<Uint8Array | undefined> =>
  password === undefined ? undefined : (await import("./password.ts")).stretched(password);

/** Not `console.error`: Bun paints what that is given, also where nobody can see colours. */
export const complain = (message: string): void => {
  try {
    writeSync(STDERR, `${message}\n`);
  } catch {
    // Nobody reads it.
  }
};

/** Ends the program, and says why on standard error. At once: a resolver that has failed would hold it for a second. */
export const fail = (message: string, status: number): never => {
  complain(message);
  process.exit(status);
};

/** A fault of this program that is survived. A user is not troubled with it; whoever looks for it sets CHATAPP_DEBUG. */
export const reportFault = (error: unknown): void => {
  if (DEBUG) console.error(error);
};

/** What an uncaught fault closes; nothing is open yet. */
let close = async (): Promise<void> => {};

/** What is to be closed before an uncaught fault ends the program; what was told before no longer is. */
export const closeOnUncaughtFaults = (closing: () => Promise<void>): void => {
  close = closing;
};

/** From now on a fault that nobody caught ends the program with one line, never with a stack trace. */
export const endOnUncaughtFaults = (): void => {
  let ending = false;
  const end = async (error: unknown): Promise<void> => {
    if (ending) return; // what comes of the first fault is no news
    ending = true;
    try {
      await Promise.race([close(), Bun.sleep(CLOSE_MAX_MS)]);
    } catch {
      // The fault may be the console's own; what can be given back, it gives back when the process exits.
    }
    complain(`Something went wrong: ${error instanceof Error ? error.message : String(error)}`);
    reportFault(error);
    process.exit(EXIT_FAILED);
  };
  process.on("uncaughtException", end);
  process.on("unhandledRejection", end);
};
