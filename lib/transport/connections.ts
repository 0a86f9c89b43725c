// The sessions of one endpoint and the three ways to find one: by our handle, by the index that
// stands in front of its packets, and by the peer's index. Knows nothing of what they do.

import type { DeadlineQueue, Scheduled } from "./deadline-queue.ts";
import type { Initiation } from "./initiation.ts";
import type { Revival } from "./revival.ts";
import type { Session } from "./session.ts";

/** A handle for one session of one endpoint; never used twice. */
export type SessionId = number;

/** A session, and what the endpoint keeps beside it. */
export interface Connection extends Scheduled {
  readonly id: SessionId;
  readonly session: Session;
  /** The handshake that this side started, until it is done. */
  initiation: Initiation | undefined;
  /** Whether a first RETRY has come. */
  retried: boolean;
  readonly initiator: boolean;
  /** Whether the peer's key was known before, so that no other will do. */
  readonly pinned: boolean;
  peerKey: Uint8Array | undefined;
  /** For a responder: when an unconfirmed handshake is forgotten; infinity once it is confirmed. */
  halfOpenUntil: number;
  /** The HELLO that asks a silent peer whether it has restarted. */
  revival: Revival | undefined;
}

export type ConnectionParts = Pick<
  Connection,
  "session" | "initiation" | "initiator" | "pinned" | "peerKey" | "halfOpenUntil"
>;

export class Connections {
  readonly #byId = new Map<SessionId, Connection>();
  readonly #byIndex = new Map<number, Connection>();
  readonly #byRemoteIndex = new Map<number, Connection>();
  readonly #deadlines: DeadlineQueue<Connection>;
  #lastId = 0;

  constructor(deadlines: DeadlineQueue<Connection>) {
    this.#deadlines = deadlines;
  }

  get size(): number {
    return this.#byId.size;
  }

  add(parts: ConnectionParts): Connection {
    const connection: Connection = {
      ...parts,
      id: ++this.#lastId,
      retried: false,
      revival: undefined,
      wakeAt: Number.POSITIVE_INFINITY,
      place: -1,
    };
    this.#byId.set(connection.id, connection);
    this.#byIndex.set(connection.session.localIndex, connection);
    return connection;
  }

  /** The handshake is done: the peer's index is known. Of two with the same one, the newer is found. */
  opened(connection: Connection): void {
    const { keys } = connection.session;
    if (keys !== undefined) this.#byRemoteIndex.set(keys.remoteIndex, connection);
  }

  get(id: SessionId): Connection | undefined {
    return this.#byId.get(id);
  }

  byIndex(localIndex: number): Connection | undefined {
    return this.#byIndex.get(localIndex);
  }

  byRemoteIndex(remoteIndex: number): Connection | undefined {
    return this.#byRemoteIndex.get(remoteIndex);
  }

  delete(connection: Connection): void {
    const { session } = connection;
    this.#byId.delete(connection.id);
    this.#byIndex.delete(session.localIndex);
    const remoteIndex = session.keys?.remoteIndex;
    if (remoteIndex !== undefined && this.#byRemoteIndex.get(remoteIndex) === connection) {
      this.#byRemoteIndex.delete(remoteIndex);
    }
    this.#deadlines.remove(connection);
  }
}
