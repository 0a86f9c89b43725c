// One session with one peer: sealed packets in both directions, acknowledged, retransmitted,
// ordered. A session that is still shaking hands has no keys and only queues.
// Knows nothing of other sessions, sockets or what the messages mean.

import type { Address, Datagram } from "../address.ts";
import type { SessionOptions } from "../endpoint-options.ts";
import {
  DATAGRAM_GROWN_MAX_BYTES,
  DATAGRAM_MAX_BYTES,
  PACKET_NUMBER_MAX,
  RECEIVE_WINDOW_BYTES,
} from "../limits.ts";
import { ByteWriter, Scratch } from "../wire/bytes.ts";
import { DATA_OVERHEAD_BYTES, type DataPacket } from "../wire/datagrams.ts";
import {
  decodeFrames,
  type Frame,
  FrameKind,
  isAckEliciting,
  type RekeyFrame,
  streamOverhead,
  writeClose,
  writeMaxData,
  writePadding,
  writePathChallenge,
  writePathResponse,
  writePing,
  writeRekey,
  writeStreamHeader,
} from "../wire/frames.ts";
import { Brought, type Received } from "./brought.ts";
import { KEY_LIMITS, KeyPhases, type SessionKeys } from "./key-phases.ts";
import { Liveness } from "./liveness.ts";
import { ReceiveStream } from "./receive-stream.ts";
import { ReceivedPackets } from "./received-packets.ts";
import { type Findings, Recovery, type SentPacket, sizeProbe } from "./recovery.ts";
import { type FramedMessage, SendStream } from "./send-stream.ts";
import { SessionPath } from "./session-path.ts";

/** Room below which a further STREAM frame is not worth its header. */
const STREAM_ROOM_MIN_BYTES = 16;

/** Packets that a probe sends: the second one doubles the chance (RFC 9002 section 6.2.4). */
const PROBE_PACKETS = 2;

/** The stream ranges of a packet that carries none. */
const NO_BYTES: number[] = [];

/** Frames of the packet being built; nothing outlives the call that writes into it. */
const frames = new ByteWriter(DATAGRAM_GROWN_MAX_BYTES);

/** What the packet being read brings. */
const brought = new Brought();

/** Frames of the packet being read. What outlives the call is copied out of it. */
const opened = new Scratch(DATAGRAM_GROWN_MAX_BYTES);

export class Session {
  readonly localIndex: number;
  readonly liveness: Liveness;
  readonly #options: SessionOptions;
  readonly #path: SessionPath;
  #keys: KeyPhases | undefined;
  #stream = new SendStream(RECEIVE_WINDOW_BYTES);
  #receiving = new ReceiveStream();
  #received = new ReceivedPackets();
  #recovery = new Recovery();
  #nextPacketNumber = 0;
  #probes = 0;
  #pingDue = false;
  #limitDue = false;

  constructor(now: number, localIndex: number, address: Address, options: SessionOptions) {
    this.localIndex = localIndex;
    this.#path = new SessionPath(address);
    this.#options = options;
    this.liveness = new Liveness(now, options);
  }

  get address(): Address {
    return this.#path.address;
  }

  get keys(): KeyPhases | undefined {
    return this.#keys;
  }

  /** What the peer sends. */
  get incoming(): ReceiveStream {
    return this.#receiving;
  }

  get stream(): SendStream {
    return this.#stream;
  }

