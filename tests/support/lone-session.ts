// A session alone: the test says what arrives and when, sealed as the peer would, and sees what goes out, taken apart.

import type { Address, Datagram } from "../../lib/transport/address.ts";
import { aeadKey, openPacket, sealPacket } from "../../lib/transport/crypto/aead.ts";
import type { SessionOptions } from "../../lib/transport/endpoint-options.ts";
import { frameMessage } from "../../lib/transport/framed-message.ts";
import { RECEIVE_WINDOW_BYTES } from "../../lib/transport/limits.ts";
import { Session } from "../../lib/transport/session/session.ts";
import { ByteWriter } from "../../lib/transport/wire/bytes.ts";
import {
  DATA_HEADER_BYTES,
  type DataPacket,
  decodeDatagram,
  PacketKind,
  writeDataHeader,
} from "../../lib/transport/wire/datagrams.ts";
import { decodeFrames, type Frame } from "../../lib/transport/wire/frames.ts";
import { Prng } from "./prng.ts";
import { writeStream } from "./wire.ts";

const KEY = aeadKey(new Uint8Array(32).fill(1));
export const PEER: Address = { host: "10.0.0.2", port: 2 };
export const ELSEWHERE: Address = { host: "6.6.6.6", port: 6 };

export function openSession(options: Partial<SessionOptions> = {}, initiator = false): Session {
  const random = new Prng(1);
  const session = new Session(0, 7, PEER, {
    random: (count) => random.bytes(count),
    idleTimeoutMs: 45_000,
    keepAliveMs: undefined,
    ...options,
  });
  session.open(0, {
    initiator,
    send: KEY,
    receive: KEY,
    chain: new Uint8Array(32),
    remoteIndex: 7,
    resetToken: new Uint8Array(16),
  });
  return session;
}

/** A packet of the peer with what `write` puts in it. */
export function packet(number: number, write: (frames: ByteWriter) => void): DataPacket {
  const header = new ByteWriter();
  writeDataHeader(header, 7, number);
  const frames = new ByteWriter();
  write(frames);
  const decoded = decodeDatagram(sealPacket(KEY, number, header.finish(), frames.finish()));
  if ("reason" in decoded || decoded.kind !== PacketKind.Data) throw new Error("not DATA");
  return decoded;
}

export function flush(
  session: Session,
  now: number,
): { to: Address; size: number; frames: Frame[] }[] {
  const out: Datagram[] = [];
  session.flush(now, out);
  return out.map(({ to, bytes }) => {
    const decoded = decodeDatagram(bytes);
    if ("reason" in decoded || decoded.kind !== PacketKind.Data) throw new Error("not DATA");
    const plain = openPacket(KEY, decoded.packetNumber, decoded.bytes, DATA_HEADER_BYTES)!;
    const frames = decodeFrames(plain);
    if (!Array.isArray(frames)) throw new Error(frames.reason);
    return { to, size: bytes.length, frames };
  });
}

export const kinds = (packets: { frames: Frame[] }[]) =>
  packets.map(({ frames }) => frames.map((frame) => frame.kind));

/** The peer sends so much that it is to be told a new limit. Returns the number of its next packet. */
export const halfFill = (session: Session): number => {
  const half = frameMessage(new Uint8Array(RECEIVE_WINDOW_BYTES / 2));
  let number = 0;
  for (let at = 0; at < half.length; at += 60_000) {
    const piece = half.subarray(at, at + 60_000);
    const filled = packet(number++, (frames) => writeStream(frames, at, piece));
    session.receive(1, PEER, filled);
  }
  return number;
};
