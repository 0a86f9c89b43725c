// Very many endpoints around one, in virtual time, on a network that takes 5 ms each way and loses nothing. Each turn costs as
// much as there is to do in it, however many endpoints there are.

import type { Address, Datagram } from "../../lib/transport/address.ts";
import { DeadlineQueue, type Scheduled } from "../../lib/transport/deadline-queue.ts";
import type { Endpoint, TransportEvent } from "../../lib/transport/endpoint.ts";

const DELAY_MS = 5;

const placeOf = ({ host, port }: Address): string => `${host}:${port}`;

export interface Member extends Scheduled {
  readonly address: Address;
  readonly endpoint: Endpoint;
  readonly events: TransportEvent[];
}

interface Flight {
  readonly from: Address;
  readonly datagram: Datagram;
}

export class Crowd {
  now = 0;
  /** Datagrams sent by all. */
  datagrams = 0;
  readonly #members = new Map<string, Member>();
  readonly #wakeups = new DeadlineQueue<Member>();
  /** Those that arrive at one moment, by that moment, in order: all take equally long. */
  readonly #flights = new Map<number, Flight[]>();
  readonly #active = new Set<Member>();

  add(address: Address, endpoint: Endpoint): Member {
    const member = { address, endpoint, events: [], wakeAt: Infinity, place: -1 };
    this.#members.set(placeOf(address), member);
    this.#active.add(member);
    return member;
  }

  /** Something was done to it from outside. */
  touch(member: Member): void {
    this.#active.add(member);
  }

  /** A datagram from any address, of which nobody need be there. */
  inject(from: Address, datagram: Datagram): void {
    const at = this.now + DELAY_MS;
    const together = this.#flights.get(at);
    if (together === undefined) this.#flights.set(at, [{ from, datagram }]);
    else together.push({ from, datagram });
  }

  /** Runs until `done`, which is asked after every moment in which something happens; or until so many ms have passed. */
  run(ms: number, done: () => boolean = () => false): void {
    const end = this.now + ms;
    this.#flush();
    while (!done()) {
      const [arrival = Infinity] = this.#flights.keys();
      const next = Math.min(arrival, this.#wakeups.next);
      if (next > end) break;
      this.now = Math.max(this.now, next);
      this.#deliver();
      for (let due = this.#due(); due !== undefined; due = this.#due()) {
        due.endpoint.wake(this.now);
        this.#active.add(due);
      }
      this.#flush();
    }
    if (!done()) this.now = end;
  }

  #due(): Member | undefined {
    return this.#wakeups.popDue(this.now);
  }

  #deliver(): void {
    const arrived = this.#flights.get(this.now) ?? [];
    this.#flights.delete(this.now);
    for (const { from, datagram } of arrived) {
      const member = this.#members.get(placeOf(datagram.to));
      if (member === undefined) continue;
      member.endpoint.receive(this.now, from, datagram.bytes);
      this.#active.add(member);
    }
  }

  #flush(): void {
    for (const member of this.#active) {
      member.events.push(...member.endpoint.takeEvents());
      for (const datagram of member.endpoint.flush(this.now)) {
        this.datagrams++;
        this.inject(member.address, datagram);
      }
      this.#wakeups.schedule(member, member.endpoint.nextWakeup());
    }
    this.#active.clear();
  }
}
