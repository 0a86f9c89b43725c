// A peer that has the keys but not the rules: it shakes hands, opens what it is sent and acknowledges it, and seals
// whatever bytes it is given. What gets past the seals is fuzzed through it.

import type { Address } from "../../../lib/transport/address.ts";
import { type KeyPair, keyPairFrom, SECRET_BYTES } from "../../../lib/transport/crypto/keys.ts";
import { InitiatorHandshake, transportKeys } from "../../../lib/transport/crypto/noise.ts";
import { frameMessage } from "../../../lib/transport/framed-message.ts";
import { Responder } from "../../../lib/transport/handshake/responder.ts";
import {
  KEY_LIMITS,
  KeyPhases,
  type SessionKeys,
} from "../../../lib/transport/session/key-phases.ts";
import { RangeSet } from "../../../lib/transport/session/ranges.ts";
import { ReceiveStream } from "../../../lib/transport/session/receive-stream.ts";
import { ByteReader, ByteWriter } from "../../../lib/transport/wire/bytes.ts";
import {
  decodeDatagram,
  decodeRespondPayload,
  encodeHello,
  encodeInitiate,
  encodeInitiatePayload,
  NONCE_BYTES,
  type Packet,
  PacketKind,
  PROLOGUE,
} from "../../../lib/transport/wire/datagrams.ts";
import {
  decodeFrames,
  type Frame,
  FrameKind,
  isAckEliciting,
  writeAck,
  writeMaxData,
  writePathResponse,
  writePing,
  writeRekey,
} from "../../../lib/transport/wire/frames.ts";
import type { Prng } from "../../support/prng.ts";
import { writeStream } from "../../support/wire.ts";
import type { Nearly } from "../draw/frames.ts";

/** As much of the stream as goes into one packet. */
const STREAM_MAX_BYTES = 1_100;

/** A datagram, and from which of the peer's addresses it is sent. */
export interface Reply {
  readonly from: Address;
  readonly bytes: Uint8Array;
}

interface Attempt {
  readonly handshake: InitiatorHandshake;
  readonly index: number;
}

/** The newest session with the one under test. */
interface Sealed {
  readonly keys: KeyPhases;
  readonly received: RangeSet;
  readonly stream: ReceiveStream;
  nextNumber: number;
  offset: number;
}

export class KeyedPeer {
  readonly address: Address;
  readonly keyPair: KeyPair;
  readonly #random: Prng;
  readonly #responder: Responder;
  /** It takes no notice of what it is sent. */
  mute = false;
  /** It shakes hands as initiator and then says nothing, so that nothing confirms the session. */
  halfOpen = false;
  /** Messages that came on the stream, oldest first. */
  readonly heard: Uint8Array[] = [];
  /** The newest PATH_CHALLENGE, and to which address it came. */
  challenge: Uint8Array = new Uint8Array(8);
  challengedAt: Address | undefined;
  #nonce: Uint8Array | undefined;
  #attempt: Attempt | undefined;
  #session: Sealed | undefined;

  constructor(random: Prng, address: Address) {
    this.#random = random;
    this.address = address;
    this.keyPair = keyPairFrom(random.bytes(SECRET_BYTES));
    this.#responder = new Responder(this.keyPair, undefined, (count) => random.bytes(count));
  }

  /** What frames have to be like to make sense here. */
  get nearly(): Nearly {
    const session = this.#session;
    const sent = (session?.received.max ?? -1) + 1;
    return { sent, offset: session?.offset ?? 0, challenge: this.challenge };
  }

  /** Whether it has sent a packet that only one can seal who received at its address. */
  get spoke(): boolean {
    return this.#session !== undefined && this.#session.nextNumber > 0;
  }

