// The console at a terminal: a live prompt, with lines appearing above it while the user types. Owns the terminal's mode,
// standard input, and what is drawn; what the keys do to the line is line-editor.ts, which bytes draw it live-line.ts.
import { writeSync } from "node:fs";
import type { Line } from "../chat/line.ts";
import { lineText } from "../chat/line.ts";
import { completion } from "./completion.ts";
import type { Console, ConsoleEvents } from "./console.ts";
import { Interruption } from "./console.ts";
import { readInput } from "./input.ts";
import type { Key, KeyName } from "./keys.ts";
import { KeyDecoder } from "./keys.ts";
import { LineEditor } from "./line-editor.ts";
import type { Input, Place, ShownLine } from "./live-line.ts";
import { LiveLine, WHERE_IS_THE_CURSOR } from "./live-line.ts";
import type { Look } from "./look.ts";
import { Output } from "./output.ts";
import type { Size } from "./tty.ts";
import { openDevice } from "./tty.ts";

const STDIN = 0;
const STDOUT = 1;

/** What terminals are that do not say how large they are. */
const SIZE_UNKNOWN: Size = { columns: 80, rows: 24 };

/** An escape sequence that is cut in two arrives whole within this time; what does not was the Escape key. */
const ESCAPE_WAIT_MS = 200;

/** Within this time a terminal has said where its cursor is, or it never will. */
const CURSOR_WAIT_MS = 250;

/** A process that cannot be stopped (nobody could wake it) goes on after this time. */
const SUSPEND_WAIT_MS = 100;

const PASTE_MARKS_ON = "\x1b[?2004h";
const PASTE_MARKS_OFF = "\x1b[?2004l";

export class LiveConsole implements Console {
  readonly #look: Look;
  readonly #events: ConsoleEvents;
  readonly #output: Output;
  readonly #interruption: Interruption;
  readonly #live: LiveLine;
  readonly #device = openDevice(STDIN, STDOUT);
  readonly #editor = new LineEditor();
  readonly #decoder = new KeyDecoder();
  #prompt: string | undefined;
  /** Lines that wait until something may be drawn. */
  readonly #lines: ShownLine[] = [];
  /** Keys that wait for the same. */
  readonly #keys: Key[] = [];
  /** Bytes of this turn that are not written yet, so that they go out in one piece. */
  #bytes = "";
  #renderScheduled = false;
  #suspended = false;
  /** No more lines are taken: the program is on its way out. */
  #ending = false;
  #closed = false;
  /** After a resize: where the cursor may be, and how many answers to the question are still to come. */
  #places: { readonly reflowed: Place; readonly kept: Place } | undefined;
  #questions = 0;
  #questionTimer: Timer | undefined;
  #escapeTimer: Timer | undefined;
  readonly #onExit = (): void => this.#restoreNow();

