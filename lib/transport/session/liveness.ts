// Is the other side still there? Silence measured in ms, for one session: when a message counts as
// unanswered, when a keep-alive is due, when the session is idle. Knows nothing of packets.

import { GIVE_UP_MS, givesUpAt } from "../retry.ts";
import type { SendStream } from "./send-stream.ts";

export interface LivenessOptions {
  /** Silence after which the session is forgotten. */
  readonly idleTimeoutMs: number;
  /** Silence after which something is sent to keep it; `undefined` leaves that to the other side. */
  readonly keepAliveMs: number | undefined;
}

export class Liveness {
  readonly #options: LivenessOptions;
  /** When something authentic last arrived. */
  #lastHeard: number;
  /** Last moment that something was asked of the other side. */
  #askedAt: number;
  /** Since when there is something that it has not answered; kept while it is silent. */
  #waitingSince: number;
  /** Nothing is unanswered before then, however long the silence. */
  #graceUntil = Number.NEGATIVE_INFINITY;
  /** Number of the next message that may become unanswered. */
  #nextToJudge = 1;

  constructor(now: number, options: LivenessOptions) {
    this.#options = options;
    this.#lastHeard = now;
    this.#askedAt = now;
    this.#waitingSince = now;
  }

  onHeard(now: number): void {
    this.#lastHeard = now;
    this.#graceUntil = Number.NEGATIVE_INFINITY;
  }

  /** The other side is there, but not ready to answer: it has until then, or until it is heard. */
  grant(until: number): void {
    this.#graceUntil = until;
  }

  /** Something is asked of the other side. `hadAnsweredAll`: nothing that was asked before waits for its answer. */
  onAsked(now: number, hadAnsweredAll: boolean): void {
    this.#askedAt = now;
    if (hadAnsweredAll) this.#waitingSince = now;
  }

  /** When the silence began that lasts until now, for a session that waits for an answer. */
  get silentSince(): number {
    return Math.max(this.#lastHeard, this.#waitingSince);
  }

  /** Whether the tries still count: nobody has been given up yet over what was asked last. */
  urgent(now: number): boolean {
    return now - Math.max(this.#lastHeard, this.#askedAt) < GIVE_UP_MS;
  }

  /** When the next undelivered message becomes unanswered; infinity for none. */
  unansweredAt(stream: SendStream): number {
    const number = Math.max(this.#nextToJudge, stream.deliveredCount + 1);
    const queuedAt = stream.queuedAt(number);
    if (queuedAt === undefined) return Number.POSITIVE_INFINITY;
    return Math.max(givesUpAt(queuedAt, this.#lastHeard), this.#graceUntil);
  }

  /** Numbers of the messages that became unanswered by `now`, each told once. */
  takeUnanswered(now: number, stream: SendStream): number[] {
    const numbers: number[] = [];
    while (this.unansweredAt(stream) <= now) {
      const number = Math.max(this.#nextToJudge, stream.deliveredCount + 1);
      numbers.push(number);
      this.#nextToJudge = number + 1;
    }
    return numbers;
  }

  /** When a keep-alive is due; asking again sooner than the last one makes no sense. */
  keepAliveAt(): number {
    const { keepAliveMs } = this.#options;
    return keepAliveMs === undefined
      ? Number.POSITIVE_INFINITY
      : Math.max(this.#lastHeard, this.#askedAt) + keepAliveMs;
  }

  idleAt(): number {
    return this.#lastHeard + this.#options.idleTimeoutMs;
  }
}