  /** The handshake is done; what was queued may go out. */
  open(now: number, keys: SessionKeys): void {
    // The index was drawn at random, from 32 bits, so it will do for spreading.
    const chance = this.localIndex / 2 ** 32;
    this.#keys = new KeyPhases(keys, this.#options.keyLimits ?? KEY_LIMITS, chance);
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
    const keys = this.#keys;
    if (keys === undefined || !this.#received.isNew(packetNumber)) return undefined;
    const keysDueAt = keys.deadline;
    const plain = keys.open(now, packet);
    if (plain === undefined) return undefined;
    this.#received.markSeen(packetNumber);
    this.liveness.onHeard(now);
    const decoded = decodeFrames(opened.copy(plain));
    brought.clear();
    if (!Array.isArray(decoded)) {
      brought.over = "violation";
      return brought;
    }
    const newest = this.#received.isLargest(packetNumber);
    this.#path.onPacket(from, packet.bytes.length, newest, this.#options.random);
    const deliveredBefore = this.#stream.deliveredCount;
    const addressBefore = this.address;
    let taken = true;
    let asks: "at_once" | "soon" | "never" = "never";
    for (const frame of decoded) {
      const outcome =
        frame.kind === FrameKind.Rekey
          ? keys.onRekey(now, packet.phase, frame, this.#options.random)
          : this.#take(now, from, frame, brought.messages);
      if (frame.kind === FrameKind.Stream) brought.streamed = true;
      if (frame.kind === FrameKind.Ping) asks = "at_once";
      else if (asks === "never" && isAckEliciting(frame.kind)) asks = "soon";
      if (outcome === "no_room") taken = false;
      else if (outcome !== undefined) brought.over ??= outcome;
    }
    if (taken) this.#received.onTaken(now, packetNumber, asks);
    if (brought.streamed) keys.onUsed(now, packet.phase);
    if (brought.streamed && this.#receiving.newLimit() !== undefined) this.#limitDue = true;
    const { deliveredCount } = this.#stream;
    if (deliveredCount > deliveredBefore) brought.delivered = deliveredCount;
    brought.moved = this.address !== addressBefore;
    const owes = this.waiting || this.#limitDue || keys.rekeyDue;
    brought.calm = asks === "never" && !owes && !this.#path.isOpen && keys.deadline >= keysDueAt;
    return brought;
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
      this.#keys.deadline,
      this.#received.ackAt,
      this.#recovery.deadline(liveness.urgent(now)),
    );
  }

  /** Looks at the clock. Returns why the session is over, if it is: for silence, or for keys that nobody replaced. */
  wake(now: number): "idle" | "expired" | undefined {
    const keys = this.#keys;
    if (keys === undefined) return undefined;
    if (this.liveness.idleAt() <= now) return "idle";
    if (keys.expiresAt <= now) return "expired";
    const { waiting } = this;
    const keepAliveDue = this.liveness.keepAliveAt() <= now;
    if (keepAliveDue) this.#pingDue = true;
    if (keys.wake(now, this.#options.random) || keepAliveDue) this.liveness.onAsked(now, !waiting);
    const urgent = this.liveness.urgent(now);
    if (this.#recovery.deadline(urgent) <= now) {
      const found = this.#recovery.onTimeout(now);
      if (found !== undefined) this.#onFindings(now, found);
      else {
        this.#probes = urgent && this.#recovery.probeCount > 1 ? PROBE_PACKETS : 1;
        if (!this.#recovery.triesOnly) this.#path.mtu?.onTimeout();
      }
    }
    return undefined;
  }

  /** Nothing has been due for a while. */
  rest(): void {
    this.#stream.rest();
    this.#recovery.rest();
  }

  /** Whether something was asked of the peer that it has not answered. */
  get waiting(): boolean {
    return this.#recovery.outstanding || this.#stream.undelivered > 0;
  }

  /** Sends all that is due and fits. */
  flush(now: number, out: Datagram[]): void {
    const keys = this.#keys;
    if (keys === undefined || keys.expiresAt <= now) return;
    if (this.#nextPacketNumber >= PACKET_NUMBER_MAX) return;
    this.#flushPaths(now, keys, out);
    const { congestion } = this.#recovery;
    if (this.#probes > 0) this.#flushProbes(now, keys, out);
    const first = out.length;
    while (this.#stream.sendable && congestion.open) {
      const size = this.#datagramMaxBytes;
      // There may be more than fits, and no room for it before something is acknowledged.
      const blocked =
        congestion.roomBytes - size < DATAGRAM_MAX_BYTES && this.#stream.exceeds(size / 2);
      out.push(this.#packet(now, keys, true, blocked));
    }
    congestion.onFlushed(this.#stream.sendable);
    if (out.length - first > 1) this.#measurePath(now, keys, out);
    if (this.#pingDue || this.#limitDue || keys.rekeyDue || this.#received.ackAt <= now) {
      out.push(this.#packet(now, keys, congestion.open, this.#pingDue));
    }
  }

  /** Probes carry what the oldest packets under way did, and pay no heed to the window (RFC 9002 section 6.2.4). */
  #flushProbes(now: number, keys: KeyPhases, out: Datagram[]): void {
    const outstanding = this.#recovery.outstandingPackets(PROBE_PACKETS);
    for (; this.#probes > 0; this.#probes--) {
      const packet = outstanding[Math.min(this.#probes, outstanding.length) - 1];
      if (packet !== undefined) this.#sendAgain(packet);
      out.push(this.#packet(now, keys, true, true));
    }
  }

  /** The last packet of a session: tells the peer that it is over. */
  closePacket(code: number, reason: string): Datagram | undefined {
    const keys = this.#keys;
    if (keys === undefined) return undefined;
    // No ACK: it might name a message that is dropped because of this very end.
    frames.reset();
    writeClose(frames, code, reason);
    return { to: this.address, bytes: this.#seal(keys) };
  }

  /** Builds one packet: ACK, limits, REKEY, PING if asked for, and as much of the stream as fits if it may. */
  #packet(now: number, keys: KeyPhases, mayStream: boolean, ping: boolean): Datagram {
    frames.reset();
    const acknowledges = this.#received.writeAck(now, frames);
    const acknowledgementBytes = frames.length;
    const maxData = this.#limitDue;
    if (maxData) writeMaxData(frames, this.#receiving.limit);
    this.#limitDue = false;
    const rekey = keys.takeRekey();
    if (rekey !== undefined) writeRekey(frames, rekey.phase, rekey.publicKey);
    let stream = NO_BYTES;
    if (ping) writePing(frames);
    const framesMaxBytes = this.#datagramMaxBytes - DATA_OVERHEAD_BYTES;
    while (mayStream) {
      const room = framesMaxBytes - frames.length;
      if (room < STREAM_ROOM_MIN_BYTES) break;
      const range = this.#stream.take(room - streamOverhead(this.#stream.nextOffset, room));
      if (range === undefined) break;
      writeStreamHeader(frames, range.start, range.end - range.start);
      this.#stream.copy(range.start, range.end, frames);
      if (stream === NO_BYTES) stream = [range.start, range.end];
      else stream.push(range.start, range.end);
    }
    const hurry = stream.length > 0 && !this.#stream.sendable && this.#options.asksAtOnce === true;
    const asks = ping || (hurry && frames.length < framesMaxBytes);
    if (asks && !ping) writePing(frames);
    if (stream.length > 0) keys.onUsed(now);
    if (stream.length > 0 || ping) this.#pingDue = false;
    if (frames.length > acknowledgementBytes) {
      const bytes = frames.length + DATA_OVERHEAD_BYTES;
      this.#recovery.onSent({
        number: this.#nextPacketNumber,
        sentAt: now,
        bytes,
        stream,
        maxData,
        rekey: rekey !== undefined,
        acknowledges,
        asks,
        sizeProbe: false,
      });
    }
    return { to: this.address, bytes: this.#seal(keys) };
  }

  /** What the path carries, and no more than the window leaves room for; but a full one of the base size. */
  get #datagramMaxBytes(): number {
    const { datagramMaxBytes } = this.#path;
    if (datagramMaxBytes === DATAGRAM_MAX_BYTES) return datagramMaxBytes;
    const { roomBytes } = this.#recovery.congestion;
    return Math.max(DATAGRAM_MAX_BYTES, Math.min(datagramMaxBytes, roomBytes));
  }

  #seal(keys: KeyPhases): Uint8Array {
    return keys.seal(this.#nextPacketNumber++, frames.written());
  }

  #take(
    now: number,
    from: Address,
    frame: Exclude<Frame, RekeyFrame>,
    messages: Uint8Array[],
  ): "no_room" | "peer" | "violation" | undefined {
    switch (frame.kind) {
      case FrameKind.Ack:
        if (frame.ranges[0]!.largest >= this.#nextPacketNumber) return "violation";
        this.#onFindings(now, this.#recovery.onAck(now, frame.ranges, frame.delayMicros / 1_000));
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
        this.#path.onChallenge(from, frame.data.slice());
        return undefined;
      case FrameKind.PathResponse:
        if (this.#path.onResponse(from, frame.data)) this.#recovery.onPathChange(now);
        return undefined;
      case FrameKind.Padding:
      case FrameKind.Ping:
        return undefined;
    }
  }

  #onFindings(now: number, { acked, lost }: Findings): void {
    for (const packet of acked) {
      const mtu = this.#path.mtuOf(packet.sentAt);
      if (packet.sizeProbe) mtu?.onProbeAcked(packet.bytes);
      else mtu?.onAcked(packet.bytes);
      this.#received.onAckRead(packet.acknowledges);
      for (let i = 0; i < packet.stream.length; i += 2) {
        this.#stream.onAcked(packet.stream[i]!, packet.stream[i + 1]!);
      }
    }
    for (const packet of lost) {
      const mtu = this.#path.mtuOf(packet.sentAt);
      if (packet.sizeProbe) mtu?.onProbeLost(now, packet.bytes);
      else mtu?.onLost(now, packet.bytes);
      this.#sendAgain(packet);
    }
    if (acked.length > 0 && this.#stream.undelivered === 0) this.#recovery.dropRepeats();
  }

  #sendAgain({ stream, maxData, rekey }: SentPacket): void {
    for (let i = 0; i < stream.length; i += 2) this.#stream.onLost(stream[i]!, stream[i + 1]!);
    this.#limitDue ||= maxData;
    if (rekey) this.#keys?.onLost();
  }

  /** Challenges and their answers go to the addresses they are about, in packets of their own. */
  #flushPaths(now: number, keys: KeyPhases, out: Datagram[]): void {
    const response = this.#path.takeResponse();
    if (response !== undefined) {
      frames.reset();
      writePathResponse(frames, response.data);
      out.push({ to: response.to, bytes: this.#seal(keys) });
    }
    const challenge = this.#path.takeChallenge(now);
    if (challenge !== undefined) {
      frames.reset();
      writePathChallenge(frames, challenge.data);
      out.push({ to: challenge.to, bytes: this.#seal(keys) });
    }
  }

  /** More than one datagram at once: fewer and longer ones would do, if the path carries them. */
  #measurePath(now: number, keys: KeyPhases, out: Datagram[]): void {
    if (this.#options.mayGrow?.() !== true) return;
    const mtu = this.#path.measure(now);
    const bytes = mtu.probeDue(now);
    if (bytes === undefined) return;
    mtu.onProbeSent();
    frames.reset();
    writePing(frames);
    writePadding(frames, bytes - DATA_OVERHEAD_BYTES - frames.length);
    this.#recovery.onSent(sizeProbe(this.#nextPacketNumber, now, bytes));
    out.push({ to: this.address, bytes: this.#seal(keys) });
  }
}
