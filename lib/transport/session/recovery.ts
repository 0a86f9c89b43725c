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
import { IN_ORDER, Reordering } from "./reordering.ts";
import type { SentPacket } from "./sent-packet.ts";

/** What an acknowledgement, or the passing of time, made known. Good until the next call: the arrays are used again. */
export interface Findings {
  readonly acked: readonly SentPacket[];
  readonly lost: readonly SentPacket[];
}

/** With too many packets under way, so many of them are given up: as many as a few probes have made. */
const GIVEN_UP_PACKETS = 16;

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
  /** Of a session that has lost something; few ever do. */
  #reordering: Reordering | undefined;
  #largestAcked = -1;
  #rtt: RttEstimate | undefined;
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
    this.#reordering?.onAck(ranges, this.#largestAcked, acked);
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

  /** Releases buffers that an idle session does not need. */
  trimIdle(): void {
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

  /** This is no sign of congestion: the peer is heard, and acknowledges none of them. */
  #giveUpOldest(): void {
    lost.push(...this.#sent.splice(0, GIVEN_UP_PACKETS));
    for (const packet of lost) this.congestion.onDropped(packet.bytes);
  }

  /** Section 6.1: lost by packets that overtook it, or by time. */
  #detectLost(now: number): void {
    this.#lossTime = Number.POSITIVE_INFINITY;
    const sent = this.#sent;
    const first = sent[0];
    if (first === undefined || first.number > this.#largestAcked) return;
    const rtt = this.#rtt;
    const { packetThreshold, timeThreshold } = this.#reordering ?? IN_ORDER;
    const delay =
      rtt === undefined
        ? PROBE_UNMEASURED_MS
        : Math.max(timeThreshold * Math.max(rtt.latest, rtt.smoothed), TIMER_GRANULARITY_MS);
    let kept = 0;
    for (const packet of sent) {
      if (packet.number > this.#largestAcked) {
        sent[kept++] = packet;
      } else if (
        packet.sentAt + delay <= now ||
        this.#largestAcked - packet.number >= packetThreshold
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
    this.#reordering ??= new Reordering();
    this.#reordering.onLost(lost);
  }
}
