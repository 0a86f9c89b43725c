// What was typed at a process and what came of it: each line typed is matched with the line on the screen that ends it.
// Finds commands that end twice, never, or before those that they have to wait for.

import type { Line } from "../../lib/chat/line.ts";
import { type Expectation, expectationOf, type Outcome, WELCOME } from "./commands.ts";
import type { Findings } from "./findings.ts";
import type { End, Process } from "./process.ts";
import type { Watcher } from "./world.ts";

/** A line that was typed. */
export interface Typed {
  readonly process: Process;
  readonly line: string;
  readonly expected: Expectation;
  readonly at: number;
  /** It has to wait for another line that was typed before. */
  readonly behind: boolean;
  /** When the line that ends it was shown; infinity until then. */
  endedAt: number;
  /** "ended": the process came to its end first. */
  outcome: Outcome | "ended" | undefined;
}

interface Talk {
  /** Typed and not at their end, oldest first. */
  pending: Typed[];
  welcomedAt: number;
}

/** Lines that end no command, but only when one of these is pending may they be shown. */
const ANSWERS =
  /^\[(Message received by|No ACK from|Unable to send|Group \S+ created|Available group|Entered group|Members in|Usage:|Invalid command)/;

export class Conversations implements Watcher {
  readonly #findings: Findings;
  readonly #talks = new Map<Process, Talk>();
  readonly all: Typed[] = [];
  /** Called when a line came to its end. */
  onEnd: (now: number, typed: Typed) => void = () => {};
  /** Called when a line was typed. */
  onTyped: (typed: Typed) => void = () => {};

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  started(_now: number, process: Process): void {
    this.#talks.set(process, { pending: [], welcomedAt: Number.POSITIVE_INFINITY });
  }

  typed(now: number, process: Process, line: string): void {
    const expected = expectationOf(line, process.folded);
    const typed: Typed = {
      process,
      line,
      expected,
      at: now,
      behind: this.pending(process).some((one) => !one.expected.message),
      endedAt: Number.POSITIVE_INFINITY,
      outcome: undefined,
    };
    this.all.push(typed);
    this.onTyped(typed);
    if (expected.silent === true) {
      typed.endedAt = now;
      typed.outcome = "done";
    } else this.#talks.get(process)?.pending.push(typed);
  }

  /** Lines typed at this process that have not come to their end, oldest first. */
  pending(process: Process): readonly Typed[] {
    return this.#talks.get(process)?.pending ?? [];
  }

  /** When the process was registered; infinity if it is not. */
  welcomedAt(process: Process): number {
    return this.#talks.get(process)?.welcomedAt ?? Number.POSITIVE_INFINITY;
  }

  shown(now: number, process: Process, lines: readonly Line[]): void {
    if (process.isServer) return;
    const talk = this.#talks.get(process);
    if (talk === undefined) return;
    for (const line of lines) {
      if (line.text === WELCOME) {
        if (Number.isFinite(talk.welcomedAt)) {
          this.#findings.add("welcomed twice", `${process.name} was welcomed twice`);
        }
        talk.welcomedAt = now;
      }
      // What others say ends no command.
      if (line.kind !== "chat" && line.kind !== "group") this.#match(now, talk, line);
    }
  }

  ended(now: number, process: Process, _end: End): void {
    const talk = this.#talks.get(process);
    if (talk === undefined) return;
    for (const typed of talk.pending.splice(0)) this.#finish(now, typed, "ended");
  }

  #match(now: number, talk: Talk, line: Line): void {
    const { pending } = talk;
    let found = -1;
    let outcome: Outcome | undefined;
    for (const [index, typed] of pending.entries()) {
      const meant = typed.expected.outcome(line);
      if (meant === undefined) {
        if (outcome !== undefined && !typed.expected.message) break;
        continue;
      }
      found = index;
      outcome = meant;
      // Results come in the order of sending, but that there is no such user is known at once: it is the newest of
      // those that have begun.
      if (meant !== "no_such_user" || !typed.expected.message) break;
    }
    const typed = pending[found];
    if (typed === undefined || outcome === undefined) {
      if (ANSWERS.test(line.text)) {
        this.#findings.add("answer to nothing", `"${line.text}" answers no command`);
      }
      return;
    }
    if (outcome === "part") return;
    const first = pending
      .slice(0, found)
      .find((one) => !one.expected.message || !typed.expected.message);
    if (first !== undefined && outcome !== "no_such_user") {
      const what = `"${typed.line}" came to its end before "${first.line}"`;
      this.#findings.add("commands out of order", what);
    }
    pending.splice(found, 1);
    this.#finish(now, typed, outcome);
  }

  #finish(now: number, typed: Typed, outcome: Outcome | "ended"): void {
    typed.endedAt = now;
    typed.outcome = outcome;
    this.onEnd(now, typed);
  }
}
