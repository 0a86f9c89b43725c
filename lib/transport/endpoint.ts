// One endpoint, many sessions: routes datagrams to them, shakes hands, keeps their deadlines, and
// says what must be sent and what has happened. Knows nothing of sockets, clocks or chat.

import type { Address, Datagram } from "./address.ts";
import { sameAddress } from "./address.ts";
import { ByteReader, ByteWriter, equalBytes } from "./bytes.ts";
import {
  type Connection,
  type ConnectionParts,
  Connections,
  type SessionId,
} from "./connections.ts";
import { equalSecrets } from "./cookie.ts";
import {
  type DataPacket,
  decodeDatagram,
  encodeHello,
  type InitiatePacket,
  NONCE_BYTES,
  PacketKind,
  type ResetPacket,
  type RespondPacket,
  type RetryPacket,
} from "./datagrams.ts";
import { DeadlineQueue } from "./deadline-queue.ts";
import { Initiation } from "./initiation.ts";
import type { KeyPair } from "./keys.ts";
import {
  HALF_OPEN_LIFETIME_MS,
  HALF_OPEN_MAX,
  KEEP_ALIVE_SPREAD_MS,
  SESSIONS_MAX,
} from "./limits.ts";
import { Resets } from "./resets.ts";
import { Responder } from "./responder.ts";
import { PROBE_INTERVAL_MAX_MS } from "./retry.ts";
import { revivalAt } from "./revival.ts";
import type { FramedMessage } from "./send-stream.ts";
import { CloseCode, Session } from "./session.ts";
import type { ClosedReason, TransportEvent } from "./transport-event.ts";

export type { SessionId } from "./connections.ts";
export type { ClosedReason, TransportEvent } from "./transport-event.ts";

export interface EndpointOptions {
  readonly keyPair: KeyPair;
  /** Fresh random bytes, the only source of chance. */
  readonly random: (bytes: number) => Uint8Array;
  /** Silence after which a session is gone, in ms. */
  readonly idleTimeoutMs: number;
  /** Sessions that this side started are kept by a sign of life this often, in ms; left out: not. */
  readonly keepAliveMs?: number;
  /** A secret shared by both sides (IKpsk2), 32 bytes. */
  readonly psk?: Uint8Array;
}

export class Endpoint {
  readonly publicKey: Uint8Array;
  readonly #options: EndpointOptions;
  readonly #resets: Resets;
  readonly #responder: Responder;
  readonly #deadlines = new DeadlineQueue<Connection>();
  readonly #connections = new Connections(this.#deadlines);
  readonly #touched = new Set<Connection>();
  #events: TransportEvent[] = [];
  #out: Datagram[] = [];
  /** Handshakes that no packet has confirmed yet, oldest first. */
  readonly #halfOpen = new Set<Connection>();

  constructor(options: EndpointOptions) {
    this.#options = options;
    this.publicKey = options.keyPair.publicKey;
    this.#resets = new Resets(options.keyPair);
    this.#responder = new Responder(options.keyPair, options.psk, options.random);
  }