  constructor(look: Look, events: ConsoleEvents) {
    this.#look = look;
    this.#events = events;
    const { columns, rows } = this.#device.size() ?? SIZE_UNKNOWN;
    this.#live = new LiveLine(columns, rows, (prompt) => look.prompt(prompt));
    this.#interruption = new Interruption(events.onInterrupt);
    this.#interruption.listen(() => this.#leaveLine("^C"));
    this.#output = new Output(STDOUT, () => this.#interruption.begin());
    process.on("exit", this.#onExit);
    process.on("SIGWINCH", () => {
      this.#checkSize();
      this.#render();
    });
    process.on("SIGCONT", () => this.#resume());
    this.#device.setRaw(true);
    this.#write(PASTE_MARKS_ON);
    readInput(
      (bytes) => this.#typed(bytes),
      () => this.#endInput(), // the terminal is gone
    );
  }

  show(lines: readonly Line[]): void {
    for (const line of lines)
      this.#lines.push({ plain: lineText(line), painted: this.#look.line(line) });
    this.#checkSize();
    this.#render();
  }

  setPrompt(prompt: string): void {
    if (prompt === this.#prompt || this.#ending) return;
    this.#prompt = prompt;
    if (this.#renderScheduled) return;
    this.#renderScheduled = true;
    queueMicrotask(() => {
      this.#renderScheduled = false;
      this.#render();
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#ending = true;
    this.#prompt = undefined;
    this.#suspended = false;
    if (this.#places !== undefined) this.#settle(undefined);
    this.#write(this.#live.frame(this.#lines.splice(0), undefined) + PASTE_MARKS_OFF);
    this.#closed = true;
    clearTimeout(this.#escapeTimer);
    this.#flush();
    await this.#output.drained();
    this.#device.setRaw(false);
    process.off("exit", this.#onExit);
  }

  #input(): Input | undefined {
    if (this.#prompt === undefined) return undefined;
    return { prompt: this.#prompt, text: this.#editor.text, cursor: this.#editor.cursor };
  }

  /** True while it is not known where the cursor is, or the terminal is not ours. */
  #mustWait(): boolean {
    return this.#suspended || this.#closed || this.#questions > 0;
  }

  #render(): void {
    if (!this.#mustWait()) this.#write(this.#live.frame(this.#lines.splice(0), this.#input()));
    this.#flush();
  }

  #write(bytes: string): void {
    this.#bytes += bytes;
  }

  #flush(): void {
    const bytes = this.#bytes;
    this.#bytes = "";
    this.#output.write(bytes);
  }

  #typed(bytes: Uint8Array): void {
    clearTimeout(this.#escapeTimer);
    this.#checkSize();
    for (const key of this.#decoder.feed(bytes)) {
      if (key.type === "cursor") this.#answered(key.column - 1);
      else this.#keys.push(key);
    }
    if (this.#decoder.waiting)
      this.#escapeTimer = setTimeout(() => this.#decoder.forget(), ESCAPE_WAIT_MS);
    this.#pressAll();
    this.#render();
  }

  #pressAll(): void {
    while (this.#keys.length > 0 && !this.#mustWait()) {
      const key = this.#keys.shift();
      if (key?.type === "text" && !this.#ending) {
        if (!this.#editor.insert(key.text)) this.#write("\x07");
      } else if (key?.type === "key") this.#press(key.name);
    }
  }

  #press(name: KeyName): void {
    if (name === "interrupt") {
      this.#leaveLine("^C");
      this.#interruption.press();
    } else if (this.#ending) return;
    else if (name === "enter") this.#enter();
    else if (name === "tab") this.#complete();
    else if (name === "suspend") this.#suspend();
    else if (name === "end-of-input" && this.#editor.text === "") this.#endInput();
    else if (name === "clear-screen") {
      const input = this.#input();
      if (input !== undefined) this.#write(this.#live.clearScreen(input));
    } else this.#editor.press(name);
  }

  #enter(): void {
    const input = this.#input();
    if (input !== undefined) this.#write(this.#live.finish(input, ""));
    this.#events.onLine(this.#editor.take());
  }

  /** Leaves what was typed on the screen, with `mark` behind it, and shows no prompt any more. */
  #leaveLine(mark: string): void {
    const input = this.#input();
    this.#ending = true;
    this.#prompt = undefined;
    if (input === undefined || this.#mustWait()) return;
    this.#write(this.#live.finish(input, mark));
    this.#flush();
  }

  #endInput(): void {
    if (this.#ending) return;
    this.#leaveLine("");
    this.#events.onEndOfInput();
  }

  #complete(): void {
    const before = this.#editor.text.slice(0, this.#editor.cursor);
    const { replaces, text, choices } = completion(...this.#events.complete(before));
    this.#editor.replaceBefore(replaces, text);
    if (choices !== "") this.#lines.push({ plain: choices, painted: choices });
  }

  #suspend(): void {
    this.#suspended = true;
    this.#write(this.#live.frame([], undefined) + PASTE_MARKS_OFF);
    this.#flush();
    void this.#output.drained().then(() => {
      if (this.#closed) return;
      this.#device.setRaw(false);
      process.kill(0, "SIGTSTP"); // the whole job, as the terminal would do it
      // Twice, since after a long stop this timer may be seen before the signal that ended it.
      setTimeout(() => setTimeout(() => this.#goOn(), SUSPEND_WAIT_MS), SUSPEND_WAIT_MS);
    });
  }

  /** Nothing stopped the process. */
  #goOn(): void {
    if (this.#suspended) this.#resume();
  }

  #resume(): void {
    if (this.#closed) return;
    this.#suspended = false;
    this.#live.forget(); // whoever was in front meanwhile has left the cursor on a fresh line
    // The shell may have changed the mode meanwhile; asking for the one that is thought to be on does nothing.
    this.#device.setRaw(false);
    this.#device.setRaw(true);
    this.#checkSize();
    this.#write(PASTE_MARKS_ON);
    this.#pressAll();
    this.#render();
  }

  #checkSize(): void {
    if (this.#closed || this.#suspended) return;
    const { columns, rows } = this.#device.size() ?? SIZE_UNKNOWN;
    if (columns === this.#live.columns && rows === this.#live.screenRows) return;
    const places = this.#live.resize(columns, rows);
    if (places === null) return;
    if (this.#questions === 0 && places.reflowed.row === places.kept.row) {
      this.#write(this.#live.settle(places.kept.row));
      return;
    }
    this.#places = places;
    this.#questions++;
    this.#write(WHERE_IS_THE_CURSOR);
    this.#flush();
    clearTimeout(this.#questionTimer);
    this.#questionTimer = setTimeout(() => this.#settle(undefined), CURSOR_WAIT_MS);
  }

  #answered(column: number): void {
    if (this.#questions === 0) return;
    this.#questions--;
    // An answer to an earlier question speaks of an earlier size.
    if (this.#questions === 0) this.#settle(column);
  }

  /** The cursor's column tells what the terminal did with the rows. If it does not, nothing above is put at risk. */
  #settle(column: number | undefined): void {
    const places = this.#places;
    clearTimeout(this.#questionTimer);
    this.#questions = 0;
    this.#places = undefined;
    if (places === undefined) return;
    const { reflowed, kept } = places;
    const fits = [reflowed, kept].filter((place) => place.column === column);
    const row = fits.length === 1 ? fits[0]?.row : Math.min(reflowed.row, kept.row);
    this.#write(this.#live.settle(row ?? 0));
    if (this.#closed) return;
    this.#pressAll();
    this.#render();
  }

  /** The process ends without `close`: a second `^C`, or a fault. Whatever is still to be written is lost. */
  #restoreNow(): void {
    try {
      writeSync(STDOUT, this.#closed ? "" : `${PASTE_MARKS_OFF}\r\n`);
      this.#device.setRaw(false);
    } catch {
      // The terminal is gone; there is nothing to give back.
    }
  }
}
