// What an endpoint has to say to the layer above it.

import type { Address } from "./address.ts";
import type { SessionId } from "./connections.ts";

/** Why a session is gone. `reset`: the other side has restarted, or lost it. */
export type ClosedReason = "peer" | "reset" | "idle" | "violation";

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
  /** Five tries of 500 ms since it was queued, and nothing at all was heard. It is still being tried. */
  | { readonly type: "unanswered"; readonly session: SessionId; readonly message: number }
  /** The peer is at another address now, and has proved it. */
  | { readonly type: "moved"; readonly session: SessionId; readonly address: Address }
  /** The session is gone, with all that was not delivered. */
  | { readonly type: "closed"; readonly session: SessionId; readonly reason: ClosedReason };
