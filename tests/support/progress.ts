// A line that says how far a long run is, on terminals only.

const SHOWN_EVERY_MS = 250;

/** A line on standard error that is written over itself. */
export class Progress {
  #shownAt = Number.NEGATIVE_INFINITY;

  show(text: () => string): void {
    if (!process.stderr.isTTY || performance.now() - this.#shownAt < SHOWN_EVERY_MS) return;
    this.#shownAt = performance.now();
    process.stderr.write(`\r\x1b[K${text()}`);
  }

  clear(): void {
    if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  }
}
