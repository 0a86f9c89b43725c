// What an endpoint has to say to the layer above it.

import type { Address } from "./address.ts";

/** A handle for one session of one endpoint; never used twice. */
export type SessionId = number;

/**
 * Why a session is gone, or never came to be:
 * - `peer`: the other side ended it; `idle`: it was silent for too long; `violation`: it broke the protocol;
 * - `reset`: it has restarted, or lost the session;
 * - `expired`: its keys grew too old, and the peer took no part in making new ones;
 * - `no_room`: all sessions together kept too much of unfinished messages, and this one for the longest time.
 *
 * Those of a session begun with `strict` alone (see ConnectOptions):
 * - `other_key`: who answers there has another key than the one expected;
 * - `password_wanted`: it shares a secret with its peers, and we were given none;
 * - `password_unwanted`: it shares none, and we were given one;
 * - `password_wrong`: it shares another one than ours.
 */
export type Ending =
  { readonly reason: "peer" | "reset" | "idle" | "violation" | "expired" | "no_room" } | Mismatch;

/** Why two do not come together, though both are there: `key` is the one presented, 32 bytes, which nothing proves. */
export type Mismatch =
  | { readonly reason: "other_key"; readonly key: Uint8Array }
  | { readonly reason: "password_wanted" | "password_unwanted" | "password_wrong" };

export function isMismatch(ending: Ending): ending is Mismatch {
  return ending.reason === "other_key" || ending.reason.startsWith("password_");
}

export type TransportEvent =
  | {
      readonly type: "established";
      readonly session: SessionId;
      /** The peer's static public key, 32 bytes, proved by the handshake. */
      readonly peerKey: Uint8Array;
      readonly address: Address;
      /** Whether this side started the handshake. */
      readonly initiator: boolean;
    }
  /** A message, exactly once, in the order in which the peer sent them. */
  | { readonly type: "message"; readonly session: SessionId; readonly bytes: Uint8Array }
  /** The peer's chat layer has taken this message and all before it. */
  | { readonly type: "delivered"; readonly session: SessionId; readonly message: number }
  /**
   * Five tries of 500 ms since it was queued, and nothing at all was heard; or a busy peer, asked again and again, has not
   * let us in. It is still being tried.
   */
  | { readonly type: "unanswered"; readonly session: SessionId; readonly message: number }
  /** The peer is at another address now, and has proved it. */
  | { readonly type: "moved"; readonly session: SessionId; readonly address: Address }
  /** The session is gone, with all that was not delivered. */
  | ({ readonly type: "closed"; readonly session: SessionId } & Ending);
