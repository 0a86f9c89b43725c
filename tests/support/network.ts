// Machines joined by a small network in virtual time: seeded, with loss, doubles and delay. Jumps from one moment at
// which something happens to the next. For tests of a few machines together.

import { everyLine, lineText } from "../../lib/chat/line.ts";
import type { Machine, Output } from "../../lib/chat/machine.ts";
import type { Address } from "../../lib/transport/address.ts";
import { Prng } from "./prng.ts";

export interface Weather {
  /** Share of datagrams lost, each way. */
  readonly loss: number;
  /** Of arriving ones, share that arrives twice. */
  readonly doubled: number;
  /** One way, in ms: each datagram takes from `delayMs` to `delayMs + jitterMs`, so that they overtake each other. */
  readonly delayMs: number;
  readonly jitterMs: number;
}

export const FAIR: Weather = { loss: 0, doubled: 0, delayMs: 2, jitterMs: 0 };
export const FOUL: Weather = { loss: 0.2, doubled: 0.05, delayMs: 5, jitterMs: 20 };

/** A machine at its address. A process that ended, or was ended, is out of the network. */
export class Node<M extends Machine = Machine> {
  readonly address: Address;
  readonly machine: M;
  /** Every line shown so far, as shown. */
  readonly shown: string[] = [];
  /** Called with all output, as a drive loop is. */
  onOutput: ((output: Output, now: number) => void) | undefined;
  status: number | undefined;

  constructor(address: Address, machine: M) {
    this.address = address;
    this.machine = machine;
  }

  /** Takes the lines shown since the last call. */
  takeShown(): string[] {
    return this.shown.splice(0);
  }
}

interface Flight {
  readonly at: number;
  readonly from: Address;
  readonly to: Address;
  readonly bytes: Uint8Array;
}

const placeOf = ({ host, port }: Address): string => `${host}:${port}`;

export class MachineNetwork {
  now = 1_000;
  weather: Weather;
  /** Says of each datagram whether the way is open. */
  passes: (from: Address, to: Address) => boolean = () => true;
  readonly #random: Prng;
  readonly #nodes = new Map<string, Node>();
  #flights: Flight[] = [];

  constructor(seed = 1, weather: Weather = FAIR) {
    this.#random = new Prng(seed);
    this.weather = weather;
  }

  /** Puts a machine at a free address and lets it begin. */
  add<M extends Machine>(port: number, machine: M, host = "10.0.0.1"): Node<M> {
    const node = new Node({ host, port }, machine);
    this.#nodes.set(placeOf(node.address), node);
    this.#flush(node);
    return node;
  }

  /** The process is gone, without a word. */
  crash(node: Node): void {
    const place = placeOf(node.address);
    if (this.#nodes.get(place) === node) this.#nodes.delete(place);
  }

  /** Something is done to a machine: a line typed, a signal. */
  act<M extends Machine>(node: Node<M>, action: (machine: M, now: number) => void): void {
    action(node.machine, this.now);
    this.#flush(node);
  }

  /** Runs for so many ms. */
  run(ms: number): void {
    const end = this.now + ms;
    for (let next = this.#next(); next <= end; next = this.#next()) this.#step(next);
    this.now = end;
  }

  /** Runs until `done`, and no longer than `limitMs`. Returns how long it took, in ms. */
  until(done: () => boolean, what: string, limitMs = 120_000): number {
    const start = this.now;
    while (!done()) {
      const next = this.#next();
      if (next > start + limitMs) throw new Error(`not within ${limitMs} ms: ${what}`);
      this.#step(next);
    }
    return this.now - start;
  }

  #next(): number {
    let next = Infinity;
    for (const { at } of this.#flights) next = Math.min(next, at);
    for (const { machine } of this.#nodes.values()) next = Math.min(next, machine.nextWakeup());
    return next;
  }

  #step(next: number): void {
    this.now = Math.max(this.now, next);
    const touched = new Set<Node>();
    const due = this.#flights.filter(({ at }) => at <= this.now).sort((a, b) => a.at - b.at);
    if (due.length > 0) this.#flights = this.#flights.filter(({ at }) => at > this.now);
    for (const { from, to, bytes } of due) {
      const node = this.#nodes.get(placeOf(to));
      if (node === undefined) continue;
      node.machine.receive(this.now, from, bytes);
      touched.add(node);
    }
    for (const node of this.#nodes.values()) {
      if (node.machine.nextWakeup() > this.now) continue;
      node.machine.wake(this.now);
      touched.add(node);
    }
    for (const node of touched) this.#flush(node);
  }

  #flush(node: Node): void {
    const output = node.machine.flush(this.now);
    node.shown.push(...everyLine(output.lines).map(lineText));
    for (const { to, bytes } of output.datagrams) this.#send(node.address, to, bytes);
    node.onOutput?.(output, this.now);
    if (output.exit !== undefined) {
      node.status = output.exit;
      this.crash(node);
    } else if (output.more === true) this.#flush(node);
  }

  #send(from: Address, to: Address, bytes: Uint8Array): void {
    const { loss, doubled, delayMs, jitterMs } = this.weather;
    if (!this.passes(from, to) || this.#random.chance(loss)) return;
    const copies = this.#random.chance(doubled) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const at = this.now + delayMs + this.#random.float() * jitterMs;
      this.#flights.push({ at, from, to, bytes });
    }
  }
}
