// The console at a terminal: a live prompt, with lines appearing above it while the user types. Owns the terminal's mode,
// standard input, and when something is drawn. `node:readline` edits the line (line-input.ts); which bytes draw it is
// live-line.ts.

import type { Line } from "../../chat/line.ts";
import { everyLine, lineText } from "../../chat/line.ts";
import { choiceRows } from "./choices.ts";
import type { Console, ConsoleEvents } from "./console.ts";
import { Interruption } from "./console.ts";
import { CONTROL_C, Keyboard, PASTE_MARKS_OFF, PASTE_MARKS_ON } from "./keyboard.ts";
import type { LineInput } from "./line-input.ts";
import type { Input, ShownLine } from "./live-line.ts";
import { LiveLine } from "./live-line.ts";
import type { Look } from "./look.ts";
import { Output } from "./output.ts";
import { TerminalHold } from "./terminal-hold.ts";
import { isKnownToReflow, setRaw, SIZE_UNKNOWN, STDOUT, terminalSize } from "./tty.ts";
import { Whereabouts } from "./whereabouts.ts";

const BELL = "\x07";

export class LiveConsole implements Console {
  readonly #look: Look;
  readonly #events: ConsoleEvents;
  readonly #output: Output;
  readonly #interruption: Interruption;
  readonly #hold: TerminalHold;
  readonly #live = new LiveLine(SIZE_UNKNOWN.columns, SIZE_UNKNOWN.rows);
  readonly #whereabouts: Whereabouts;
  readonly #keyboard: Keyboard;
  /** Undefined until it is loaded, which the first prompt does not wait for. */
  #keys: LineInput | undefined;
  #prompt: string | undefined;
  /** Lines that wait until something may be drawn. */
  readonly #lines: ShownLine[] = [];
  /** Bytes of this turn that are not written yet, so that they go out in one piece. */
  #bytes = PASTE_MARKS_ON;
  /** What the first prompt did not wait for has been set up. */
  #opened = false;
  /** Until keys are read. */
  #listening: Promise<void> | undefined;
  #renderScheduled = false;
  #suspended = false;
  /** No more lines are taken: the program is on its way out. */
  #ending = false;
  #closed = false;

