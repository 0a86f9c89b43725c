// Typed lines, run in order. Messages do not wait for each other, everything else does: it may change what the next
// line means. Knows nothing of what the commands do.

import { Deque } from "../../transport/deque.ts";
import { REQUESTS_IN_FLIGHT_MAX } from "../limits.ts";
import type { ParsedLine } from "./commands.ts";

/** To be called once, when a line has come to its end. */
export type Finished = (now: number) => void;

interface LineRunner {
  /** What the line means now. */
  readonly parse: (line: string) => ParsedLine;
  readonly run: (now: number, parsed: ParsedLine, finished: Finished) => void;
  /** All lines there will ever be have come to their end. */
  readonly ended: (now: number) => void;
}

const isMessage = (parsed: ParsedLine): boolean =>
  parsed.kind === "command" && (parsed.name === "send" || parsed.name === "send_group");

/** With its end: an empty line takes room as well. */
const charsOf = (line: string): number => line.length + 1;

export class LineQueue {
  readonly #runner: LineRunner;
  #lines = new Deque<string>();
  #waitingChars = 0;
  #open = false;
  #running = 0;
  /** Something other than a message runs: all others wait. */
  #alone = false;
  #pumping = false;
  #ended = false;

  constructor(runner: LineRunner) {
    this.#runner = runner;
  }

  /** How much was typed and has not begun to run. */
  get waitingChars(): number {
    return this.#waitingChars;
  }

  /** Whether lines were typed that have not come to their end. */
  get busy(): boolean {
    return this.#running > 0 || this.#lines.first() !== undefined;
  }

  /** Lines may run from now on. */
  open(now: number): void {
    this.#open = true;
    this.#pump(now);
  }

  /** Nothing runs any more. */
  stop(): void {
    this.#open = false;
    this.#lines = new Deque();
    this.#waitingChars = 0;
  }

  push(now: number, line: string): void {
    if (this.#ended) return;
    this.#lines.push(line);
    this.#waitingChars += charsOf(line);
    this.#pump(now);
  }

  /** There will be no more lines. */
  end(now: number): void {
    this.#ended = true;
    this.#pump(now);
  }

  /** A loop, and not a call for each line: a long file of lines must not become a deep stack. */
  #pump(now: number): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#step(now));
    this.#pumping = false;
  }

  /** Starts the next line. Returns whether there may be another one to start. */
  #step(now: number): boolean {
    if (!this.#open || this.#alone) return false;
    const line = this.#lines.first();
    if (line === undefined) {
      if (!this.#ended || this.#running > 0) return false;
      this.stop();
      this.#runner.ended(now);
      return false;
    }
    const parsed = this.#runner.parse(line);
    const message = isMessage(parsed);
    if (this.#running >= (message ? REQUESTS_IN_FLIGHT_MAX : 1)) return false;
    this.#lines.shift();
    this.#waitingChars -= charsOf(line);
    this.#running++;
    this.#alone = !message;
    this.#runner.run(now, parsed, (later) => {
      this.#running--;
      if (!message) this.#alone = false;
      this.#pump(later);
    });
    return true;
  }
}
