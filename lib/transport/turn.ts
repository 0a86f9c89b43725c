// What gathers in an endpoint between two flushes: datagrams to send, events to tell, sessions to look after.
// Knows nothing of packets or time.

import type { Address, Datagram } from "./address.ts";
import type { Connection, Connections } from "./connections.ts";
import type { Ending, TransportEvent } from "./transport-event.ts";

export class Turn {
  readonly #connections: Connections;
  readonly #touched = new Set<Connection>();
  #events: TransportEvent[] = [];
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
    this.#touched.add(connection);
  }

  get touched(): ReadonlySet<Connection> {
    return this.#touched;
  }

  /** The session is over. Of one that was never confirmed nobody was told. */
  over(connection: Connection, ending: Ending): void {
    const told = !this.#connections.isHalfOpen(connection);
    this.forget(connection);
    if (told) this.tell({ type: "closed", session: connection.id, ...ending });
  }

  /** Nothing remains of the session, and nobody is told. */
  forget(connection: Connection): void {
    this.#connections.delete(connection);
    this.#touched.delete(connection);
  }

  takeEvents(): TransportEvent[] {
    const events = this.#events;
    if (events.length > 0) this.#events = [];
    return events;
  }

  /** The touched ones have been looked after: what is to be sent. */
  finish(): Datagram[] {
    this.#touched.clear();
    const { out } = this;
    if (out.length > 0) this.out = [];
    return out;
  }
}
