// A console without a live prompt: lines out, one each, and lines in, one each. For pipes and files, for the server, and
// for terminals that know no escape sequences.

import type { Line } from "../chat/line.ts";
import type { Console, ConsoleEvents } from "./console.ts";
import { Interruption } from "./console.ts";
import { LineSplitter, readInput } from "./input.ts";
import type { Look } from "./look.ts";
import { Output } from "./output.ts";
import { STDOUT } from "./tty.ts";

interface PlainOptions {
  readonly look: Look;
  /** True if the user sees `^C` where the lines appear; they then go on below it. */
  readonly terminal: boolean;
}

export class PlainConsole implements Console {
  readonly #look: Look;
  readonly #output: Output;
  #closed = false;

  /** With `events.onLine` standard input is read, otherwise it is left alone. */
  constructor(
    options: PlainOptions,
    events: Pick<ConsoleEvents, "onInterrupt"> & Partial<ConsoleEvents>,
  ) {
    this.#look = options.look;
    const interruption = new Interruption(events.onInterrupt);
    this.#output = new Output(STDOUT, () => interruption.begin());
    interruption.listen(() => {
      if (options.terminal) this.#output.write("\n");
    });
    const { onLine, onEndOfInput } = events;
    if (onLine !== undefined) this.#read(onLine, onEndOfInput);
  }

  show(lines: readonly Line[]): void {
    let text = "";
    for (const line of lines) text += `${this.#look(line)}\n`;
    this.#output.write(text);
  }

  setPrompt(): void {}

  close(): Promise<void> {
    this.#closed = true;
    return this.#output.drained();
  }

  #read(onLine: (text: string) => void, onEndOfInput: (() => void) | undefined): void {
    const lines = new LineSplitter((text) => {
      if (!this.#closed) onLine(text);
    });
    readInput(
      (bytes) => lines.feed(bytes),
      () => {
        lines.end();
        if (!this.#closed) onEndOfInput?.();
      },
    );
  }
}
