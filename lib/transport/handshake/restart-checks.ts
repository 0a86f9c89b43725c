// A peer that does not answer may have restarted and know nothing of the session. Its RESET proves it
// only if it has kept its key; so it is also asked by HELLO, whose answer shows the key it has now.

import type { Address } from "../address.ts";
import type { Connection, Connections } from "../connections.ts";
import { RESTART_CHECK_AFTER_MS } from "../limits.ts";
import { PROBE_INTERVAL_IDLE_MAX_MS, PROBE_INTERVAL_MAX_MS } from "../retry.ts";
import type { Ending } from "../transport-event.ts";
import type { Turn } from "../turn.ts";
import { equalBytes } from "../wire/bytes.ts";
import type { ResetPacket, RetryPacket } from "../wire/datagrams.ts";
import { HelloExchange } from "./hello-exchange.ts";

export class RestartChecks {
  readonly #connections: Connections;
  readonly #turn: Turn;
  readonly #random: (bytes: number) => Uint8Array;

  constructor(connections: Connections, turn: Turn, random: (bytes: number) => Uint8Array) {
    this.#connections = connections;
    this.#turn = turn;
    this.#random = random;
  }

  /** When the peer is to be asked next, in ms; infinity while it owes no answer. */
  nextAt(now: number, connection: Connection): number {
    const { session, restartCheck } = connection;
    if (!mayLearn(connection) || session.keys === undefined || !session.waiting) {
      return Number.POSITIVE_INFINITY;
    }
    const interval = session.liveness.urgent(now)
      ? PROBE_INTERVAL_MAX_MS
      : PROBE_INTERVAL_IDLE_MAX_MS;
    const again =
      restartCheck === undefined ? Number.NEGATIVE_INFINITY : restartCheck.askedAt + interval;
    return Math.max(session.liveness.silentSince + RESTART_CHECK_AFTER_MS, again);
  }

  /** Asks now. */
  ask(now: number, connection: Connection): void {
    const { session } = connection;
    const exchange =
      connection.restartCheck?.exchange ?? new HelloExchange(session.localIndex, this.#random);
    connection.restartCheck = { exchange, askedAt: now };
    this.#turn.send(session.address, exchange.hello());
  }

  /** An answer came from the peer's address. With its old key, it has the session still or will say RESET. */
  onRetry(now: number, connection: Connection, retry: RetryPacket): void {
    const { restartCheck, peerKey, pinned } = connection;
    if (restartCheck?.exchange.isAnswer(retry) !== true || peerKey === undefined) return;
    const key = retry.publicKey.slice();
    const objection: Ending | undefined = equalBytes(key, peerKey)
      ? undefined
      : { reason: "other_key", key };
    const ending = restartCheck.exchange.take(objection);
    if (ending !== undefined) {
      this.#turn.over(connection, pinned ? ending : { reason: "reset" });
    } else if (objection !== undefined) {
      this.ask(now, connection);
      this.#turn.touch(connection);
    }
  }

  onReset(now: number, from: Address, packet: ResetPacket): void {
    const proven = this.#connections.provenBy(packet);
    if (proven !== undefined) return this.#turn.over(proven, { reason: "reset" });
    // Not provably the peer, but perhaps it restarted with another key: worth a HELLO.
    const meant = this.#connections.meantBy(packet, from);
    if (meant === undefined || !mayLearn(meant)) return;
    const askedAt = meant.restartCheck?.askedAt ?? Number.NEGATIVE_INFINITY;
    if (now - askedAt >= PROBE_INTERVAL_MAX_MS) this.ask(now, meant);
  }
}

/** Whether an answer could change anything: only an initiator asks. */
const mayLearn = ({ initiator, pinned, strict }: Connection): boolean =>
  initiator && (strict || !pinned);
