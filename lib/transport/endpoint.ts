// One endpoint, many sessions: routes datagrams to them, shakes hands, keeps their deadlines, and
// says what must be sent and what has happened. Knows nothing of sockets, clocks or chat.

import { type Address, type Datagram, sameAddress } from "./address.ts";
import { type Connection, Connections } from "./connections.ts";
import { DeadlineQueue } from "./deadline-queue.ts";
import type { ConnectOptions, EndpointOptions } from "./endpoint-options.ts";
import type { FramedMessage } from "./framed-message.ts";
import { Handshakes } from "./handshake/handshakes.ts";
import { Resets } from "./handshake/resets.ts";
import { RestartChecks } from "./handshake/restart-checks.ts";
import type { SessionId, TransportEvent } from "./transport-event.ts";
import { Turn, UNLIMITED } from "./turn.ts";
import { ByteReader } from "./wire/bytes.ts";
import { type DataPacket, decodeDatagram, PacketKind, type RetryPacket } from "./wire/datagrams.ts";
import { CloseCode } from "./wire/frames.ts";

export type { ConnectOptions, EndpointOptions } from "./endpoint-options.ts";
export { UNLIMITED } from "./turn.ts";
export type { SessionId, TransportEvent } from "./transport-event.ts";

export class Endpoint {
  readonly publicKey: Uint8Array;
  readonly #deadlines = new DeadlineQueue<Connection>();
  readonly #connections: Connections;
  readonly #turn: Turn;
  readonly #resets: Resets;
  readonly #handshakes: Handshakes;
  readonly #restartChecks: RestartChecks;
  /** The last flush stopped at its limits. */
  #hasRest = false;
  /** New input came before the rest was flushed. */
  #cutShort = false;

  constructor(options: EndpointOptions) {
    const { keyPair, random } = options;
    this.publicKey = keyPair.publicKey;
    this.#connections = new Connections(this.#deadlines, random);
    this.#turn = new Turn(this.#connections);
    this.#resets = new Resets(keyPair);
    this.#handshakes = new Handshakes(options, this.#connections, this.#resets, this.#turn);
    this.#restartChecks = new RestartChecks(this.#connections, this.#turn, random);
  }

  /** Starts a handshake. Messages may be sent at once; they wait for it. */
  connect(now: number, address: Address, options: ConnectOptions = {}): SessionId {
    return this.#handshakes.begin(now, address, options).id;
  }

  /** Queues a message and returns its number: 1, 2, ... in each session. */
  send(now: number, id: SessionId, message: FramedMessage): number | "queue_full" | "no_session" {
    const connection = this.#connections.get(id);
    if (connection === undefined) return "no_session";
    this.#turn.touch(connection);
    connection.initiation?.hurry(now);
    return connection.session.send(now, message) ?? "queue_full";
  }

  /** Whether the next flush has messages for this session, or they wait for room on its path. */
  hasToSend(id: SessionId): boolean {
    return this.#connections.get(id)?.session.stream.sendable === true;
  }

  /** Tells the peer that the session is over, and forgets it. No event follows. */
  close(id: SessionId): void {
    this.#turn.silence(id);
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    this.#sayClosed(connection, CloseCode.Done, "");
    this.#turn.forget(connection);
  }

  /** Forgets a session without a word. No event follows. */
  abandon(id: SessionId): void {
    this.#turn.silence(id);
    const connection = this.#connections.get(id);
    if (connection !== undefined) this.#turn.forget(connection);
  }

  /** Takes one datagram. Whatever cannot be read is dropped in silence. */
  receive(now: number, from: Address, datagram: Uint8Array): void {
    this.#cutShort = this.#hasRest;
    const packet = decodeDatagram(datagram);
    if ("reason" in packet) return;
    switch (packet.kind) {
      case PacketKind.Data:
        return this.#onData(now, from, packet);
      case PacketKind.Hello:
        return this.#handshakes.onHello(now, from, packet);
      case PacketKind.Retry:
        return this.#onRetry(now, from, packet);
      case PacketKind.Initiate:
        return this.#handshakes.onInitiate(now, from, packet);
      case PacketKind.Respond:
        return this.#handshakes.onRespond(now, from, packet);
      case PacketKind.Reset:
        return this.#restartChecks.onReset(now, from, packet);
    }
  }

