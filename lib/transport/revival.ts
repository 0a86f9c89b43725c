// A peer that does not answer may have restarted and know nothing of the session. Its RESET proves it
// only if it has kept its key; so it is also asked by HELLO, whose answer shows the key it has now.

import type { Connection } from "./connections.ts";
import { REVIVAL_AFTER_MS } from "./limits.ts";
import { PROBE_INTERVAL_IDLE_MAX_MS, PROBE_INTERVAL_MAX_MS } from "./retry.ts";

/** Asking whether the peer has restarted. */
export interface Revival {
  /** Of the HELLO: its RETRY has the same. */
  readonly nonce: Uint8Array;
  /** When HELLO was sent last, in ms. */
  readonly sentAt: number;
  /** The key that a RETRY to the HELLO before this one brought, if it was not the peer's. */
  readonly otherKey: Uint8Array | undefined;
}

/** When the peer is to be asked next, in ms; infinity while it owes no answer. Only an initiator asks. */
export function revivalAt(now: number, { session, initiator, revival }: Connection): number {
  if (!initiator || session.keys === undefined || !session.waiting) {
    return Number.POSITIVE_INFINITY;
  }
  const interval = session.liveness.urgent(now)
    ? PROBE_INTERVAL_MAX_MS
    : PROBE_INTERVAL_IDLE_MAX_MS;
  const again = revival === undefined ? Number.NEGATIVE_INFINITY : revival.sentAt + interval;
  return Math.max(session.liveness.silentSince + REVIVAL_AFTER_MS, again);
}
