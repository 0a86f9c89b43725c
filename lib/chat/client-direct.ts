// Direct messages, client to client: one link per peer key, numbered both ways, so that nothing is shown twice
// whatever becomes of sessions. Knows keys and addresses, no names of users and no lines.

import type { Address } from "../transport/address.ts";
import { fromHex } from "../transport/bytes.ts";
import type { Endpoint, SessionId, TransportEvent } from "../transport/endpoint.ts";
import type { FramedMessage } from "../transport/send-stream.ts";
import { bytesOf } from "./client-requests.ts";

/**
 * Sessions with a peer that may end one after the other with nothing delivered. After that, the peer counts as one
 * that does not answer: it could go on for ever.
 */
const SESSIONS_LOST_MAX = 5;

/** Keys whose last number is remembered. The one not heard of for longest goes first. */
const SENDERS_REMEMBERED_MAX = 65_536;

/** Where a peer is, and which key it must prove to have. */
export interface Peer {
  /** 64 hexadecimal digits. */
  readonly key: string;
  readonly address: Address;
}

export type DirectOutcome = "delivered" | "unanswered";

interface Outgoing {
  readonly bytes: FramedMessage;
  /** Its number on the link's present session, once it is queued there. */
  queuedAs: number | undefined;
  readonly ended: (now: number, outcome: DirectOutcome) => void;
}

interface Link {
  readonly key: string;
  /** Newest address known. */
  address: Address;
  /** The session that messages go out on. */
  session: SessionId | undefined;
  /** In order of their numbers; the first ones are queued on the session. */
  outbox: Outgoing[];
  lastNumber: number;
  sessionsLost: number;
}

export class DirectLinks {
  readonly #endpoint: Endpoint;
  readonly #links = new Map<string, Link>();
  /** Every session with another client, whoever began it. */
  readonly #sessions = new Map<SessionId, { readonly key: string; established: boolean }>();
  /** The highest number of a message from each key. */
  readonly #lastSeen = new Map<string, number>();

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
  }

  /** Whether messages are on their way. */
  get busy(): boolean {
    for (const link of this.#links.values()) if (link.outbox.length > 0) return true;
    return false;
  }

  /** Queues a text for the holder of a key. `ended` is called once, in the order of sending for each peer. */
  send(now: number, peer: Peer, text: string, ended: Outgoing["ended"]): void {
    const link = this.#link(peer);
    link.address = peer.address;
    const number = ++link.lastNumber;
    const message = { type: "direct_message", payload: { text }, metadata: { number } } as const;
    link.outbox.push({ bytes: bytesOf(message), queuedAs: undefined, ended });
    this.#push(now, link);
  }

  /** The key of the client at the other end, or undefined for a session that is not one of these. */
  keyOf(session: SessionId): string | undefined {
    return this.#sessions.get(session)?.key;
  }

  /** Whether this number is new for this sender: then it is remembered, and what it numbers is to be shown. */
  isNew(key: string, number: number): boolean {
    const last = this.#lastSeen.get(key) ?? 0;
    if (number <= last) return false;
    this.#lastSeen.delete(key);
    this.#lastSeen.set(key, number);
    if (this.#lastSeen.size > SENDERS_REMEMBERED_MAX) {
      for (const oldest of this.#lastSeen.keys()) {
        this.#lastSeen.delete(oldest);
        break;
      }
    }
    return true;
  }

  /** Nobody has this key: ends its sessions and forgets it. */
  disown(now: number, key: string): void {
    for (const session of this.#sessionsWith(key)) {
      this.#endpoint.close(now, session);
      this.#sessions.delete(session);
    }
    this.#lastSeen.delete(key);
  }

  onEstablished(now: number, event: TransportEvent & { type: "established" }, key: string): void {
    this.#sessions.set(event.session, { key, established: true });
    const link = this.#links.get(key);
    if (link?.session === undefined || link.session === event.session) return;
    // The peer got through to us first. What waits for our own handshake goes this way: it may be the only one.
    if (this.#sessions.get(link.session)?.established !== true) {
      this.#lose(link);
      link.session = event.session;
      this.#push(now, link);
    }
  }

  onDelivered(now: number, session: SessionId, message: number): void {
    const link = this.#linkOn(session);
    if (link === undefined) return;
    let count = 0;
    for (const outgoing of link.outbox) {
      if (outgoing.queuedAs === undefined || outgoing.queuedAs > message) break;
      count++;
    }
    const delivered = link.outbox.splice(0, count);
    if (count > 0) link.sessionsLost = 0;
    this.#push(now, link);
    for (const outgoing of delivered) outgoing.ended(now, "delivered");
  }

  onUnanswered(now: number, session: SessionId, message: number): void {
    const link = this.#linkOn(session);
    const oldest = link?.outbox[0]?.queuedAs;
    if (link === undefined || oldest === undefined || oldest > message) return;
    this.#fail(now, link);
  }

  onClosed(now: number, session: SessionId): void {
    const link = this.#linkOn(session);
    this.#sessions.delete(session);
    if (link === undefined) return;
    this.#lose(link);
    if (link.outbox.length === 0) return;
    link.sessionsLost++;
    if (link.sessionsLost >= SESSIONS_LOST_MAX) this.#fail(now, link);
    else this.#push(now, link);
  }

  #link(peer: Peer): Link {
    let link = this.#links.get(peer.key);
    if (link === undefined) {
      link = {
        key: peer.key,
        address: peer.address,
        session: undefined,
        outbox: [],
        lastNumber: 0,
        sessionsLost: 0,
      };
      this.#links.set(peer.key, link);
    }
    return link;
  }

  #linkOn(session: SessionId): Link | undefined {
    const key = this.keyOf(session);
    const link = key === undefined ? undefined : this.#links.get(key);
    return link?.session === session ? link : undefined;
  }

  /** Queues what is not queued yet; begins a session when there is none. */
  #push(now: number, link: Link): void {
    for (const outgoing of link.outbox) {
      if (outgoing.queuedAs !== undefined) continue;
      if (link.session === undefined) this.#open(now, link);
      if (link.session === undefined) return;
      const number = this.#endpoint.send(now, link.session, outgoing.bytes);
      // When the queue is full, the next delivery makes room and brings us here again.
      if (typeof number !== "number") return;
      outgoing.queuedAs = number;
    }
  }

  #sessionsWith(key: string): SessionId[] {
    return [...this.#sessions].filter(([, one]) => one.key === key).map(([session]) => session);
  }

  /** Takes a session there is, or begins one. */
  #open(now: number, link: Link): void {
    const there = this.#sessionsWith(link.key).find((one) => this.#sessions.get(one)?.established);
    const key = fromHex(link.key);
    if (there !== undefined) link.session = there;
    else if (key !== undefined) {
      link.session = this.#endpoint.connect(now, link.address, key);
      this.#sessions.set(link.session, { key: link.key, established: false });
    }
  }

  /** The session is of no use any more: everything is to be queued again, on another. */
  #lose(link: Link): void {
    link.session = undefined;
    for (const outgoing of link.outbox) outgoing.queuedAs = undefined;
  }

  #fail(now: number, link: Link): void {
    for (const session of this.#sessionsWith(link.key)) {
      this.#endpoint.abandon(session);
      this.#sessions.delete(session);
    }
    this.#lose(link);
    link.sessionsLost = 0;
    const failed = link.outbox;
    link.outbox = [];
    for (const outgoing of failed) outgoing.ended(now, "unanswered");
  }
}
