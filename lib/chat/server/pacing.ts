// Requests that come faster than their client may send wait here for their turn, each session's in the order in which
// they came. What waits was not taken yet: with its session it is gone, and its client asks again. Knows what may wait,
// not what is asked.

import { type Rate, takeToken } from "../../transport/bucket.ts";
import { DeadlineQueue, type Scheduled } from "../../transport/deadline-queue.ts";
import { Deque } from "../../transport/deque.ts";
import {
  PACED_ALL_MAX_BYTES,
  PACED_LINES_PER_MINUTE,
  PACED_MAX_BYTES,
  PACED_MAX_REQUESTS,
} from "../limits.ts";
import type { Reply, Request } from "../message.ts";
import type { ServerContext } from "./context.ts";
import { tooFast } from "./lines.ts";
import type { Link } from "./link.ts";
import type { Quotas } from "./quotas.ts";

/** What a client asked, and how many bytes it took. That some of it is for servers to say is of no matter here. */
export interface Arrival {
  readonly message: Request | Reply;
  readonly bytes: number;
}

/** A session whose requests wait, oldest first. */
class Waiter implements Scheduled {
  readonly link: Link;
  readonly arrivals = new Deque<Arrival>();
  bytes = 0;
  wakeAt = Infinity;
  place = -1;

  constructor(link: Link) {
    this.link = link;
  }
}

/** How often the server's user is told. */
const LINES: Rate = { perSecond: PACED_LINES_PER_MINUTE / 60, burst: PACED_LINES_PER_MINUTE };

export class Pacing {
  readonly #context: ServerContext;
  readonly #quotas: Quotas;
  readonly #pass: (link: Link, arrival: Arrival) => void;
  readonly #waiters = new Map<Link, Waiter>();
  readonly #wakeups = new DeadlineQueue<Waiter>();
  /** Of all sessions. */
  #bytes = 0;
  /** The bucket of lines for the server's user. */
  #linesFullAt = 0;

  /** `pass` gets each request when it has its turn. */
  constructor(
    context: ServerContext,
    quotas: Quotas,
    pass: (link: Link, arrival: Arrival) => void,
  ) {
    this.#context = context;
    this.#quotas = quotas;
    this.#pass = pass;
  }

  /** A request has come: it passes now, or waits. Where too much waits, a session has to go. */
  admit(link: Link, arrival: Arrival): void {
    const { now } = this.#context;
    const { meter } = link;
    if (meter.told && this.#quotas.isRested(now, meter)) meter.told = false;
    const waiter = this.#waiters.get(link);
    if (waiter !== undefined) return this.#wait(waiter, arrival);
    const opensAt = this.#quotas.opensAt(meter);
    if (opensAt <= now) return this.#through(link, arrival);
    const first = new Waiter(link);
    this.#waiters.set(link, first);
    this.#wakeups.schedule(first, opensAt);
    this.#wait(first, arrival);
    if (meter.told || !this.#waiters.has(link)) return;
    meter.told = true;
    this.#tell(link, opensAt - now);
  }

  /** The session is over: what waits was never taken. */
  lost(link: Link): void {
    const waiter = this.#waiters.get(link);
    if (waiter === undefined) return;
    this.#waiters.delete(link);
    this.#wakeups.remove(waiter);
    this.#bytes -= waiter.bytes;
  }

  nextWakeup(): number {
    return this.#wakeups.next;
  }

  wake(): void {
    for (;;) {
      const waiter = this.#wakeups.popDue(this.#context.now);
      if (waiter === undefined) return;
      this.#release(waiter);
    }
  }

  #wait(waiter: Waiter, arrival: Arrival): void {
    const { bytes } = arrival;
    waiter.arrivals.push(arrival);
    waiter.bytes += bytes;
    this.#bytes += bytes;
    // More than a client may have without an answer.
    if (waiter.arrivals.length > PACED_MAX_REQUESTS || waiter.bytes > PACED_MAX_BYTES) {
      this.#end(waiter);
    } else if (this.#bytes > PACED_ALL_MAX_BYTES) this.#end(this.#largest(waiter));
  }

  /** Refusing one request alone would let those behind it overtake it; on its next session, the client asks all again. */
  #end({ link }: Waiter): void {
    this.lost(link);
    link.end();
  }

  #largest(largest: Waiter): Waiter {
    for (const waiter of this.#waiters.values()) if (waiter.bytes > largest.bytes) largest = waiter;
    return largest;
  }

  #release(waiter: Waiter): void {
    const { link, arrivals } = waiter;
    for (let first = arrivals.first(); first !== undefined; first = arrivals.first()) {
      const opensAt = this.#quotas.opensAt(link.meter);
      if (opensAt > this.#context.now) return this.#wakeups.schedule(waiter, opensAt);
      arrivals.shift();
      waiter.bytes -= first.bytes;
      this.#bytes -= first.bytes;
      this.#through(link, first);
    }
    this.#waiters.delete(link);
  }

  #through(link: Link, arrival: Arrival): void {
    this.#quotas.spend(this.#context.now, link.meter, arrival.bytes);
    this.#pass(link, arrival);
  }

  /** The client, and the user of this server, unless others have told enough just now. */
  #tell(link: Link, waitMs: number): void {
    const { now } = this.#context;
    const wait = Math.ceil(waitMs);
    this.#context.post(link, { type: "slow_down", payload: { wait }, metadata: {} });
    if (link.presence === undefined) return;
    const linesFullAt = takeToken(LINES, this.#linesFullAt, now);
    if (linesFullAt === undefined) return;
    this.#linesFullAt = linesFullAt;
    this.#context.show(tooFast(link.presence.user.name));
  }
}
