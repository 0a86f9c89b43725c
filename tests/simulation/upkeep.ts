// What sessions do on their own account: they replace their keys in time, and ask nobody twice who has heard them. Holds
// where both sides are there and nothing stands between them.

import type { Address } from "../../lib/transport/address.ts";
import { REJECT_AFTER_MS } from "../../lib/transport/limits.ts";
import { MAX_ACK_DELAY_MS, PROBE_UNMEASURED_MS } from "../../lib/transport/retry.ts";
import { FORGOTTEN_MS } from "./bounds.ts";
import type { Disturbances } from "./disturbances.ts";
import type { Findings } from "./findings.ts";
import type { Seat } from "./network.ts";
import type { Options } from "./options.ts";
import type { Process } from "./process.ts";
import type { Scenario } from "./scenario.ts";
import type { SessionPair } from "./sessions.ts";
import type { Watcher, World } from "./world.ts";

/** What clocks differ by while keys serve. */
const CLOCKS_DIFFER_MS = 2_000;

export class Upkeep implements Watcher {
  readonly #world: World;
  readonly #findings: Findings;
  readonly #disturbances: Disturbances;
  /** How long keys serve at most, in ms; infinity where they are not replaced, or too much is lost for a rule. */
  readonly #keysServeMs: number;
  /** Whether an answer is there before it is asked for again, once the network is healed. */
  readonly #answersInTime: boolean;
  readonly #byKey = new Map<string, Process>();
  /** When somebody's program last ended. */
  readonly #endedAt = new Map<Seat, number>();
  /** The network is whole, and everyone has found everyone. */
  settled = false;

  constructor(
    world: World,
    findings: Findings,
    disturbances: Disturbances,
    { options, scenario, strict }: { options: Options; scenario: Scenario; strict: boolean },
  ) {
    this.#world = world;
    this.#findings = findings;
    this.#disturbances = disturbances;
    const { rekey, sessionPackets, conditions, tickMs } = options;
    const replaced = strict && sessionPackets === undefined;
    this.#keysServeMs = replaced ? (rekey?.rejectAfterMs ?? REJECT_AFTER_MS) : Infinity;
    const moved = scenario.faults.some(
      ({ fault: { kind } }) => kind === "rebind" || kind === "move",
    );
    const answerMs = 2 * (conditions.delayMs + tickMs) + MAX_ACK_DELAY_MS;
    const inTime = answerMs < PROBE_UNMEASURED_MS;
    this.#answersInTime = inTime && !moved && sessionPackets === undefined;
  }

  started(_now: number, process: Process): void {
    this.#byKey.set(process.key, process);
  }

  ended(now: number, { seat }: Process): void {
    this.#endedAt.set(seat, now);
  }

  /** Nobody has replaced the keys of the only session between two. */
  expired([own, peer]: SessionPair): void {
    const { now } = this.#world;
    const [a, b] = [this.#byKey.get(own), this.#byKey.get(peer)];
    if (a?.running !== true || b?.running !== true) return;
    // A server that was started again may have the key of the one before it.
    const since = now - this.#keysServeMs;
    if (Math.max(a.startedAt, b.startedAt) > since + CLOCKS_DIFFER_MS) return;
    if (!this.#disturbances.clear(a.seat, b.seat, since - CLOCKS_DIFFER_MS, now)) return;
    this.#findings.add("keys not replaced", `${a.name || "server"} and ${b.name || "server"}`);
  }

  /** A session asks again. */
  probed(to: Address): void {
    if (!this.settled || !this.#answersInTime) return;
    const { now, network } = this.#world;
    const seat = network.seatAt(to);
    if (seat === undefined || this.#world.running(seat) === undefined) return;
    // The session may be with who was there before.
    if (now - (this.#endedAt.get(seat) ?? -Infinity) < FORGOTTEN_MS) return;
    this.#findings.add("asked twice", `${to.host}, where everything arrives`);
  }
}
