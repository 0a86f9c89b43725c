// A bad network in virtual time: pure and seeded. Datagrams go in with a moment, and come out at another, elsewhere,
// late, twice, damaged or not at all. Knows hosts by number and address, nothing of what they are or say.

import type { Address, Datagram } from "../../lib/transport/address.ts";
import type { Prng } from "../support/prng.ts";
import { type Bursts, type Conditions, healed, WIDTHS_BYTES } from "./conditions.ts";
import { Heap, type Timed } from "./heap.ts";

/** A host's place in the network, from 0 on. */
export type Seat = number;

/** A datagram that has arrived. */
export interface Arrival extends Timed {
  readonly seat: Seat;
  readonly from: Address;
  readonly bytes: Uint8Array;
}

interface Flight extends Timed {
  readonly from: Address;
  readonly to: Address;
  readonly bytes: Uint8Array;
}

/** One direction between two hosts. */
interface Path {
  conditions: Conditions;
  bad: boolean;
  badUntil: number;
  lastArrival: number;
  /** Partitions in force. */
  cuts: number;
}

/** What a host's own link carries, and since when. */
interface Width {
  readonly bytes: number;
  readonly since: number;
}

/** What every path carries. */
const [LEAST_WIDTH_BYTES] = WIDTHS_BYTES;

/** A link that carries whatever is sent. */
const ANY_WIDTH: Width = { bytes: Number.POSITIVE_INFINITY, since: 0 };

/** How long after its time a replayed datagram may come. */
const REPLAY_MAX_MS = 60_000;

/** Ports of the outer side of a NAT, one after the other. */
const FIRST_MAPPED_PORT = 40_000;

/** The last number of each host's address, since taking it out of the text costs more than looking it up. */
const lastOctets = new Map<string, number>();

/** A number for an address. All hosts are in 10.0.0.0/24. */
const placeOf = ({ host, port }: Address): number => {
  let octet = lastOctets.get(host);
  if (octet === undefined) {
    octet = Number(host.slice(host.lastIndexOf(".") + 1));
    lastOctets.set(host, octet);
  }
  return octet * 65_536 + port;
};

export class Network {
  readonly #random: Prng;
  readonly #conditionsOf: (from: Seat, to: Seat) => Conditions;
  readonly #flights = new Heap<Flight>();
  readonly #addresses: Address[] = [];
  readonly #seats = new Map<number, Seat>();
  readonly #paths = new Map<number, Path>();
  /** Until when each sender's own link is busy. */
  readonly #busyUntil: number[] = [];
  /** The longest datagram that each host's own link carries, in bytes; any for those that are not named. */
  readonly #widths = new Map<Seat, Width>();
  #nextPort = FIRST_MAPPED_PORT;
  #healed = false;
  /** Of all that was sent: datagrams, bytes, and those lost on the way. */
  readonly traffic = { datagrams: 0, bytes: 0, lost: 0 };

  constructor(random: Prng, conditionsOf: (from: Seat, to: Seat) => Conditions) {
    this.#random = random;
    this.#conditionsOf = conditionsOf;
  }

  /** Puts a host at an address. */
  place(seat: Seat, address: Address): void {
    this.#addresses[seat] = address;
    this.#busyUntil[seat] = 0;
    this.#seats.set(placeOf(address), seat);
  }

  addressOf(seat: Seat): Address {
    return this.#addresses[seat]!;
  }

  /** Who is reached at an address now. */
  seatAt(address: Address): Seat | undefined {
    return this.#seats.get(placeOf(address));
  }

