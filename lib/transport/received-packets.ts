// Which packets of the peer have arrived: refuses what came before, and says what to acknowledge
// (RFC 9000 section 13.2). Knows nothing of what was in them.

import type { ByteWriter } from "./bytes.ts";
import { writeAck } from "./frames.ts";
import { ACK_RANGES_MAX } from "./limits.ts";
import { RangeSet } from "./ranges.ts";
import { ReplayWindow } from "./replay.ts";

const MICROS_PER_MS = 1_000;

export class ReceivedPackets {
  readonly #replay = new ReplayWindow();
  readonly #ranges = new RangeSet();
  #largestAt = 0;
  #news = false;
  #due = false;

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
    return packetNumber > (this.#ranges.max ?? -1);
  }

  /** All that was in the packet has been taken: it may be acknowledged. */
  onTaken(now: number, packetNumber: number, ackEliciting: boolean): void {
    if (this.isLargest(packetNumber)) this.#largestAt = now;
    this.#ranges.add(packetNumber, packetNumber + 1);
    const excess = this.#ranges.count - ACK_RANGES_MAX;
    if (excess > 0) this.#ranges.trimBelow(this.#ranges.startOf(excess));
    this.#news = true;
    this.#due ||= ackEliciting;
  }

  /** Whether an acknowledgement must go out, with data or alone. */
  get ackDue(): boolean {
    return this.#due;
  }

  /** Writes an ACK if there is news. */
  writeAck(now: number, writer: ByteWriter): void {
    if (!this.#news) return;
    const delay = Math.max(0, Math.round((now - this.#largestAt) * MICROS_PER_MS));
    writeAck(writer, this.#ranges, delay);
    this.#news = false;
    this.#due = false;
  }
}