  /** Begins a handshake. */
  hello(): Uint8Array {
    this.#nonce = this.#random.bytes(NONCE_BYTES);
    return encodeHello(this.#nonce);
  }

  /** A packet with these frames, whatever they are; `skip` numbers are left out before it. */
  seal(frames: Uint8Array, skip = 0): Uint8Array | undefined {
    const session = this.#session;
    if (session === undefined) return undefined;
    const number = Math.max(0, session.nextNumber + skip);
    session.nextNumber = Math.max(session.nextNumber, number + 1);
    return session.keys.seal(number, frames);
  }

  /** A message on the stream, in as many packets as it takes. */
  say(now: number, message: Uint8Array): Uint8Array[] {
    const session = this.#session;
    if (session === undefined) return [];
    session.keys.onUsed(now);
    const framed = frameMessage(message);
    const packets: Uint8Array[] = [];
    for (let at = 0; at < framed.length; at += STREAM_MAX_BYTES) {
      const piece = framed.subarray(at, at + STREAM_MAX_BYTES);
      const frames = new ByteWriter();
      writeStream(frames, session.offset, piece);
      session.offset += piece.length;
      packets.push(this.seal(frames.written())!);
    }
    return packets;
  }

  /** A sign of life, and fresh keys when it is time. */
  ping(now: number): Uint8Array | undefined {
    const keys = this.#session?.keys;
    if (keys === undefined) return undefined;
    const frames = new ByteWriter();
    writePing(frames);
    keys.wake(now, (count) => this.#random.bytes(count));
    const rekey = keys.takeRekey();
    if (rekey !== undefined) writeRekey(frames, rekey.phase, rekey.publicKey);
    return this.seal(frames.written());
  }

  /** The right answer to the newest PATH_CHALLENGE. */
  answer(): Uint8Array | undefined {
    const frames = new ByteWriter();
    writePathResponse(frames, this.challenge);
    return this.seal(frames.written());
  }

  /** Takes a datagram at one of its addresses; what it says to that, it says from there. */
  receive(now: number, at: Address, bytes: Uint8Array): Reply[] {
    if (this.mute) return [];
    const packet = decodeDatagram(bytes);
    if ("reason" in packet) return [];
    return this.#answerTo(now, at, packet).map((reply) => ({ from: at, bytes: reply }));
  }

  #answerTo(now: number, at: Address, packet: Packet): Uint8Array[] {
    switch (packet.kind) {
      case PacketKind.Hello:
        return [this.#responder.onHello(now, at, packet)];
      case PacketKind.Retry:
        return this.#onRetry(packet);
      case PacketKind.Initiate: {
        const repeated = this.#responder.repeated(packet);
        if (repeated !== undefined) return [repeated.respond];
        const index = this.#index();
        const accepted = this.#responder.onInitiate(packet, index, this.#random.bytes(16));
        if (accepted === undefined) return [];
        const { secret, remoteIndex, resetToken } = accepted;
        this.#begin({ ...transportKeys(secret, false), remoteIndex, resetToken });
        return [accepted.respond];
      }
      case PacketKind.Respond:
        return this.#onRespond(packet);
      case PacketKind.Data:
        return this.#onData(now, at, packet);
      case PacketKind.Reset:
        return [];
    }
  }

  #onRetry({ nonce, publicKey, cookie }: Extract<Packet, { kind: 2 }>): Uint8Array[] {
    if (this.#nonce === undefined || Buffer.compare(nonce, this.#nonce) !== 0) return [];
    this.#nonce = undefined;
    const handshake = new InitiatorHandshake({
      static: this.keyPair,
      ephemeral: keyPairFrom(this.#random.bytes(SECRET_BYTES)),
      remoteStatic: publicKey.slice(),
      prologue: PROLOGUE,
    });
    const index = this.#index();
    const resetToken = this.#random.bytes(16);
    const message = handshake.writeInitiate(encodeInitiatePayload({ sender: index, resetToken }));
    if (message === undefined) return [];
    this.#attempt = { handshake, index };
    return [encodeInitiate(cookie, message)];
  }

  #onRespond({ receiver, noise }: Extract<Packet, { kind: 4 }>): Uint8Array[] {
    const attempt = this.#attempt;
    const answer = attempt?.index === receiver ? attempt.handshake.readRespond(noise) : undefined;
    if (attempt === undefined || answer === undefined) return [];
    const payload = decodeRespondPayload(answer.payload);
    if ("reason" in payload) return [];
    this.#attempt = undefined;
    const resetToken = payload.resetToken.slice();
    const keys = { ...attempt.handshake.split(), remoteIndex: payload.sender, resetToken };
    this.#begin(keys);
    if (this.halfOpen) return [];
    const ping = new ByteWriter();
    writePing(ping);
    return [this.seal(ping.written())!];
  }

  #onData(now: number, at: Address, packet: Extract<Packet, { kind: 5 }>): Uint8Array[] {
    const session = this.#session;
    const plain = session?.keys.open(now, packet);
    const frames = plain && decodeFrames(plain);
    if (session === undefined || frames === undefined || "reason" in frames) return [];
    const { packetNumber, phase } = packet;
    session.received.add(packetNumber, packetNumber + 1);
    for (const frame of frames) this.#take(now, at, session, phase, frame);
    if (!frames.some(({ kind }) => isAckEliciting(kind))) return [];
    const reply = new ByteWriter();
    writeAck(reply, session.received, 0);
    const limit = session.stream.newLimit();
    if (limit !== undefined) writeMaxData(reply, limit);
    const rekey = session.keys.takeRekey();
    if (rekey !== undefined) writeRekey(reply, rekey.phase, rekey.publicKey);
    return [this.seal(reply.written())!];
  }

  #take(now: number, at: Address, { keys, stream }: Sealed, phase: 0 | 1, frame: Frame): void {
    if (frame.kind === FrameKind.Stream) {
      keys.onUsed(now);
      stream.accept(frame.offset, frame.data, this.heard);
    } else if (frame.kind === FrameKind.PathChallenge) {
      this.challenge = Uint8Array.from(frame.data);
      this.challengedAt = at;
    } else if (frame.kind === FrameKind.Rekey) {
      keys.onRekey(now, phase, frame, (count) => this.#random.bytes(count));
    }
  }

  #begin(keys: SessionKeys): void {
    this.#session = {
      keys: new KeyPhases(keys, KEY_LIMITS, 0),
      received: new RangeSet(),
      stream: new ReceiveStream(),
      nextNumber: 0,
      offset: 0,
    };
  }

  #index(): number {
    return new ByteReader(this.#random.bytes(4)).u32();
  }
}
