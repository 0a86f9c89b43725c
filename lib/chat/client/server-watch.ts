// Notices when the server is silent: when to ask it for a sign of life, and when a wait for it has lasted too long.
// Knows when what was said, not what.

import { GIVE_UP_MS } from "../../transport/retry.ts";
import { ANSWER_MAX_MS, PING_INTERVAL_MS } from "../limits.ts";

export class ServerWatch {
  /** Of the present session: numbers of the last message queued and the last one delivered, and when that was, in ms. */
  #queued = 0;
  #delivered = 0;
  #deliveredAt = 0;
  /** When the server last said anything but "delivered", or was first asked. */
  #spokeAt: number | undefined;
  /** When a wait ends that began before the present session did. */
  #overdueAt = Infinity;

  /** A session begins. */
  onSession(now: number): void {
    this.#queued = 0;
    this.#delivered = 0;
    this.#deliveredAt = now;
    this.#spokeAt ??= now;
  }

  /** The session fell silent, and somebody has been waiting since then: a new one does not let the wait begin anew. */
  onFellSilent(waitsSince: number): void {
    this.#overdueAt = waitsSince + GIVE_UP_MS;
  }

  /** The session has come to another end. */
  onEnded(): void {
    this.#overdueAt = Infinity;
  }

  onQueued(message: number): void {
    this.#queued = message;
  }

  /** The last message queued on the present session. */
  get queued(): number {
    return this.#queued;
  }

  onDelivered(now: number, message: number): void {
    this.#delivered = message;
    this.#deliveredAt = now;
    this.#overdueAt = Infinity;
  }

  /** The server said something, whatever it was. */
  onSpoken(now: number): void {
    this.#spokeAt = now;
    this.#overdueAt = Infinity;
  }

  /** Those who waited have been told: for others the wait begins now. */
  onGivenUp(now: number): void {
    this.#spokeAt = now;
    this.#overdueAt = Infinity;
  }

  /** When the server, with whom there is a session, is to show that it is still there: all was delivered, and yet somebody waits. */
  get pingAt(): number {
    if (this.#delivered < this.#queued) return Infinity;
    return Math.max(this.#deliveredAt, this.#spokeAt ?? 0) + PING_INTERVAL_MS;
  }

  /** When the wait that began then has lasted too long, unless the server says something. */
  answerDueAt(waitsSince: number): number {
    return Math.max(waitsSince, this.#spokeAt ?? Infinity) + ANSWER_MAX_MS;
  }

  get overdueAt(): number {
    return this.#overdueAt;
  }
}
