// The sending half of a session: what is due goes into packets, which are sealed, and remembered until they are
// acknowledged or lost. Of what the peer sends it knows only what to acknowledge and how much more may come.

import type { Datagram } from "../address.ts";
import type { SessionOptions } from "../endpoint-options.ts";
import {
  DATAGRAM_GROWN_MAX_BYTES,
  DATAGRAM_MAX_BYTES,
  PACKET_NUMBER_MAX,
  RECEIVE_WINDOW_BYTES,
} from "../limits.ts";
import { ByteWriter } from "../wire/bytes.ts";
import { DATA_OVERHEAD_BYTES } from "../wire/datagrams.ts";
import {
  type AckFrame,
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
import type { KeyPhases } from "./key-phases.ts";
import type { ReceiveStream } from "./receive-stream.ts";
import type { ReceivedPackets } from "./received-packets.ts";
import { type Findings, Recovery } from "./recovery.ts";
import { SendStream } from "./send-stream.ts";
import { type SentPacket, sizeProbe } from "./sent-packet.ts";
import type { SessionPath } from "./session-path.ts";

/** Room below which a further STREAM frame is not worth its header. */
const STREAM_ROOM_MIN_BYTES = 16;

/** Packets that a probe sends: the second one doubles the chance (RFC 9002 section 6.2.4). */
const PROBE_PACKETS = 2;

/** The stream ranges of a packet that carries none. */
const NO_BYTES: number[] = [];

/** Frames of the packet being built; nothing outlives the call that writes into it. */
const frames = new ByteWriter(DATAGRAM_GROWN_MAX_BYTES);

export class PacketSender {
  readonly stream = new SendStream(RECEIVE_WINDOW_BYTES);
  readonly recovery = new Recovery();
  readonly #options: SessionOptions;
  readonly #path: SessionPath;
  readonly #receiving: ReceiveStream;
  readonly #received: ReceivedPackets;
  #nextPacketNumber = 0;
  #probes = 0;
  #pingDue = false;
  #limitDue = false;

  /** `receiving` and `received` are what its packets report: the flow control limit, and the acknowledgements. */
  constructor(
    path: SessionPath,
    receiving: ReceiveStream,
    received: ReceivedPackets,
    options: SessionOptions,
  ) {
    this.#path = path;
    this.#receiving = receiving;
    this.#received = received;
    this.#options = options;
  }

  /** Asks for a sign of life with the next flush. */
  ping(): void {
    this.#pingDue = true;
  }

  /** Tells the peer how much more it may send, with the next flush. */
  tellLimit(): void {
    this.#limitDue = true;
  }

  /** Whether something was asked of the peer that it has not answered. */
  get waiting(): boolean {
    return this.recovery.outstanding || this.stream.undelivered > 0;
  }

  /** Whether there is something to send, or to wait for. */
  owes(keys: KeyPhases): boolean {
    return this.waiting || this.#limitDue || keys.rekeyDue;
  }

  /** Takes an ACK; one of a packet that was never sent is against the protocol. */
  onAck(now: number, { ranges, delayMicros }: AckFrame, keys: KeyPhases): "violation" | undefined {
    if (ranges[0]!.largest >= this.#nextPacketNumber) return "violation";
    this.#onFindings(now, this.recovery.onAck(now, ranges, delayMicros / 1_000), keys);
    return undefined;
  }

  /** Looks whether an acknowledgement is overdue. `urgent`: somebody waits for it. */
  wake(now: number, keys: KeyPhases, urgent: boolean): void {
    if (this.recovery.deadline(urgent) > now) return;
    const found = this.recovery.onTimeout(now);
    if (found !== undefined) return this.#onFindings(now, found, keys);
    this.#probes = urgent && this.recovery.probeCount > 1 ? PROBE_PACKETS : 1;
    if (!this.recovery.triesOnly) this.#path.mtu?.onTimeout();
  }

  /** Sends all that is due and fits. */
  flush(now: number, keys: KeyPhases, out: Datagram[]): void {
    if (this.#nextPacketNumber >= PACKET_NUMBER_MAX) return;
    this.#flushPaths(now, keys, out);
    const { congestion } = this.recovery;
    if (this.#probes > 0) this.#flushProbes(now, keys, out);
    const first = out.length;
    while (this.stream.sendable && congestion.open) {
      const size = this.#datagramMaxBytes;
      // There may be more than fits, and no room for it before something is acknowledged.
      const blocked =
        congestion.roomBytes - size < DATAGRAM_MAX_BYTES && this.stream.exceeds(size / 2);
      out.push(this.#packet(now, keys, true, blocked));
    }
    congestion.onFlushed(this.stream.sendable);
    if (out.length - first > 1) this.#measurePath(now, keys, out);
    if (this.#pingDue || this.#limitDue || keys.rekeyDue || this.#received.ackAt <= now) {
      out.push(this.#packet(now, keys, congestion.open, this.#pingDue));
    }
  }

  /** The last packet of a session: tells the peer that it is over. */
  closePacket(keys: KeyPhases, code: number, reason: string): Datagram {
    // No ACK: it might name a message that is dropped because of this very end.
    frames.reset();
    writeClose(frames, code, reason);
    return { to: this.#path.address, bytes: this.#seal(keys) };
  }

  /** Probes carry what the oldest packets under way did, and pay no heed to the window (RFC 9002 section 6.2.4). */
  #flushProbes(now: number, keys: KeyPhases, out: Datagram[]): void {
    const outstanding = this.recovery.outstandingPackets(PROBE_PACKETS);
    for (; this.#probes > 0; this.#probes--) {
      const packet = outstanding[Math.min(this.#probes, outstanding.length) - 1];
      if (packet !== undefined) this.#sendAgain(packet, keys);
      out.push(this.#packet(now, keys, true, true));
    }
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
      const range = this.stream.take(room - streamOverhead(this.stream.nextOffset, room));
      if (range === undefined) break;
      writeStreamHeader(frames, range.start, range.end - range.start);
      this.stream.copy(range.start, range.end, frames);
      if (stream === NO_BYTES) stream = [range.start, range.end];
      else stream.push(range.start, range.end);
    }
    const hurry = stream.length > 0 && !this.stream.sendable && this.#options.asksAtOnce === true;
    const asks = ping || (hurry && frames.length < framesMaxBytes);
    if (asks && !ping) writePing(frames);
    if (stream.length > 0) keys.onUsed(now);
    if (stream.length > 0 || ping) this.#pingDue = false;
    if (frames.length > acknowledgementBytes) {
      const bytes = frames.length + DATA_OVERHEAD_BYTES;
      this.recovery.onSent({
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
    return { to: this.#path.address, bytes: this.#seal(keys) };
  }

  /** What the path carries, and no more than the window leaves room for; but a full one of the base size. */
  get #datagramMaxBytes(): number {
    const { datagramMaxBytes } = this.#path;
    const { roomBytes } = this.recovery.congestion;
    return Math.max(DATAGRAM_MAX_BYTES, Math.min(datagramMaxBytes, roomBytes));
  }

  #seal(keys: KeyPhases): Uint8Array {
    return keys.seal(this.#nextPacketNumber++, frames.written());
  }

  #onFindings(now: number, { acked, lost }: Findings, keys: KeyPhases): void {
    for (const packet of acked) {
      const mtu = this.#path.mtuOf(packet.sentAt);
      if (packet.sizeProbe) mtu?.onProbeAcked(packet.bytes);
      else mtu?.onAcked(packet.bytes);
      this.#received.onAckRead(packet.acknowledges);
      for (let i = 0; i < packet.stream.length; i += 2) {
        this.stream.onAcked(packet.stream[i]!, packet.stream[i + 1]!);
      }
    }
    for (const packet of lost) {
      const mtu = this.#path.mtuOf(packet.sentAt);
      if (packet.sizeProbe) mtu?.onProbeLost(now, packet.bytes);
      else mtu?.onLost(now, packet.bytes);
      this.#sendAgain(packet, keys);
    }
    if (acked.length > 0 && this.stream.undelivered === 0) this.recovery.dropRepeats();
  }

  #sendAgain({ stream, maxData, rekey }: SentPacket, keys: KeyPhases): void {
    for (let i = 0; i < stream.length; i += 2) this.stream.onLost(stream[i]!, stream[i + 1]!);
    this.#limitDue ||= maxData;
    if (rekey) keys.onLost();
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
    // One that is lost must not leave others without room until that is known.
    if (bytes === undefined || 2 * bytes > this.recovery.congestion.windowBytes) return;
    mtu.onProbeSent();
    frames.reset();
    writePing(frames);
    writePadding(frames, bytes - DATA_OVERHEAD_BYTES - frames.length);
    this.recovery.onSent(sizeProbe(this.#nextPacketNumber, now, bytes));
    out.push({ to: this.#path.address, bytes: this.#seal(keys) });
  }
}