  /**
   * Starts a handshake. Messages may be sent at once; they wait for it. Without `expectedKey`, the
   * key that the other side presents is taken.
   */
  connect(now: number, address: Address, expectedKey?: Uint8Array): SessionId {
    const { keyPair, psk, random, keepAliveMs, idleTimeoutMs } = this.#options;
    const localIndex = this.#newIndex();
    const spreadMs = Math.min(KEEP_ALIVE_SPREAD_MS, (keepAliveMs ?? 0) / 2);
    const spread = (this.#randomU32() / 2 ** 32) * spreadMs;
    const session = new Session(now, localIndex, address, {
      random,
      idleTimeoutMs,
      keepAliveMs: keepAliveMs === undefined ? undefined : keepAliveMs - spread,
    });
    const initiation = new Initiation(now, this.#nonce(localIndex), {
      keyPair,
      psk,
      random,
      expectedKey,
      localIndex,
      resetToken: this.#resets.token(localIndex),
    });
    const pinned = expectedKey !== undefined;
    return this.#add({
      session,
      initiation,
      initiator: true,
      pinned,
      peerKey: expectedKey,
      halfOpenUntil: Number.POSITIVE_INFINITY,
    }).id;
  }

  /** Queues a message and returns its number: 1, 2, ... in each session. */
  send(now: number, id: SessionId, message: FramedMessage): number | "queue_full" | "no_session" {
    const connection = this.#connections.get(id);
    if (connection === undefined) return "no_session";
    this.#touched.add(connection);
    connection.initiation?.hurry(now);
    return connection.session.send(now, message) ?? "queue_full";
  }

  /** Tells the peer that the session is over, and forgets it. No event follows. */
  close(id: SessionId): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    const packet = connection.session.closePacket(CloseCode.Done, "");
    if (packet !== undefined) this.#out.push(packet);
    this.#forget(connection);
  }

  /** Forgets a session without a word. No event follows. */
  abandon(id: SessionId): void {
    const connection = this.#connections.get(id);
    if (connection !== undefined) this.#forget(connection);
  }

  /** Takes one datagram. Whatever cannot be read is dropped in silence. */
  receive(now: number, from: Address, datagram: Uint8Array): void {
    const packet = decodeDatagram(datagram);
    if ("reason" in packet) return;
    switch (packet.kind) {
      case PacketKind.Data:
        return this.#onData(now, from, packet);
      case PacketKind.Hello:
        this.#out.push({ to: from, bytes: this.#responder.onHello(now, from, packet) });
        return;
      case PacketKind.Retry:
        return this.#onRetry(now, from, packet);
      case PacketKind.Initiate:
        return this.#onInitiate(now, from, packet);
      case PacketKind.Respond:
        return this.#onRespond(now, from, packet);
      case PacketKind.Reset:
        return this.#onReset(now, from, packet);
    }
  }

  /** Looks at the clock: call it when `nextWakeup` has come. */
  wake(now: number): void {
    for (;;) {
      const connection = this.#deadlines.popDue(now);
      if (connection === undefined) return;
      this.#touched.add(connection);
      const { session } = connection;
      if (connection.halfOpenUntil <= now) {
        this.#forget(connection);
        continue;
      }
      for (const message of session.liveness.takeUnanswered(now, session.stream)) {
        this.#events.push({ type: "unanswered", session: connection.id, message });
      }
      if (session.wake(now)) this.#over(connection, "idle");
    }
  }

  /** The moment at which `wake` wants to be called; infinity for none. */
  nextWakeup(): number {
    return this.#deadlines.next;
  }

  /** What has happened since the last call, in order. */
  takeEvents(): TransportEvent[] {
    const events = this.#events;
    if (events.length > 0) this.#events = [];
    return events;
  }

  /** What must be sent now, all sessions together. Call it once per turn, after the events are dealt with. */
  flush(now: number): Datagram[] {
    for (const connection of this.#touched) {
      const { session, initiation } = connection;
      for (const bytes of initiation?.poll(now) ?? []) {
        this.#out.push({ to: session.address, bytes });
      }
      session.flush(now, this.#out);
      this.#revive(now, connection);
      this.#deadlines.schedule(connection, this.#deadline(now, connection));
    }
    this.#touched.clear();
    const out = this.#out;
    if (out.length > 0) this.#out = [];
    return out;
  }

  #onData(now: number, from: Address, packet: DataPacket): void {
    const connection = this.#connections.byIndex(packet.receiver);
    if (connection === undefined) return this.#sendReset(now, from, packet.receiver);
    const { session } = connection;
    const received = session.receive(now, from, packet);
    if (received === undefined) return;
    this.#touched.add(connection);
    if (this.#halfOpen.delete(connection)) this.#established(connection);
    for (const bytes of received.messages) {
      this.#events.push({ type: "message", session: connection.id, bytes });
    }
    if (received.delivered !== undefined) {
      const message = received.delivered;
      this.#events.push({ type: "delivered", session: connection.id, message });
    }
    if (received.moved) {
      this.#events.push({ type: "moved", session: connection.id, address: session.address });
    }
    if (received.over === undefined) return;
    if (received.over === "violation") {
      const packet = session.closePacket(CloseCode.Violation, "protocol violation");
      if (packet !== undefined) this.#out.push(packet);
    }
    this.#over(connection, received.over);
  }

  #onRetry(now: number, from: Address, packet: RetryPacket): void {
    const connection = this.#connections.byIndex(new ByteReader(packet.nonce).u32());
    if (connection === undefined || !sameAddress(from, connection.session.address)) return;
    if (connection.initiation !== undefined) {
      if (!connection.initiation.onRetry(now, packet)) return;
      // Whoever answers is there; but a handshake that is never accepted must not go on unnoticed.
      if (!connection.retried) connection.session.liveness.onHeard(now);
      connection.retried = true;
      this.#touched.add(connection);
      return;
    }
    const { revival, peerKey, pinned } = connection;
    if (revival === undefined || !equalBytes(revival.nonce, packet.nonce)) return;
    // A silent peer that answers with its old key has the session still, or will say RESET.
    if (pinned || peerKey === undefined || equalBytes(packet.publicKey, peerKey)) return;
    // Nothing proves a RETRY, and one wrong bit makes another key of it: it has to be said twice.
    if (revival.otherKey !== undefined && equalBytes(packet.publicKey, revival.otherKey)) {
      this.#over(connection, "reset");
      return;
    }
    const nonce = this.#nonce(connection.session.localIndex);
    connection.revival = { nonce, sentAt: now, otherKey: Uint8Array.from(packet.publicKey) };
    this.#sendRevival(now, connection);
    this.#touched.add(connection);
  }

  #onInitiate(now: number, from: Address, packet: InitiatePacket): void {
    if (!this.#responder.proves(now, from, packet)) return;
    const repeated = this.#responder.repeated(packet);
    if (repeated !== undefined) {
      this.#out.push({ to: from, bytes: repeated });
      return;
    }
    if (this.#connections.size >= SESSIONS_MAX) return;
    const localIndex = this.#newIndex();
    const token = this.#resets.token(localIndex);
    const accepted = this.#responder.onInitiate(packet, localIndex, token);
    if (accepted === undefined) return;
    const { random, idleTimeoutMs } = this.#options;
    const session = new Session(now, localIndex, from, {
      random,
      idleTimeoutMs,
      keepAliveMs: undefined,
    });
    session.open(now, accepted.keys);
    const connection = this.#add({
      session,
      initiation: undefined,
      initiator: false,
      pinned: true,
      peerKey: accepted.peerKey,
      halfOpenUntil: now + HALF_OPEN_LIFETIME_MS,
    });
    this.#connections.opened(connection);
    this.#halfOpen.add(connection);
    for (const oldest of this.#halfOpen) {
      if (this.#halfOpen.size <= HALF_OPEN_MAX) break;
      this.#forget(oldest);
    }
    this.#out.push({ to: from, bytes: accepted.respond });
  }

  #onRespond(now: number, from: Address, packet: RespondPacket): void {
    const connection = this.#connections.byIndex(packet.receiver);
    if (connection?.initiation === undefined) return;
    if (!sameAddress(from, connection.session.address)) return;
    const completed = connection.initiation.onRespond(packet);
    if (completed === undefined) return;
    connection.initiation = undefined;
    connection.peerKey = completed.peerKey;
    connection.session.open(now, completed.keys);
    // The responder takes the session for real once it has read a first packet of it.
    connection.session.ping();
    this.#connections.opened(connection);
    this.#touched.add(connection);
    this.#established(connection);
  }

  #onReset(now: number, from: Address, packet: ResetPacket): void {
    const connection = this.#connections.byRemoteIndex(packet.receiver);
    const keys = connection?.session.keys;
    if (connection === undefined || keys === undefined) return;
    if (equalSecrets(packet.token, keys.resetToken)) {
      this.#over(connection, "reset");
    } else if (connection.initiator && sameAddress(from, connection.session.address)) {
      // Not provably the peer, but perhaps it restarted with another key: worth a HELLO.
      const sentAt = connection.revival?.sentAt ?? Number.NEGATIVE_INFINITY;
      if (now - sentAt >= PROBE_INTERVAL_MAX_MS) this.#sendRevival(now, connection);
    }
  }

  #established(connection: Connection): void {
    connection.halfOpenUntil = Number.POSITIVE_INFINITY;
    this.#events.push({
      type: "established",
      session: connection.id,
      peerKey: connection.peerKey!,
      address: connection.session.address,
      initiator: connection.initiator,
    });
  }

  #sendReset(now: number, to: Address, receiver: number): void {
    const bytes = this.#resets.answer(now, receiver);
    if (bytes !== undefined) this.#out.push({ to, bytes });
  }

  #revive(now: number, connection: Connection): void {
    if (revivalAt(now, connection) <= now) this.#sendRevival(now, connection);
  }

  #sendRevival(now: number, connection: Connection): void {
    const { session } = connection;
    const nonce = connection.revival?.nonce ?? this.#nonce(session.localIndex);
    connection.revival = { nonce, sentAt: now, otherKey: connection.revival?.otherKey };
    this.#out.push({ to: session.address, bytes: encodeHello(nonce) });
  }

  #deadline(now: number, connection: Connection): number {
    return Math.min(
      connection.session.deadline(now),
      connection.initiation?.nextTryAt ?? Number.POSITIVE_INFINITY,
      connection.halfOpenUntil,
      revivalAt(now, connection),
    );
  }

  #add(parts: ConnectionParts): Connection {
    const connection = this.#connections.add(parts);
    this.#touched.add(connection);
    return connection;
  }

  #over(connection: Connection, reason: ClosedReason): void {
    const halfOpen = this.#halfOpen.has(connection);
    this.#forget(connection);
    if (!halfOpen) this.#events.push({ type: "closed", session: connection.id, reason });
  }

  #forget(connection: Connection): void {
    this.#halfOpen.delete(connection);
    this.#connections.delete(connection);
    this.#touched.delete(connection);
  }

  /** A nonce whose RETRY finds its way back by our index in front. */
  #nonce(localIndex: number): Uint8Array {
    const writer = new ByteWriter(NONCE_BYTES);
    writer.u32(localIndex);
    writer.bytes(this.#options.random(NONCE_BYTES - 4));
    return writer.finish();
  }

  #newIndex(): number {
    for (;;) {
      const index = this.#randomU32();
      if (this.#connections.byIndex(index) === undefined) return index;
    }
  }

  #randomU32(): number {
    return new ByteReader(this.#options.random(4)).u32();
  }
}
