// How fast one client may go: what the server's limits say, and what each client has used of them. Belongs to this server
// alone, so nothing of it is in the log. Knows no session, and no words.

import { nextToken, type Rate, takeTokens } from "../../transport/bucket.ts";
import { GROUPS_CLAIMED_MAX } from "../limits.ts";
import { rateOf, type ServerLimits } from "./server-limits.ts";

const MINUTE_S = 60;

/** One client's buckets: when each will be full, in ms. They go with the user from session to session. */
export class Meter {
  messages = 0;
  bytes = 0;
  create_group = 0;
  join_group = 0;
  revive_group = 0;
  /** It was told that it is too fast, and has gone on since. */
  told = false;
}

/** What adds to the groups: one is created, one is entered, one that the server has forgotten comes back with a member. */
type Growth = "create_group" | "join_group" | "revive_group";

export class Quotas {
  readonly #messages: Rate;
  readonly #bytes: Rate;
  readonly #perMinute: Readonly<Record<Growth, Rate>>;

  constructor(limits: ServerLimits) {
    this.#messages = rateOf(limits["messages-per-second"], limits["messages-burst"]);
    this.#bytes = rateOf(limits["bytes-per-second"], limits["bytes-burst"]);
    const perMinute = (count: number): Rate => rateOf(count / MINUTE_S, count);
    this.#perMinute = {
      create_group: perMinute(limits["groups-per-minute"]),
      join_group: perMinute(limits["joins-per-minute"]),
      revive_group: perMinute(GROUPS_CLAIMED_MAX),
    };
  }

  /** When the client's next request may pass, in ms. */
  opensAt(meter: Meter): number {
    return Math.max(nextToken(this.#messages, meter.messages), nextToken(this.#bytes, meter.bytes));
  }

  /** A request passes. */
  spend(now: number, meter: Meter, bytes: number): void {
    meter.messages = takeTokens(this.#messages, meter.messages, now);
    this.charge(now, meter, bytes);
  }

  /** The client has caused so many bytes to be sent to it. */
  charge(now: number, meter: Meter, bytes: number): void {
    meter.bytes = takeTokens(this.#bytes, meter.bytes, now, bytes);
  }

  /** Whether the client has been slow for long enough to have its whole burst again. */
  isRested(now: number, meter: Meter): boolean {
    return meter.messages <= now && meter.bytes <= now;
  }

  /** Counts one of these. Returns how long it is too early for that, in ms; 0 if it is not. */
  tooSoon(now: number, meter: Meter, type: Growth): number {
    const rate = this.#perMinute[type];
    const wait = nextToken(rate, meter[type]) - now;
    if (wait > 0) return wait;
    meter[type] = takeTokens(rate, meter[type], now);
    return 0;
  }
}
