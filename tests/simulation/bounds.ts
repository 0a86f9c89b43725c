// What must stay within bounds: the size of datagrams, how many are sent, how many sessions there are and how much
// waits in them. Sees sessions through the public face of the transport's endpoints.

import { Endpoint, type TransportEvent } from "../../lib/transport/endpoint.ts";
import { DATAGRAM_MAX_BYTES, SEND_QUEUE_MAX_BYTES } from "../../lib/transport/limits.ts";
import type { Findings } from "./findings.ts";
import type { Process } from "./process.ts";
import type { Watcher } from "./world.ts";

/** A host with little to say sends no more than this in a second: above it, something goes round in circles. */
const DATAGRAMS_PER_SECOND_MAX = 20_000;

/** Sessions with one peer: each side may begin one, and old ones are forgotten only after a while. */
const SESSIONS_PER_HOST_MAX = 24;

interface Count {
  second: number;
  datagrams: number;
}

export class Bounds implements Watcher {
  readonly #findings: Findings;
  readonly #counts = new Map<Process, Count>();
  /** Datagrams sent by each process since the last call of `takeQuiet`. */
  #sent = 0;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  sent(now: number, process: Process, bytes: Uint8Array): void {
    this.#sent++;
    if (bytes.length > DATAGRAM_MAX_BYTES) {
      this.#findings.add("datagram too large", `${bytes.length} bytes`);
    }
    let count = this.#counts.get(process);
    if (count === undefined) {
      count = { second: 0, datagrams: 0 };
      this.#counts.set(process, count);
    }
    const second = Math.floor(now / 1_000);
    if (count.second !== second) {
      count.second = second;
      count.datagrams = 0;
    }
    count.datagrams++;
    if (count.datagrams === DATAGRAMS_PER_SECOND_MAX) {
      const what = `${process.name || "the server"} sent ${count.datagrams} datagrams in a second`;
      this.#findings.add("too many datagrams", what);
    }
  }

  /** Datagrams sent by all since it was last asked. */
  takeSent(): number {
    const sent = this.#sent;
    this.#sent = 0;
    return sent;
  }
}

interface Watched {
  sessions: Map<number, { queued: { number: number; bytes: number }[]; bytes: number }>;
}

/**
 * Watches every endpoint of this process of ours while `run` runs: the sessions it has, and what waits in each.
 * Calls `found` for what is out of bounds.
 */
export const watchEndpoints = <T>(found: (rule: string, what: string) => void, run: () => T): T => {
  const watched = new WeakMap<Endpoint, Watched>();
  const of = (endpoint: Endpoint): Watched => {
    let one = watched.get(endpoint);
    if (one === undefined) {
      one = { sessions: new Map() };
      watched.set(endpoint, one);
    }
    return one;
  };
  const open = (endpoint: Endpoint, session: number): void => {
    const { sessions } = of(endpoint);
    if (!sessions.has(session)) sessions.set(session, { queued: [], bytes: 0 });
    if (sessions.size > SESSIONS_PER_HOST_MAX) found("too many sessions", `${sessions.size}`);
  };
  const note = (endpoint: Endpoint, event: TransportEvent): void => {
    if (event.type === "established") open(endpoint, event.session);
    if (event.type === "closed") of(endpoint).sessions.delete(event.session);
    if (event.type !== "delivered") return;
    const session = of(endpoint).sessions.get(event.session);
    while (session !== undefined && (session.queued[0]?.number ?? Infinity) <= event.message) {
      session.bytes -= session.queued.shift()!.bytes;
    }
  };
  const { connect, send, close, abandon, takeEvents } = Endpoint.prototype;
  Endpoint.prototype.connect = function (...args) {
    const session = connect.apply(this, args);
    open(this, session);
    return session;
  };
  Endpoint.prototype.send = function (now, session, message) {
    const number = send.call(this, now, session, message);
    const one = of(this).sessions.get(session);
    if (typeof number !== "number" || one === undefined) return number;
    one.queued.push({ number, bytes: message.length });
    one.bytes += message.length;
    if (one.bytes > SEND_QUEUE_MAX_BYTES) found("queue too long", `${one.bytes} bytes`);
    return number;
  };
  Endpoint.prototype.close = function (now, session) {
    of(this).sessions.delete(session);
    close.call(this, now, session);
  };
  Endpoint.prototype.abandon = function (session) {
    of(this).sessions.delete(session);
    abandon.call(this, session);
  };
  Endpoint.prototype.takeEvents = function () {
    const events = takeEvents.call(this);
    for (const event of events) note(this, event);
    return events;
  };
  try {
    return run();
  } finally {
    Object.assign(Endpoint.prototype, { connect, send, close, abandon, takeEvents });
  }
};
