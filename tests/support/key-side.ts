// One side of a session as its keys see it, and the exchange of new ones between two of them, hand to hand.

import { expect } from "bun:test";

import { aeadKey } from "../../lib/transport/crypto/aead.ts";
import { REKEY_AFTER_MS } from "../../lib/transport/limits.ts";
import {
  KEY_LIMITS,
  type KeyLimits,
  KeyPhases,
  type Rekey,
} from "../../lib/transport/session/key-phases.ts";
import { toHex } from "../../lib/transport/wire/bytes.ts";
import { type DataPacket, decodeDatagram, PacketKind } from "../../lib/transport/wire/datagrams.ts";

export const repeated = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
export const NEVER = Number.POSITIVE_INFINITY;
const PING = Uint8Array.of(1);
/** Nearly any 32 bytes are a public key. */
export const SOME_KEY = repeated(9);

/** One side: its keys, the number of its next packet, and the secrets that it has drawn. */
export class Side {
  readonly phases: KeyPhases;
  readonly drawn: Uint8Array[] = [];
  number = 0;
  readonly #secrets: number[];

  /** Exchanges are made with these secrets, of one byte repeated. */
  constructor(initiator: boolean, secrets: number[], options: Partial<KeyLimits> = {}, chance = 0) {
    const [send, receive] = initiator ? [0x41, 0x42] : [0x42, 0x41];
    const keys = {
      initiator,
      send: aeadKey(repeated(send)),
      receive: aeadKey(repeated(receive)),
      chain: repeated(0x31),
      remoteIndex: initiator ? 0xb0b1b2b3 : 0xa0a1a2a3,
      resetToken: new Uint8Array(16),
    };
    this.phases = new KeyPhases(keys, { ...KEY_LIMITS, ...options }, chance);
    expect(keys.chain).toEqual(new Uint8Array(32));
    this.#secrets = [...secrets];
  }

  readonly random = (count: number): Uint8Array => {
    expect(count).toBe(32);
    const secret = repeated(this.#secrets.shift() ?? 0x7f);
    this.drawn.push(secret);
    return secret;
  };

  /** A packet with PING in it. */
  seal(): DataPacket {
    return packetOf(this.phases.seal(this.number++, PING));
  }

  /** Whether the packet could be opened. */
  opens(now: number, packet: DataPacket): boolean {
    return this.phases.open(now, packet) !== undefined;
  }

  take(now: number, { phase }: DataPacket, rekey: Rekey) {
    return this.phases.onRekey(now, phase, rekey, this.random);
  }
}

export function packetOf(bytes: Uint8Array): DataPacket {
  const packet = decodeDatagram(bytes);
  if ("reason" in packet || packet.kind !== PacketKind.Data) throw new Error("not DATA");
  return packet;
}

export const bytesOf = ({ bytes }: DataPacket): string => toHex(bytes);

export function flipPhase({ bytes }: DataPacket): DataPacket {
  const flipped = Uint8Array.from(bytes);
  flipped[0]! ^= 0x80;
  return packetOf(flipped);
}

export const pair = (options: Partial<KeyLimits> = {}) => ({
  a: new Side(true, [0x13, 0x14, 0x15], options),
  b: new Side(false, [0x23, 0x24, 0x25], options),
});

/** The initiator begins, and both have new keys; the responder does not know yet that the initiator has. */
export function exchange(
  now: number,
  { a, b }: { a: Side; b: Side },
): { wish: Rekey; answer: Rekey } {
  a.phases.onUsed(now - REKEY_AFTER_MS);
  expect(a.phases.wake(now, a.random)).toBe(true);
  const carrier = a.seal();
  const wish = a.phases.takeRekey()!;
  expect(b.opens(now, carrier)).toBe(true);
  expect(b.take(now, carrier, wish)).toBeUndefined();
  const back = b.seal();
  const answer = b.phases.takeRekey()!;
  expect(a.opens(now, back)).toBe(true);
  expect(a.take(now, back, answer)).toBeUndefined();
  return { wish, answer };
}
