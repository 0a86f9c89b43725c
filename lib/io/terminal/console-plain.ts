// A console without a live prompt: lines out, one each, and lines in, one each. For pipes and files, for the server, and
// for terminals that know no escape sequences.

import type { Line } from "../../chat/line.ts";
import type { Console, ConsoleEvents } from "./console.ts";
import { Interruption } from "./console.ts";
import { LineSplitter, readInput } from "./input.ts";
import type { Look } from "./look.ts";
import { Output } from "./output.ts";
import { STDOUT } from "./tty.ts";

/** What waits to be read of a console that may leave lines out: more than 100,000 lines. */
export const UNREAD_MAX_CHARS = 16_777_216;

/** How often is looked whether more may be read. */
const ROOM_LOOK_MS = 10;

interface PlainOptions {
  readonly look: Look;
  /** True if the user sees `^C` where the lines appear; they then go on below it. */
  readonly terminal: boolean;
  /** Lines beyond so many characters that nobody has read are left out, and counted. */
  readonly unreadMaxChars: number;
}

export class PlainConsole implements Console {
  readonly #look: Look;
  readonly #output: Output;
  readonly #unreadMaxChars: number;
  /** Lines since the last one that was not. */
  #leftOut = 0;
  #closed = false;

  /** With all events standard input is read, otherwise it is left alone. */
  constructor(options: PlainOptions, events: Pick<ConsoleEvents, "onInterrupt"> | ConsoleEvents) {
    this.#look = options.look;
    this.#unreadMaxChars = options.unreadMaxChars;
    const interruption = new Interruption(events.onInterrupt, () => this.#output.drained());
    this.#output = new Output(STDOUT, (error) => interruption.outputLost(error));
    interruption.listen(() => {
      if (options.terminal) this.#output.write("\n");
    });
    if ("onLine" in events) this.#read(events);
  }

  show(lines: readonly Line[]): void {
    let text = "";
    let count = 0;
    for (const line of lines) {
      const row = `${this.#look(line)}\n`;
      const times = line.times ?? 1;
      text += times === 1 ? row : row.repeat(times);
      count += times;
    }
    if (this.#output.waitingChars + text.length > this.#unreadMaxChars) {
      this.#leftOut += count;
      return;
    }
    this.#tellLeftOut();
    this.#output.write(text);
  }

  setPrompt(): void {}

  /** There is nothing to lend: what was read stays read. */
  lend<Result>(use: () => Promise<Result>): Promise<Result> {
    return use();
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#tellLeftOut();
    return this.#output.drained();
  }

  #tellLeftOut(): void {
    if (this.#leftOut === 0) return;
    const text = `[${this.#leftOut} lines are left out here: nobody has read them in time]`;
    this.#leftOut = 0;
    this.#output.write(`${this.#look({ kind: "error", text })}\n`);
  }

  #read({ onLine, onEndOfInput, hasRoom }: ConsoleEvents): void {
    const lines = new LineSplitter((text) => {
      if (!this.#closed) onLine(text);
    });
    readInput(
      async (bytes) => {
        lines.feed(bytes);
        while (!this.#closed && !hasRoom()) await Bun.sleep(ROOM_LOOK_MS);
      },
      () => {
        lines.end();
        if (!this.#closed) onEndOfInput();
      },
    );
  }
}
