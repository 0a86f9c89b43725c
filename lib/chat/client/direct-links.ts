// Direct messages, client to client: one link per peer key, numbered both ways, so that nothing is shown twice
// whatever becomes of sessions. Knows keys and addresses, no names of users and no lines.

import { type Address, isLoopback } from "../../transport/address.ts";
import { DeadlineQueue } from "../../transport/deadline-queue.ts";
import type { Endpoint, SessionId, TransportEvent } from "../../transport/endpoint.ts";
import { fromHex } from "../../transport/wire/bytes.ts";
import { SENDERS_REMEMBERED_MAX, SESSIONS_LOST_MAX } from "../limits.ts";
import { framed, PING } from "../message.ts";
import { DirectLink, type DirectPeer, type Outgoing } from "./direct-link.ts";
import { HighestNumbers } from "./highest-numbers.ts";
import { type PeerSession, PeerSessions } from "./peer-sessions.ts";

/** A client on the server's own machine is known there by a loopback address, which is of no use elsewhere. */
export const addressFrom = ({ host, port }: Address, server: Address): Address =>
  isLoopback(host) ? { host: server.host, port } : { host, port };

export class DirectLinks {
  readonly #endpoint: Endpoint;
  readonly #addressOf: (key: string) => Address | undefined;
  readonly #links = new Map<string, DirectLink>();
  readonly #sessions = new PeerSessions();
  /** Those with messages on their way, by when the peer must have taken one. */
  readonly #stalls = new DeadlineQueue<DirectLink>();
  /** The highest number of a message from each key. */
  readonly #shown = new HighestNumbers(SENDERS_REMEMBERED_MAX);

  /** `addressOf` says where the table has the holder of a key. */
  constructor(endpoint: Endpoint, addressOf: (key: string) => Address | undefined) {
    this.#endpoint = endpoint;
    this.#addressOf = addressOf;
  }

  /** Whether messages are on their way. */
  get busy(): boolean {
    for (const link of this.#links.values()) if (link.outbox.length > 0) return true;
    return false;
  }

  /** Queues a text for the holder of a key. `ended` is called once, in the order of sending for each peer. */
  send(now: number, peer: DirectPeer, text: string, ended: Outgoing["ended"]): void {
    const link = this.#link(peer);
    link.address = peer.address;
    const number = ++link.lastNumber;
    const message = { type: "direct_message", payload: { text }, metadata: { number } } as const;
    if (link.outbox.length === 0) link.progressAt = now;
    link.outbox.push({ bytes: framed(message), queuedAs: undefined, ended });
    this.#stalls.schedule(link, link.stalledAt);
    this.#push(now, link);
  }

  /** Gives up peers that show signs of life, and take nothing of what is said to them. */
  wake(now: number): void {
    for (let link = this.#stalls.popDue(now); link; link = this.#stalls.popDue(now)) {
      if (link.stalledAt <= now) this.#fail(now, link);
      else this.#stalls.schedule(link, link.stalledAt);
    }
  }

  /** When to call `wake`. */
  nextWakeup(): number {
    return this.#stalls.next;
  }

  /** The client at the other end: its key, and where it is. Undefined for a session that is not one of these. */
  peerOf(session: SessionId): DirectPeer | undefined {
    return this.#sessions.get(session);
  }

  /** The client at the other end of this session says something on it. */
  onHeard(session: SessionId): void {
    this.#sessions.heard(session);
  }

  /** Whether this number is new for this sender: then it is remembered, and what it numbers is to be shown. */
  isNew(key: string, number: number): boolean {
    return this.#shown.take(key, number);
  }

  /** What came in this session cannot be taken: forgets it in silence, so that it comes again in another one. */
  abandon(now: number, session: SessionId): void {
    this.#endpoint.abandon(session);
    this.onClosed(now, session);
  }

  /** The peer wants something else of this session than direct messages: ends it, and says so. */
  refuse(now: number, session: SessionId): void {
    this.#endpoint.close(session);
    this.onClosed(now, session);
  }

  /** Nobody has this key: ends its sessions and forgets it. */
  disown(key: string): void {
    for (const session of this.#sessions.with(key)) this.#close(session);
    this.#shown.forget(key);
  }

  /** The user leaves: tells all peers that the sessions with them are over. */
  close(): void {
    for (const session of this.#sessions.all()) this.#close(session);
  }

  /**
   * The table has changed. A peer that it has at another address now may have lost its old one, and if ours was lost
   * at the same time, neither finds the other in the session they have: we try the new address.
   */
  follow(now: number): void {
    for (const key of this.#sessions.keys()) {
      const address = this.#addressOf(key);
      // Said for the first time, it is nothing new.
      if (address === undefined || !this.#sessions.tell(key, address)) continue;
      this.#prefer(now, key);
      // Some session may have been quicker than the table.
      if (this.#sessions.reaches(key, address)) continue;
      const session = this.#begin(now, key, address);
      if (session !== undefined) this.#endpoint.send(now, session, PING);
    }
  }

  /** The peer has another address, and has proved it. */
  onMoved(now: number, session: SessionId, address: Address): void {
    const about = this.#sessions.get(session);
    if (about === undefined) return;
    about.address = address;
    this.#prefer(now, about.key);
  }

  onEstablished(now: number, event: TransportEvent & { type: "established" }, key: string): void {
    const { session, initiator, address } = event;
    this.#remember(session, { key, began: initiator, established: true, address });
    this.#prefer(now, key);
    this.#thinOut(key, session);
  }

  onDelivered(now: number, session: SessionId, message: number): void {
    const link = this.#linkOn(session);
    if (link === undefined) return;
    const delivered = link.takeDelivered(now, message);
    this.#push(now, link);
    for (const outgoing of delivered) outgoing.ended(now, "delivered");
  }

  onUnanswered(now: number, session: SessionId, message: number): void {
    const link = this.#linkOn(session);
    const established = this.#sessions.isEstablished(session);
    if (link === undefined) {
      // Nobody is at the new address either.
      if (!established) this.#abandon(session);
      return;
    }
    const oldest = link.outbox[0]?.queuedAs;
    if (oldest === undefined) return;
    // The tries of a new address began when the table told of it, before the messages came there.
    if (established && oldest > message) return;
    const beginning = this.#sessions.beginning(link.key, session);
    if (beginning === undefined) return this.#fail(now, link);
    // The peer is elsewhere by now, and there it has not had its tries yet.
    this.#abandon(session);
    this.#goOver(now, link, beginning);
  }

  onClosed(now: number, session: SessionId): void {
    const link = this.#linkOn(session);
    this.#sessions.forget(session);
    if (link === undefined) return;
    link.lose();
    if (link.outbox.length === 0) return;
    link.sessionsLost++;
    if (link.sessionsLost >= SESSIONS_LOST_MAX) this.#fail(now, link);
    else this.#push(now, link);
  }

  #link(peer: DirectPeer): DirectLink {
    let link = this.#links.get(peer.key);
    if (link === undefined) {
      link = new DirectLink(peer);
      this.#links.set(peer.key, link);
    }
    return link;
  }

  #linkOn(session: SessionId): DirectLink | undefined {
    const key = this.peerOf(session)?.key;
    const link = key === undefined ? undefined : this.#links.get(key);
    return link?.session === session ? link : undefined;
  }

  /** Queues what is not queued yet; begins a session when there is none. */
  #push(now: number, link: DirectLink): void {
    for (const outgoing of link.outbox) {
      if (outgoing.queuedAs !== undefined) continue;
      link.session ??= this.#open(now, link);
      if (link.session === undefined) return;
      const number = this.#endpoint.send(now, link.session, outgoing.bytes);
      // When the queue is full, the next delivery makes room and brings us here again.
      if (typeof number !== "number") return;
      outgoing.queuedAs = number;
    }
  }

  #close(session: SessionId): void {
    this.#endpoint.close(session);
    this.#sessions.forget(session);
  }

  #abandon(session: SessionId): void {
    this.#endpoint.abandon(session);
    this.#sessions.forget(session);
  }

