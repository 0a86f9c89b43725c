// Gives back the memory that a rush has left behind. The engine looks for what nobody needs while it makes new things: a
// program that falls silent after a rush would keep all of it. Knows nothing of what is kept.

/** What the process uses, and how it is told to look. */
export interface Usage {
  /** Resident, in bytes. */
  readonly memoryBytes: () => number;
  /** Time of one processor since its start, in ms. */
  readonly processorMs: () => number;
  /** Looks for what nobody needs, and gives it back. Takes some 10 ms, and 100 ms with 10,000 clients. */
  readonly collect: () => void;
}

const LOOK_EVERY_MS = 5_000;

/** With more of one processor in use than this share, there is something better to do. */
const IDLE_SHARE = 0.1;

/** What is worth the trouble. The engine itself lets as much gather before it looks. */
const GROWTH_MIN_BYTES = 16 * 1_048_576;

/** A flood leaves garbage behind faster than the engine looks: with so much of it there is nothing better to do. */
const GROWTH_BUSY_BYTES = 20 * 1_048_576;

/** As long as that takes no more than this share of the time. */
const BUSY_SHARE_MAX = 0.01;

/** After this, what was silent is forgotten as well: sessions end after 45 s. */
const FORGOTTEN_MS = 60_000;

export class MemoryKeeper {
  readonly #usage: Usage;
  #settledBytes: number;
  #processorMs: number;
  #lookedAt: number;
  /** When to collect once more; infinity for no such need. */
  #againAt = Number.POSITIVE_INFINITY;
  /** Before this, a busy program does not collect. */
  #notBusyBefore = Number.NEGATIVE_INFINITY;

  /** `now` in ms, monotonic. */
  constructor(now: number, usage: Usage) {
    this.#usage = usage;
    this.#lookedAt = now;
    this.#settledBytes = usage.memoryBytes();
    this.#processorMs = usage.processorMs();
  }

  /** Call it every few seconds. */
  look(now: number): void {
    const processorMs = this.#usage.processorMs();
    const share = (processorMs - this.#processorMs) / (now - this.#lookedAt);
    this.#processorMs = processorMs;
    this.#lookedAt = now;
    const growth = this.#usage.memoryBytes() - this.#settledBytes;
    if (share > IDLE_SHARE) {
      if (growth > GROWTH_BUSY_BYTES && now >= this.#notBusyBefore) this.#collectBusy(now);
      return;
    }
    if (growth > GROWTH_MIN_BYTES) this.#againAt = now + FORGOTTEN_MS;
    else if (now < this.#againAt) return;
    else this.#againAt = Number.POSITIVE_INFINITY;
    this.#usage.collect();
    this.#settledBytes = this.#usage.memoryBytes();
  }

  /** What is left may be needed or not: what settles is seen when there is peace. */
  #collectBusy(now: number): void {
    const begunMs = this.#usage.processorMs();
    this.#usage.collect();
    this.#notBusyBefore = now + (this.#usage.processorMs() - begunMs) / BUSY_SHARE_MAX;
  }
}

const PROCESS: Usage = {
  memoryBytes: () => process.memoryUsage.rss(),
  processorMs: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  },
  collect: () => Bun.gc(true),
};

/** From now on, as long as the process lives for other reasons. */
export const giveMemoryBack = (): void => {
  const keeper = new MemoryKeeper(performance.now(), PROCESS);
  setInterval(() => keeper.look(performance.now()), LOOK_EVERY_MS).unref();
};
