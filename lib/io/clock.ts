// The clock of the machines: milliseconds that only go on while this process is awake. A process that was stopped
// (SIGSTOP, a laptop asleep, a machine too busy) heard nobody, and must not take that for the silence of the others.

/** How late a wake-up may come from ordinary load. What goes beyond is time in which this process did not run. */
export const LATE_MAX_MS = 250;

/** For how much of the time up to `now` a process that meant to wake at `dueAt` was not running. All in ms. */
export const sleptThrough = (now: number, dueAt: number): number =>
  Math.max(0, now - dueAt - LATE_MAX_MS);

/** Monotonic, in ms. Wants to be told, whenever a timer is set, when the process is going to look again. */
export class Clock {
  readonly #source: () => number;
  #lostMs = 0;
  #dueAt = Infinity;

  /** `source`: the system's monotonic clock in ms. */
  constructor(source: () => number = () => performance.now()) {
    this.#source = source;
  }

  now(): number {
    const now = this.#source() - this.#lostMs;
    const lost = sleptThrough(now, this.#dueAt);
    this.#lostMs += lost;
    return now - lost;
  }

  /** A timer was set for `dueAt`, on this clock. Until the next call the clock stands still at `dueAt` + `LATE_MAX_MS`. */
  expect(dueAt: number): void {
    this.#dueAt = dueAt;
  }
}
