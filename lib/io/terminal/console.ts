// What a program needs of the place where it shows its lines and where its user types: the interface, and how it is
// interrupted. Knows nothing of screens or pipes.

import { EXIT_INTERRUPTED } from "../../chat/exit-status.ts";
import type { Line } from "../../chat/line.ts";

export interface Console {
  /** Shows lines, in order, now. Never throws, never waits. */
  show(lines: readonly Line[]): void;
  /**
   * The live prompt from now on; without terminals nothing. Called right before `show`, the lines and the new prompt
   * appear in one step.
   */
  setPrompt(prompt: string): void;
  /**
   * Lends the terminal to `use` as soon as its user, who may be in the middle of a line, has stopped typing; whatever is to
   * be shown waits until that has resolved. Undefined, and not used at all, if the user wants out.
   */
  lend<Result>(use: () => Promise<Result>): Promise<Result | undefined>;
  /** Takes the prompt off, gives the terminal back as it was, and resolves when all that was shown is written. */
  close(): Promise<void>;
}

/** What the user does. None of these may throw. */
export interface ConsoleEvents {
  /** A line was typed, without its end. */
  readonly onLine: (text: string) => void;
  /** `^C`, a signal to end, or nobody reads the output any more. Called once; the next `^C` ends the process at once. */
  readonly onInterrupt: () => void;
  /** `^D` on an empty line, or the end of a file or pipe. Called once at most; no line follows. */
  readonly onEndOfInput: () => void;
  /** Whether more lines may come: while it says no, a file or a pipe is not read any further. */
  readonly hasRoom: () => boolean;
  /** What the last word of `line` may become: all candidates, and the part of `line` that each of them replaces. */
  readonly complete: (line: string) => readonly [candidates: readonly string[], part: string];
}

/** Nobody feels this as waiting; a terminal that takes anything at all has taken the last words by then. */
const LAST_WORDS_MAX_MS = 50;

/** A pipe that nobody reads any more, and a terminal that is gone. */
const READER_GONE: ReadonlySet<string> = new Set(["EPIPE", "EIO"]);

/** The way out: orderly the first time, at once the second. */
export class Interruption {
  readonly #onBegin: () => void;
  readonly #written: () => Promise<void>;
  readonly #listeners: (readonly [signal: NodeJS.Signals, listener: () => void])[] = [];
  #begun = false;

  /** `written` resolves when all that was shown is written. */
  constructor(onBegin: () => void, written: () => Promise<void>) {
    this.#onBegin = onBegin;
    this.#written = written;
  }

  get begun(): boolean {
    return this.#begun;
  }

  /** The user wants out. */
  press(): void {
    if (this.#begun) void this.#endNow();
    else this.begin();
  }

  /** Nothing can be shown any more. Where there is a reader, and yet no way to it (a full disk), that is a fault. */
  outputLost(error: NodeJS.ErrnoException): void {
    if (error.code !== undefined && READER_GONE.has(error.code)) return this.begin();
    throw new Error(`the output cannot be written: ${error.message}`);
  }

  /** The program must end, without its user's doing. */
  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#onBegin();
  }

  /** Listens for the signals that mean the same; `beforeInterrupt` is called before the first of them is passed on. */
  listen(beforeInterrupt: () => void): void {
    this.#on("SIGINT", () => {
      if (!this.#begun) beforeInterrupt();
      this.press();
    });
    this.#on("SIGTERM", () => this.press());
    this.#on("SIGHUP", () => this.begin());
  }

  /** From now on the signals do what they do to any program. */
  ignore(): void {
    for (const [signal, listener] of this.#listeners.splice(0)) process.off(signal, listener);
  }

  async #endNow(): Promise<void> {
    await Promise.race([this.#written(), Bun.sleep(LAST_WORDS_MAX_MS)]);
    process.exit(EXIT_INTERRUPTED);
  }

  #on(signal: NodeJS.Signals, listener: () => void): void {
    this.#listeners.push([signal, listener]);
    process.on(signal, listener);
  }
}
