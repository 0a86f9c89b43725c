// Which packets are under way, which arrived and which are lost: RFC 9002 sections 5 and 6.
// Knows nothing of what packets carry beyond the record kept of each.

import { Congestion } from "./congestion.ts";
import type { AckRange } from "./frames.ts";
import { probeTimeout, type RttEstimate, TIMER_GRANULARITY_MS, updateRtt } from "./retry.ts";

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
}

/** What an acknowledgement, or the passing of time, made known. */
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

/** Losses remembered to learn that they were none. */
const LOST_REMEMBERED_MAX = 256;

/** Probe timeouts without any arrival that make up persistent congestion (kPersistentCongestionThreshold). */
const PERSISTENT_CONGESTION_THRESHOLD = 3;

const NONE: Findings = { acked: [], lost: [] };

export class Recovery {
  readonly congestion = new Congestion();
  #sent: SentPacket[] = [];
  #rememberedLost: SentPacket[] = [];
  #largestAcked = -1;
  #rtt: RttEstimate | undefined;
  #packetThreshold = PACKET_THRESHOLD;
  #timeThreshold = TIME_THRESHOLD;
  #lossTime = Number.POSITIVE_INFINITY;
  #lastSentAt = 0;
  #probeCount = 0;

  /** Smoothed round trip in ms, once one was measured. */
  get rtt(): RttEstimate | undefined {
    return this.#rtt;
  }

  /** Whether any ack-eliciting packet is under way. */
  get outstanding(): boolean {
    return this.#sent.length > 0;
  }

  /** The oldest packets under way, at most `count` of them. */
  outstandingPackets(count: number): readonly SentPacket[] {
    return this.#sent.slice(0, count);
  }

  onSent(packet: SentPacket): void {
    this.#sent.push(packet);
    this.#lastSentAt = packet.sentAt;
    this.congestion.onSent(packet.bytes);
  }

  /** Takes the ranges of an ACK frame (descending), its delay in ms. */
  onAck(now: number, ranges: readonly AckRange[], delayMs: number): Findings {
    const acked = this.#take(ranges);
    const spurious = this.#takeSpurious(ranges);
    const largest = ranges[0]!.largest;
    if (acked.length === 0 && spurious.length === 0) return NONE;
    const newest = acked[acked.length - 1];
    if (newest !== undefined && newest.number === largest && largest > this.#largestAcked) {
      this.#rtt = updateRtt(this.#rtt, now - newest.sentAt, delayMs);
    }
    this.#largestAcked = Math.max(this.#largestAcked, largest);
    this.#probeCount = 0;
    for (const packet of acked) this.congestion.onAcked(packet.bytes, packet.sentAt);
    const lost = this.#detectLost(now);
    return { acked: spurious.length === 0 ? acked : [...spurious, ...acked], lost };
  }

  /** When `onTimeout` wants to be called; infinity if nothing is under way. */
  deadline(urgent: boolean): number {
    if (this.#sent.length === 0) return Number.POSITIVE_INFINITY;
    if (this.#lossTime !== Number.POSITIVE_INFINITY) return this.#lossTime;
    return this.#lastSentAt + probeTimeout(this.#rtt, this.#probeCount, urgent);
  }

  /** The deadline has passed: packets lost by time, or, with none of those, a probe to send. */
  onTimeout(now: number): { readonly lost: readonly SentPacket[]; readonly probe: boolean } {
    if (this.#lossTime !== Number.POSITIVE_INFINITY) {
      return { lost: this.#detectLost(now), probe: false };
    }
    this.#probeCount++;
    return { lost: [], probe: true };
  }

  /** The path is another one: what was learnt of the old one does not hold (RFC 9000 section 9.4). */
  onPathChange(now: number): void {
    this.congestion.onPathChange(now);
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
  #take(ranges: readonly AckRange[]): SentPacket[] {
    const acked: SentPacket[] = [];
    const kept: SentPacket[] = [];
    const largest = ranges[0]!.largest;
    let range = ranges.length - 1;
    let index = 0;
    for (; index < this.#sent.length; index++) {
      const packet = this.#sent[index]!;
      if (packet.number > largest) break;
      while (ranges[range]!.largest < packet.number) range--;
      (packet.number >= ranges[range]!.smallest ? acked : kept).push(packet);
    }
    if (acked.length > 0) this.#sent.splice(0, index, ...kept);
    return acked;
  }

  /** Packets that were given up as lost and arrived after all: the thresholds were too strict (section 6.1). */
  #takeSpurious(ranges: readonly AckRange[]): SentPacket[] {
    if (this.#rememberedLost.length === 0) return [];
    const lowest = ranges[ranges.length - 1]!.smallest;
    const arrived = this.#rememberedLost.filter(
      ({ number }) => number >= lowest && contains(ranges, number),
    );
    if (arrived.length === 0) return arrived;
    const largest = Math.max(this.#largestAcked, ranges[0]!.largest);
    for (const packet of arrived) {
      this.#packetThreshold = Math.min(
        PACKET_THRESHOLD_MAX,
        Math.max(this.#packetThreshold, largest - packet.number + 1),
      );
    }
    this.#timeThreshold = Math.min(TIME_THRESHOLD_MAX, this.#timeThreshold + TIME_THRESHOLD_STEP);
    this.#rememberedLost = this.#rememberedLost.filter((packet) => !arrived.includes(packet));
    return arrived;
  }

  /** Section 6.1: lost by packets that overtook it, or by time. */
  #detectLost(now: number): SentPacket[] {
    this.#lossTime = Number.POSITIVE_INFINITY;
    const first = this.#sent[0];
    if (first === undefined || first.number > this.#largestAcked) return [];
    const rtt = this.#rtt;
    const delay = Math.max(
      this.#timeThreshold * (rtt === undefined ? 0 : Math.max(rtt.latest, rtt.smoothed)),
      TIMER_GRANULARITY_MS,
    );
    const lost: SentPacket[] = [];
    let kept = 0;
    for (const packet of this.#sent) {
      if (packet.number > this.#largestAcked) {
        this.#sent[kept++] = packet;
      } else if (
        packet.sentAt + delay <= now ||
        this.#largestAcked - packet.number >= this.#packetThreshold
      ) {
        lost.push(packet);
      } else {
        this.#lossTime = Math.min(this.#lossTime, packet.sentAt + delay);
        this.#sent[kept++] = packet;
      }
    }
    this.#sent.length = kept;
    if (lost.length > 0) this.#onLost(now, lost);
    return lost;
  }

  #onLost(now: number, lost: readonly SentPacket[]): void {
    const first = lost[0]!;
    const last = lost[lost.length - 1]!;
    let bytes = 0;
    for (const packet of lost) bytes += packet.bytes;
    this.congestion.onLost(bytes, last.sentAt, now);
    const period = probeTimeout(this.#rtt, 0, false) * PERSISTENT_CONGESTION_THRESHOLD;
    const contiguous = last.number - first.number === lost.length - 1;
    if (contiguous && lost.length > 1 && last.sentAt - first.sentAt > period) {
      this.congestion.onPersistentCongestion();
    }
    this.#rememberedLost.push(...lost);
    const excess = this.#rememberedLost.length - LOST_REMEMBERED_MAX;
    if (excess > 0) this.#rememberedLost.splice(0, excess);
  }
}

/** Of ranges in descending order, the first that does not begin above the number decides. */
const contains = (ranges: readonly AckRange[], number: number): boolean => {
  for (const { smallest, largest } of ranges) {
    if (number >= smallest) return number <= largest;
  }
  return false;
};
