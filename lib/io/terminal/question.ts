// One question at the terminal, put by `@clack/prompts`, and the keys that its library does not know what to do with.
// Knows nothing of what is asked.

import type { Key } from "node:readline";

import { SIZE_UNKNOWN, SUSPEND_WAIT_MS } from "./tty.ts";

/**
 * The answer; undefined if the user gave up: `^C` and Escape, which the library knows, `^D` on an empty line, or a wish
 * from outside that the program ends. In each case the terminal is as it was. After `^Z` the question is put again.
 * `question` gives up with its signal; then, and whenever there is no answer, it resolves to a symbol.
 */
export const answerTo = async (
  question: (signal: AbortSignal) => Promise<string | symbol>,
): Promise<string | undefined> => {
  const { stdin, stdout } = process;
  // The library takes 0 columns at their word.
  if (!(stdout.columns > 0)) stdout.columns = SIZE_UNKNOWN.columns;
  for (;;) {
    const giveUp = new AbortController();
    let over = false;
    let again = false;
    /** Too late for a question that is over, this would only take the terminal from the next one. */
    const leave = (): void => {
      if (!over) giveUp.abort();
    };
    /** After `^D` in the middle of an answer it is read on. */
    const leaveIfUnread = (): void => {
      if (stdin.isPaused()) leave();
    };
    const askAgain = (): void => {
      again = true;
      leave();
    };
    // In both cases readline has left the terminal: it would show what is typed, and nobody would read that.
    const onKey = (_text: string | undefined, { name, ctrl = false }: Key): void => {
      if (ctrl && name === "d") setImmediate(leaveIfUnread);
      if (ctrl && name === "z") setTimeout(askAgain, SUSPEND_WAIT_MS);
    };
    stdin.on("keypress", onKey);
    process.on("SIGTERM", leave);
    try {
      const answer = await question(giveUp.signal);
      if (typeof answer === "string") return answer;
      if (!again) return undefined;
    } finally {
      over = true;
      stdin.off("keypress", onKey);
      process.off("SIGTERM", leave);
    }
  }
};
