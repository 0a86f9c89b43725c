// A program that runs on a simulated host: its machine, its clock, and whether it runs at all. Knows no network.

import type { Machine } from "../../lib/chat/machine.ts";
import { sleptThrough } from "../../lib/io/clock.ts";
import type { Address } from "../../lib/transport/address.ts";
import type { Seat } from "./network.ts";

/** How a process ended: with a status of its own, or killed. */
export type End = number | "killed";

/** A process that does not run has its datagrams kept by the kernel, up to so many. */
const SOCKET_BUFFER_DATAGRAMS = 256;

/** However little there is to do, the drive loop looks at the clock this often. */
const NAP_MAX_MS = 1_000;

export interface ProcessOptions {
  readonly id: number;
  readonly seat: Seat;
  /** The user's name; "" for a server. */
  readonly name: string;
  /** The static public key, in hexadecimal digits. */
  readonly key: string;
  readonly machine: Machine;
  readonly startedAt: number;
  /** What the clock shows at moment 0, and how fast it is. */
  readonly clockOffsetMs: number;
  readonly clockRate: number;
}

export class Process {
  readonly id: number;
  readonly seat: Seat;
  readonly name: string;
  /** The name as it is compared with others. */
  readonly folded: string;
  readonly key: string;
  readonly machine: Machine;
  readonly startedAt: number;
  endedAt = Number.POSITIVE_INFINITY;
  end: End | undefined;
  /** When it wants to be woken, in virtual time. */
  wakeAt = 0;
  /** Something happened to it, and it has not been flushed since. */
  touched = true;
  /** Until when it is stopped. */
  stalledUntil = 0;
  readonly #rate: number;
  #offset: number;
  #buffer: { readonly from: Address; readonly bytes: Uint8Array }[] = [];

  constructor(options: ProcessOptions) {
    this.id = options.id;
    this.seat = options.seat;
    this.name = options.name;
    this.folded = options.name.toLowerCase();
    this.key = options.key;
    this.machine = options.machine;
    this.startedAt = options.startedAt;
    this.#offset = options.clockOffsetMs;
    this.#rate = options.clockRate;
  }

  get isServer(): boolean {
    return this.name === "";
  }

  get running(): boolean {
    return this.end === undefined;
  }

  stalled(now: number): boolean {
    return now < this.stalledUntil;
  }

  /** This process's own time. */
  local(now: number): number {
    return this.#offset + this.#rate * now;
  }

  receive(now: number, from: Address, bytes: Uint8Array): void {
    if (this.stalled(now)) {
      if (this.#buffer.length < SOCKET_BUFFER_DATAGRAMS) this.#buffer.push({ from, bytes });
      return;
    }
    this.machine.receive(this.local(now), from, bytes);
    this.touched = true;
  }

  /** Does not run until then. */
  stall(now: number, forMs: number): void {
    this.stalledUntil = Math.max(this.stalledUntil, now + forMs);
  }

  /** Runs again: the time it missed is not counted, and what lies in the buffer is read first. */
  resume(now: number, stoppedAt: number): void {
    const dueAt = Math.min(Math.max(stoppedAt, this.wakeAt), stoppedAt + NAP_MAX_MS);
    this.#offset -= sleptThrough(this.local(now), this.local(dueAt));
    const buffer = this.#buffer;
    this.#buffer = [];
    for (const { from, bytes } of buffer) this.receive(now, from, bytes);
    this.touched = true;
  }

  wake(now: number): void {
    this.machine.wake(this.local(now));
    this.touched = true;
  }

  /** Works out when to wake it, never before it is due on its own clock. */
  arm(): void {
    const local = this.machine.nextWakeup();
    this.wakeAt = (local - this.#offset) / this.#rate + CLOCK_GRAIN_MS;
  }
}

/** More than the rounding of any clock, so that a wake-up is never too early and asked for again at once. */
const CLOCK_GRAIN_MS = 1e-6;
