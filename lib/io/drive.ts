// The drive loop: turns the crank of a machine with real datagrams, real keystrokes and real time. Knows no chat and no
// transport, only when the machine wants to be woken and where its output goes.
//
// One turn of the loop: everything that has arrived is handed to the machine, then one flush shows, sends and appends
// what came of it; with very much to send, several turns, so that nobody's acknowledgement is lost for want of room.
// Where datagrams come one at a time, each is answered before the socket is asked for another. Datagrams that are waiting
// are read before a timer is looked at: what lies in the buffer may be the very acknowledgement that the timer waits for.

import type { Line } from "../chat/line.ts";
import type { LogEntry } from "../chat/log.ts";
import type { Machine, Mismatch, Output } from "../chat/machine.ts";
import type { Address, Datagram } from "../transport/address.ts";
import { Clock } from "./clock.ts";

/** Bun reads a socket until it is empty, however long that takes; the machine's answers do not wait longer than this. */
const TURN_MAX_DATAGRAMS = 1_000;

/** Nor longer than this: the datagrams of a handshake take a hundred times as long as others. */
const TURN_MAX_MS = 20;

/** To look at the clock with every datagram would cost more than it brings. */
const LOOK_EVERY_DATAGRAMS = 16;

/** Datagrams that one turn sends, after its first part, before arrivals (their acknowledgements) are read. */
const TURN_MAX_SENT_DATAGRAMS = 1_000;

/** A flood never leaves the buffer empty. Timers that are overdue by this much no longer wait for that. */
const WAKE_POSTPONED_MAX_MS = 50;

/** The longest time without a look at the clock, so that time in which the process did not run is noticed as such. */
const NAP_MAX_MS = 1_000;

/** After a fault the machine may ask for the same wake-up again, at once; the loop must not spin on it. */
const FAULT_PAUSE_MS = 100;

/** Where the machine's output goes. None of these may throw. */
export interface Outlets {
  readonly show: (lines: readonly Line[]) => void;
  readonly send: (datagrams: readonly Datagram[]) => void;
  /** Only a server's machine appends. What is committed comes back through `Drive.act`, now or later. */
  readonly append?: (entries: readonly LogEntry[]) => void;
  /** Only a client's machine says this: its server has proved that it has this key. */
  readonly serverKey?: (key: Uint8Array) => void;
  /** Everything before it was shown and sent. Nothing follows. About a mismatch there was no line. */
  readonly exit: (status: number, mismatch?: Mismatch) => void;
  /** The machine threw: a fault of this program. What caused it is dropped, the loop goes on. */
  readonly fault: (error: unknown) => void;
}

export class Drive {
  readonly #machine: Machine;
  readonly #outlets: Outlets;
  readonly #clock: Clock;
  #timer: Timer | undefined;
  /** When the timer goes off, on the machine's clock. */
  #timerAt = Infinity;
  /** No timer is set for an earlier time, see `FAULT_PAUSE_MS`. */
  #notBefore = -Infinity;
  #datagramsThisTurn = 0;
  /** When the first of them came. */
  #turnBegunAt = 0;
  /** The turn before had one datagram at most: the next one is likely to be alone as well. */
  #oneAtATime = false;
  #endScheduled = false;
  /** The machine may have something to say. */
  #flushDue = false;
  #flushing = false;
  #flushAgain = false;
  /** The last flush was a fault: what it was to send is still due. */
  #flushFailed = false;
  #stopped = false;

  constructor(machine: Machine, outlets: Outlets, clock: Clock = new Clock()) {
    this.#machine = machine;
    this.#outlets = outlets;
    this.#clock = clock;
  }

  /** The first turn: what the machine has to say unasked. */
  start(): void {
    this.#schedule();
  }

