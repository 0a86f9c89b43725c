// The keys of one session, and how they are replaced: each phase has its own, made by a fresh
// X25519 exchange on top of all before it. The initiator begins, the responder answers. Knows
// nothing of how REKEY frames travel, only what they do to the keys.

import { type AeadKey, aeadKey, openPacket, sealPacket } from "../crypto/aead.ts";
import {
  ephemeralKeyPair,
  hkdf,
  type KeyPair,
  publicKeyFrom,
  sharedSecret,
  wipe,
} from "../crypto/keys.ts";
import type { TransportKeys } from "../crypto/noise.ts";
import {
  OLD_KEY_MS,
  REJECT_AFTER_MS,
  REJECT_AFTER_PACKETS,
  REKEY_AFTER_MS,
  REKEY_AFTER_PACKETS,
  REKEY_INTERVAL_MIN_MS,
  REKEY_SPREAD_MS,
} from "../limits.ts";
import { ByteWriter } from "../wire/bytes.ts";
import { DATA_HEADER_BYTES, type DataPacket, writeDataHeader } from "../wire/datagrams.ts";

/** What the peer calls a session. */
export interface SessionName {
  /** Its index: it stands in front of every packet to it. */
  readonly remoteIndex: number;
  /** What a RESET must carry to be the peer's. */
  readonly resetToken: Uint8Array;
}

/** What a finished handshake leaves behind. */
export interface SessionKeys extends TransportKeys, SessionName {}

/** How long the keys of one phase serve: packets are those sent and opened in it, together. */
export interface KeyLimits {
  /** The initiator replaces keys so long after stream bytes first went either way, or somewhat sooner. */
  readonly rekeyAfterMs: number;
  readonly rekeyAfterPackets: number;
  /** From here on they neither seal nor open: the session is over. */
  readonly rejectAfterMs: number;
  readonly rejectAfterPackets: number;
}

export const KEY_LIMITS: KeyLimits = {
  rekeyAfterMs: REKEY_AFTER_MS,
  rekeyAfterPackets: REKEY_AFTER_PACKETS,
  rejectAfterMs: REJECT_AFTER_MS,
  rejectAfterPackets: REJECT_AFTER_PACKETS,
};

/** A public key for the phase of that number: from the initiator a wish, from the responder the answer. */
export interface Rekey {
  readonly phase: number;
  readonly publicKey: Uint8Array;
}

/** The exchange that makes the next phase. */
interface Exchange {
  readonly publicKey: Uint8Array;
  /** Of the initiator, until the answer comes. */
  readonly keyPair: KeyPair | undefined;
  /** Of the responder, until a packet of the next phase shows that the initiator has the keys too. */
  readonly send: AeadKey | undefined;
  /** Whether our public key is to be sent, for the first time or again. */
  due: boolean;
}

const header = new ByteWriter(DATA_HEADER_BYTES);

export class KeyPhases implements SessionName {
  readonly remoteIndex: number;
  readonly resetToken: Uint8Array;
  readonly #initiator: boolean;
  readonly #limits: KeyLimits;
  readonly #rekeyAfterMs: number;
  /** What the next phase is derived from, besides its own exchange. */
  #chain: Uint8Array;
  /** The phase of what we send. */
  #phase = 0;
  #send: AeadKey;
  /** The newest phase that we can open: the one that we send, or the one after. */
  #newest = 0;
  #receive: AeadKey;
  /** Opens late packets of the phase before the newest. */
  #oldReceive: AeadKey | undefined;
  /** When that one goes; infinity while nothing of the newest phase has come. */
  #oldUntil = Number.POSITIVE_INFINITY;
  /** The lowest number opened so far in the newest phase: older keys seal nothing from there on. */
  #newestFrom = 0;
  #exchange: Exchange | undefined;
  /** When this side last had both public keys of an exchange. */
  #exchangedAt = Number.NEGATIVE_INFINITY;
  /** When stream bytes first went either way in this phase; infinity for not yet. */
  #usedAt = Number.POSITIVE_INFINITY;
  /** Sent and opened in this phase. */
  #packets = 0;

