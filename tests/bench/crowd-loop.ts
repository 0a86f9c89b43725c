// Turns the cranks of many clients in one process. Each of them stands for a machine of its own, which has long read what
// arrived when it looks at its clock; so here nobody's clock is looked at before what has arrived for all of them is read,
// and the time that one processor is behind counts for none of them. In all else it does as the drive loop of the programs.

import type { Machine } from "../../lib/chat/machine.ts";
import { Clock } from "../../lib/io/clock.ts";
import type { Outlets } from "../../lib/io/drive.ts";
import type { Address } from "../../lib/transport/address.ts";
import { DeadlineQueue, type Scheduled } from "../../lib/transport/deadline-queue.ts";

/** Clocks are looked at after so long in any case. */
const POSTPONED_MAX_MS = 10_000;

export class CrowdLoop {
  readonly #clock = new Clock();
  readonly #deadlines = new DeadlineQueue<Seat>();
  #touched = new Set<Seat>();
  #turnScheduled = false;
  #timer: Timer | undefined;
  #timerAt = Infinity;
  /** Whether anything was read since the clocks were to be looked at. */
  #hasRead = false;

  seat(machine: Machine, outlets: Outlets): Seat {
    return new Seat(machine, outlets, this);
  }

  datagram(seat: Seat, from: Address, bytes: Uint8Array): void {
    this.#hasRead = true;
    seat.machine.receive(this.#clock.now(), from, bytes);
    this.touch(seat);
  }

  act(seat: Seat, action: (now: number) => void): void {
    action(this.#clock.now());
    this.touch(seat);
  }

  /** It is flushed at the end of this turn. */
  touch(seat: Seat): void {
    this.#touched.add(seat);
    if (this.#turnScheduled) return;
    this.#turnScheduled = true;
    setImmediate(() => this.#turn());
  }

  remove(seat: Seat): void {
    this.#touched.delete(seat);
    this.#deadlines.remove(seat);
  }

  #turn(): void {
    this.#turnScheduled = false;
    const touched = this.#touched;
    this.#touched = new Set();
    for (const seat of touched) this.#flush(seat);
    this.#arm();
  }

  #flush(seat: Seat): void {
    const { machine, outlets } = seat;
    const { lines, datagrams, exit } = machine.flush(this.#clock.now());
    if (lines.length > 0) outlets.show(lines);
    if (datagrams.length > 0) outlets.send(datagrams);
    if (exit === undefined) {
      this.#deadlines.schedule(seat, machine.nextWakeup());
      return;
    }
    seat.stop();
    outlets.exit(exit);
  }

  #arm(): void {
    const now = this.#clock.now();
    const { next } = this.#deadlines;
    if (next < this.#timerAt) {
      clearTimeout(this.#timer);
      this.#timerAt = next;
      this.#timer = setTimeout(() => this.#onTimer(), Math.max(0, Math.ceil(next - now)));
    }
    this.#clock.expect(Math.max(now, this.#timerAt));
  }

  #onTimer(since = performance.now()): void {
    this.#hasRead = false;
    // The first of the two runs before the loop looks at the sockets again, the second one after it.
    setImmediate(() => setImmediate(() => this.#afterReading(since)));
  }

  #afterReading(since: number): void {
    if (this.#hasRead && performance.now() - since < POSTPONED_MAX_MS) return this.#onTimer(since);
    const now = this.#clock.now();
    this.#timerAt = Infinity;
    for (let seat = this.#deadlines.popDue(now); seat !== undefined;) {
      seat.machine.wake(now);
      this.touch(seat);
      seat = this.#deadlines.popDue(now);
    }
    this.#arm();
  }
}

/** One client's place in it, in the shape of a drive loop of its own. */
class Seat implements Scheduled {
  readonly machine: Machine;
  readonly outlets: Outlets;
  /** Those of the queue of deadlines. */
  wakeAt = Infinity;
  place = -1;
  readonly #loop: CrowdLoop;
  #stopped = false;

  constructor(machine: Machine, outlets: Outlets, loop: CrowdLoop) {
    this.machine = machine;
    this.outlets = outlets;
    this.#loop = loop;
  }

  start(): void {
    this.#loop.touch(this);
  }

  datagram(from: Address, bytes: Uint8Array): void {
    if (!this.#stopped) this.#loop.datagram(this, from, bytes);
  }

  act(action: (now: number) => void): void {
    if (!this.#stopped) this.#loop.act(this, action);
  }

  stop(): void {
    this.#stopped = true;
    this.#loop.remove(this);
  }
}
