// A machine that writes down what it is asked to do, for tests of the drive loop.

import type { CommittedEntry } from "../../lib/chat/log.ts";
import type { Machine, Output } from "../../lib/chat/machine.ts";
import type { Address } from "../../lib/transport/address.ts";

export const NOTHING: Output = { datagrams: [], lines: [] };

export class ProbeMachine implements Machine {
  /** `receive`, `wake`, `flush`, in the order in which they came. */
  readonly calls: string[] = [];
  /** The machine's time of each call. */
  readonly times: number[] = [];
  wakeAt = Infinity;
  outputs: Output[] = [];
  onReceive: (bytes: Uint8Array) => void = () => {};
  onWake: (now: number) => void = () => {};
  onFlush: () => void = () => {};

  receive(now: number, _from: Address, datagram: Uint8Array): void {
    this.#note("receive", now);
    this.onReceive(datagram);
  }

  wake(now: number): void {
    this.#note("wake", now);
    if (this.wakeAt <= now) this.wakeAt = Infinity;
    this.onWake(now);
  }

  committed(now: number, _entries: readonly CommittedEntry[]): void {
    this.#note("committed", now);
  }

  nextWakeup(): number {
    return this.wakeAt;
  }

  flush(now: number): Output {
    this.#note("flush", now);
    this.onFlush();
    return this.outputs.shift() ?? NOTHING;
  }

  #note(call: string, now: number): void {
    this.calls.push(call);
    this.times.push(now);
  }
}
