// Handshakes of others that no packet has confirmed yet, and of each as little as it takes to open that packet: whoever
// receives at an address can make as many as it likes. Knows nothing of how they are made.

import type { Address } from "../address.ts";
import { PUBLIC_KEY_BYTES, SECRET_BYTES, wipe } from "../crypto/keys.ts";
import { HALF_OPEN_LIFETIME_MS, HALF_OPEN_MAX } from "../limits.ts";
import { RESET_TOKEN_BYTES } from "../wire/datagrams.ts";
import type { Accepted } from "./responder.ts";

/** What it takes to open the session, and who it is with. */
export interface HalfOpen extends Omit<Accepted, "respond"> {
  readonly address: Address;
}

/** One of them as it is kept: there may be thousands, so their bytes are together in one piece. */
interface Kept {
  readonly localIndex: number;
  readonly remoteIndex: number;
  readonly address: Address;
  readonly ephemeral: string;
  /** The secret, the peer's key, its reset token. */
  readonly bytes: Uint8Array;
  /** When it is forgotten, in ms. */
  readonly until: number;
}

const PEER_KEY_AT = SECRET_BYTES;
const RESET_TOKEN_AT = PEER_KEY_AT + PUBLIC_KEY_BYTES;
const KEPT_BYTES = RESET_TOKEN_AT + RESET_TOKEN_BYTES;

export class HalfOpens {
  /** By our index, those that are forgotten first in front. */
  readonly #byIndex = new Map<number, Kept>();

  get size(): number {
    return this.#byIndex.size;
  }

  has(localIndex: number): boolean {
    return this.#byIndex.has(localIndex);
  }

  /** `secret` and the other bytes are views. */
  get(localIndex: number): HalfOpen | undefined {
    const kept = this.#byIndex.get(localIndex);
    if (kept === undefined) return undefined;
    const { remoteIndex, address, ephemeral, bytes } = kept;
    return {
      secret: bytes.subarray(0, PEER_KEY_AT),
      peerKey: bytes.subarray(PEER_KEY_AT, RESET_TOKEN_AT),
      resetToken: bytes.subarray(RESET_TOKEN_AT),
      ...{ remoteIndex, address, ephemeral },
    };
  }

  /** Returns the name of the handshake that has to go for it, if they are too many. */
  add(now: number, localIndex: number, halfOpen: HalfOpen): string | undefined {
    const { secret, peerKey, resetToken, remoteIndex, address, ephemeral } = halfOpen;
    const bytes = new Uint8Array(KEPT_BYTES);
    bytes.set(secret);
    bytes.set(peerKey, PEER_KEY_AT);
    bytes.set(resetToken, RESET_TOKEN_AT);
    wipe(secret);
    const until = now + HALF_OPEN_LIFETIME_MS;
    this.#byIndex.set(localIndex, { localIndex, remoteIndex, address, ephemeral, bytes, until });
    return this.#byIndex.size > HALF_OPEN_MAX ? this.#forgetFirst() : undefined;
  }

  /** Its handshake was asked for again: it has as much time as at first. */
  renew(now: number, localIndex: number): void {
    const kept = this.#byIndex.get(localIndex);
    if (kept === undefined) return;
    this.#byIndex.delete(localIndex);
    this.#byIndex.set(localIndex, { ...kept, until: now + HALF_OPEN_LIFETIME_MS });
  }

  forget(localIndex: number): void {
    const kept = this.#byIndex.get(localIndex);
    if (kept !== undefined) wipe(kept.bytes);
    this.#byIndex.delete(localIndex);
  }

  /** Forgets one that has had its time. Returns the name of its handshake. */
  forgetDue(now: number): string | undefined {
    return this.nextAt <= now ? this.#forgetFirst() : undefined;
  }

  /** When the first one is forgotten; infinity for none. */
  get nextAt(): number {
    for (const { until } of this.#byIndex.values()) return until;
    return Number.POSITIVE_INFINITY;
  }

  #forgetFirst(): string | undefined {
    for (const { localIndex, ephemeral } of this.#byIndex.values()) {
      this.forget(localIndex);
      return ephemeral;
    }
    return undefined;
  }
}
