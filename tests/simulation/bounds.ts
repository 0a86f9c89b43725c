// What must stay within bounds: the size of datagrams, how many are sent, how many sessions there are with one peer,
// how long they outlive it, and how much waits in them. Sees sessions through the public face of the transport's endpoints.

import { REGISTRATION_IDLE_MS } from "../../lib/chat/limits.ts";
import { equalBytes, toHex } from "../../lib/transport/bytes.ts";
import { Endpoint, type TransportEvent } from "../../lib/transport/endpoint.ts";
import { DATAGRAM_MAX_BYTES, SEND_QUEUE_MAX_BYTES } from "../../lib/transport/limits.ts";
import type { Findings } from "./findings.ts";
import type { Process } from "./process.ts";
import type { Watcher } from "./world.ts";

/** A host with little to say sends no more than this in a second: above it, something goes round in circles. */
const DATAGRAMS_PER_SECOND_MAX = 20_000;

/** Sessions with one peer: each side may begin some, and those that one side gave up live on at the other. */
const SESSIONS_PER_PEER_MAX = 8;

/** So long after its peer's end a session is forgotten: by idleness, on a clock of its own, after a stall. */
const FORGOTTEN_MS = REGISTRATION_IDLE_MS * 1.1 + 5_000;

interface Count {
  second: number;
  datagrams: number;
}

export class Bounds implements Watcher {
  readonly #findings: Findings;
  readonly #counts = new Map<Process, Count>();
  /** When who ended, by key. */
  readonly #endedAt = new Map<string, number>();
  /** Datagrams sent by all since the last call of `takeSent`. */
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

  /** A server may have the key of the one before it. */
  started(_now: number, process: Process): void {
    this.#endedAt.delete(process.key);
  }

  ended(now: number, process: Process): void {
    this.#endedAt.set(process.key, now);
  }

  /** Of these sessions, those of a process that still runs with one that has ended. */
  forsaken(sessions: readonly SessionPair[]): readonly SessionPair[] {
    return sessions.filter(([own, peer]) => !this.#endedAt.has(own) && this.#endedAt.has(peer));
  }

  /** Whoever still runs has forgotten those who ended long ago. */
  checkForgotten(now: number, sessions: readonly SessionPair[]): void {
    for (const [own, peer] of this.forsaken(sessions)) {
      const endedAt = this.#endedAt.get(peer)!;
      if (now - endedAt < FORGOTTEN_MS) continue;
      const what = `${own} has a session with ${peer}, which ended at ${endedAt}`;
      this.#findings.add("session not forgotten", what);
    }
  }

  /** Datagrams sent by all since it was last asked. */
  takeSent(): number {
    const sent = this.#sent;
    this.#sent = 0;
    return sent;
  }
}

/** One endpoint's sessions: with whom, and what waits in each. */
type Watched = Map<number, WatchedSession>;

interface WatchedSession {
  /** The peer's key in hexadecimal digits; its address as long as the key is not known. */
  peer: string;
  readonly queued: { readonly number: number; readonly bytes: number }[];
  bytes: number;
}

/** A session of the endpoint that has the first key, with the peer that has the second one. */
export type SessionPair = readonly [own: string, peer: string];

/**
 * Watches every endpoint of this process of ours while `run` runs: the sessions it has, and what waits in each.
 * Calls `found` for what is out of bounds. `run` gets a function that lists all sessions there are.
 */
export const watchEndpoints = <T>(
  found: (rule: string, what: string) => void,
  run: (sessions: () => SessionPair[]) => T,
): T => {
  const watched = new Map<Endpoint, Watched>();
  const of = (endpoint: Endpoint): Watched => {
    let one = watched.get(endpoint);
    if (one === undefined) {
      // A server that is started again may have the key of the one before it, which is gone.
      for (const other of watched.keys()) {
        if (equalBytes(other.publicKey, endpoint.publicKey)) watched.delete(other);
      }
      one = new Map();
      watched.set(endpoint, one);
    }
    return one;
  };
  const open = (endpoint: Endpoint, id: number, peer: string): void => {
    const sessions = of(endpoint);
    const session = sessions.get(id);
    if (session === undefined) sessions.set(id, { peer, queued: [], bytes: 0 });
    else session.peer = peer;
    const count = [...sessions.values()].filter((one) => one.peer === peer).length;
    if (count > SESSIONS_PER_PEER_MAX) found("too many sessions", `${count} with ${peer}`);
  };
  const note = (endpoint: Endpoint, event: TransportEvent): void => {
    if (event.type === "established") open(endpoint, event.session, toHex(event.peerKey));
    if (event.type === "closed") of(endpoint).delete(event.session);
    if (event.type !== "delivered") return;
    const session = of(endpoint).get(event.session);
    while (session !== undefined && (session.queued[0]?.number ?? Infinity) <= event.message) {
      session.bytes -= session.queued.shift()!.bytes;
    }
  };
  const { connect, send, close, abandon, takeEvents } = Endpoint.prototype;
  Endpoint.prototype.connect = function (now, address, options) {
    const session = connect.call(this, now, address, options);
    const { host, port } = address;
    const expectedKey = options?.expectedKey;
    open(this, session, expectedKey === undefined ? `${host}:${port}` : toHex(expectedKey));
    return session;
  };
  Endpoint.prototype.send = function (now, session, message) {
    const number = send.call(this, now, session, message);
    const one = of(this).get(session);
    if (typeof number !== "number" || one === undefined) return number;
    one.queued.push({ number, bytes: message.length });
    one.bytes += message.length;
    if (one.bytes > SEND_QUEUE_MAX_BYTES) found("queue too long", `${one.bytes} bytes`);
    return number;
  };
  Endpoint.prototype.close = function (session) {
    of(this).delete(session);
    close.call(this, session);
  };
  Endpoint.prototype.abandon = function (session) {
    of(this).delete(session);
    abandon.call(this, session);
  };
  Endpoint.prototype.takeEvents = function () {
    const events = takeEvents.call(this);
    of(this);
    for (const event of events) note(this, event);
    return events;
  };
  const sessions = (): SessionPair[] =>
    [...watched].flatMap(([{ publicKey }, all]) =>
      [...all.values()].map(({ peer }): SessionPair => [toHex(publicKey), peer]),
    );
  try {
    return run(sessions);
  } finally {
    Object.assign(Endpoint.prototype, { connect, send, close, abandon, takeEvents });
  }
};
