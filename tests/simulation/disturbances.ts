// What stood between two hosts when: partitions, stops, changed addresses. Answers whether one could have heard the
// other all the time, apart from what the network loses now and then.

import { type Network, type Seat } from "./network.ts";
import type { Fault } from "./scenario.ts";
import type { World } from "./world.ts";

interface Disturbance {
  readonly seat: Seat;
  /** Undefined: all others. */
  readonly other: Seat | undefined;
  readonly from: number;
  until: number;
}

/** A host behind a NAT that has changed is found again at its next sign of life: a keep-alive, and some tries. */
const UNTIL_FOUND_MS = 20_000;

export class Disturbances {
  readonly #list: Disturbance[] = [];

  add(seat: Seat, other: Seat | undefined, from: number, until: number): void {
    this.#list.push({ seat, other, from, until });
  }

  /** Everything that still lasts is over. */
  end(now: number): void {
    for (const one of this.#list) one.until = Math.min(one.until, now);
  }

  /** Whether nothing stood between the two from then to then. */
  clear(a: Seat, b: Seat, from: number, to: number): boolean {
    return !this.#list.some(
      (one) =>
        one.from <= to &&
        one.until >= from &&
        (one.other === undefined
          ? one.seat === a || one.seat === b
          : (one.seat === a && one.other === b) || (one.seat === b && one.other === a)),
    );
  }
}

/** Makes a fault of the network happen, and notes it. */
export const disturb = (
  world: World,
  disturbances: Disturbances,
  fault: Extract<Fault, { kind: "partition" | "rebind" | "stall" | "width" }>,
  seats: number,
): void => {
  const { network, now } = world;
  if (fault.kind === "stall") {
    const process = world.running(fault.seat);
    if (process === undefined) return;
    world.stall(process, fault.forMs);
    disturbances.add(fault.seat, undefined, now, now + fault.forMs);
  } else if (fault.kind === "rebind") {
    network.rebind(fault.seat);
    disturbances.add(fault.seat, undefined, now, now + UNTIL_FOUND_MS);
  } else if (fault.kind === "width") {
    // No disturbance: what is too long goes again in pieces that are not, and nobody notices.
    network.widen(now, fault.seat, fault.carriesBytes);
  } else {
    const { seat, to, oneWay, forMs } = fault;
    const others = to === undefined ? everyBut(seat, seats) : [to];
    for (const other of others) cutFor(world, network, seat, other, oneWay, forMs);
    disturbances.add(seat, to, now, now + forMs);
  }
};

const everyBut = (seat: Seat, seats: number): Seat[] =>
  Array.from({ length: seats }, (_, other) => other).filter((other) => other !== seat);

const cutFor = (
  world: World,
  network: Network,
  seat: Seat,
  other: Seat,
  oneWay: boolean,
  forMs: number,
): void => {
  network.cut(seat, other);
  if (!oneWay) network.cut(other, seat);
  world.at(world.now + forMs, () => {
    network.mend(seat, other);
    if (!oneWay) network.mend(other, seat);
  });
};