  /** A datagram has arrived. */
  datagram(from: Address, bytes: Uint8Array): void {
    if (this.#stopped) return;
    const now = this.#clock.now();
    // As `#attempt`, but without a function made anew for each datagram.
    try {
      this.#machine.receive(now, from, bytes);
    } catch (error) {
      this.#onFault(now, error);
    }
    if (this.#datagramsThisTurn === 0) this.#turnBegunAt = now;
    this.#datagramsThisTurn++;
    if (this.#turnIsFull()) this.#endFullTurn();
    else this.#schedule();
    if (this.#oneAtATime && this.#datagramsThisTurn === 1) this.#flush();
  }

  /** Anything else that happens to the machine: a line typed, a signal, entries committed. */
  act(action: (now: number) => void): void {
    this.#attempt(action);
    if (this.#flushing) this.#flushAgain = true;
    else this.#schedule();
  }

  /** Ends the loop without another word to the machine. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** What the machine answers; undefined once the loop has ended, and after a fault. */
  #attempt<Answer>(action: (now: number) => Answer): Answer | undefined {
    if (this.#stopped) return undefined;
    const now = this.#clock.now();
    try {
      return action(now);
    } catch (error) {
      this.#onFault(now, error);
      return undefined;
    }
  }

  #onFault(now: number, error: unknown): void {
    this.#notBefore = now + FAULT_PAUSE_MS;
    this.#outlets.fault(error);
  }

  #schedule(): void {
    this.#flushDue = true;
    if (this.#endScheduled || this.#stopped) return;
    this.#endScheduled = true;
    setImmediate(() => this.#endTurn());
  }

  #endTurn(): void {
    this.#endScheduled = false;
    this.#oneAtATime = this.#datagramsThisTurn <= 1;
    this.#datagramsThisTurn = 0;
    if (this.#flushDue) this.#flush();
  }

  #turnIsFull(): boolean {
    const count = this.#datagramsThisTurn;
    if (count >= TURN_MAX_DATAGRAMS) return true;
    if (count % LOOK_EVERY_DATAGRAMS !== 0) return false;
    return this.#clock.now() - this.#turnBegunAt >= TURN_MAX_MS;
  }

  /** The socket is not empty yet, and Bun does not leave it before it is: this turn ends here all the same. */
  #endFullTurn(): void {
    if (this.#clock.now() - this.#machine.nextWakeup() > WAKE_POSTPONED_MAX_MS) this.#wake();
    this.#oneAtATime = false;
    this.#datagramsThisTurn = 0;
    this.#flush();
  }

  #wake(): void {
    this.#attempt((now) => this.#machine.wake(now));
  }

  #flush(): void {
    this.#flushDue = false;
    this.#flushing = true;
    this.#flushFailed = false;
    let sent: number | undefined;
    do {
      this.#flushAgain = false;
      const output = this.#attempt((now) => this.#machine.flush(now));
      if (output === undefined) {
        this.#flushFailed = true;
        continue;
      }
      this.#emit(output);
      // The first part may be full of answers to strangers.
      sent = sent === undefined ? 0 : sent + output.datagrams.length;
      if (output.more === true) this.#goOn(sent);
    } while (this.#flushAgain && !this.#stopped);
    this.#flushing = false;
    this.#arm();
  }

  /** There is more to send: at once, or after so much when all that has arrived is read, also in the middle of reading. */
  #goOn(sent: number): void {
    if (sent < TURN_MAX_SENT_DATAGRAMS) {
      this.#flushAgain = true;
      return;
    }
    this.#oneAtATime = false;
    this.#schedule();
  }

  #emit({ lines, datagrams, appends, serverKey, mismatch, exit }: Output): void {
    if (serverKey !== undefined) this.#outlets.serverKey?.(serverKey);
    if (lines.length > 0) this.#outlets.show(lines);
    if (datagrams.length > 0) this.#outlets.send(datagrams);
    if (appends !== undefined && appends.length > 0) this.#outlets.append?.(appends);
    if (exit === undefined) return;
    this.stop();
    this.#outlets.exit(exit, mismatch);
  }

  /** A timer that goes off too early costs less than setting it anew each turn, so one that is set stays. */
  #arm(): void {
    if (this.#stopped) return;
    const now = this.#clock.now();
    const dueNext = this.#flushFailed ? now : this.#machine.nextWakeup();
    const wakeAt = Math.max(dueNext, this.#notBefore);
    const dueAt = Math.min(wakeAt, now + NAP_MAX_MS);
    if (this.#timer === undefined || this.#timerAt > dueAt) {
      clearTimeout(this.#timer);
      this.#timerAt = dueAt;
      this.#timer = setTimeout(() => this.#onTimer(), Math.max(0, Math.ceil(dueAt - now)));
    }
    // In a flood the timer may be overdue here. The process is awake all the same.
    this.#clock.expect(Math.max(now, this.#timerAt));
  }

  #onTimer(): void {
    this.#timer = undefined;
    // The first of the two runs before the loop looks at the socket again, the second one after it.
    setImmediate(() => setImmediate(() => this.#afterReading()));
  }

  #afterReading(): void {
    if (this.#stopped) return;
    const isDue = this.#machine.nextWakeup() <= this.#clock.now();
    if (!isDue && !this.#flushFailed) return this.#arm();
    if (isDue) this.#wake();
    this.#flush();
  }
}
