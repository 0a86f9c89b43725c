// What a program's inside looks like to whatever cranks it: the drive loop of lib/io, or a simulator.
// Knows no clock, no socket and no screen: all of that comes in as arguments and goes out as values.

import type { Address, Datagram } from "../transport/address.ts";
import type { Mismatch } from "../transport/transport-event.ts";
import type { Line } from "./line.ts";
import type { LogEntry } from "./log.ts";

export type { Mismatch } from "../transport/transport-event.ts";

export interface Machine {
  /** A datagram has arrived. `now` in ms, monotonic, the same clock throughout. */
  receive(now: number, from: Address, datagram: Uint8Array): void;
  /** The moment that `nextWakeup` named has come. Too early or too often does no harm. */
  wake(now: number): void;
  /** When to call `wake`, in ms on the same clock; Infinity: nothing to wait for. */
  nextWakeup(): number;
  /** Everything that must happen, once per turn of the loop. */
  flush(now: number): Output;
}

export interface Output {
  readonly datagrams: readonly Datagram[];
  /** To show, in order, before the datagrams go out. */
  readonly lines: readonly Line[];
  /** There is more to send at once: flush again when these datagrams are out, before anything else. */
  readonly more?: boolean;
  /** After the lines are shown and the datagrams sent: end with this status. */
  readonly exit?: number | undefined;
  /** Client only: the key that its server has proved to hold, 32 bytes, each time that a session begins. */
  readonly serverKey?: Uint8Array | undefined;
  /** Client only, together with `exit`: what that is about. There is no line about it. */
  readonly mismatch?: Mismatch | undefined;
  /** Server only: to append to the log, in order. They come back through `ServerMachine.committed`. */
  readonly appends?: readonly LogEntry[] | undefined;
}