  /** Takes over the secrets in `keys`. `chance`, from 0 to below 1, spreads the work of many sessions over time. */
  constructor(keys: SessionKeys, limits: KeyLimits, chance: number) {
    this.remoteIndex = keys.remoteIndex;
    this.resetToken = keys.resetToken;
    this.#initiator = keys.initiator;
    this.#limits = limits;
    this.#rekeyAfterMs =
      limits.rekeyAfterMs - chance * Math.min(REKEY_SPREAD_MS, limits.rekeyAfterMs / 2);
    this.#send = keys.send;
    this.#receive = keys.receive;
    this.#chain = takeOver(keys.chain);
  }

  /** A whole DATA packet. */
  seal(packetNumber: number, frames: Uint8Array): Uint8Array {
    this.#packets++;
    header.reset();
    writeDataHeader(header, this.remoteIndex, packetNumber, bitOf(this.#phase));
    return sealPacket(this.#send, packetNumber, header.written(), frames);
  }

  /** The frames of a packet; `undefined` if it is not authentic, or its keys have had their time. */
  open(now: number, packet: DataPacket): Uint8Array | undefined {
    const { packetNumber } = packet;
    const isNewest = packet.phase === bitOf(this.#newest);
    const key = isNewest ? this.#receive : this.#oldReceive;
    if (key === undefined || this.expiresAt <= now) return undefined;
    if (!isNewest && packetNumber >= this.#newestFrom) return undefined;
    const frames = openPacket(key, packetNumber, packet.bytes, DATA_HEADER_BYTES);
    if (frames === undefined) return undefined;
    if (isNewest && packetNumber < this.#newestFrom) this.#onNewest(now, packetNumber);
    this.#packets++;
    return frames;
  }

  /**
   * Stream bytes were sent, or came in a packet that had this phase bit: these keys have something to protect. What comes
   * late, in the keys before them, says nothing of that: its sender may send nothing more, and replace no keys.
   */
  onUsed(now: number, bit = bitOf(this.#phase)): void {
    if (this.#usedAt === Number.POSITIVE_INFINITY && bit === bitOf(this.#phase)) this.#usedAt = now;
  }

  /** From then on the session is over. */
  get expiresAt(): number {
    const { rejectAfterMs, rejectAfterPackets } = this.#limits;
    if (this.#packets >= rejectAfterPackets) return Number.NEGATIVE_INFINITY;
    return this.#usedAt + rejectAfterMs;
  }

  /** The session is over: what later keys would follow from is overwritten. */
  wipe(): void {
    wipe(this.#chain);
  }

  /** The moment at which `wake` wants to be called. */
  get deadline(): number {
    return Math.min(this.expiresAt, this.#oldUntil, this.#beginAt());
  }

  /** Looks at the clock. Returns whether an exchange begins, which the peer is to hear of. */
  wake(now: number, random: (bytes: number) => Uint8Array): boolean {
    if (this.#oldUntil <= now) {
      this.#oldReceive = undefined;
      this.#oldUntil = Number.POSITIVE_INFINITY;
    }
    if (this.#beginAt() > now) return false;
    const keyPair = ephemeralKeyPair(random);
    this.#exchange = { publicKey: keyPair.publicKey, keyPair, send: undefined, due: true };
    return true;
  }

  /** Whether a REKEY is to be sent. */
  get rekeyDue(): boolean {
    return this.#exchange?.due === true;
  }

  /** The REKEY to send, once. */
  takeRekey(): Rekey | undefined {
    const exchange = this.#exchange;
    if (exchange?.due !== true) return undefined;
    exchange.due = false;
    return { phase: this.#phase + 1, publicKey: exchange.publicKey };
  }

  /** A packet with a REKEY of ours is lost, or may be: it is sent again, if that still matters. */
  onLost(): void {
    if (this.#exchange !== undefined) this.#exchange.due = true;
  }

  /**
   * Takes the REKEY of a packet that had this phase bit. "no_room" for one that comes too soon: the
   * packet is not to be acknowledged, so that it comes again.
   */
  onRekey(
    now: number,
    bit: number,
    { phase, publicKey }: Rekey,
    random: (bytes: number) => Uint8Array,
  ): "violation" | "no_room" | undefined {
    // Of an exchange that is done, or from a peer that still has only old keys.
    if (phase <= this.#phase || bit !== bitOf(this.#phase)) return undefined;
    if (phase > this.#phase + 1) return "violation";
    return this.#initiator ? this.#onAnswer(now, publicKey) : this.#onWish(now, publicKey, random);
  }

  #onWish(
    now: number,
    publicKey: Uint8Array,
    random: (bytes: number) => Uint8Array,
  ): "violation" | "no_room" | undefined {
    if (this.#exchange !== undefined) return undefined;
    // Whoever keeps to the interval came with a clock of its own, and over a network: half of it will do.
    if (now < this.#exchangedAt + REKEY_INTERVAL_MIN_MS / 2) return "no_room";
    const keyPair = ephemeralKeyPair(random);
    const keys = this.#derive(keyPair, publicKey);
    if (keys === undefined) return "violation";
    this.#exchangedAt = now;
    const [receive, send] = keys;
    this.#exchange = { publicKey: keyPair.publicKey, keyPair: undefined, send, due: true };
    this.#openWith(receive);
    return undefined;
  }

  #onAnswer(now: number, publicKey: Uint8Array): "violation" | undefined {
    const keyPair = this.#exchange?.keyPair;
    const keys = keyPair && this.#derive(keyPair, publicKey);
    if (keys === undefined) return "violation";
    this.#exchangedAt = now;
    const [send, receive] = keys;
    this.#openWith(receive);
    this.#sealWith(send);
    return undefined;
  }

  /** The sending keys of initiator and responder; `undefined` for a public key of low order. */
  #derive(keyPair: KeyPair, publicKey: Uint8Array): [AeadKey, AeadKey] | undefined {
    const remote = publicKeyFrom(publicKey);
    const secret = remote && sharedSecret(keyPair, remote);
    if (secret === undefined) return undefined;
    const [chain, ofInitiator, ofResponder] = hkdf(this.#chain, secret, 3);
    wipe(secret, this.#chain);
    this.#chain = takeOver(chain);
    return [aeadKey(ofInitiator), aeadKey(ofResponder)];
  }

  #openWith(receive: AeadKey): void {
    this.#oldReceive = this.#receive;
    this.#oldUntil = Number.POSITIVE_INFINITY;
    this.#receive = receive;
    this.#newest++;
    this.#newestFrom = Number.POSITIVE_INFINITY;
  }

  #sealWith(send: AeadKey): void {
    this.#send = send;
    this.#phase = this.#newest;
    this.#exchange = undefined;
    this.#usedAt = Number.POSITIVE_INFINITY;
    this.#packets = 0;
  }

  /** A packet of the newest phase, with a lower number than all others of it. */
  #onNewest(now: number, packetNumber: number): void {
    if (this.#newestFrom === Number.POSITIVE_INFINITY) this.#oldUntil = now + OLD_KEY_MS;
    this.#newestFrom = packetNumber;
    const send = this.#exchange?.send;
    if (send !== undefined) this.#sealWith(send);
  }

  #beginAt(): number {
    if (!this.#initiator || this.#exchange !== undefined) return Number.POSITIVE_INFINITY;
    const full = this.#packets >= this.#limits.rekeyAfterPackets;
    const dueAt = full ? Number.NEGATIVE_INFINITY : this.#usedAt + this.#rekeyAfterMs;
    return Math.max(dueAt, this.#exchangedAt + REKEY_INTERVAL_MIN_MS);
  }
}

const bitOf = (phase: number): 0 | 1 => (phase % 2 === 0 ? 0 : 1);

/** A copy that takes no more memory than it must; the secret given is overwritten. */
function takeOver(secret: Uint8Array): Uint8Array {
  const copy = new Uint8Array(secret);
  wipe(secret);
  return copy;
}
