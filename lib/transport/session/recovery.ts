// Which packets are under way, which arrived and which are lost: RFC 9002 sections 5 and 6.
// Knows nothing of what packets carry beyond the record kept of each.

import { UNDER_WAY_MAX_PACKETS } from "../limits.ts";
import {
  ASKED_ACK_DELAY_MS,
  MAX_ACK_DELAY_MS,
  PROBE_UNMEASURED_MS,
  probeTimeout,
  type RttEstimate,
  TIMER_GRANULARITY_MS,
  updateRtt,
} from "../retry.ts";
import type { AckRange } from "../wire/frames.ts";
import { Congestion } from "./congestion.ts";

/** An ack-eliciting packet that was sent, and what must be sent again should it be lost. */
export interface SentPacket {
  readonly number: number;
  /** ms */
  readonly sentAt: number;
  /** Size of the datagram. */
  readonly bytes: number;
  /** Stream ranges it carried, flat: start, end, start, end, ... */
  readonly stream: readonly number[];
  /** Whether it told the peer a new flow control limit. */
  readonly maxData: boolean;
  /** Whether it carried a public key for new keys. */
  readonly rekey: boolean;
  /** The largest packet number that its ACK named; -1 if it had none. */
  readonly acknowledges: number;
  /** Whether it asked for an acknowledgement at once. */
  readonly asks: boolean;
  /** Whether it was only sent to see whether one of its size arrives. */
  readonly sizeProbe: boolean;
}

/** The record of a packet that was only sent to see whether one of its size arrives. */
export const sizeProbe = (number: number, sentAt: number, bytes: number): SentPacket => ({
  number,
  sentAt,
  bytes,
  stream: [],
  maxData: false,
  rekey: false,
  acknowledges: -1,
  asks: true,
  sizeProbe: true,
});

/** What an acknowledgement, or the passing of time, made known. Good until the next call: the arrays are used again. */
export interface Findings {
  readonly acked: readonly SentPacket[];
  readonly lost: readonly SentPacket[];
}

/** A later packet this much further on is acknowledged: lost (kPacketThreshold); grows when that was wrong. */
const PACKET_THRESHOLD = 3;
const PACKET_THRESHOLD_MAX = 128;

/** Times the round trip after which an earlier packet is lost (kTimeThreshold); grows when that was wrong. */
const TIME_THRESHOLD = 9 / 8;
const TIME_THRESHOLD_MAX = 2;
const TIME_THRESHOLD_STEP = 1 / 8;

/** With too many packets under way, so many of them are given up: as many as a few probes have made. */
const GIVEN_UP_PACKETS = 16;

/** Losses remembered to learn that they were none. */
const LOST_REMEMBERED_MAX = 256;

/** Probe timeouts without any arrival that make up persistent congestion (kPersistentCongestionThreshold). */
const PERSISTENT_CONGESTION_THRESHOLD = 3;

/** What the call that is being worked on has found. One for all sessions: nothing outlives its call. */
const acked: SentPacket[] = [];
const lost: SentPacket[] = [];
const found: Findings = { acked, lost };

/** Of a session that rests: shared by all such, and never changed. */
const NONE: SentPacket[] = [];

export class Recovery {
  readonly congestion = new Congestion();
  #sent = NONE;
  /** Given up as lost, and perhaps only late, ascending by number. */
  #rememberedLost: SentPacket[] | undefined;
  #largestAcked = -1;
  #rtt: RttEstimate | undefined;
  #packetThreshold = PACKET_THRESHOLD;
  #timeThreshold = TIME_THRESHOLD;
  #lossTime = Number.POSITIVE_INFINITY;
  #lastSentAt = 0;
  #lastAsks = false;
  #probeCount = 0;
  /** Since when the path is this one, in ms. */
  #pathSince = Number.NEGATIVE_INFINITY;

  /** Whether any ack-eliciting packet is under way. */
  get outstanding(): boolean {
    return this.#sent.length > 0;
  }

  /** The oldest packets under way, at most `count` of them. */
  outstandingPackets(count: number): readonly SentPacket[] {
    return this.#sent.slice(0, count);
  }

