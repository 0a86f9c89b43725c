// Endpoints joined by a network in virtual time: seeded, with loss, delay, jitter and doubles.
// For tests of the transport alone; the simulator of whole programs is in tests/simulation.

import type { Address, Datagram } from "../../lib/transport/address.ts";
import { type KeyPair, keyPairFrom } from "../../lib/transport/crypto/keys.ts";
import {
  Endpoint,
  type EndpointOptions,
  type TransportEvent,
} from "../../lib/transport/endpoint.ts";
import { IDLE_TIMEOUT_MS } from "../../lib/transport/limits.ts";
import { Prng } from "./prng.ts";

export interface Conditions {
  /** Share of datagrams lost, each way. */
  loss: number;
  /** Of arriving ones, share that arrives twice. */
  duplicate: number;
  /** Of arriving ones, share with one byte changed. */
  corrupt: number;
  /** One way, in ms; each datagram takes between delay and delay + jitter. */
  delayMs: number;
  jitterMs: number;
}

export const QUIET: Conditions = { loss: 0, duplicate: 0, corrupt: 0, delayMs: 5, jitterMs: 0 };

interface Flight {
  readonly at: number;
  readonly order: number;
  readonly from: Address;
  readonly datagram: Datagram;
}

/** One host: an endpoint, and what it was told. */
export interface Host {
  address: Address;
  endpoint: Endpoint;
  events: TransportEvent[];
  /** Called with every event as it happens, before the turn is flushed. */
  onEvent: ((event: TransportEvent) => void) | undefined;
  /** Bytes received and sent. */
  readonly traffic: { in: number; out: number; datagramsOut: number };
}

const keyPairOf = (key: number): KeyPair => keyPairFrom(new Uint8Array(32).fill(key % 251 || 1));

export class EndpointWorld {
  now = 0;
  conditions: Conditions = { ...QUIET };
  /** Called with every datagram sent; return false to lose it. */
  filter: ((from: Address, datagram: Datagram) => boolean) | undefined;
  readonly #random: Prng;
  readonly #hosts: Host[] = [];
  #flights: Flight[] = [];
  #order = 0;

  constructor(seed: number) {
    this.#random = new Prng(seed);
  }

  host(port: number, options: Partial<EndpointOptions> = {}, key = port): Host {
    const random = new Prng(port * 7919 + key);
    const host: Host = {
      address: { host: "10.0.0.1", port },
      endpoint: new Endpoint({
        keyPair: keyPairOf(key),
        random: (count) => random.bytes(count),
        idleTimeoutMs: IDLE_TIMEOUT_MS,
        ...options,
      }),
      events: [],
      onEvent: undefined,
      traffic: { in: 0, out: 0, datagramsOut: 0 },
    };
    this.#hosts.push(host);
    return host;
  }

  /** The public key of a host made with this number. */
  keyOf(key: number): Uint8Array {
    return keyPairOf(key).publicKey;
  }

  /** The host vanishes without a word. */
  remove(host: Host): void {
    this.#hosts.splice(this.#hosts.indexOf(host), 1);
  }

  /** Runs until `done`, by jumping from moment to moment; throws if it takes longer than `limitMs`. */
  runUntil(done: () => boolean, limitMs = 120_000): void {
    const end = this.now + limitMs;
    this.#flushAll();
    while (!done()) {
      const next = this.#nextMoment();
      if (next > end) throw new Error(`not done after ${limitMs} ms of virtual time`);
      this.now = Math.max(this.now, next);
      this.#step();
    }
  }

  /** Runs for so many ms. */
  run(ms: number): void {
    const end = this.now + ms;
    this.#flushAll();
    for (let next = this.#nextMoment(); next <= end; next = this.#nextMoment()) {
      this.now = Math.max(this.now, next);
      this.#step();
    }
    this.now = end;
  }

  /** Puts a datagram on the wire as if `from` had sent it. */
  inject(from: Address, datagram: Datagram): void {
    const at = this.now + this.conditions.delayMs + this.#random.float() * this.conditions.jitterMs;
    this.#flights.push({ at, order: this.#order++, from, datagram });
  }

  #nextMoment(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const flight of this.#flights) next = Math.min(next, flight.at);
    for (const host of this.#hosts) next = Math.min(next, host.endpoint.nextWakeup());
    return next;
  }

  #step(): void {
    const due = this.#flights.filter((flight) => flight.at <= this.now);
    if (due.length > 0) this.#flights = this.#flights.filter((flight) => flight.at > this.now);
    due.sort((a, b) => a.at - b.at || a.order - b.order);
    for (const { from, datagram } of due) {
      const host = this.#hosts.find(({ address }) => address.port === datagram.to.port);
      if (host === undefined) continue;
      host.traffic.in += datagram.bytes.length;
      host.endpoint.receive(this.now, from, datagram.bytes);
    }
    for (const host of this.#hosts) host.endpoint.wake(this.now);
    this.#flushAll();
  }

  #flushAll(): void {
    for (const host of this.#hosts) {
      for (const event of host.endpoint.takeEvents()) {
        host.events.push(event);
        host.onEvent?.(event);
      }
      for (const datagram of host.endpoint.flush(this.now)) {
        host.traffic.out += datagram.bytes.length;
        host.traffic.datagramsOut++;
        this.#send(host.address, datagram);
      }
    }
  }

  #send(from: Address, datagram: Datagram): void {
    if (this.filter?.(from, datagram) === false) return;
    const { loss, duplicate, corrupt } = this.conditions;
    if (this.#random.chance(loss)) return;
    const copies = this.#random.chance(duplicate) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      let { bytes } = datagram;
      if (this.#random.chance(corrupt)) {
        bytes = bytes.slice();
        bytes[this.#random.below(bytes.length)]! ^= this.#random.between(1, 255);
      }
      this.inject(from, { to: datagram.to, bytes });
    }
  }
}