  /** Takes the best session there is, or begins one. */
  #open(now: number, { key, address }: DirectLink): SessionId | undefined {
    return this.#sessions.best(key, this.#addressOf(key)) ?? this.#begin(now, key, address);
  }

  /**
   * Goes over to a better session: where our own handshake is not through, the peer's may be the only one that will
   * be; and where the table has the peer is better than where it was.
   */
  #prefer(now: number, key: string): void {
    const link = this.#links.get(key);
    if (link?.session === undefined) return;
    const told = this.#addressOf(key);
    const established = this.#sessions.isEstablished(link.session);
    if (established && (told === undefined || this.#sessions.isAt(link.session, told))) return;
    const best = this.#sessions.best(key, told);
    if (best === undefined || best === link.session) return;
    if (established && told !== undefined && !this.#sessions.isAt(best, told)) return;
    const superseded = link.session;
    this.#goOver(now, link, best);
    // It has no further use, and the peer goes over to the better one as well.
    if (this.#sessions.get(superseded)?.began === true) this.#close(superseded);
  }

  #goOver(now: number, link: DirectLink, session: SessionId): void {
    link.lose();
    link.session = session;
    this.#push(now, link);
  }

  #begin(now: number, key: string, address: Address): SessionId | undefined {
    const bytes = fromHex(key);
    if (bytes === undefined) return undefined;
    const session = this.#endpoint.connect(now, address, { expectedKey: bytes });
    this.#remember(session, { key, began: true, established: false, address });
    this.#thinOut(key, session);
    return session;
  }

  #remember(session: SessionId, about: PeerSession): void {
    this.#sessions.remember(session, about, this.#addressOf(about.key));
  }

  /** Ends those that are too many for this one. What the peer has under way on one of them comes again on another. */
  #thinOut(key: string, newest: SessionId): void {
    const inUse = this.#links.get(key)?.session;
    for (const session of this.#sessions.excess(key, newest, inUse)) this.#close(session);
  }

  #fail(now: number, link: DirectLink): void {
    for (const session of this.#sessions.with(link.key)) this.#abandon(session);
    for (const outgoing of link.takeAll()) outgoing.ended(now, "unanswered");
  }
}