  /** A NAT forgets its mapping: from now on the host appears at another port, and the old one leads nowhere. */
  rebind(seat: Seat): void {
    const { host } = this.addressOf(seat);
    this.#seats.delete(placeOf(this.addressOf(seat)));
    this.place(seat, { host, port: this.#nextPort++ });
  }

  /** Nothing gets through in this direction any more, until `mend` was called as often. */
  cut(from: Seat, to: Seat): void {
    this.#path(from, to).cuts++;
  }

  mend(from: Seat, to: Seat): void {
    const path = this.#path(from, to);
    if (path.cuts > 0) path.cuts--;
  }

  /** From now on the host's own link carries datagrams of so many bytes, both ways. */
  widen(now: number, seat: Seat, bytes: number): void {
    this.#widths.set(seat, { bytes, since: now });
  }

  /** What gets through between two hosts, and since when that is so. */
  widthOf(from: Seat, to: Seat): Width {
    const { carriesBytes = Number.POSITIVE_INFINITY } = this.#path(from, to).conditions;
    const [here, there] = [from, to].map((seat) => this.#widths.get(seat) ?? ANY_WIDTH);
    return {
      bytes: Math.min(carriesBytes, here!.bytes, there!.bytes),
      since: Math.max(here!.since, there!.since),
    };
  }

  /** From now on everything arrives that is not too long. */
  heal(): void {
    this.#healed = true;
    for (const path of this.#paths.values()) {
      path.conditions = healed(path.conditions);
      path.cuts = 0;
    }
  }

  /** The moment at which the next datagram arrives; infinity if none is on its way. */
  get next(): number {
    return this.#flights.next;
  }

  /** A datagram leaves the host at this seat. */
  send(now: number, seat: Seat, { to, bytes }: Datagram): void {
    this.traffic.datagrams++;
    this.traffic.bytes += bytes.length;
    const target = this.#seats.get(placeOf(to));
    if (target === undefined) {
      this.traffic.lost++;
      return;
    }
    const path = this.#path(seat, target);
    const { conditions } = path;
    const leaves = this.#transmit(now, seat, conditions, bytes.length);
    const stopped = path.cuts > 0 || this.#isTooLong(seat, target, bytes.length);
    if (leaves === undefined || stopped || this.#random.chance(this.#lossNow(now, path))) {
      this.traffic.lost++;
      return;
    }
    const from = this.addressOf(seat);
    const copies = this.#random.chance(conditions.duplicate) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const at = this.#arrivesAt(leaves, path);
      this.#flights.push({ at, order: 0, from, to, bytes: this.#damage(bytes, conditions) });
    }
    if (this.#random.chance(conditions.replay)) {
      const at = leaves + this.#random.float() * REPLAY_MAX_MS;
      this.#flights.push({ at, order: 0, from, to, bytes });
    }
  }

  /** Takes the next datagram that has arrived by now. */
  take(now: number): Arrival | undefined {
    for (;;) {
      const flight = this.#flights.popDue(now);
      if (flight === undefined) return undefined;
      const seat = this.#seats.get(placeOf(flight.to));
      // The NAT has forgotten this mapping while the datagram was on its way.
      if (seat !== undefined)
        return { at: flight.at, order: 0, from: flight.from, bytes: flight.bytes, seat };
    }
  }

  #path(from: Seat, to: Seat): Path {
    const number = from * 256 + to;
    let path = this.#paths.get(number);
    if (path === undefined) {
      const drawn = this.#conditionsOf(from, to);
      const conditions = this.#healed ? healed(drawn) : drawn;
      path = { conditions, bad: true, badUntil: 0, lastArrival: 0, cuts: 0 };
      this.#paths.set(number, path);
    }
    return path;
  }

  #isTooLong(from: Seat, to: Seat, bytes: number): boolean {
    return bytes > LEAST_WIDTH_BYTES && bytes > this.widthOf(from, to).bytes;
  }

  /** When the last bit leaves the sender's link; undefined if its queue is full. */
  #transmit(now: number, seat: Seat, { bandwidth }: Conditions, bytes: number): number | undefined {
    if (bandwidth === undefined) return now;
    const starts = Math.max(now, this.#busyUntil[seat]!);
    if ((starts - now) * bandwidth.bytesPerMs + bytes > bandwidth.queueBytes) return undefined;
    const leaves = starts + bytes / bandwidth.bytesPerMs;
    this.#busyUntil[seat] = leaves;
    return leaves;
  }

  #lossNow(now: number, path: Path): number {
    const { loss, bursts } = path.conditions;
    if (bursts === undefined) return loss;
    this.#advance(now, path, bursts);
    return path.bad ? Math.max(loss, bursts.loss) : loss;
  }

  #advance(now: number, path: Path, { goodMs, badMs }: Bursts): void {
    while (path.badUntil <= now) {
      path.bad = !path.bad;
      const mean = path.bad ? badMs : goodMs;
      path.badUntil += -Math.log(1 - this.#random.float()) * mean;
    }
  }

  #arrivesAt(leaves: number, path: Path): number {
    const { delayMs, jitterMs, reorder, reorderMs } = path.conditions;
    const at = leaves + delayMs + this.#random.float() * jitterMs;
    if (this.#random.chance(reorder)) return at + this.#random.float() * reorderMs;
    path.lastArrival = Math.max(path.lastArrival, at);
    return path.lastArrival;
  }

  #damage(bytes: Uint8Array, { corrupt, truncate }: Conditions): Uint8Array {
    const random = this.#random;
    let damaged = bytes;
    if (random.chance(corrupt) && bytes.length > 0) {
      damaged = bytes.slice();
      const count = random.between(1, 4);
      for (let i = 0; i < count; i++) {
        damaged[random.below(damaged.length)]! ^= random.between(1, 255);
      }
    }
    return random.chance(truncate) ? damaged.subarray(0, random.below(damaged.length)) : damaged;
  }
}
