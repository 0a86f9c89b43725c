// The sessions of all endpoints while a run runs: with whom, what waits in each, what they do on their own account. Sees
// them through the public face of endpoints and sessions. Knows no process, and judges only what holds for every session.

import type { Address } from "../../lib/transport/address.ts";
import { Endpoint, type TransportEvent } from "../../lib/transport/endpoint.ts";
import { SEND_QUEUE_MAX_BYTES } from "../../lib/transport/limits.ts";
import { Recovery } from "../../lib/transport/session/recovery.ts";
import { Session } from "../../lib/transport/session/session.ts";
import { equalBytes, toHex } from "../../lib/transport/wire/bytes.ts";

/** Sessions with one peer: each side may begin some, and those that one side gave up live on at the other. */
const SESSIONS_PER_PEER_MAX = 8;

/** A session of the endpoint that has the first key, with the peer that has the second one. */
export type SessionPair = readonly [own: string, peer: string];

export interface SessionWatcher {
  /** What holds for every session does not for one. */
  readonly found: (rule: string, what: string) => void;
  /** Nobody has replaced the keys of a session, and it was the only one between the two. */
  readonly expired: (pair: SessionPair) => void;
  /** A session asks its peer again, since no answer has come. */
  readonly probed: (to: Address) => void;
}

interface WatchedSession {
  /** The peer's key in hexadecimal digits; its address as long as the key is not known. */
  peer: string;
  readonly queued: { readonly number: number; readonly bytes: number }[];
  bytes: number;
}

/** One endpoint's sessions. */
class Watched {
  readonly sessions = new Map<number, WatchedSession>();
  /** Those that it was told to forget. */
  readonly forgotten = new Set<number>();

  forget(session: number): void {
    this.sessions.delete(session);
    this.forgotten.add(session);
  }

  with(peer: string): number {
    let count = 0;
    for (const one of this.sessions.values()) if (one.peer === peer) count++;
    return count;
  }
}

/**
 * Watches every endpoint of this process of ours while `run` runs, and tells `watcher`. `run` gets a function that lists
 * all sessions there are.
 */
export const watchSessions = <T>(
  watcher: SessionWatcher,
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
      one = new Watched();
      watched.set(endpoint, one);
    }
    return one;
  };
  const open = (endpoint: Endpoint, id: number, peer: string): void => {
    const one = of(endpoint);
    const session = one.sessions.get(id);
    if (session === undefined) one.sessions.set(id, { peer, queued: [], bytes: 0 });
    else session.peer = peer;
    const count = one.with(peer);
    if (count > SESSIONS_PER_PEER_MAX) watcher.found("too many sessions", `${count} with ${peer}`);
  };
  const expired = (own: string, one: Watched, peer: string): void => {
    const other = [...watched].find(([{ publicKey }]) => toHex(publicKey) === peer)?.[1];
    if (one.with(peer) === 1 && other?.with(own) === 1) watcher.expired([own, peer]);
  };
  const note = (endpoint: Endpoint, event: TransportEvent): void => {
    const one = of(endpoint);
    const id = event.session;
    if (one.forgotten.has(id)) watcher.found("event of a forgotten session", event.type);
    if (event.type === "established") open(endpoint, id, toHex(event.peerKey));
    const session = one.sessions.get(id);
    if (session === undefined) return;
    if (event.type === "closed") {
      if (event.reason === "expired") expired(toHex(endpoint.publicKey), one, session.peer);
      one.sessions.delete(id);
    }
    if (event.type !== "delivered") return;
    while ((session.queued[0]?.number ?? Infinity) <= event.message) {
      session.bytes -= session.queued.shift()!.bytes;
    }
  };
  const { connect, send, close, abandon, takeEvents } = Endpoint.prototype;
  const { wake } = Session.prototype;
  const { onTimeout } = Recovery.prototype;
  Endpoint.prototype.connect = function (now, address, options) {
    const session = connect.call(this, now, address, options);
    const { host, port } = address;
    const expectedKey = options?.expectedKey;
    open(this, session, expectedKey === undefined ? `${host}:${port}` : toHex(expectedKey));
    return session;
  };
  Endpoint.prototype.send = function (now, session, message) {
    const number = send.call(this, now, session, message);
    const one = of(this).sessions.get(session);
    if (typeof number !== "number" || one === undefined) return number;
    one.queued.push({ number, bytes: message.length });
    one.bytes += message.length;
    if (one.bytes > SEND_QUEUE_MAX_BYTES) watcher.found("queue too long", `${one.bytes} bytes`);
    return number;
  };
  Endpoint.prototype.close = function (session) {
    of(this).forget(session);
    close.call(this, session);
  };
  Endpoint.prototype.abandon = function (session) {
    of(this).forget(session);
    abandon.call(this, session);
  };
  Endpoint.prototype.takeEvents = function () {
    const events = takeEvents.call(this);
    for (const event of events) note(this, event);
    return events;
  };
  let awake: Session | undefined;
  Session.prototype.wake = function (now) {
    awake = this;
    return wake.call(this, now);
  };
  Recovery.prototype.onTimeout = function (now) {
    const findings = onTimeout.call(this, now);
    if (findings === undefined && awake !== undefined) watcher.probed(awake.address);
    return findings;
  };
  const sessions = (): SessionPair[] =>
    [...watched].flatMap(([{ publicKey }, one]) =>
      [...one.sessions.values()].map(({ peer }): SessionPair => [toHex(publicKey), peer]),
    );
  try {
    return run(sessions);
  } finally {
    Object.assign(Endpoint.prototype, { connect, send, close, abandon, takeEvents });
    Object.assign(Session.prototype, { wake });
    Object.assign(Recovery.prototype, { onTimeout });
  }
};
