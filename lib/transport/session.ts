// One session with one peer: sealed packets in both directions, acknowledged, retransmitted,
// ordered. A session that is still shaking hands has no keys and only queues.
// Knows nothing of other sessions, sockets or what the messages mean.

import { type Address, type Datagram, sameAddress } from "./address.ts";
import { type AeadKey, open, sealInto } from "./aead.ts";
import { ByteWriter } from "./bytes.ts";
import {
  DATA_HEADER_BYTES,
  DATA_OVERHEAD_BYTES,
  type DataPacket,
  writeDataHeader,
} from "./datagrams.ts";
import {
  decodeFrames,
  type Frame,
  FrameKind,
  isAckEliciting,
  PATH_DATA_BYTES,
  streamOverhead,
  writeClose,
  writeMaxData,
  writePathChallenge,
  writePathResponse,
  writePing,
  writeStreamHeader,
} from "./frames.ts";
import { DATAGRAM_MAX_BYTES, PACKET_NUMBER_MAX, RECEIVE_WINDOW_BYTES } from "./limits.ts";
import { Liveness, type LivenessOptions } from "./liveness.ts";
import { PathValidation } from "./path.ts";
import { ReceiveStream } from "./receive-stream.ts";
import { ReceivedPackets } from "./received-packets.ts";
import { type Findings, Recovery, type SentPacket } from "./recovery.ts";
import { type FramedMessage, SendStream } from "./send-stream.ts";

/** What a finished handshake leaves behind. */
export interface SessionKeys {
  readonly send: AeadKey;
  readonly receive: AeadKey;
  /** The peer's index of this session: it stands in front of every packet to it. */
  readonly remoteIndex: number;
  /** What a RESET must carry to be the peer's. */
  readonly resetToken: Uint8Array;
}

export interface SessionOptions extends LivenessOptions {
  /** Fresh random bytes. */
  readonly random: (bytes: number) => Uint8Array;
}

/** What a packet brought, besides what the session keeps to itself. */
export interface Received {
  readonly messages: readonly Uint8Array[];
  /** Number of the last message the peer has taken, if that went up. */
  readonly delivered: number | undefined;
  readonly moved: boolean;
  /** The peer closed the session, or broke the protocol: it is over. */
  readonly over: "peer" | "violation" | undefined;
}

/** CLOSE codes. */
export const CloseCode = { Done: 0, Violation: 1 } as const;

/** Frames of one packet, at most. */
const FRAMES_MAX_BYTES = DATAGRAM_MAX_BYTES - DATA_OVERHEAD_BYTES;

/** Room below which a further STREAM frame is not worth its header. */
const STREAM_ROOM_MIN_BYTES = 16;

/** Packets that a probe sends: the second one doubles the chance (RFC 9002 section 6.2.4). */
const PROBE_PACKETS = 2;

const PATH_PACKET_BYTES = DATA_OVERHEAD_BYTES + 1 + PATH_DATA_BYTES;

/** Frames of the packet being built; nothing outlives the call that writes into it. */
const frames = new ByteWriter(DATAGRAM_MAX_BYTES);
const header = new ByteWriter(DATA_HEADER_BYTES);

export class Session {
  readonly localIndex: number;
  readonly liveness: Liveness;
  readonly #random: SessionOptions["random"];
  #address: Address;
  #keys: SessionKeys | undefined;
  #stream = new SendStream(RECEIVE_WINDOW_BYTES);
  #receiving = new ReceiveStream();
  #received = new ReceivedPackets();
  #recovery = new Recovery();
  #nextPacketNumber = 0;
  #probes = 0;
  #pingDue = false;
  #limitDue = false;
  #path: PathValidation | undefined;
  /** The newest challenge that is to be answered, and where it came from. */
  #response: { readonly to: Address; readonly data: Uint8Array } | undefined;

  constructor(now: number, localIndex: number, address: Address, options: SessionOptions) {
    this.localIndex = localIndex;
    this.#address = address;
    this.#random = options.random;
    this.liveness = new Liveness(now, options);
  }

  get address(): Address {
    return this.#address;
  }

  get keys(): SessionKeys | undefined {
    return this.#keys;
  }

  get stream(): SendStream {
    return this.#stream;
  }

  /** The handshake is done; what was queued may go out. */
  open(now: number, keys: SessionKeys): void {
    this.#keys = keys;
    this.liveness.onHeard(now);
  }

  /** Queues a message; `undefined` if the queue is full. */
  send(now: number, message: FramedMessage): number | undefined {
    const { waiting } = this;
    const number = this.#stream.push(now, message);
    if (number === undefined) return undefined;
    if (!this.liveness.urgent(now)) this.#recovery.resetBackoff();
    this.liveness.onAsked(now, !waiting);
    return number;
  }

  /** Asks for a sign of life with the next flush. */
  ping(): void {
    this.#pingDue = true;
  }

