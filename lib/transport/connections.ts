// The sessions of one endpoint, found by our handle, by our index (which every packet to us begins with), or by the peer's
// RESET. Knows nothing of what they do.

import type { Address } from "./address.ts";
import { sameAddress } from "./address.ts";
import { equalSecrets } from "./crypto/keys.ts";
import type { DeadlineQueue, Scheduled } from "./deadline-queue.ts";
import type { HelloExchange } from "./handshake/hello-exchange.ts";
import type { Initiation } from "./handshake/initiation.ts";
import { Hoards } from "./hoards.ts";
import type { SessionName } from "./session/key-phases.ts";
import type { Session } from "./session/session.ts";
import type { SessionId } from "./transport-event.ts";
import { ByteReader } from "./wire/bytes.ts";
import type { ResetPacket } from "./wire/datagrams.ts";

/** Asking whether the peer has restarted. */
export interface RestartCheck {
  readonly exchange: HelloExchange;
  /** When HELLO was sent last, in ms. */
  readonly askedAt: number;
}

/** A session, and what the endpoint keeps beside it. */
export interface Connection extends Scheduled {
  readonly id: SessionId;
  readonly session: Session;
  /** The handshake that this side started, until it is done. */
  initiation: Initiation | undefined;
  readonly initiator: boolean;
  /** Whether the peer's key was known before, so that no other will do. */
  readonly pinned: boolean;
  /** Whether the layer above is told why no session is possible (see ConnectOptions). */
  readonly strict: boolean;
  peerKey: Uint8Array | undefined;
  /** The HELLO that asks a silent peer whether it has restarted. */
  restartCheck: RestartCheck | undefined;
  /** Whether the turn will look after it; the turn owns this field. */
  touched: boolean;
}

export type ConnectionParts = Omit<Connection, "id" | "restartCheck" | "touched" | keyof Scheduled>;

export class Connections {
  readonly hoards = new Hoards<Connection>();
  readonly #deadlines: DeadlineQueue<Connection>;
  readonly #random: (bytes: number) => Uint8Array;
  readonly #byId = new Map<SessionId, Connection>();
  readonly #byIndex = new Map<number, Connection>();
  /** By the start of the peer's reset token, which nobody else knows: so nobody can put another one in its place. */
  readonly #byToken = new Map<number, Connection>();
  /** Those that this side began, by the peer's index. Peers draw it, so several may have the same. */
  readonly #begunByRemoteIndex = new Map<number, Connection[]>();
  #lastId = 0;

  /** `random` gives fresh random bytes. */
  constructor(deadlines: DeadlineQueue<Connection>, random: (bytes: number) => Uint8Array) {
    this.#deadlines = deadlines;
    this.#random = random;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** An index for a session to be: random, and not in use. */
  newIndex(): number {
    for (;;) {
      const index = new ByteReader(this.#random(4)).u32();
      if (!this.#byIndex.has(index)) return index;
    }
  }

  add(parts: ConnectionParts): Connection {
    const connection: Connection = {
      ...parts,
      id: ++this.#lastId,
      restartCheck: undefined,
      touched: false,
      wakeAt: Number.POSITIVE_INFINITY,
      place: -1,
    };
    this.#byId.set(connection.id, connection);
    this.#byIndex.set(connection.session.localIndex, connection);
    return connection;
  }

  /** The handshake is done: what the peer's RESET would say is known. */
  opened(connection: Connection): void {
    const { keys } = connection.session;
    if (keys === undefined) return;
    this.#byToken.set(startOf(keys.resetToken), connection);
    if (!connection.initiator) return;
    const same = this.#begunByRemoteIndex.get(keys.remoteIndex);
    if (same === undefined) this.#begunByRemoteIndex.set(keys.remoteIndex, [connection]);
    else same.push(connection);
  }

  get(id: SessionId): Connection | undefined {
    return this.#byId.get(id);
  }

  byIndex(localIndex: number): Connection | undefined {
    return this.#byIndex.get(localIndex);
  }

  /** The session whose peer has sent this RESET, which only that peer can make. */
  provenBy({ receiver, token }: ResetPacket): Connection | undefined {
    const connection = this.#byToken.get(startOf(token));
    const keys = connection?.session.keys;
    if (keys?.remoteIndex !== receiver || !equalSecrets(token, keys.resetToken)) return undefined;
    return connection;
  }

  /** The session begun by this side that an unproven RESET from this address may refer to. */
  meantBy({ receiver }: ResetPacket, from: Address): Connection | undefined {
    const begun = this.#begunByRemoteIndex.get(receiver);
    return begun?.find(({ session }) => sameAddress(from, session.address));
  }

  delete(connection: Connection): void {
    const { id, session, initiation } = connection;
    this.#byId.delete(id);
    this.#byIndex.delete(session.localIndex);
    this.hoards.forget(connection);
    initiation?.wipe();
    session.keys?.wipe();
    if (session.keys !== undefined) this.#unlist(connection, session.keys);
    this.#deadlines.remove(connection);
  }

  #unlist(connection: Connection, { remoteIndex, resetToken }: SessionName): void {
    const start = startOf(resetToken);
    if (this.#byToken.get(start) === connection) this.#byToken.delete(start);
    const others = this.#begunByRemoteIndex.get(remoteIndex)?.filter((one) => one !== connection);
    if (others === undefined) return;
    if (others.length > 0) this.#begunByRemoteIndex.set(remoteIndex, others);
    else this.#begunByRemoteIndex.delete(remoteIndex);
  }
}

/** The first six bytes of a token as a number: enough to find the one session that has it. */
function startOf(token: Uint8Array): number {
  let start = 0;
  for (let i = 0; i < 6; i++) start = start * 256 + token[i]!;
  return start;
}
