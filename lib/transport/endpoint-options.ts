// What an endpoint is made with, and what a session is begun with.

import type { KeyPair } from "./crypto/keys.ts";
import type { HandshakeLimits } from "./handshake/admission.ts";
import type { KeyLimits } from "./session/key-phases.ts";
import type { LivenessOptions } from "./session/liveness.ts";

export interface EndpointOptions {
  readonly keyPair: KeyPair;
  /** Fresh random bytes, the only source of chance. */
  readonly random: (bytes: number) => Uint8Array;
  /** Silence after which a session is gone, in ms. */
  readonly idleTimeoutMs: number;
  /** Sessions that this side started are kept by a sign of life this often, in ms; left out: not. */
  readonly keepAliveMs?: number;
  /** A secret shared by both sides (IKpsk2), 32 bytes. */
  readonly psk?: Uint8Array | undefined;
  /** How many sessions others may begin. */
  readonly handshakes?: HandshakeLimits;
  /** How long the keys of a session serve; left out: as in KEY_LIMITS. */
  readonly keyLimits?: KeyLimits | undefined;
  /** Whether what it sends is to be acknowledged at once: somebody waits for that. Left out: when it suits the peer. */
  readonly asksAtOnce?: boolean | undefined;
  /** Whether longer datagrams may be tried by now: what the path does not carry must not arrive in fragments. */
  readonly mayGrow?: (() => boolean) | undefined;
}

export interface ConnectOptions {
  /** The static key that the other side must have; left out, the one that it presents is taken. */
  readonly expectedKey?: Uint8Array | undefined;
  /**
   * For a responder that somebody waits for. The handshake is patient with one that is busy; and when it, or later the
   * session, can come to nothing, that is `closed` with the reason. Left out: who presents another key than the
   * expected one is not listened to, and a handshake that comes to nothing is unanswered, like one with nobody.
   */
  readonly strict?: boolean;
}

/** What one of its sessions is made with. */
export type SessionOptions = LivenessOptions &
  Pick<EndpointOptions, "random" | "keyLimits" | "asksAtOnce" | "mayGrow">;
