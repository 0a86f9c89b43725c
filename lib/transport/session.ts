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
import { ReceivedPackets } from "./received-packets.ts";
import { ReceiveStream } from "./receive-stream.ts";
import { type Findings, Recovery } from "./recovery.ts";
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
  /** Challenges to answer, each to where it came from. */
  #responses: { readonly to: Address; readonly data: Uint8Array }[] = [];

  constructor(now: number, localIndex: number, address: Address, liveness: LivenessOptions) {
    this.localIndex = localIndex;
    this.#address = address;
    this.liveness = new Liveness(now, liveness);
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
  receive(
    now: number,
    from: Address,
    packet: DataPacket,
    newChallenge: () => Uint8Array,
  ): Received | undefined {
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
    this.#watchPath(from, packetNumber, bytes, newChallenge);
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
    const outstanding = this.#recovery.outstandingPackets(PROBE_PACKETS);
    for (let probe = 0; probe < this.#probes; probe++) {
      const packet = outstanding[Math.min(probe, outstanding.length - 1)];
      if (packet !== undefined) this.#resend(packet.stream);
      out.push(this.#packet(now, keys, true));
    }
    this.#probes = 0;
    while (this.#stream.sendable && this.#recovery.congestion.open) {
      out.push(this.#packet(now, keys, false));
    }
    this.#recovery.congestion.onFlushed(this.#stream.sendable);
    if (this.#pingDue || this.#limitDue || this.#received.ackDue) {
      out.push(this.#packet(now, keys, this.#pingDue));
    }
  }

  /** The last packet of a session: tells the peer that it is over. */
  closePacket(now: number, code: number, reason: string): Datagram | undefined {
    const keys = this.#keys;
    if (keys === undefined) return undefined;
    frames.reset();
    this.#received.writeAck(now, frames);
    writeClose(frames, code, reason);
    return { to: this.#address, bytes: this.#seal(keys) };
  }

  /** Builds one packet: ACK, limits, PING if asked for, and as much of the stream as fits. */
  #packet(now: number, keys: SessionKeys, eliciting: boolean): Datagram {
    frames.reset();
    const acknowledged = this.#received.writeAck(now, frames);
    const acknowledgementBytes = frames.length;
    const maxData = this.#limitDue;
    if (maxData) writeMaxData(frames, this.#receiving.limit);
    this.#limitDue = false;
    const stream: number[] = [];
    for (;;) {
      const room = FRAMES_MAX_BYTES - frames.length;
      if (room < STREAM_ROOM_MIN_BYTES) break;
      const range = this.#stream.take(room - streamOverhead(this.#stream.nextOffset, room));
      if (range === undefined) break;
      writeStreamHeader(frames, range.start, range.end - range.start);
      this.#stream.copy(range.start, range.end, frames);
      stream.push(range.start, range.end);
    }
    if (stream.length === 0 && eliciting) writePing(frames);
    if (frames.length > acknowledgementBytes) {
      if (stream.length > 0 || eliciting) this.#pingDue = false;
      this.#recordSent(now, stream, acknowledged, maxData);
    }
    return { to: this.#address, bytes: this.#seal(keys) };
  }

  #recordSent(now: number, stream: readonly number[], acknowledged: number, maxData: boolean) {
    const bytes = frames.length + DATA_OVERHEAD_BYTES;
    const number = this.#nextPacketNumber;
    this.#recovery.onSent({ number, sentAt: now, bytes, stream, acknowledged, maxData });
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
        this.#responses.push({ to: from, data: frame.data });
        return undefined;
      case FrameKind.PathResponse:
        if (this.#path?.proves(from, frame.data) === true) {
          this.#address = this.#path.candidate;
          this.#path = undefined;
          this.#recovery.congestion.onPathChange();
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
      if (packet.acknowledged >= 0) this.#received.onAckAcked(packet.acknowledged);
    }
    for (const packet of lost) {
      this.#resend(packet.stream);
      this.#limitDue ||= packet.maxData;
    }
  }

  #resend(stream: readonly number[]): void {
    for (let i = 0; i < stream.length; i += 2) this.#stream.onLost(stream[i]!, stream[i + 1]!);
  }

  /** The newest packet came from elsewhere: find out whether the peer is really there. */
  #watchPath(from: Address, packetNumber: number, bytes: number, newChallenge: () => Uint8Array) {
    if (sameAddress(from, this.#address)) {
      if (this.#received.isLargest(packetNumber)) this.#path = undefined;
      return;
    }
    const known = this.#path !== undefined && sameAddress(from, this.#path.candidate);
    if (!known) {
      if (!this.#received.isLargest(packetNumber)) return;
      this.#path = new PathValidation(from, newChallenge());
    }
    this.#path!.onReceived(bytes);
  }

  /** Challenges and their answers go to the addresses they are about, in packets of their own. */
  #flushPaths(now: number, keys: SessionKeys, out: Datagram[]): void {
    for (const { to, data } of this.#responses) {
      frames.reset();
      writePathResponse(frames, data);
      out.push({ to, bytes: this.#seal(keys) });
    }
    this.#responses.length = 0;
    if (this.#path?.mayChallenge(now, PATH_PACKET_BYTES) === true) {
      frames.reset();
      writePathChallenge(frames, this.#path.challenge);
      out.push({ to: this.#path.candidate, bytes: this.#seal(keys) });
    }
  }
}
