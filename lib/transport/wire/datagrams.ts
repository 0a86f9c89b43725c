// The six packets on the wire, each one UDP datagram: their layout and nothing else. Opens
// nothing: what is sealed stays bytes.

import { TAG_BYTES } from "../crypto/aead.ts";
import { PUBLIC_KEY_BYTES } from "../crypto/keys.ts";
import { ByteReader, ByteWriter, type Invalid } from "./bytes.ts";

/** The first byte of a datagram. */
export const PacketKind = {
  Hello: 1,
  Retry: 2,
  Initiate: 3,
  Respond: 4,
  Data: 5,
  Reset: 6,
} as const;
export type PacketKind = (typeof PacketKind)[keyof typeof PacketKind];

/** Set in the first byte of DATA while the number of the phase whose keys seal it is odd. */
export const KEY_PHASE_BIT = 0x80;

/** The one version of the protocol so far. */
export const PROTOCOL_VERSION = 1;

/** The Noise prologue: both sides mean this protocol, or the handshake fails. */
export const PROLOGUE: Uint8Array = new TextEncoder().encode("ChatApp/1");

export const NONCE_BYTES = 8;
export const COOKIE_BYTES = 16;
export const RESET_TOKEN_BYTES = 16;

/** Zero padding makes it longer than the RETRY it asks for: no amplification. */
export const HELLO_BYTES = 80;
/** Kind, flags, nonce, public key, cookie. */
export const RETRY_BYTES = 1 + 1 + NONCE_BYTES + PUBLIC_KEY_BYTES + COOKIE_BYTES;

/** Bits of the flags in RETRY. The others are 0, and mean nothing yet. */
export const RetryFlag = {
  /** Only who has the secret that this endpoint shares with its peers gets a session. */
  Password: 1,
} as const;

/** Version, sender's index, reset token. */
export const INITIATE_PAYLOAD_BYTES = 1 + 4 + RESET_TOKEN_BYTES;
/** Sender's index, reset token. */
export const RESPOND_PAYLOAD_BYTES = 4 + RESET_TOKEN_BYTES;

/** Noise IK, first message: ephemeral key, sealed static key, sealed payload. */
const NOISE_INITIATE_BYTES =
  PUBLIC_KEY_BYTES + PUBLIC_KEY_BYTES + TAG_BYTES + INITIATE_PAYLOAD_BYTES + TAG_BYTES;
/** Noise IK, second message: ephemeral key, sealed payload. */
const NOISE_RESPOND_BYTES = PUBLIC_KEY_BYTES + RESPOND_PAYLOAD_BYTES + TAG_BYTES;

export const INITIATE_BYTES = 1 + COOKIE_BYTES + NOISE_INITIATE_BYTES;
export const RESPOND_BYTES = 1 + 4 + NOISE_RESPOND_BYTES;

/** Kind, receiver's index, packet number: what stands before the sealed frames. */
export const DATA_HEADER_BYTES = 1 + 4 + 8;
/** The shortest DATA: one byte of frames. */
export const DATA_MIN_BYTES = DATA_HEADER_BYTES + 1 + TAG_BYTES;
/** What a DATA packet takes besides its frames. */
export const DATA_OVERHEAD_BYTES = DATA_HEADER_BYTES + TAG_BYTES;
/** Shorter than every DATA, so two endpoints can never answer each other with resets. */
export const RESET_BYTES = 1 + 4 + RESET_TOKEN_BYTES;

/** Asks for the key and a cookie. The answer repeats `nonce`. */
export interface HelloPacket {
  readonly kind: typeof PacketKind.Hello;
  readonly nonce: Uint8Array;
}

/** The static key of the endpoint, and a cookie that proves the asker's address. */
export interface RetryPacket {
  readonly kind: typeof PacketKind.Retry;
  /** Of RetryFlag. */
  readonly flags: number;
  readonly nonce: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly cookie: Uint8Array;
}

/** The first message of the handshake. */
export interface InitiatePacket {
  readonly kind: typeof PacketKind.Initiate;
  readonly cookie: Uint8Array;
  readonly noise: Uint8Array;
}

/** The second message of the handshake, for the session that the initiator calls `receiver`. */
export interface RespondPacket {
  readonly kind: typeof PacketKind.Respond;
  readonly receiver: number;
  readonly noise: Uint8Array;
}

/** Sealed frames. */
export interface DataPacket {
  readonly kind: typeof PacketKind.Data;
  /** Phase of the keys that seal it, modulo 2. */
  readonly phase: 0 | 1;
  readonly receiver: number;
  readonly packetNumber: number;
  /** The whole datagram: DATA_HEADER_BYTES, which are the associated data, then what is sealed. */
  readonly bytes: Uint8Array;
}

/** "I know no session with this index": it is the receiver's index of the DATA that met nobody. */
export interface ResetPacket {
  readonly kind: typeof PacketKind.Reset;
  readonly receiver: number;
  readonly token: Uint8Array;
}

export type Packet =
  HelloPacket | RetryPacket | InitiatePacket | RespondPacket | DataPacket | ResetPacket;

/** What each side says inside its handshake message: its index for the session, and its reset token (16 bytes). */
export interface HandshakePayload {
  readonly sender: number;
  readonly resetToken: Uint8Array;
}

const WRONG_LENGTH: Invalid = { reason: "a packet of the wrong length" };
const OTHER_VERSION: Invalid = { reason: "another version of the protocol" };

