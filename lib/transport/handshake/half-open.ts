// Handshakes of others that no packet has confirmed yet, and of each as little as it takes to open that packet: whoever
// receives at an address can make as many as it likes. Knows nothing of how they are made.

import type { Address } from "../address.ts";
import { PUBLIC_KEY_BYTES, SECRET_BYTES, wipe } from "../crypto/keys.ts";
import { DeadlineQueue, type Scheduled } from "../deadline-queue.ts";
import { HALF_OPEN_LIFETIME_MS, HALF_OPEN_MAX } from "../limits.ts";
import { RESET_TOKEN_BYTES } from "../wire/datagrams.ts";
import type { Accepted } from "./responder.ts";

/** What it takes to open the session, and who it is with. */
export interface HalfOpen extends Omit<Accepted, "respond"> {
  readonly address: Address;
}

/** One of them as it is kept: there may be thousands, so their bytes are together in one piece. */
interface Kept extends Scheduled {
  readonly localIndex: number;
  readonly remoteIndex: number;
  readonly address: Address;
  readonly ephemeral: string;
  /** The secret, the peer's key, its reset token. */
  readonly bytes: Uint8Array;
  /** When it is forgotten, in ms. */
  until: number;
}

const PEER_KEY_AT = SECRET_BYTES;
const RESET_TOKEN_AT = PEER_KEY_AT + PUBLIC_KEY_BYTES;
const KEPT_BYTES = RESET_TOKEN_AT + RESET_TOKEN_BYTES;

export class HalfOpens {
  /**
   * By our index, the oldest first: that one goes where there is no room, however often its handshake was asked for again.
   * Asking again costs nothing, so whoever did would else keep its place before everybody new.
   */
  readonly #byIndex = new Map<number, Kept>();
  readonly #deadlines = new DeadlineQueue<Kept>();

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
    const names = { localIndex, remoteIndex, address, ephemeral };
    const kept: Kept = { ...names, bytes, until, wakeAt: Infinity, place: -1 };
    this.#byIndex.set(localIndex, kept);
    this.#deadlines.schedule(kept, until);
    return this.#byIndex.size > HALF_OPEN_MAX ? this.#forgetOldest() : undefined;
  }

  /** Its handshake was asked for again: it has as much time as at first. */
  renew(now: number, localIndex: number): void {
    const kept = this.#byIndex.get(localIndex);
    if (kept !== undefined) kept.until = now + HALF_OPEN_LIFETIME_MS;
  }

  forget(localIndex: number): void {
    const kept = this.#byIndex.get(localIndex);
    if (kept === undefined) return;
    wipe(kept.bytes);
    this.#byIndex.delete(localIndex);
    this.#deadlines.remove(kept);
  }

  /** Forgets one that has had its time. Returns the name of its handshake. */
  forgetDue(now: number): string | undefined {
    let kept = this.#deadlines.popDue(now);
    while (kept !== undefined && kept.until > now) {
      this.#deadlines.schedule(kept, kept.until);
      kept = this.#deadlines.popDue(now);
    }
    if (kept === undefined) return undefined;
    this.forget(kept.localIndex);
    return kept.ephemeral;
  }

  /** When to call `forgetDue`; infinity for never. */
  get nextAt(): number {
    return this.#deadlines.next;
  }

  #forgetOldest(): string | undefined {
    for (const { localIndex, ephemeral } of this.#byIndex.values()) {
      this.forget(localIndex);
      return ephemeral;
    }
    return undefined;
  }
}
