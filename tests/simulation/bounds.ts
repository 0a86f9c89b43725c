// What must stay within bounds: how many datagrams are sent, how long sessions outlive their peer. Sees that something
// leaves a process, and whose sessions there are; nothing of what is in them.

import { REGISTRATION_IDLE_MS } from "../../lib/chat/limits.ts";
import type { Findings } from "./findings.ts";
import type { Process } from "./process.ts";
import type { SessionPair } from "./sessions.ts";
import type { Watcher } from "./world.ts";

/** A host with little to say sends no more than this in a second: above it, something goes round in circles. */
const DATAGRAMS_PER_SECOND_MAX = 20_000;

/** So long after its peer's end a session is forgotten: by idleness, on a clock of its own, after a stall. */
export const FORGOTTEN_MS = REGISTRATION_IDLE_MS * 1.1 + 5_000;

interface Count {
  second: number;
  datagrams: number;
}

export class Bounds implements Watcher {
  readonly #findings: Findings;
  readonly #counts = new Map<Process, Count>();
  /** When who ended, by key. */
  readonly #endedAt = new Map<string, number>();
  /** Datagrams sent by all since the last call of `takeSent`. */
  #sent = 0;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  sent(now: number, process: Process): void {
    this.#sent++;
    let count = this.#counts.get(process);
    if (count === undefined) {
      count = { second: 0, datagrams: 0 };
      this.#counts.set(process, count);
    }
    const second = Math.floor(now / 1_000);
    if (count.second !== second) {
      count.second = second;
      count.datagrams = 0;
    }
    count.datagrams++;
    if (count.datagrams === DATAGRAMS_PER_SECOND_MAX) {
      const what = `${process.name || "the server"} sent ${count.datagrams} datagrams in a second`;
      this.#findings.add("too many datagrams", what);
    }
  }

  /** A server may have the key of the one before it. */
  started(_now: number, process: Process): void {
    this.#endedAt.delete(process.key);
  }

  ended(now: number, process: Process): void {
    this.#endedAt.set(process.key, now);
  }

  /** Of these sessions, those of a process that still runs with one that has ended. */
  forsaken(sessions: readonly SessionPair[]): readonly SessionPair[] {
    return sessions.filter(([own, peer]) => !this.#endedAt.has(own) && this.#endedAt.has(peer));
  }

  /** Whoever still runs has forgotten those who ended long ago. */
  checkForgotten(now: number, sessions: readonly SessionPair[]): void {
    for (const [own, peer] of this.forsaken(sessions)) {
      const endedAt = this.#endedAt.get(peer)!;
      if (now - endedAt < FORGOTTEN_MS) continue;
      const what = `${own} has a session with ${peer}, which ended at ${endedAt}`;
      this.#findings.add("session not forgotten", what);
    }
  }

  /** Datagrams sent by all since it was last asked. */
  takeSent(): number {
    const sent = this.#sent;
    this.#sent = 0;
    return sent;
  }
}