/** One datagram, taken apart. Nothing is copied: the parts point into `bytes`. */
export function decodeDatagram(bytes: Uint8Array): Packet | Invalid {
  const reader = new ByteReader(bytes);
  const kind = reader.u8();
  switch (kind) {
    case PacketKind.Data:
    case PacketKind.Data | KEY_PHASE_BIT: {
      if (bytes.length < DATA_MIN_BYTES) return WRONG_LENGTH;
      const receiver = reader.u32();
      const packetNumber = reader.u64();
      if (packetNumber < 0) return { reason: "a packet number that is too large" };
      const phase = kind === PacketKind.Data ? 0 : 1;
      return { kind: PacketKind.Data, phase, receiver, packetNumber, bytes };
    }
    case PacketKind.Hello:
      if (bytes.length < HELLO_BYTES) return WRONG_LENGTH;
      if (reader.u8() !== PROTOCOL_VERSION) return OTHER_VERSION;
      return { kind, nonce: reader.bytes(NONCE_BYTES)! };
    case PacketKind.Retry:
      if (bytes.length !== RETRY_BYTES) return WRONG_LENGTH;
      return {
        kind,
        flags: reader.u8(),
        nonce: reader.bytes(NONCE_BYTES)!,
        publicKey: reader.bytes(PUBLIC_KEY_BYTES)!,
        cookie: reader.bytes(COOKIE_BYTES)!,
      };
    case PacketKind.Initiate:
      if (bytes.length !== INITIATE_BYTES) return WRONG_LENGTH;
      return { kind, cookie: reader.bytes(COOKIE_BYTES)!, noise: reader.rest() };
    case PacketKind.Respond:
      if (bytes.length !== RESPOND_BYTES) return WRONG_LENGTH;
      return { kind, receiver: reader.u32(), noise: reader.rest() };
    case PacketKind.Reset:
      if (bytes.length !== RESET_BYTES) return WRONG_LENGTH;
      return { kind, receiver: reader.u32(), token: reader.bytes(RESET_TOKEN_BYTES)! };
    default:
      return { reason: bytes.length === 0 ? "an empty datagram" : "an unknown packet" };
  }
}

export function encodeHello(nonce: Uint8Array): Uint8Array {
  const packet = new Uint8Array(HELLO_BYTES);
  packet[0] = PacketKind.Hello;
  packet[1] = PROTOCOL_VERSION;
  packet.set(nonce, 2);
  return packet;
}

export function encodeRetry(retry: Omit<RetryPacket, "kind">): Uint8Array {
  const writer = new ByteWriter(RETRY_BYTES);
  writer.u8(PacketKind.Retry);
  writer.u8(retry.flags);
  writer.bytes(retry.nonce);
  writer.bytes(retry.publicKey);
  writer.bytes(retry.cookie);
  return writer.written();
}

export function encodeInitiate(cookie: Uint8Array, noise: Uint8Array): Uint8Array {
  const writer = new ByteWriter(INITIATE_BYTES);
  writer.u8(PacketKind.Initiate);
  writer.bytes(cookie);
  writer.bytes(noise);
  return writer.written();
}

export function encodeRespond(receiver: number, noise: Uint8Array): Uint8Array {
  const writer = new ByteWriter(RESPOND_BYTES);
  writer.u8(PacketKind.Respond);
  writer.u32(receiver);
  writer.bytes(noise);
  return writer.written();
}

/** Writes the start of a DATA packet, DATA_HEADER_BYTES long: the sealed frames follow it. */
export function writeDataHeader(
  writer: ByteWriter,
  receiver: number,
  packetNumber: number,
  phase: 0 | 1 = 0,
): void {
  writer.u8(phase === 0 ? PacketKind.Data : PacketKind.Data | KEY_PHASE_BIT);
  writer.u32(receiver);
  writer.u64(packetNumber);
}

export function encodeReset(receiver: number, token: Uint8Array): Uint8Array {
  const writer = new ByteWriter(RESET_BYTES);
  writer.u8(PacketKind.Reset);
  writer.u32(receiver);
  writer.bytes(token);
  return writer.written();
}

export function encodeInitiatePayload(payload: HandshakePayload): Uint8Array {
  const writer = new ByteWriter(INITIATE_PAYLOAD_BYTES);
  writer.u8(PROTOCOL_VERSION);
  writer.u32(payload.sender);
  writer.bytes(payload.resetToken);
  return writer.written();
}

export function decodeInitiatePayload(bytes: Uint8Array): HandshakePayload | Invalid {
  if (bytes.length !== INITIATE_PAYLOAD_BYTES) return { reason: "a payload of the wrong length" };
  const reader = new ByteReader(bytes);
  if (reader.u8() !== PROTOCOL_VERSION) return OTHER_VERSION;
  return { sender: reader.u32(), resetToken: reader.rest() };
}

export function encodeRespondPayload(payload: HandshakePayload): Uint8Array {
  const writer = new ByteWriter(RESPOND_PAYLOAD_BYTES);
  writer.u32(payload.sender);
  writer.bytes(payload.resetToken);
  return writer.written();
}

export function decodeRespondPayload(bytes: Uint8Array): HandshakePayload | Invalid {
  if (bytes.length !== RESPOND_PAYLOAD_BYTES) return { reason: "a payload of the wrong length" };
  const reader = new ByteReader(bytes);
  return { sender: reader.u32(), resetToken: reader.rest() };
}
