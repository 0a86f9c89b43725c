// The world of a run: processes, their network and virtual time. Jumps from one moment at which something happens to
// the next. Says what happens to whoever watches; judges nothing.

import { everyLine, type Line } from "../../lib/chat/line.ts";
import type { CommittedEntry, LogEntry } from "../../lib/chat/log.ts";
import type { Output } from "../../lib/chat/machine.ts";
import type { ServerMachine } from "../../lib/chat/server/server-machine.ts";
import type { Datagram } from "../../lib/transport/address.ts";
import { Heap, type Timed } from "./heap.ts";
import type { Network, Seat } from "./network.ts";
import { type End, Process, type ProcessOptions } from "./process.ts";
import type { RunHash } from "./run-hash.ts";

/** What there is to see. */
export interface Watcher {
  started?(now: number, process: Process): void;
  /** Lines appeared on a process's screen, all in one turn. */
  shown?(now: number, process: Process, lines: readonly Line[]): void;
  /** Entries got their place in the log of this server. */
  committed?(now: number, server: Process, entries: readonly CommittedEntry[]): void;
  ended?(now: number, process: Process, end: End): void;
  /** A datagram left a process. */
  sent?(now: number, process: Process, datagram: Datagram): void;
  typed?(now: number, process: Process, line: string): void;
  /** Anything else worth a line in the trace. */
  noted?(now: number, text: string): void;
}

interface Action extends Timed {
  readonly run: (now: number) => void;
}

/** A process that wants to be woken so often at one and the same moment will go on with that for ever. */
const TURNS_PER_MOMENT_MAX = 1_000;

export class World {
  now = 0;
  readonly network: Network;
  readonly hash: RunHash;
  readonly watchers: Watcher[] = [];
  /** By seat: what runs there, or ran there last. */
  readonly processes: Process[] = [];
  readonly #logMs: number;
  readonly #tickMs: number;
  readonly #actions = new Heap<Action>();
  #lastId = 0;
  #logIndex = 0;

  constructor(network: Network, hash: RunHash, options: { logMs: number; tickMs: number }) {
    this.network = network;
    this.hash = hash;
    this.#logMs = options.logMs;
    this.#tickMs = options.tickMs;
  }

  /** What runs at a seat now. */
  running(seat: Seat): Process | undefined {
    const process = this.processes[seat];
    return process?.running === true ? process : undefined;
  }

  /** Something that happens then. */
  at(moment: number, run: (now: number) => void): void {
    this.#actions.push({ at: Math.max(moment, this.now), order: 0, run });
  }

  start(options: Omit<ProcessOptions, "id" | "startedAt">): Process {
    const process = new Process({ ...options, id: ++this.#lastId, startedAt: this.now });
    this.processes[options.seat] = process;
    if (process.isServer) this.#logIndex = 0;
    for (const watcher of this.watchers) watcher.started?.(this.now, process);
    return process;
  }

  /** Something happens to the machine of a process: a line typed, a signal. */
  act(process: Process, action: (local: number) => void): void {
    if (!process.running) return;
    action(process.local(this.now));
    process.touched = true;
  }

  /** The process is gone, at once and without a word. */
  kill(process: Process): void {
    if (process.running) this.#end(process, "killed");
  }

  /** The process does not run for a while. */
  stall(process: Process, forMs: number): void {
    const stoppedAt = this.now;
    if (process.stalled(this.now)) return;
    process.stall(this.now, forMs);
    this.at(stoppedAt + forMs, (now) => {
      if (process.running) process.resume(now, stoppedAt);
    });
  }

  note(text: string): void {
    for (const watcher of this.watchers) watcher.noted?.(this.now, text);
  }

  /** Runs until `done`, at most up to the moment `end`. Returns whether it is done. */
  runUntil(end: number, done: () => boolean): boolean {
    this.#settle();
    while (!done()) {
      const next = this.#nextMoment();
      if (next > end) {
        this.now = Math.max(this.now, Math.min(end, next));
        return false;
      }
      this.now = Math.max(this.now, next);
      this.#step();
      this.#settle();
    }
    return true;
  }

  #nextMoment(): number {
    let next = Math.min(this.network.next, this.#actions.next);
    for (const process of this.processes) {
      if (process?.running !== true) continue;
      const at = Math.max(process.wakeAt, process.stalledUntil);
      if (at < next) next = at;
    }
    const tick = this.#tickMs;
    return tick === 0 || !Number.isFinite(next) ? next : Math.ceil(next / tick) * tick;
  }

  #step(): void {
    const { now } = this;
    for (let action = this.#actions.popDue(now); action !== undefined;) {
      action.run(now);
      action = this.#actions.popDue(now);
    }
    for (let arrival = this.network.take(now); arrival !== undefined;) {
      const { seat, from, bytes } = arrival;
      this.running(seat)?.receive(now, from, bytes);
      arrival = this.network.take(now);
    }
    for (const process of this.processes) {
      if (process?.running !== true || process.wakeAt > now || process.stalled(now)) continue;
      process.wake(now);
    }
  }

  /** Every process to which something happened gets its turns, until nothing more comes of it at this moment. */
  #settle(): void {
    for (let turn = 0; ; turn++) {
      let touched = false;
      for (const process of this.processes) {
        if (process?.running !== true || !process.touched || process.stalled(this.now)) continue;
        touched = true;
        process.touched = false;
        this.#emit(process, process.machine.flush(process.local(this.now)));
        process.arm();
      }
      if (!touched) return;
      if (turn > TURNS_PER_MOMENT_MAX) throw new Error("a process never comes to rest");
    }
  }

  #emit(process: Process, { lines, datagrams, appends, more, exit }: Output): void {
    const { now, hash } = this;
    if (lines.length > 0) {
      const all = everyLine(lines);
      for (const line of all) hash.text(line.text);
      for (const watcher of this.watchers) watcher.shown?.(now, process, all);
    }
    for (const datagram of datagrams) {
      hash.numbers(now, process.id, datagram.to.port, datagram.bytes.length);
      for (const watcher of this.watchers) watcher.sent?.(now, process, datagram);
      this.network.send(now, process.seat, datagram);
    }
    if (appends !== undefined) this.#append(process, appends);
    if (more === true) process.touched = true;
    if (exit !== undefined) this.#end(process, exit);
  }

  #append(server: Process, appends: readonly LogEntry[]): void {
    const entries = appends.map((event) => ({ index: ++this.#logIndex, event }));
    const commit = (now: number): void => {
      if (!server.running) return;
      for (const watcher of this.watchers) watcher.committed?.(now, server, entries);
      (server.machine as ServerMachine).committed(server.local(now), entries);
      server.touched = true;
    };
    if (this.#logMs === 0) commit(this.now);
    else this.at(this.now + this.#logMs, commit);
  }

  #end(process: Process, end: End): void {
    process.end = end;
    process.endedAt = this.now;
    for (const watcher of this.watchers) watcher.ended?.(this.now, process, end);
  }
}
