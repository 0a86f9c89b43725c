// Writes text to a file descriptor: in order, all of it, and without ever holding up the program, however slow the
// reader is. Knows nothing of what is written.
//
// Not `process.stdout`: it reports a write as done before the pipe has it, and turns a pipe that other programs share into
// a non-blocking one.

import { write } from "node:fs";

/** A reader that is behind by more than this gets it in pieces; a smaller piece costs more calls, a larger one memory. */
const PIECE_MAX_CHARS = 1_048_576;

/** Writes begin at least so far apart: each one costs two other threads a switch, and what comes meanwhile joins the next. */
const WRITE_INTERVAL_MS = 10;

/** How long to wait for a non-blocking descriptor that takes no more (EAGAIN); nobody tells when it does again. */
const FULL_PAUSE_MS = 5;

export class Output {
  readonly #descriptor: number;
  readonly #onLost: (error: NodeJS.ErrnoException) => void;
  #waiting: string[] = [];
  #waitingChars = 0;
  /** From the first text that waits until the last one is written. */
  #busy = false;
  #lost = false;
  #begunAt = Number.NEGATIVE_INFINITY;
  #pause: Timer | undefined;
  #whenDrained: (() => void)[] = [];

  /** `onLost` is called once, when nobody reads any more (EPIPE) or writing fails for good; then all is dropped. */
  constructor(descriptor: number, onLost: (error: NodeJS.ErrnoException) => void) {
    this.#descriptor = descriptor;
    this.#onLost = onLost;
  }

  /** How much waits to be written. */
  get waitingChars(): number {
    return this.#waitingChars;
  }

  write(text: string): void {
    if (this.#lost || text === "") return;
    this.#waiting.push(text);
    this.#waitingChars += text.length;
    if (this.#busy) return;
    this.#busy = true;
    this.#next();
  }

  /** Resolves when all that was written is with the reader, or nobody reads any more. */
  drained(): Promise<void> {
    if (!this.#busy) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#whenDrained.push(resolve);
    // Somebody waits for it: it does not wait for more.
    if (this.#pause !== undefined) this.#begin();
    return promise;
  }

  #next(): void {
    if (this.#waiting.length === 0) {
      this.#busy = false;
      for (const resolve of this.#whenDrained.splice(0)) resolve();
      return;
    }
    const pauseMs = this.#begunAt + WRITE_INTERVAL_MS - performance.now();
    if (pauseMs <= 0 || this.#whenDrained.length > 0) this.#begin();
    else this.#pause = setTimeout(() => this.#begin(), pauseMs);
  }

  #begin(): void {
    clearTimeout(this.#pause);
    this.#pause = undefined;
    this.#begunAt = performance.now();
    let text = "";
    let taken = 0;
    while (taken < this.#waiting.length && text.length < PIECE_MAX_CHARS)
      text += this.#waiting[taken++];
    this.#waiting = taken === this.#waiting.length ? [] : this.#waiting.slice(taken);
    this.#waitingChars -= text.length;
    this.#send(Buffer.from(text));
  }

  #send(bytes: Uint8Array): void {
    write(this.#descriptor, bytes, (error, written) => {
      if (error === null || error === undefined) {
        if (written < bytes.length) this.#send(bytes.subarray(written));
        else this.#next();
      } else if (error.code === "EAGAIN") setTimeout(() => this.#send(bytes), FULL_PAUSE_MS);
      else if (error.code === "EINTR") this.#send(bytes);
      else this.#lose(error);
    });
  }

  #lose(error: NodeJS.ErrnoException): void {
    this.#lost = true;
    this.#waiting = [];
    this.#waitingChars = 0;
    this.#next();
    this.#onLost(error);
  }
}
