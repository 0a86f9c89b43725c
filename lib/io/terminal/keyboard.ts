// The keys that are pressed at a terminal: what comes from standard input, as pieces that the console understands. It can
// be left to somebody else for a while. Knows no lines and draws nothing.

import type { CursorReport } from "./key-filter.ts";
import { KeyFilter } from "./key-filter.ts";

/** What a terminal is told, so that it puts marks around what is pasted. */
export const PASTE_MARKS_ON = "\x1b[?2004h";
export const PASTE_MARKS_OFF = "\x1b[?2004l";

/** The byte of `^C`. */
export const CONTROL_C = 0x03;

/** Who has not pressed a key for this long has looked up, and sees what has changed on the screen. */
const STILL_MS = 500;

/** What was pressed before anybody listened has come by then. */
const EARLIER_MS = 100;

/** What comes, and that nothing will come any more: the terminal is gone. */
interface KeyboardEvents {
  readonly onBytes: (bytes: Uint8Array) => void;
  readonly onEnd: () => void;
}

export class Keyboard {
  readonly #events: KeyboardEvents;
  readonly #filter = new KeyFilter();
  #lastAt = Number.NEGATIVE_INFINITY;
  #open = false;
  readonly #onData = (bytes: Buffer): void => {
    this.#lastAt = performance.now();
    this.#events.onBytes(bytes);
  };

  constructor(events: KeyboardEvents) {
    this.#events = events;
  }

  /** What `bytes` mean. */
  read(bytes: Uint8Array): (string | CursorReport)[] {
    return this.#filter.feed(bytes, performance.now());
  }

  /** From now on every key is read; those that were pressed before are still there. */
  listen(): void {
    const { stdin } = process;
    if (!this.#open) {
      this.#open = true;
      this.#lastAt = performance.now() + EARLIER_MS - STILL_MS;
      stdin.on("end", this.#events.onEnd);
      stdin.on("error", this.#events.onEnd);
    }
    stdin.on("data", this.#onData);
    stdin.resume();
  }

  /** The next keys are somebody else's. */
  leave(): void {
    process.stdin.off("data", this.#onData).pause();
  }

  /** Resolves when no key was pressed for a while. */
  async still(): Promise<void> {
    for (;;) {
      const restMs = this.#lastAt + STILL_MS - performance.now();
      if (restMs <= 0) return;
      await Bun.sleep(restMs);
    }
  }
}
