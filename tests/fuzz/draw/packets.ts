// Datagrams from what a stranger may have seen on the wire: sent again, damaged, and put together anew from fields of
// several, so that an index, a nonce, a cookie or a token stands where it belongs, but in the wrong packet.

import {
  DATA_HEADER_BYTES,
  decodeDatagram,
  encodeHello,
  encodeInitiate,
  encodeReset,
  encodeRespond,
  encodeRetry,
  type Packet,
  PacketKind,
} from "../../../lib/transport/wire/datagrams.ts";
import type { Prng } from "../../support/prng.ts";
import { anyBytes, damaged, joined } from "./bytes.ts";
import { edgyNumber, integer } from "./numbers.ts";

/** A datagram from those that were `seen`; `kept` are others worth a try. */
export const anyDatagram = (
  random: Prng,
  seen: readonly Uint8Array[],
  kept: readonly Uint8Array[],
): Uint8Array => {
  const one = random.pick(seen);
  if (one === undefined || random.chance(0.15)) return anyBytes(random, kept);
  if (random.chance(0.3)) return one;
  if (random.chance(0.4)) return damaged(random, one, seen);
  return rebuilt(random, seen);
};

type Fields = { readonly [name: string]: unknown };

/** A packet of any kind whose fields are from others, each where it belongs more often than not. */
const rebuilt = (random: Prng, seen: readonly Uint8Array[]): Uint8Array => {
  const packets = seen.map(decodeDatagram).filter((one): one is Packet => "kind" in one);
  /** A field of this name from any packet that has one, of the right length, or any bytes. */
  const bytes = (name: string, length: number): Uint8Array => {
    const values = packets.flatMap((packet) => {
      const value = (packet as unknown as Fields)[name];
      return value instanceof Uint8Array && value.length === length ? [value] : [];
    });
    return random.chance(0.1)
      ? random.bytes(length)
      : (random.pick(values) ?? random.bytes(length));
  };
  const indexes = packets.flatMap((packet) => ("receiver" in packet ? [packet.receiver] : []));
  const index = (): number => random.pick(indexes) ?? random.u32();
  switch (random.below(6)) {
    case 0:
      return encodeHello(bytes("nonce", 8));
    case 1:
      return encodeRetry({
        flags: random.chance(0.8) ? random.below(2) : random.below(256),
        nonce: bytes("nonce", 8),
        publicKey: bytes("publicKey", 32),
        cookie: bytes("cookie", 16),
      });
    case 2:
      return encodeInitiate(bytes("cookie", 16), bytes("noise", 117));
    case 3:
      return encodeRespond(index(), bytes("noise", 68));
    case 4:
      return encodeReset(index(), bytes("token", 16));
    default: {
      const data = random.pick(packets.filter(({ kind }) => kind === PacketKind.Data));
      const sealed =
        data?.kind === PacketKind.Data ? data.bytes.subarray(DATA_HEADER_BYTES) : random.bytes(40);
      const kind = Uint8Array.of(PacketKind.Data | random.pick([0, 0, 0x80, 0x40]));
      return joined(kind, integer(BigInt(index()), 4), integer(edgyNumber(random), 8), sealed);
    }
  }
};
