// What gathers in an endpoint between two flushes: datagrams to send, events to tell, sessions to look after.
// Knows nothing of packets or time.

import type { Address, Datagram } from "./address.ts";
import type { Connection, Connections } from "./connections.ts";
import { Deque } from "./deque.ts";
import type { Ending, SessionId, TransportEvent } from "./transport-event.ts";

/** The limits of one flush: once one of them is reached, no further session is flushed. */
export interface FlushLimits {
  readonly datagrams: number;
  readonly bytes: number;
}

export const UNLIMITED: FlushLimits = { datagrams: Infinity, bytes: Infinity };

export class Turn {
  readonly #connections: Connections;
  readonly #touched = new Deque<Connection>();
  #events: TransportEvent[] = [];
  /** Sessions whose events are not told. */
  readonly #silenced = new Set<SessionId>();
  /** What to send, in order. Sessions write into it themselves. */
  out: Datagram[] = [];

  constructor(connections: Connections) {
    this.#connections = connections;
  }

  send(to: Address, bytes: Uint8Array): void {
    this.out.push({ to, bytes });
  }

  tell(event: TransportEvent): void {
    this.#events.push(event);
  }

  /** Something happened to it: it may have something to send, and another deadline. */
  touch(connection: Connection): void {
    if (connection.touched) return;
    connection.touched = true;
    this.#touched.push(connection);
  }

  /** Whether some session that was touched was not looked after yet. */
  get unfinished(): boolean {
    return this.#touched.length > 0;
  }

  /**
   * Calls `lookAfter` for sessions that were touched and are still there, until there is so much to send. What is there
   * before, answers to strangers, does not count: a flood of those must not keep sessions waiting.
   */
  lookAfterTouched(limits: FlushLimits, lookAfter: (connection: Connection) => void): void {
    const { out } = this;
    const most = out.length + limits.datagrams;
    let counted = out.length;
    let bytes = 0;
    // Those that are touched meanwhile have their turn with the next flush.
    for (let left = this.#touched.length; left > 0; left--) {
      if (out.length >= most || bytes >= limits.bytes) return;
      const connection = this.#touched.shift()!;
      if (!connection.touched) continue;
      connection.touched = false;
      lookAfter(connection);
      for (; counted < out.length; counted++) bytes += out[counted]!.bytes.length;
    }
  }

  over(connection: Connection, ending: Ending): void {
    this.forget(connection);
    this.tell({ type: "closed", session: connection.id, ...ending });
  }

  /** Nothing remains of the session, and nobody is told. */
  forget(connection: Connection): void {
    this.#connections.delete(connection);
    connection.touched = false;
  }

  /** Nothing more is told of that session, not even what has happened. */
  silence(id: SessionId): void {
    if (this.#events.length > 0) this.#silenced.add(id);
  }

  takeEvents(): TransportEvent[] {
    const events = this.#events;
    if (events.length === 0) return events;
    this.#events = [];
    if (this.#silenced.size === 0) return events;
    const told = events.filter(({ session }) => !this.#silenced.has(session));
    this.#silenced.clear();
    return told;
  }

  takeOut(): Datagram[] {
    const { out } = this;
    if (out.length > 0) this.out = [];
    return out;
  }
}