  /** Takes a packet; `undefined` if it is not authentic, or was here before. */
  receive(now: number, from: Address, packet: DataPacket): Received | undefined {
    const { packetNumber } = packet;
    if (this.#keys === undefined || !this.#received.isNew(packetNumber)) return undefined;
    const plain = open(this.#keys.receive, packetNumber, packet.header, packet.sealed);
    if (plain === undefined) return undefined;
    this.#received.markSeen(packetNumber);
    this.liveness.onHeard(now);
    const decoded = decodeFrames(plain);
    const messages: Uint8Array[] = [];
    if (!Array.isArray(decoded)) {
      return { messages, delivered: undefined, moved: false, over: "violation" };
    }
    const bytes = packet.header.length + packet.sealed.length;
    this.#watchPath(from, packetNumber, bytes);
    const deliveredBefore = this.#stream.deliveredCount;
    const addressBefore = this.#address;
    let over: Received["over"];
    let taken = true;
    let ackEliciting = false;
    for (const frame of decoded) {
      const outcome = this.#take(now, from, frame, messages);
      ackEliciting ||= isAckEliciting(frame.kind);
      if (outcome === "no_room") taken = false;
      else if (outcome !== undefined) over ??= outcome;
    }
    if (taken) this.#received.onTaken(now, packetNumber, ackEliciting);
    this.#limitDue = this.#receiving.newLimit() !== undefined || this.#limitDue;
    const { deliveredCount } = this.#stream;
    return {
      messages,
      delivered: deliveredCount > deliveredBefore ? deliveredCount : undefined,
      moved: this.#address !== addressBefore,
      over,
    };
  }

  /** The moment at which `wake` wants to be called. */
  deadline(now: number): number {
    const { liveness } = this;
    const unanswered = liveness.unansweredAt(this.#stream);
    if (this.#keys === undefined) return unanswered;
    return Math.min(
      unanswered,
      liveness.idleAt(),
      liveness.keepAliveAt(),
      this.#recovery.deadline(liveness.urgent(now)),
    );
  }

  /** Looks at the clock. Returns whether the session has been idle for too long. */
  wake(now: number): boolean {
    if (this.#keys === undefined) return false;
    if (this.liveness.idleAt() <= now) return true;
    if (this.liveness.keepAliveAt() <= now) {
      this.liveness.onAsked(now, !this.waiting);
      this.#pingDue = true;
    }
    const urgent = this.liveness.urgent(now);
    if (this.#recovery.deadline(urgent) <= now) {
      const { lost, probe } = this.#recovery.onTimeout(now);
      this.#onFindings({ acked: [], lost });
      if (probe) this.#probes = urgent && this.#recovery.probeCount > 1 ? PROBE_PACKETS : 1;
    }
    return false;
  }

  /** Whether something was asked of the peer that it has not answered. */
  get waiting(): boolean {
    return this.#recovery.outstanding || this.#stream.undelivered > 0;
  }

  /** Sends all that is due and fits. */
  flush(now: number, out: Datagram[]): void {
    const keys = this.#keys;
    if (keys === undefined || this.#nextPacketNumber >= PACKET_NUMBER_MAX) return;
    this.#flushPaths(now, keys, out);
    const { congestion } = this.#recovery;
    if (this.#probes > 0) this.#flushProbes(now, keys, out);
    while (this.#stream.sendable && congestion.open) {
      out.push(this.#packet(now, keys, { stream: true, ping: false }));
    }
    congestion.onFlushed(this.#stream.sendable);
    if (this.#pingDue || this.#limitDue || this.#received.ackDue) {
      out.push(this.#packet(now, keys, { stream: congestion.open, ping: this.#pingDue }));
    }
  }

  /** Probes carry what the oldest packets under way did, and pay no heed to the window (RFC 9002 section 6.2.4). */
  #flushProbes(now: number, keys: SessionKeys, out: Datagram[]): void {
    const outstanding = this.#recovery.outstandingPackets(PROBE_PACKETS);
    for (; this.#probes > 0; this.#probes--) {
      const packet = outstanding[Math.min(this.#probes, outstanding.length) - 1];
      if (packet !== undefined) this.#sendAgain(packet);
      out.push(this.#packet(now, keys, { stream: true, ping: true }));
    }
  }

  /** The last packet of a session: tells the peer that it is over. */
  closePacket(code: number, reason: string): Datagram | undefined {
    const keys = this.#keys;
    if (keys === undefined) return undefined;
    // No ACK: it might name a message that is dropped because of this very end.
    frames.reset();
    writeClose(frames, code, reason);
    return { to: this.#address, bytes: this.#seal(keys) };
  }

  /** Builds one packet: ACK, limits, as much of the stream as fits if it may, or else PING if asked for. */
  #packet(now: number, keys: SessionKeys, may: { stream: boolean; ping: boolean }): Datagram {
    frames.reset();
    this.#received.writeAck(now, frames);
    const acknowledgementBytes = frames.length;
    const maxData = this.#limitDue;
    if (maxData) writeMaxData(frames, this.#receiving.limit);
    this.#limitDue = false;
    const stream: number[] = [];
    while (may.stream) {
      const room = FRAMES_MAX_BYTES - frames.length;
      if (room < STREAM_ROOM_MIN_BYTES) break;
      const range = this.#stream.take(room - streamOverhead(this.#stream.nextOffset, room));
      if (range === undefined) break;
      writeStreamHeader(frames, range.start, range.end - range.start);
      this.#stream.copy(range.start, range.end, frames);
      stream.push(range.start, range.end);
    }
    if (stream.length === 0 && may.ping) writePing(frames);
    if (stream.length > 0 || may.ping) this.#pingDue = false;
    if (frames.length > acknowledgementBytes) this.#recordSent(now, stream, maxData);
    return { to: this.#address, bytes: this.#seal(keys) };
  }

  #recordSent(now: number, stream: readonly number[], maxData: boolean): void {
    const bytes = frames.length + DATA_OVERHEAD_BYTES;
    const number = this.#nextPacketNumber;
    this.#recovery.onSent({ number, sentAt: now, bytes, stream, maxData });
  }

  #seal(keys: SessionKeys): Uint8Array {
    header.reset();
    const number = this.#nextPacketNumber++;
    writeDataHeader(header, keys.remoteIndex, number);
    return sealInto(keys.send, number, header.written(), frames.written());
  }

  #take(
    now: number,
    from: Address,
    frame: Frame,
    messages: Uint8Array[],
  ): "no_room" | "peer" | "violation" | undefined {
    switch (frame.kind) {
      case FrameKind.Ack:
        if (frame.ranges[0]!.largest >= this.#nextPacketNumber) return "violation";
        this.#onFindings(this.#recovery.onAck(now, frame.ranges, frame.delayMicros / 1_000));
        return undefined;
      case FrameKind.Stream: {
        const accepted = this.#receiving.accept(frame.offset, frame.data, messages);
        if (accepted === "taken") return undefined;
        return accepted === "no_room" ? accepted : "violation";
      }
      case FrameKind.MaxData:
        this.#stream.raiseLimit(frame.limit);
        return undefined;
      case FrameKind.Close:
        return "peer";
      case FrameKind.PathChallenge:
        this.#response = { to: from, data: frame.data };
        return undefined;
      case FrameKind.PathResponse:
        if (this.#path?.proves(from, frame.data) === true) {
          this.#address = this.#path.candidate;
          this.#path = undefined;
          this.#recovery.onPathChange(now);
        }
        return undefined;
      case FrameKind.Padding:
      case FrameKind.Ping:
        return undefined;
    }
  }

  #onFindings({ acked, lost }: Findings): void {
    for (const packet of acked) {
      for (let i = 0; i < packet.stream.length; i += 2) {
        this.#stream.onAcked(packet.stream[i]!, packet.stream[i + 1]!);
      }
    }
    for (const packet of lost) this.#sendAgain(packet);
  }

  #sendAgain({ stream, maxData }: SentPacket): void {
    for (let i = 0; i < stream.length; i += 2) this.#stream.onLost(stream[i]!, stream[i + 1]!);
    this.#limitDue ||= maxData;
  }

  /** The newest packet came from elsewhere: find out whether the peer is really there. */
  #watchPath(from: Address, packetNumber: number, bytes: number): void {
    if (sameAddress(from, this.#address)) {
      if (this.#received.isLargest(packetNumber)) this.#path = undefined;
      return;
    }
    const known = this.#path !== undefined && sameAddress(from, this.#path.candidate);
    if (!known) {
      if (!this.#received.isLargest(packetNumber)) return;
      this.#path = new PathValidation(from, this.#random(PATH_DATA_BYTES));
    }
    this.#path!.onReceived(bytes);
  }

  /** Whether a response to that address pays for itself: it is proved, or has sent enough. */
  #mayRespond(to: Address): boolean {
    if (sameAddress(to, this.#address)) return true;
    const path = this.#path;
    return path !== undefined && sameAddress(to, path.candidate) && path.spend(PATH_PACKET_BYTES);
  }

  /** Challenges and their answers go to the addresses they are about, in packets of their own. */
  #flushPaths(now: number, keys: SessionKeys, out: Datagram[]): void {
    const response = this.#response;
    this.#response = undefined;
    if (response !== undefined && this.#mayRespond(response.to)) {
      frames.reset();
      writePathResponse(frames, response.data);
      out.push({ to: response.to, bytes: this.#seal(keys) });
    }
    if (this.#path?.mayChallenge(now, PATH_PACKET_BYTES) === true) {
      frames.reset();
      writePathChallenge(frames, this.#path.challenge);
      out.push({ to: this.#path.candidate, bytes: this.#seal(keys) });
    }
  }
}
