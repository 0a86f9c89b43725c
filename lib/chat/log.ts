// The log: the one order in which everything happens that users share. Knows nothing of what the entries say.
// A request becomes an entry, is appended, comes back committed with its place, is applied, and only then answered.

import type { ServerEvent } from "./events.ts";

/** What is appended. It has no place yet. */
export type LogEntry = ServerEvent;

/** What came back: its place is final, and the same for all who read the log. */
export interface CommittedEntry {
  /** 1 for the first entry of the log's life, then one more for each. */
  readonly index: number;
  readonly event: ServerEvent;
}

/**
 * Where entries get their order. What is appended together stays together and in order. Entries come back through the
 * function given to `follow`, in order of their index, each once, from the first one of the log's life on: those that
 * are there already at once, later ones (also those that others appended) when they are committed.
 */
export interface Log {
  append(entries: readonly LogEntry[]): void;
  follow(committed: (entries: readonly CommittedEntry[]) => void): void;
}

/** A log that is gone with the process: what is appended is committed at once. Keeps no entry, only the count. */
export class MemoryLog implements Log {
  #count = 0;
  #committed: ((entries: readonly CommittedEntry[]) => void) | undefined;

  append(entries: readonly LogEntry[]): void {
    this.#committed?.(entries.map((event) => ({ index: ++this.#count, event })));
  }

  /** To be called before the first `append`: nothing is kept for those who come later. */
  follow(committed: (entries: readonly CommittedEntry[]) => void): void {
    this.#committed = committed;
  }
}
