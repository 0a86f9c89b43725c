// A line that says how far a long run is, on terminals only.

const SHOWN_EVERY_MS = 250;

/** A terminal that does not tell how wide it is. */
const USUAL_COLUMNS = 80;

/** A line on standard error that is written over itself. */
export class Progress {
  #shownAt = Number.NEGATIVE_INFINITY;

  /** For what changes all the time: `text` is asked for only if it is time to show it. */
  offer(text: () => string): void {
    if (!process.stderr.isTTY || performance.now() - this.#shownAt < SHOWN_EVERY_MS) return;
    this.#shownAt = performance.now();
    this.show(text());
  }

  show(text: string): void {
    if (!process.stderr.isTTY) return;
    const columns = process.stderr.columns || USUAL_COLUMNS;
    process.stderr.write(`\r\x1b[K${text.slice(0, columns - 1)}`);
  }

  clear(): void {
    if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  }
}
