// How long datagrams are: no longer than they may be, and hosts learn what a path carries and keep to it.

import type { Datagram } from "../../lib/transport/address.ts";
import { DATAGRAM_GROWN_MAX_BYTES, DATAGRAM_MAX_BYTES } from "../../lib/transport/limits.ts";
import { roundTripOf } from "./conditions.ts";
import type { Findings } from "./findings.ts";
import type { Network } from "./network.ts";
import type { Options } from "./options.ts";
import type { Process } from "./process.ts";
import type { Watcher } from "./world.ts";

/**
 * How often a program sends another one what is too long, on a path that stays as it is: a session tries three sizes,
 * three times each, and there may be two.
 */
const IN_VAIN_MAX = 15;

/** A path that became narrower is noticed when no answer comes, behind all that waits for the sender's link. */
const UNNOTICED_MS = 2_000;

interface InVain {
  /** Since when the path is as it is. */
  readonly since: number;
  /** At how many moments. What was sent at once is a window full of one size. */
  times: number;
  lastAt: number;
}

export class Sizes implements Watcher {
  readonly #findings: Findings;
  readonly #network: Network;
  readonly #mostBytes: number;
  readonly #unnoticedMs: number;
  /** By sender, and receiver's seat. */
  readonly #inVain = new Map<string, InVain>();
  longestBytes = 0;

  constructor(findings: Findings, network: Network, { mayGrow, conditions }: Options) {
    this.#findings = findings;
    this.#network = network;
    this.#mostBytes = mayGrow === true ? DATAGRAM_GROWN_MAX_BYTES : DATAGRAM_MAX_BYTES;
    this.#unnoticedMs = UNNOTICED_MS + 3 * roundTripOf(conditions);
  }

  sent(now: number, process: Process, { to, bytes: { length } }: Datagram): void {
    this.longestBytes = Math.max(this.longestBytes, length);
    if (length > this.#mostBytes) this.#findings.add("datagram too large", `${length} bytes`);
    if (length <= DATAGRAM_MAX_BYTES) return;
    const seat = this.#network.seatAt(to);
    if (seat === undefined) return;
    const { bytes, since } = this.#network.widthOf(process.seat, seat);
    if (length <= bytes || now < since + this.#unnoticedMs) return;
    const pair = `${process.id} ${seat}`;
    let inVain = this.#inVain.get(pair);
    if (inVain?.since !== since) {
      inVain = { since, times: 0, lastAt: -1 };
      this.#inVain.set(pair, inVain);
    }
    if (inVain.lastAt === now) return;
    inVain.lastAt = now;
    inVain.times++;
    if (inVain.times !== IN_VAIN_MAX) return;
    const what = `${process.name || "the server"} to ${to.host}: ${length} where ${bytes} fit`;
    this.#findings.add("datagrams too long for the path", what);
  }
}
