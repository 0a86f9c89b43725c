// Reads standard input, whatever it is, and cuts it into lines where lines are wanted. Knows nothing of what it says.

/** Called with what there is to read; nothing more is read before it is done with that. */
type OnBytes = (bytes: Uint8Array) => Promise<void>;

/** Reads until the end. Rejects when there is nothing to read from. */
const readAll = async (onBytes: OnBytes): Promise<void> => {
  const stream = Bun.stdin.stream();
  if (stream.locked) {
    // Questions were asked before: `process.stdin` has the stream, and keeps it.
    const { stdin } = process;
    stdin.on("data", (bytes: Uint8Array) => {
      stdin.pause();
      void onBytes(bytes).then(() => stdin.resume());
    });
    await new Promise((resolve, reject) => {
      stdin.on("end", resolve);
      stdin.on("error", reject);
      stdin.resume();
    });
    return;
  }
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    await onBytes(value);
    // A descriptor that is always ready (a file, `/dev/zero`) has the next bytes before the loop has turned: signals,
    // timers and the socket would never have theirs.
    await new Promise((resolve) => setImmediate(resolve));
  }
};

/** Calls `onBytes` with what there is to read, as it comes, and `onEnd` once: at the end, or at once if there is nothing. */
export const readInput = (onBytes: OnBytes, onEnd: () => void): void => {
  // A folder, a closed descriptor, a terminal that is gone: none has anything more to say, like a file at its end.
  readAll(onBytes).then(onEnd, onEnd);
};

/** More of a line is not kept: it is longer than anything that can be sent, and told so. */
const LINE_KEPT_MAX_CHARS = 2_097_152;

/** Cuts input into lines at `\n`, `\r\n`, and at its end. Bytes that are not UTF-8 become U+FFFD. */
export class LineSplitter {
  readonly #utf8 = new TextDecoder();
  readonly #onLine: (text: string) => void;
  /** The beginning of a line whose end has not come. */
  #pieces: string[] = [];
  #chars = 0;

  constructor(onLine: (text: string) => void) {
    this.#onLine = onLine;
  }

  feed(bytes: Uint8Array): void {
    this.#split(this.#utf8.decode(bytes, { stream: true }));
  }

  /** The input has ended; a last line may lack its line end. */
  end(): void {
    this.#split(this.#utf8.decode());
    if (this.#pieces.length > 0) this.#give("");
  }

  #split(text: string): void {
    let from = 0;
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", from)) {
      this.#give(text.slice(from, at));
      from = at + 1;
    }
    if (from < text.length) this.#keep(text.slice(from));
  }

  #keep(piece: string): void {
    const kept = piece.slice(0, LINE_KEPT_MAX_CHARS - this.#chars);
    if (kept === "") return;
    this.#pieces.push(kept);
    this.#chars += kept.length;
  }

  #give(last: string): void {
    this.#keep(last);
    const line = this.#pieces.join("");
    this.#pieces = [];
    this.#chars = 0;
    this.#onLine(line.endsWith("\r") ? line.slice(0, -1) : line);
  }
}
