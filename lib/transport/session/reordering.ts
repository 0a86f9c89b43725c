// How far packets may overtake each other before one counts as lost (RFC 9002 section 6.1): learnt from those that were
// given up and arrived after all. Knows nothing of time.

import type { AckRange } from "../wire/frames.ts";
import type { SentPacket } from "./sent-packet.ts";

/** A later packet this much further on is acknowledged: lost (kPacketThreshold); grows when that was wrong. */
const PACKET_THRESHOLD = 3;
const PACKET_THRESHOLD_MAX = 128;

/** Times the round trip after which an earlier packet is lost (kTimeThreshold); grows when that was wrong. */
const TIME_THRESHOLD = 9 / 8;
const TIME_THRESHOLD_MAX = 2;
const TIME_THRESHOLD_STEP = 1 / 8;

/** Losses remembered to learn that they were none. */
const LOST_REMEMBERED_MAX = 256;

/** When a packet counts as lost: so many others have overtaken it, or it is late by so many round trips. */
interface Thresholds {
  readonly packetThreshold: number;
  readonly timeThreshold: number;
}

/** Of a path that is not known to change the order of packets. */
export const IN_ORDER: Thresholds = {
  packetThreshold: PACKET_THRESHOLD,
  timeThreshold: TIME_THRESHOLD,
};

export class Reordering implements Thresholds {
  packetThreshold = PACKET_THRESHOLD;
  timeThreshold = TIME_THRESHOLD;
  /** Given up as lost, and perhaps only late, ascending by number. */
  readonly #lost: SentPacket[] = [];

  /** These are given up. */
  onLost(packets: readonly SentPacket[]): void {
    this.#lost.push(...packets);
    const excess = this.#lost.length - LOST_REMEMBERED_MAX;
    if (excess > 0) this.#lost.splice(0, excess);
  }

  /** Adds to `arrived` what was given up and is in these ranges (descending): the thresholds were too strict for it. */
  onAck(ranges: readonly AckRange[], largestAcked: number, arrived: SentPacket[]): void {
    const { smallest } = ranges[ranges.length - 1]!;
    const largest = Math.max(largestAcked, ranges[0]!.largest);
    const before = arrived.length;
    let kept = 0;
    for (const packet of this.#lost) {
      // What the peer names no more, it will not name again.
      if (packet.number < smallest) continue;
      if (!contains(ranges, packet.number)) {
        this.#lost[kept++] = packet;
        continue;
      }
      arrived.push(packet);
      const threshold = Math.max(this.packetThreshold, largest - packet.number + 1);
      this.packetThreshold = Math.min(PACKET_THRESHOLD_MAX, threshold);
    }
    this.#lost.length = kept;
    if (arrived.length === before) return;
    this.timeThreshold = Math.min(TIME_THRESHOLD_MAX, this.timeThreshold + TIME_THRESHOLD_STEP);
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