  onSent(packet: SentPacket): void {
    if (this.#sent === NONE) this.#sent = [packet];
    else this.#sent.push(packet);
    this.#lastSentAt = packet.sentAt;
    // A probe of a size may never arrive: what was sent before it is still acknowledged when it suits the peer.
    if (!packet.sizeProbe) this.#lastAsks = packet.asks;
    this.congestion.onSent(packet.bytes);
  }

  /** Takes the ranges of an ACK frame (descending), its delay in ms. */
  onAck(now: number, ranges: readonly AckRange[], delayMs: number): Findings {
    acked.length = 0;
    lost.length = 0;
    this.#take(ranges);
    const newest = acked[acked.length - 1];
    const { largest } = ranges[0]!;
    if (newest !== undefined && newest.number === largest && largest > this.#largestAcked) {
      this.#rtt = updateRtt(this.#rtt, now - newest.sentAt, delayMs);
    }
    for (const packet of acked) this.congestion.onAcked(packet.bytes, packet.sentAt);
    this.#takeSpurious(ranges);
    if (acked.length === 0) return found;
    this.#largestAcked = Math.max(this.#largestAcked, largest);
    this.#probeCount = 0;
    this.#detectLost(now);
    return found;
  }

  /**
   * All that was said has been acknowledged: packets still under way only say it again, and nobody waits for their
   * answers. Those that carry a limit or a public key, or try a size, stay.
   */
  dropRepeats(): void {
    let kept = 0;
    for (const packet of this.#sent) {
      const { maxData, rekey, sizeProbe } = packet;
      if (maxData || rekey || sizeProbe) this.#sent[kept++] = packet;
      else this.congestion.onDropped(packet.bytes);
    }
    this.#sent.length = kept;
  }

  /** Gives back what is only there to be used again soon. */
  rest(): void {
    if (this.#sent.length === 0) this.#sent = NONE;
  }

  /** Whether nothing is under way but what tries a size. */
  get triesOnly(): boolean {
    return this.#sent.every(({ sizeProbe }) => sizeProbe);
  }

  /** When `onTimeout` wants to be called; infinity if nothing is under way. */
  deadline(urgent: boolean): number {
    if (this.#sent.length === 0) return Number.POSITIVE_INFINITY;
    if (this.#lossTime !== Number.POSITIVE_INFINITY) return this.#lossTime;
    const ackDelayMs = this.#lastAsks ? ASKED_ACK_DELAY_MS : MAX_ACK_DELAY_MS;
    return this.#lastSentAt + probeTimeout(this.#rtt, this.#probeCount, urgent, ackDelayMs);
  }

  /**
   * The deadline has passed: packets lost by time, or given up since there are too many; with none of those in question,
   * `undefined`: time for a probe.
   */
  onTimeout(now: number): Findings | undefined {
    acked.length = 0;
    lost.length = 0;
    if (this.#lossTime !== Number.POSITIVE_INFINITY) this.#detectLost(now);
    else if (this.#sent.length >= UNDER_WAY_MAX_PACKETS) this.#giveUpOldest();
    else {
      this.#probeCount++;
      return undefined;
    }
    return found;
  }

  /** The path is another one: what was learnt of the old one does not hold (RFC 9000 section 9.4). */
  onPathChange(now: number): void {
    this.congestion.onPathChange(now);
    this.#pathSince = now;
    this.#rtt = undefined;
    this.#probeCount = 0;
  }

  /** Something new wants to go out at once: waiting from the first interval on again. */
  resetBackoff(): void {
    this.#probeCount = 0;
  }

  get probeCount(): number {
    return this.#probeCount;
  }

  /** Takes the packets in `ranges` out of what is under way, ascending by number. */
  #take(ranges: readonly AckRange[]): void {
    const sent = this.#sent;
    const { largest } = ranges[0]!;
    let range = ranges.length - 1;
    let kept = 0;
    let index = 0;
    for (; index < sent.length; index++) {
      const packet = sent[index]!;
      if (packet.number > largest) break;
      while (ranges[range]!.largest < packet.number) range--;
      if (packet.number >= ranges[range]!.smallest) acked.push(packet);
      else sent[kept++] = packet;
    }
    if (kept === index) return;
    while (index < sent.length) sent[kept++] = sent[index++]!;
    this.#sent.length = kept;
  }

  /** What says nothing of the path: the peer is heard, and acknowledges none of them. */
  #giveUpOldest(): void {
    lost.push(...this.#sent.splice(0, GIVEN_UP_PACKETS));
    for (const packet of lost) this.congestion.onDropped(packet.bytes);
  }

  /** Packets that were given up as lost and arrived after all: the thresholds were too strict (section 6.1). */
  #takeSpurious(ranges: readonly AckRange[]): void {
    const remembered = this.#rememberedLost;
    if (remembered === undefined) return;
    const { smallest } = ranges[ranges.length - 1]!;
    const largest = Math.max(this.#largestAcked, ranges[0]!.largest);
    const before = acked.length;
    let kept = 0;
    for (const packet of remembered) {
      // What the peer names no more, it will not name again.
      if (packet.number < smallest) continue;
      if (!contains(ranges, packet.number)) {
        remembered[kept++] = packet;
        continue;
      }
      acked.push(packet);
      const overtakenBy = largest - packet.number + 1;
      const threshold = Math.max(this.#packetThreshold, overtakenBy);
      this.#packetThreshold = Math.min(PACKET_THRESHOLD_MAX, threshold);
    }
    if (acked.length > before) {
      this.#timeThreshold = Math.min(TIME_THRESHOLD_MAX, this.#timeThreshold + TIME_THRESHOLD_STEP);
    }
    remembered.length = kept;
    if (kept === 0) this.#rememberedLost = undefined;
  }

  /** Section 6.1: lost by packets that overtook it, or by time. */
  #detectLost(now: number): void {
    this.#lossTime = Number.POSITIVE_INFINITY;
    const sent = this.#sent;
    const first = sent[0];
    if (first === undefined || first.number > this.#largestAcked) return;
    const rtt = this.#rtt;
    const delay =
      rtt === undefined
        ? PROBE_UNMEASURED_MS
        : Math.max(this.#timeThreshold * Math.max(rtt.latest, rtt.smoothed), TIMER_GRANULARITY_MS);
    let kept = 0;
    for (const packet of sent) {
      if (packet.number > this.#largestAcked) {
        sent[kept++] = packet;
      } else if (
        packet.sentAt + delay <= now ||
        this.#largestAcked - packet.number >= this.#packetThreshold
      ) {
        lost.push(packet);
      } else {
        this.#lossTime = Math.min(this.#lossTime, packet.sentAt + delay);
        sent[kept++] = packet;
      }
    }
    this.#sent.length = kept;
    if (lost.length > 0) this.#onLost(now);
  }

  #onLost(now: number): void {
    const first = lost[0]!;
    const last = lost[lost.length - 1]!;
    let bytes = 0;
    for (const packet of lost) {
      if (packet.sizeProbe) this.congestion.onDropped(packet.bytes);
      else bytes += packet.bytes;
    }
    if (bytes === 0) return;
    this.congestion.onLost(bytes, last.sentAt, now);
    const timeout = probeTimeout(this.#rtt, 0, false, MAX_ACK_DELAY_MS);
    const period = timeout * PERSISTENT_CONGESTION_THRESHOLD;
    const contiguous = last.number - first.number === lost.length - 1;
    const ofThisPath = first.sentAt > this.#pathSince;
    if (ofThisPath && contiguous && lost.length > 1 && last.sentAt - first.sentAt > period) {
      this.congestion.onPersistentCongestion();
    }
    this.#rememberedLost ??= [];
    this.#rememberedLost.push(...lost);
    const excess = this.#rememberedLost.length - LOST_REMEMBERED_MAX;
    if (excess > 0) this.#rememberedLost.splice(0, excess);
  }
}

/** Of ranges in descending order, the first that does not begin above the number decides. There is one. */
const contains = (ranges: readonly AckRange[], number: number): boolean => {
  let low = 0;
  let high = ranges.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ranges[middle]!.smallest > number) low = middle + 1;
    else high = middle;
  }
  return number <= ranges[low]!.largest;
};
