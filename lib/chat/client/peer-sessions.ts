// The sessions with other clients, whoever began them: whose each one is, where it leads, which one is best. Begins and
// ends none itself.

import { type Address, sameAddress } from "../../transport/address.ts";
import type { SessionId } from "../../transport/endpoint.ts";

interface PeerSession {
  /** The peer's key, 64 hexadecimal digits. */
  readonly key: string;
  /** Whether we began it. */
  readonly began: boolean;
  readonly established: boolean;
  /** Where the peer is in this session. */
  address: Address;
  /** Where the table last said it is; undefined if it has not said. */
  told: Address | undefined;
}

export class PeerSessions {
  readonly #sessions = new Map<SessionId, PeerSession>();
  /** Those with each key, in the order in which they began. */
  readonly #byKey = new Map<string, SessionId[]>();

  /** Notes a session that begins, or one that is established by now. */
  remember(session: SessionId, about: PeerSession): void {
    const known = this.#sessions.has(session);
    this.#sessions.set(session, about);
    if (known) return;
    const sessions = this.#byKey.get(about.key);
    if (sessions === undefined) this.#byKey.set(about.key, [session]);
    else sessions.push(session);
  }

  forget(session: SessionId): void {
    const key = this.get(session)?.key;
    if (key === undefined) return;
    this.#sessions.delete(session);
    const rest = this.#with(key).filter((one) => one !== session);
    if (rest.length === 0) this.#byKey.delete(key);
    else this.#byKey.set(key, rest);
  }

  /** What is known of a session, or undefined for one that is not with a client. */
  get(session: SessionId): PeerSession | undefined {
    return this.#sessions.get(session);
  }

  /** All of them, as they are now. */
  all(): SessionId[] {
    return [...this.#sessions.keys()];
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

  #with(key: string): readonly SessionId[] {
    return this.#byKey.get(key) ?? [];
  }
}