  constructor(look: Look, events: ConsoleEvents) {
    this.#look = look;
    this.#events = events;
    this.#whereabouts = new Whereabouts(
      this.#live,
      isKnownToReflow(process.env) ? true : undefined,
      (bytes) => this.#writeNow(bytes),
      () => this.#goOn(),
    );
    this.#keyboard = new Keyboard({
      onBytes: (bytes) => this.#typed(bytes),
      onEnd: () => this.#endInput(), // the terminal is gone
    });
    this.#interruption = new Interruption(events.onInterrupt, () => this.#output.drained());
    this.#output = new Output(STDOUT, (error) => this.#interruption.outputLost(error));
    this.#hold = new TerminalHold(this.#interruption, {
      beforeInterrupt: () => this.#leaveLine("^C"),
      onContinue: () => this.#resume(),
    });
    this.#hold.take();
    setRaw(true); // before the prompt: who answers it at once is not to see that twice
  }

  show(lines: readonly Line[]): void {
    for (const line of everyLine(lines))
      this.#lines.push({ plain: lineText(line), painted: this.#look(line) });
    this.#open();
    this.#render();
  }

  setPrompt(prompt: string): void {
    if (prompt === this.#prompt || this.#ending) return;
    this.#prompt = prompt;
    if (this.#opened) {
      this.#renderSoon();
      return;
    }
    console.write(prompt); // there without loading anything
    this.#open();
    this.#render();
  }

  /** What was being typed stays as it is, and goes on afterwards. */
  async lend<Result>(use: () => Promise<Result>): Promise<Result | undefined> {
    this.#open();
    await this.#listening;
    await this.#keyboard.still();
    if (this.#interruption.begun || this.#closed) return undefined;
    this.#suspended = true;
    this.#keys?.pause();
    this.#whereabouts.settle();
    this.#bytes += this.#live.frame(this.#lines.splice(0), undefined);
    this.#writeNow(PASTE_MARKS_OFF);
    await this.#output.drained();
    if (this.#interruption.begun) return undefined;
    // From here to the first thing that is read by whoever has it now, nothing is waited for: no key gets lost.
    this.#keyboard.leave();
    this.#hold.release();
    const result = await use();
    this.#hold.take();
    this.#keyboard.listen();
    this.#resume();
    return result;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#open();
    this.#ending = true;
    this.#prompt = undefined;
    this.#suspended = false;
    this.#whereabouts.settle();
    this.#bytes += this.#live.frame(this.#lines.splice(0), undefined);
    this.#writeNow(PASTE_MARKS_OFF);
    this.#closed = true;
    this.#hold.cleared();
    await this.#output.drained();
    setRaw(false);
    this.#keyboard.leave();
    this.#hold.release();
  }

  /** What the first prompt has not waited for, since it takes time to load. */
  #open(): void {
    if (this.#opened) return;
    this.#opened = true;
    const { columns, rows } = terminalSize();
    this.#live.resize(columns, rows);
    process.stdout.on("resize", () => this.#resized());
    this.#listening = this.#listen();
  }

  /** Keys that were pressed before are still there to be read. */
  async #listen(): Promise<void> {
    const { LineInput } = await import("./line-input.ts");
    if (this.#closed) return;
    this.#keys = new LineInput({
      onLine: (text) => this.#entered(text),
      onInterrupt: () => {
        this.#leaveLine("^C");
        this.#interruption.press();
      },
      onSuspend: () => this.#suspend(),
      onEnd: () => this.#endInput(),
      onClearScreen: () => {
        const input = this.#input();
        if (input !== undefined) this.#bytes += this.#live.clearScreen(input);
      },
      onChoices: (candidates) => {
        for (const row of choiceRows(candidates, terminalSize().columns))
          this.#lines.push({ plain: row, painted: row });
      },
      onFull: () => {
        this.#bytes += BELL;
      },
      onKey: () => this.#renderSoon(),
      complete: this.#events.complete,
    });
    this.#keyboard.listen();
  }

  #typed(bytes: Uint8Array): void {
    if (this.#ending) {
      if (bytes.includes(CONTROL_C)) this.#interruption.press();
      return;
    }
    for (const piece of this.#keyboard.read(bytes)) {
      if (typeof piece === "string") this.#keys?.feed(piece);
      else this.#whereabouts.answered({ row: piece.row - 1, column: piece.column - 1 });
    }
  }

  #input(): Input | undefined {
    if (this.#prompt === undefined) return undefined;
    const { text, cursor } = this.#keys ?? { text: "", cursor: 0 };
    return { prompt: this.#prompt, text, cursor };
  }

  /** True while it is not known where the cursor is, or the terminal is not ours. */
  #mustWait(): boolean {
    return this.#suspended || this.#closed || this.#whereabouts.unknown;
  }

  #render(): void {
    if (this.#mustWait()) return;
    this.#writeNow(this.#live.frame(this.#lines.splice(0), this.#input()));
  }

  /** Once, however many keys come in this turn of the loop. */
  #renderSoon(): void {
    if (this.#renderScheduled) return;
    this.#renderScheduled = true;
    setImmediate(() => {
      this.#renderScheduled = false;
      this.#render();
    });
  }

  #writeNow(bytes: string): void {
    this.#output.write(this.#bytes + bytes);
    this.#bytes = "";
  }

  #entered(text: string): void {
    if (this.#ending) return;
    if (this.#prompt !== undefined) {
      const input = { prompt: this.#prompt, text, cursor: text.length };
      this.#bytes += this.#live.finish(input, "");
    }
    this.#events.onLine(text);
  }

  /** Leaves what was typed on the screen, with `mark` behind it, and shows no prompt any more. */
  #leaveLine(mark: string): void {
    const input = this.#input();
    this.#ending = true;
    this.#prompt = undefined;
    if (input === undefined || this.#mustWait()) return;
    this.#writeNow(this.#live.finish(input, mark));
  }

  #endInput(): void {
    if (this.#ending) return;
    this.#leaveLine("");
    this.#events.onEndOfInput();
  }

  #suspend(): void {
    if (this.#ending) return;
    this.#suspended = true;
    this.#keys?.pause();
    this.#bytes += this.#live.frame(this.#lines.splice(0), undefined);
    this.#writeNow(PASTE_MARKS_OFF);
    void this.#output.drained().then(() => {
      if (!this.#closed) this.#hold.stop();
    });
  }

  #resume(): void {
    if (!this.#opened || this.#closed) return;
    this.#suspended = false;
    this.#live.forget(); // whoever was in front meanwhile has left the cursor on a fresh line
    this.#hold.rawAgain();
    this.#bytes += PASTE_MARKS_ON;
    this.#resized();
    this.#goOn();
  }

  #resized(): void {
    if (this.#closed || this.#suspended) return;
    const { columns, rows } = terminalSize();
    this.#whereabouts.resized(columns, rows);
    if (this.#whereabouts.unknown) this.#keys?.pause();
  }

  /** What has waited for the terminal goes on. */
  #goOn(): void {
    if (this.#mustWait()) return;
    this.#keys?.resume();
    this.#render();
  }
}
