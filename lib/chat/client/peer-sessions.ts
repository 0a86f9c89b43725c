// The sessions with other clients, whoever began them: whose each one is, where it leads, which one is best, and which
// one will be missed least. Begins and ends none itself.

import { type Address, sameAddress } from "../../transport/address.ts";
import type { SessionId } from "../../transport/endpoint.ts";
import { PEER_SESSIONS_MAX } from "../limits.ts";

export interface PeerSession {
  /** The peer's key, 64 hexadecimal digits. */
  readonly key: string;
  /** Whether we began it. */
  readonly began: boolean;
  readonly established: boolean;
  /** Where the peer is in this session. */
  address: Address;
}

/** A peer with whom there are sessions. */
interface Peer {
  /** In the order in which they began. */
  sessions: SessionId[];
  /** Where the table last said it is; undefined if it has not said. */
  told: Address | undefined;
  /** The session on which it spoke last. */
  heardOn: SessionId | undefined;
}

export class PeerSessions {
  readonly #sessions = new Map<SessionId, PeerSession>();
  /** By their keys. */
  readonly #peers = new Map<string, Peer>();

  /** Notes a session that begins, or one that is established by now. `told`: where the table has the peer. */
  remember(session: SessionId, about: PeerSession, told: Address | undefined): void {
    const known = this.#sessions.has(session);
    this.#sessions.set(session, about);
    if (known) return;
    const peer = this.#peers.get(about.key);
    if (peer !== undefined) peer.sessions.push(session);
    else this.#peers.set(about.key, { sessions: [session], told, heardOn: undefined });
  }

  forget(session: SessionId): void {
    const key = this.get(session)?.key;
    const peer = key === undefined ? undefined : this.#peers.get(key);
    if (key === undefined || peer === undefined) return;
    this.#sessions.delete(session);
    peer.sessions = peer.sessions.filter((one) => one !== session);
    if (peer.heardOn === session) peer.heardOn = undefined;
    if (peer.sessions.length === 0) this.#peers.delete(key);
  }

  /** The peer has said something in this session. */
  heard(session: SessionId): void {
    const key = this.get(session)?.key;
    const peer = key === undefined ? undefined : this.#peers.get(key);
    if (peer !== undefined) peer.heardOn = session;
  }

  /** The table has the holder of this key there. Returns whether it had it elsewhere before. */
  tell(key: string, address: Address): boolean {
    const peer = this.#peers.get(key);
    if (peer === undefined) return false;
    const { told } = peer;
    peer.told = address;
    return told !== undefined && !sameAddress(told, address);
  }

  /** What is known of a session, or undefined for one that is not with a client. */
  get(session: SessionId): PeerSession | undefined {
    return this.#sessions.get(session);
  }

  /** All of them, as they are now. */
  all(): SessionId[] {
    return [...this.#sessions.keys()];
  }

  /** The keys of all peers with whom there is one, as they are now. */
  keys(): string[] {
    return [...this.#peers.keys()];
  }

  /** Those with the holder of a key, oldest first, as they are now. */
  with(key: string): SessionId[] {
    return [...this.#with(key)];
  }

  isEstablished(session: SessionId): boolean {
    return this.get(session)?.established === true;
  }

  isAt(session: SessionId, address: Address): boolean {
    const about = this.get(session);
    return about !== undefined && sameAddress(about.address, address);
  }

  /** Whether there is a session with the holder of this key at this address, or the beginning of one. */
  reaches(key: string, address: Address): boolean {
    return this.#with(key).some((one) => this.isAt(one, address));
  }

  /** Of the established sessions one with where the table has the peer, else the newest. */
  best(key: string, told: Address | undefined): SessionId | undefined {
    const there = this.#with(key).filter((one) => this.isEstablished(one));
    return there.findLast((one) => told !== undefined && this.isAt(one, told)) ?? there.at(-1);
  }

  /** The newest session with the holder of this key that is only beginning, other than this one. */
  beginning(key: string, but: SessionId): SessionId | undefined {
    return this.#with(key).findLast((one) => one !== but && !this.isEstablished(one));
  }

  /**
   * Those with the holder of this key that are too many, oldest first. Neither these two nor the one on which the peer spoke
   * last are among them: that one it may well be using.
   */
  excess(key: string, newest: SessionId, inUse: SessionId | undefined): SessionId[] {
    const all = this.#with(key);
    const heardOn = this.#peers.get(key)?.heardOn;
    return all
      .filter((one) => one !== newest && one !== inUse && one !== heardOn)
      .slice(0, Math.max(all.length - PEER_SESSIONS_MAX, 0));
  }

  #with(key: string): readonly SessionId[] {
    return this.#peers.get(key)?.sessions ?? [];
  }
}