  /** Looks at the clock: call it when `nextWakeup` has come. */
  wake(now: number): void {
    this.#cutShort = this.#hasRest;
    this.#handshakes.wake(now);
    for (;;) {
      const connection = this.#deadlines.popDue(now);
      if (connection === undefined) return;
      const { session } = connection;
      // Nearly always its deadline was put off since.
      const at = this.#deadline(now, connection);
      if (at > now) {
        session.trimIdle();
        this.#deadlines.schedule(connection, at);
        continue;
      }
      this.#turn.touch(connection);
      for (const message of session.takeUnanswered(now)) {
        this.#turn.tell({ type: "unanswered", session: connection.id, message });
      }
      const over = session.wake(now);
      if (over !== undefined) this.#turn.over(connection, { reason: over });
    }
  }

  /** The moment at which `wake` wants to be called; infinity for none. */
  nextWakeup(): number {
    return Math.min(this.#deadlines.next, this.#handshakes.nextAt);
  }

  /** What has happened since the last call, in order. */
  takeEvents(): TransportEvent[] {
    return this.#turn.takeEvents();
  }

  /** Whether a flush has left something for the next one, which is due at once. */
  get unfinished(): boolean {
    return this.#turn.unfinished;
  }

  /**
   * What must be sent now, all sessions together. Call it once per turn, after the events are dealt with. With `limits`,
   * there may be a rest: see `unfinished`.
   */
  flush(now: number, limits = UNLIMITED): Datagram[] {
    this.#turn.lookAfterTouched(limits, (connection) => {
      const { session, initiation } = connection;
      if (initiation !== undefined) {
        for (const bytes of initiation.poll(now)) this.#turn.send(session.address, bytes);
      }
      session.flush(now, this.#turn.out);
      if (this.#restartChecks.nextAt(now, connection) <= now)
        this.#restartChecks.ask(now, connection);
      this.#deadlines.schedule(connection, this.#deadline(now, connection));
    });
    // Handshakes are answered after the last part of a turn; if new input keeps coming before that, all the same.
    this.#hasRest = this.unfinished;
    if (!this.#hasRest || this.#cutShort) this.#handshakes.answer(now);
    this.#cutShort = false;
    return this.#turn.takeOut();
  }

  #onData(now: number, from: Address, packet: DataPacket): void {
    const connection =
      this.#connections.byIndex(packet.receiver) ?? this.#handshakes.confirm(now, packet);
    if (connection === undefined) return;
    if (connection === "unknown") return this.#sendReset(now, from, packet.receiver);
    const { id, session } = connection;
    const received = session.receive(now, from, packet);
    if (received === undefined) return;
    if (!received.calm) this.#turn.touch(connection);
    for (const bytes of received.messages) {
      this.#turn.tell({ type: "message", session: id, bytes });
    }
    if (received.delivered !== undefined) {
      this.#turn.tell({ type: "delivered", session: id, message: received.delivered });
    }
    if (received.moved) this.#turn.tell({ type: "moved", session: id, address: session.address });
    if (received.over === undefined) {
      if (received.streamed) this.#makeRoom(connection);
      return;
    }
    if (received.over === "violation") {
      this.#sayClosed(connection, CloseCode.Violation, "protocol violation");
    }
    this.#turn.over(connection, { reason: received.over });
  }

  /** This session may keep more than before: others may have to go for it, or it itself. */
  #makeRoom(connection: Connection): void {
    const { hoards } = this.#connections;
    hoards.note(connection, connection.session.incoming);
    for (let excess = hoards.excess(); excess !== undefined; excess = hoards.excess()) {
      this.#sayClosed(excess, CloseCode.NoRoom, "too much that is not whole");
      this.#turn.over(excess, { reason: "no_room" });
    }
  }

  #onRetry(now: number, from: Address, packet: RetryPacket): void {
    const connection = this.#connections.byIndex(new ByteReader(packet.nonce).u32());
    if (connection === undefined || !sameAddress(from, connection.session.address)) return;
    if (connection.initiation === undefined) this.#restartChecks.onRetry(now, connection, packet);
    else this.#handshakes.onRetry(now, connection, packet);
  }

  #sendReset(now: number, to: Address, receiver: number): void {
    const bytes = this.#resets.answer(now, to.host, receiver);
    if (bytes !== undefined) this.#turn.send(to, bytes);
  }

  #sayClosed({ session }: Connection, code: number, reason: string): void {
    const packet = session.closePacket(code, reason);
    if (packet !== undefined) this.#turn.send(packet.to, packet.bytes);
  }

  #deadline(now: number, connection: Connection): number {
    return Math.min(
      connection.session.deadline(now),
      connection.initiation?.nextTryAt ?? Number.POSITIVE_INFINITY,
      this.#restartChecks.nextAt(now, connection),
    );
  }
}
