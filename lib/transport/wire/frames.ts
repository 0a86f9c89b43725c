// The frames inside a DATA packet: what they look like in bytes. Knows nothing of sealing,
// sessions or what a receiver does with a frame.

import { PUBLIC_KEY_BYTES } from "../crypto/keys.ts";
import {
  ACK_RANGES_MAX,
  ACK_RANGES_READ_MAX,
  CLOSE_REASON_MAX_BYTES,
  PACKET_FRAMES_MAX,
} from "../limits.ts";
import { ByteReader, type ByteWriter, INTEGER_MAX, type Invalid, varintSize } from "./bytes.ts";

/** The first byte of a frame. */
export const FrameKind = {
  Padding: 0x00,
  Ping: 0x01,
  Ack: 0x02,
  Stream: 0x03,
  MaxData: 0x04,
  Close: 0x05,
  PathChallenge: 0x06,
  PathResponse: 0x07,
  Rekey: 0x08,
} as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

/** Packet numbers from `smallest` to `largest`, both included. */
export interface AckRange {
  readonly smallest: number;
  readonly largest: number;
}

/** Ranges of packet numbers to acknowledge, counted from the lowest: each from `startOf` up to, but not with, `endOf`. */
export interface AckSource {
  readonly count: number;
  startOf(i: number): number;
  endOf(i: number): number;
}

/** Why a session is closed. */
export const CloseCode = { Done: 0, Violation: 1, NoRoom: 2 } as const;

/** A run of zero bytes. */
export interface PaddingFrame {
  readonly kind: typeof FrameKind.Padding;
  readonly length: number;
}

/** Asks for an acknowledgement and carries nothing. */
export interface PingFrame {
  readonly kind: typeof FrameKind.Ping;
}

/**
 * Packets received, the newest range first; `delayMicros` is how long the largest of them waited
 * for this frame (RFC 9000 section 19.3, without the exponent).
 */
export interface AckFrame {
  readonly kind: typeof FrameKind.Ack;
  readonly delayMicros: number;
  readonly ranges: readonly AckRange[];
}

/** Bytes of the session's one stream. `data` is a view into the packet. */
export interface StreamFrame {
  readonly kind: typeof FrameKind.Stream;
  readonly offset: number;
  readonly data: Uint8Array;
}

/** The stream may be sent up to, but not with, this offset (RFC 9000 section 19.9). */
export interface MaxDataFrame {
  readonly kind: typeof FrameKind.MaxData;
  readonly limit: number;
}

/** The sender has forgotten the session. `reason` is for people, not for programs. */
export interface CloseFrame {
  readonly kind: typeof FrameKind.Close;
  readonly code: number;
  readonly reason: string;
}

/** Asks whether the peer is reached at this address (RFC 9000 section 8.2). `data` is a view. */
export interface PathChallengeFrame {
  readonly kind: typeof FrameKind.PathChallenge;
  readonly data: Uint8Array;
}

/** Echoes a path challenge. `data` is a view. */
export interface PathResponseFrame {
  readonly kind: typeof FrameKind.PathResponse;
  readonly data: Uint8Array;
}

/** A public key for the keys of that phase: from the initiator a wish, from the responder the answer. */
export interface RekeyFrame {
  readonly kind: typeof FrameKind.Rekey;
  readonly phase: number;
  /** A view. */
  readonly publicKey: Uint8Array;
}

export type Frame =
  | PaddingFrame
  | PingFrame
  | AckFrame
  | StreamFrame
  | MaxDataFrame
  | CloseFrame
  | PathChallengeFrame
  | PathResponseFrame
  | RekeyFrame;

/** Length of the data in a path challenge and its response. */
export const PATH_DATA_BYTES = 8;

const CUT_SHORT: Invalid = { reason: "a frame is cut short, or a number too large" };

const utf8Encoder = new TextEncoder();
/** Bad UTF-8 reads as replacement characters, so nothing is refused over a text for people. */
const utf8Decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Whether a packet with such a frame asks for an acknowledgement (RFC 9002 section 2). */
export function isAckEliciting(kind: FrameKind): boolean {
  return kind !== FrameKind.Padding && kind !== FrameKind.Ack && kind !== FrameKind.Close;
}

/** All frames of an opened packet, in order. Nothing is copied: `data` points into `bytes`. */
export function decodeFrames(bytes: Uint8Array): Frame[] | Invalid {
  if (bytes.length === 0) return { reason: "a packet without frames" };
  const reader = new ByteReader(bytes);
  const frames: Frame[] = [];
  let acks = 0;
  while (reader.remaining > 0) {
    const frame = readFrame(reader);
    if (!("kind" in frame)) return frame;
    if (frame.kind === FrameKind.Ack && ++acks > 1) return { reason: "more than one ACK" };
    if (frames.push(frame) > PACKET_FRAMES_MAX) return { reason: "too many frames" };
  }
  return frames;
}

function readFrame(reader: ByteReader): Frame | Invalid {
  const kind = reader.u8();
  switch (kind) {
    case FrameKind.Stream:
      return readStream(reader);
    case FrameKind.Ack:
      return readAck(reader);
    case FrameKind.Padding:
      return { kind, length: 1 + reader.zeros() };
    case FrameKind.Ping:
      return { kind };
    case FrameKind.MaxData: {
      const limit = reader.varint();
      return limit < 0 ? CUT_SHORT : { kind, limit };
    }
    case FrameKind.Close:
      return readClose(reader);
    case FrameKind.PathChallenge:
    case FrameKind.PathResponse: {
      const data = reader.bytes(PATH_DATA_BYTES);
      return data === undefined ? CUT_SHORT : { kind, data };
    }
    case FrameKind.Rekey:
      return readRekey(reader);
    default:
      return { reason: "an unknown frame" };
  }
}

