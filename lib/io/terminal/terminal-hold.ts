// What a live console has in hand while the terminal is its own: the raw mode, the signals of the process, its being
// stopped and going on. Gives all of it back. Draws nothing and reads no keys.

import type { Interruption } from "./console.ts";
import { PASTE_MARKS_OFF } from "./keyboard.ts";
import { setRaw, SUSPEND_WAIT_MS } from "./tty.ts";

interface HoldEvents {
  /** A signal ends the program: called before that is passed on. */
  readonly beforeInterrupt: () => void;
  /** The process goes on after it was stopped, or could not be stopped. */
  readonly onContinue: () => void;
}

export class TerminalHold {
  readonly #interruption: Interruption;
  readonly #events: HoldEvents;
  #stopped = false;
  /** What a process that ends without `release` leaves to be taken off. */
  #isDrawn = true;
  readonly #onExit = (): void => this.#restoreNow();
  readonly #onContinue = (): void => this.#goOn();

  constructor(interruption: Interruption, events: HoldEvents) {
    this.#interruption = interruption;
    this.#events = events;
  }

  /** What happens to the process concerns the terminal from now on. */
  take(): void {
    this.#interruption.listen(this.#events.beforeInterrupt);
    process.on("SIGCONT", this.#onContinue);
    process.on("exit", this.#onExit);
  }

  release(): void {
    process.off("exit", this.#onExit);
    process.off("SIGCONT", this.#onContinue);
    this.#interruption.ignore();
  }

  /** Everything drawn has been taken off again. */
  cleared(): void {
    this.#isDrawn = false;
  }

  /** Somebody else may have changed the mode; asking for the one that is thought to be on does nothing. */
  rawAgain(): void {
    setRaw(false);
    setRaw(true);
  }

  /** Stops the whole job, as the terminal would do it. */
  stop(): void {
    this.#stopped = true;
    setRaw(false);
    process.kill(0, "SIGTSTP");
    // Twice, since after a long stop this timer may be seen before the signal that ended it.
    setTimeout(() => setTimeout(() => this.#wasNotStopped(), SUSPEND_WAIT_MS), SUSPEND_WAIT_MS);
  }

  #wasNotStopped(): void {
    if (this.#stopped) this.#goOn();
  }

  #goOn(): void {
    this.#stopped = false;
    this.#events.onContinue();
  }

  /** The process ends without `release`: a second `^C`, or a fault. Whatever is still to be written is lost. */
  #restoreNow(): void {
    try {
      console.write(this.#isDrawn ? `${PASTE_MARKS_OFF}\r\n` : "");
      setRaw(false);
    } catch {
      // The terminal is gone; there is nothing to give back.
    }
  }
}
