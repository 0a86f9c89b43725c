// The packets and frames of tests/vectors as values, and back: what stands between the JSON of the
// vectors and the codec.

import { RangeSet } from "../../lib/transport/session/ranges.ts";
import { ByteWriter, toHex } from "../../lib/transport/wire/bytes.ts";
import * as datagrams from "../../lib/transport/wire/datagrams.ts";
import * as frames from "../../lib/transport/wire/frames.ts";
import { unhex } from "./vectors.ts";

const { FrameKind } = frames;
const { PacketKind } = datagrams;

export type PacketVector =
  | { kind: "hello"; nonce: string }
  | { kind: "retry"; flags: number; nonce: string; publicKey: string; cookie: string }
  | { kind: "initiate"; cookie: string; noise: string }
  | { kind: "respond"; receiver: number; noise: string }
  | { kind: "data"; phase: number; receiver: number; packetNumber: number; sealed: string }
  | { kind: "reset"; receiver: number; token: string };

export type FrameVector =
  | { kind: "padding"; length: number }
  | { kind: "ping" }
  | { kind: "ack"; delayMicros: number; ranges: [smallest: number, largest: number][] }
  | { kind: "stream"; offset: number; data: string }
  | { kind: "max_data"; limit: number }
  | { kind: "close"; code: number; reason: string }
  | { kind: "path_challenge"; data: string }
  | { kind: "path_response"; data: string }
  | { kind: "rekey"; phase: number; publicKey: string };

export function packetVector(packet: datagrams.Packet): PacketVector {
  switch (packet.kind) {
    case PacketKind.Hello:
      return { kind: "hello", nonce: toHex(packet.nonce) };
    case PacketKind.Retry: {
      const { flags, nonce, publicKey, cookie } = packet;
      return {
        kind: "retry",
        flags,
        nonce: toHex(nonce),
        publicKey: toHex(publicKey),
        cookie: toHex(cookie),
      };
    }
    case PacketKind.Initiate:
      return { kind: "initiate", cookie: toHex(packet.cookie), noise: toHex(packet.noise) };
    case PacketKind.Respond:
      return { kind: "respond", receiver: packet.receiver, noise: toHex(packet.noise) };
    case PacketKind.Data: {
      const { phase, receiver, packetNumber, bytes } = packet;
      const sealed = toHex(bytes.subarray(datagrams.DATA_HEADER_BYTES));
      return { kind: "data", phase, receiver, packetNumber, sealed };
    }
    case PacketKind.Reset:
      return { kind: "reset", receiver: packet.receiver, token: toHex(packet.token) };
  }
}

export function encodePacket(packet: PacketVector): Uint8Array {
  switch (packet.kind) {
    case "hello":
      return datagrams.encodeHello(unhex(packet.nonce));
    case "retry": {
      const { flags, nonce, publicKey, cookie } = packet;
      return datagrams.encodeRetry({
        flags,
        nonce: unhex(nonce),
        publicKey: unhex(publicKey),
        cookie: unhex(cookie),
      });
    }
    case "initiate":
      return datagrams.encodeInitiate(unhex(packet.cookie), unhex(packet.noise));
    case "respond":
      return datagrams.encodeRespond(packet.receiver, unhex(packet.noise));
    case "data": {
      const writer = new ByteWriter();
      const phase = packet.phase === 0 ? 0 : 1;
      datagrams.writeDataHeader(writer, packet.receiver, packet.packetNumber, phase);
      writer.bytes(unhex(packet.sealed));
      return writer.finish();
    }
    case "reset":
      return datagrams.encodeReset(packet.receiver, unhex(packet.token));
  }
}

export function frameVector(frame: frames.Frame): FrameVector {
  switch (frame.kind) {
    case FrameKind.Padding:
      return { kind: "padding", length: frame.length };
    case FrameKind.Ping:
      return { kind: "ping" };
    case FrameKind.Ack: {
      const { delayMicros, ranges } = frame;
      const pairs = ranges.map(({ smallest, largest }): [number, number] => [smallest, largest]);
      return { kind: "ack", delayMicros, ranges: pairs };
    }
    case FrameKind.Stream:
      return { kind: "stream", offset: frame.offset, data: toHex(frame.data) };
    case FrameKind.MaxData:
      return { kind: "max_data", limit: frame.limit };
    case FrameKind.Close:
      return { kind: "close", code: frame.code, reason: frame.reason };
    case FrameKind.PathChallenge:
      return { kind: "path_challenge", data: toHex(frame.data) };
    case FrameKind.PathResponse:
      return { kind: "path_response", data: toHex(frame.data) };
    case FrameKind.Rekey:
      return { kind: "rekey", phase: frame.phase, publicKey: toHex(frame.publicKey) };
  }
}

export function encodeFrames(list: readonly FrameVector[]): Uint8Array {
  const writer = new ByteWriter();
  for (const frame of list) writeFrame(writer, frame);
  return writer.finish();
}

function writeFrame(writer: ByteWriter, frame: FrameVector): void {
  switch (frame.kind) {
    case "padding":
      return frames.writePadding(writer, frame.length);
    case "ping":
      return frames.writePing(writer);
    case "ack": {
      const { delayMicros, ranges } = frame;
      return frames.writeAck(writer, rangeSet(ranges), delayMicros, ranges.length);
    }
    case "stream":
      return writeStream(writer, frame.offset, unhex(frame.data));
    case "max_data":
      return frames.writeMaxData(writer, frame.limit);
    case "close":
      return frames.writeClose(writer, frame.code, frame.reason);
    case "path_challenge":
      return frames.writePathChallenge(writer, unhex(frame.data));
    case "path_response":
      return frames.writePathResponse(writer, unhex(frame.data));
    case "rekey":
      return frames.writeRekey(writer, frame.phase, unhex(frame.publicKey));
  }
}

/** A set of the numbers in these ranges, both ends included. */
export function rangeSet(ranges: readonly (readonly [number, number])[]): RangeSet {
  const set = new RangeSet();
  for (const [smallest, largest] of ranges) set.add(smallest, largest + 1);
  return set;
}

/** A whole STREAM frame. */
export const writeStream = (writer: ByteWriter, offset: number, data: Uint8Array): void => {
  frames.writeStreamHeader(writer, offset, data.length);
  writer.bytes(data);
};