function readStream(reader: ByteReader): StreamFrame | Invalid {
  const offset = reader.varint();
  const length = reader.varint();
  if (offset < 0 || length < 0) return CUT_SHORT;
  if (offset + length > INTEGER_MAX) return { reason: "stream data beyond the largest offset" };
  const data = reader.bytes(length);
  return data === undefined ? CUT_SHORT : { kind: FrameKind.Stream, offset, data };
}

function readAck(reader: ByteReader): AckFrame | Invalid {
  let largest = reader.varint();
  const delayMicros = reader.varint();
  const more = reader.varint();
  let length = reader.varint();
  if (largest < 0 || delayMicros < 0 || more < 0 || length < 0) return CUT_SHORT;
  if (more >= ACK_RANGES_READ_MAX) return { reason: "too many ranges" };
  const ranges: AckRange[] = [];
  for (let left = more; ; left--) {
    const smallest = largest - length;
    if (smallest < 0) return { reason: "acknowledged packet numbers below 0" };
    ranges.push({ smallest, largest });
    if (left === 0) return { kind: FrameKind.Ack, delayMicros, ranges };
    const gap = reader.varint();
    length = reader.varint();
    if (gap < 0 || length < 0) return CUT_SHORT;
    // Neither a gap nor a range is empty: both are written as one less than their numbers.
    largest = smallest - gap - 2;
  }
}

function readClose(reader: ByteReader): CloseFrame | Invalid {
  const code = reader.varint();
  const length = reader.varint();
  if (code < 0 || length < 0) return CUT_SHORT;
  if (length > CLOSE_REASON_MAX_BYTES) return { reason: "a close reason that is too long" };
  const text = reader.bytes(length);
  if (text === undefined) return CUT_SHORT;
  return { kind: FrameKind.Close, code, reason: utf8Decoder.decode(text) };
}

function readRekey(reader: ByteReader): RekeyFrame | Invalid {
  const phase = reader.varint();
  const publicKey = reader.bytes(PUBLIC_KEY_BYTES);
  if (phase < 0 || publicKey === undefined) return CUT_SHORT;
  return { kind: FrameKind.Rekey, phase, publicKey };
}

export function writePadding(writer: ByteWriter, length: number): void {
  writer.zeros(length);
}

export function writePing(writer: ByteWriter): void {
  writer.u8(FrameKind.Ping);
}

/**
 * Acknowledges the newest ranges of `received`, at most `rangesMax` of them. `received` is not
 * empty; the delay is in whole microseconds.
 */
export function writeAck(
  writer: ByteWriter,
  received: AckSource,
  delayMicros: number,
  rangesMax = ACK_RANGES_MAX,
): void {
  const newest = received.count - 1;
  const oldest = Math.max(0, received.count - rangesMax);
  const end = received.endOf(newest);
  let start = received.startOf(newest);
  writer.u8(FrameKind.Ack);
  writer.varint(end - 1);
  writer.varint(delayMicros);
  writer.varint(newest - oldest);
  writer.varint(end - 1 - start);
  for (let i = newest - 1; i >= oldest; i--) {
    writer.varint(start - received.endOf(i) - 1);
    writer.varint(received.endOf(i) - received.startOf(i) - 1);
    start = received.startOf(i);
  }
}

/** The start of a STREAM frame; the caller then writes its `length` bytes, in any pieces. */
export function writeStreamHeader(writer: ByteWriter, offset: number, length: number): void {
  writer.u8(FrameKind.Stream);
  writer.varint(offset);
  writer.varint(length);
}

/** What a STREAM frame takes besides its data, in bytes. */
export function streamOverhead(offset: number, length: number): number {
  return 1 + varintSize(offset) + varintSize(length);
}

export function writeMaxData(writer: ByteWriter, limit: number): void {
  writer.u8(FrameKind.MaxData);
  writer.varint(limit);
}

/** A reason that is too long is cut between two characters. */
export function writeClose(writer: ByteWriter, code: number, reason: string): void {
  const text = new Uint8Array(CLOSE_REASON_MAX_BYTES);
  const { written } = utf8Encoder.encodeInto(reason, text);
  writer.u8(FrameKind.Close);
  writer.varint(code);
  writer.varint(written);
  writer.bytes(text.subarray(0, written));
}

/** `data` is PATH_DATA_BYTES long. */
export function writePathChallenge(writer: ByteWriter, data: Uint8Array): void {
  writer.u8(FrameKind.PathChallenge);
  writer.bytes(data);
}

/** `data` is that of the challenge. */
export function writePathResponse(writer: ByteWriter, data: Uint8Array): void {
  writer.u8(FrameKind.PathResponse);
  writer.bytes(data);
}

/** `publicKey` is PUBLIC_KEY_BYTES long. */
export function writeRekey(writer: ByteWriter, phase: number, publicKey: Uint8Array): void {
  writer.u8(FrameKind.Rekey);
  writer.varint(phase);
  writer.bytes(publicKey);
}
