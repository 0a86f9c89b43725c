// The terminal as a device: whether a descriptor is one, its size, and its mode.

import { isatty } from "node:tty";

export const STDIN = 0;
export const STDOUT = 1;
export const STDERR = 2;

/** A process that cannot be stopped (nobody could wake it) goes on after this time. */
export const SUSPEND_WAIT_MS = 100;

/** Cells. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** What terminals are that do not say how large they are. */
export const SIZE_UNKNOWN: Size = { columns: 80, rows: 24 };

/** True if the descriptor is a terminal. */
export const isTerminal = (descriptor: number): boolean => isatty(descriptor);

/** Whether the terminal obeys escape sequences. */
export const knowsEscapes = (): boolean => process.env["TERM"] !== "dumb";

/** Whether a person sits between standard input and output, at a terminal that can be drawn on. */
export const isLive = (): boolean => isTerminal(STDIN) && isTerminal(STDOUT) && knowsEscapes();

/** The size of the terminal at standard output; `process.stdout` tells of a new one with `resize`. */
export const terminalSize = (): Size => {
  const { columns, rows } = process.stdout;
  return columns > 0 && rows > 0 ? { columns, rows } : SIZE_UNKNOWN;
};

/** Raw: every key comes as it is typed, and nothing is echoed or obeyed. Bun restores the mode when it exits. */
export const setRaw = (raw: boolean): void => {
  process.stdin.setRawMode(raw);
};

/**
 * Whether this is tmux, which breaks all rows anew when its window has another width. The variable alone does not tell:
 * a terminal that was started from within has it as well.
 */
export const isKnownToReflow = ({
  TERM = "",
  TMUX,
}: Readonly<Record<string, string | undefined>>): boolean =>
  /^tmux\b/.test(TERM) || (/^screen\b/.test(TERM) && (TMUX ?? "") !== "");
