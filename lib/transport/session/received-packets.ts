// Which packets of the peer have arrived: refuses what came before, and says what to acknowledge
// (RFC 9000 section 13.2). Knows nothing of what was in them.

import { ACK_DELAY_MS, ACK_EVERY_PACKETS, ACK_RANGES_MAX } from "../limits.ts";
import type { ByteWriter } from "../wire/bytes.ts";
import { writeAck } from "../wire/frames.ts";
import { RangeSet } from "./ranges.ts";
import { ReplayWindow } from "./replay.ts";

const MICROS_PER_MS = 1_000;

export class ReceivedPackets {
  readonly #replay = new ReplayWindow();
  /** The newest range of numbers taken: from `#start` up to, but not with, `#end`. Nearly always the only one. */
  #start = 0;
  #end = 0;
  /** Those below it, beyond gaps. */
  #older: RangeSet | undefined;
  #largestAt = 0;
  #news = false;
  /** Ack-eliciting packets since the last ACK, and when the next one must go out. */
  #unacknowledged = 0;
  #ackAt = Number.POSITIVE_INFINITY;

  /** Whether this number was not seen before and is not too old to tell. */
  isNew(packetNumber: number): boolean {
    return this.#replay.check(packetNumber);
  }

  /** The packet is authentic: it will never be opened again. */
  markSeen(packetNumber: number): void {
    this.#replay.mark(packetNumber);
  }

  /** Whether this is the highest number so far; asked before `onTaken`. */
  isLargest(packetNumber: number): boolean {
    return packetNumber >= this.#end;
  }

  /**
   * All that was in the packet has been taken: it may be acknowledged. `asks`: at once, if the sender wishes so, and not
   * at all on its own account if it asks for nothing.
   */
  onTaken(now: number, packetNumber: number, asks: "at_once" | "soon" | "never"): void {
    const expected = this.#end === 0 ? packetNumber : this.#end;
    if (packetNumber >= expected) this.#largestAt = now;
    this.#add(packetNumber);
    this.#news = true;
    if (asks === "never") return;
    this.#unacknowledged++;
    // What comes out of order tells of a loss; and many packets want the sender to go on (section 13.2).
    const hurry =
      asks === "at_once" || packetNumber !== expected || this.#unacknowledged >= ACK_EVERY_PACKETS;
    this.#ackAt = Math.min(this.#ackAt, hurry ? now : now + ACK_DELAY_MS);
  }

  /** The peer has our ACK up to this number: that need not be said again (section 13.2.4). The newest range stays. */
  onAckRead(largest: number): void {
    if (this.#older === undefined) return;
    this.#older.trimBelow(largest + 1);
    if (this.#older.isEmpty) this.#older = undefined;
  }

  /** How many ranges of numbers were taken, and are still worth to be named. */
  get count(): number {
    return 1 + (this.#older?.count ?? 0);
  }

  /** The first number of range `i`, counted from the lowest. */
  startOf(i: number): number {
    const older = this.#older;
    return older === undefined || i === older.count ? this.#start : older.startOf(i);
  }

  /** The first number behind range `i`. */
  endOf(i: number): number {
    const older = this.#older;
    return older === undefined || i === older.count ? this.#end : older.endOf(i);
  }

  /** When an acknowledgement must go out, with data or alone; infinity for none. */
  get ackAt(): number {
    return this.#ackAt;
  }

  /** Writes an ACK if there is news. Returns the largest number that it names, -1 for none. */
  writeAck(now: number, writer: ByteWriter): number {
    if (!this.#news) return -1;
    const delay = Math.max(0, Math.round((now - this.#largestAt) * MICROS_PER_MS));
    writeAck(writer, this, delay);
    this.#news = false;
    this.#unacknowledged = 0;
    this.#ackAt = Number.POSITIVE_INFINITY;
    return this.#end - 1;
  }

  #add(packetNumber: number): void {
    if (packetNumber === this.#end) {
      this.#end++;
      return;
    }
    if (packetNumber > this.#end) this.#onGap(packetNumber);
    else if (packetNumber === this.#start - 1) this.#growDown();
    else (this.#older ??= new RangeSet()).add(packetNumber, packetNumber + 1);
    const excess = this.count - ACK_RANGES_MAX;
    if (excess > 0) this.#older?.trimBelow(this.startOf(excess));
  }

  /** The newest range begins anew at this number. */
  #onGap(packetNumber: number): void {
    if (this.#end > this.#start) (this.#older ??= new RangeSet()).add(this.#start, this.#end);
    this.#start = packetNumber;
    this.#end = packetNumber + 1;
  }

  /** The number right below the newest range came, which may close the gap to the one before. */
  #growDown(): void {
    this.#start--;
    const older = this.#older;
    if (older?.max !== this.#start - 1) return;
    this.#start = older.startOf(older.count - 1);
    older.remove(this.#start, this.#end);
    if (older.isEmpty) this.#older = undefined;
  }
}
