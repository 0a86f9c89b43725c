// Reports of users that did not acknowledge a direct message: the server asks the accused itself and tells the
// reporters what came of it. Who is offline is its judgement, not theirs. What it finds out becomes an event.

import { GIVE_UP_MS } from "../../transport/retry.ts";
import type { ServerContext } from "./context.ts";
import type { Link } from "./link.ts";
import type { User } from "./membership.ts";
import type { Presence } from "./presence.ts";

/** By then a silent accused has been judged: one that was heard from, but has not taken the question, is online. */
const HEARD_AFTER_MS = 2 * GIVE_UP_MS;

/** One question at a time for each accused; all who report it meanwhile share the answer. */
interface Inquiry {
  readonly accused: Presence;
  /** The question's number in the session; 0 if it is not known. */
  number: number;
  /** When it was asked, in ms. */
  readonly askedAt: number;
  /** By the reporter's key and the request's id: one that is sent again is the same. */
  readonly reports: Map<string, Report>;
}

export interface Report {
  /** The reporter's key. */
  readonly by: string;
  readonly id: number;
  /** The name it asked about. */
  readonly name: string;
}

export class Inquiries {
  readonly #context: ServerContext;
  /** By the accused's number. */
  readonly #open = new Map<number, Inquiry>();
  /** Answers that must not arrive before the table that lacks the accused. */
  #confirmed: Report[] = [];

  constructor(context: ServerContext) {
    this.#context = context;
  }

  /** A client could not reach the user with key `accused`. */
  report(report: Report, accused: string): void {
    const presence = this.#context.presenceOf(accused);
    if (presence === undefined) {
      this.#confirmed.push(report);
      return;
    }
    let inquiry = this.#open.get(presence.user.number);
    const place = `${report.by} ${report.id}`;
    if (inquiry !== undefined) {
      inquiry.reports.set(place, report);
      return;
    }
    const askedAt = this.#context.now;
    inquiry = { accused: presence, number: 0, askedAt, reports: new Map([[place, report]]) };
    this.#open.set(presence.user.number, inquiry);
    if (presence.link === undefined) this.lostSession(presence);
    else {
      inquiry.number = this.#context.post(presence.link, {
        type: "ping",
        payload: {},
        metadata: {},
      });
      this.#context.wakeups.schedule(presence, askedAt + HEARD_AFTER_MS);
    }
  }

  /** The client's chat layer has taken all messages of the session up to this number. */
  delivered({ presence }: Link, number: number): void {
    if (presence === undefined || this.#open.size === 0) return;
    const inquiry = this.#open.get(presence.user.number);
    if (inquiry !== undefined && number >= inquiry.number) this.cameBack(presence);
  }

  /** Nothing at all was heard from the client for five tries since this message was sent. */
  unanswered({ presence }: Link, number: number): void {
    if (presence === undefined) return;
    const inquiry = this.#open.get(presence.user.number);
    if (inquiry !== undefined && number >= inquiry.number) this.#context.expire(presence);
  }

  /** The accused has shown itself: it is online. */
  cameBack({ user }: Presence): void {
    const inquiry = this.#open.get(user.number);
    if (inquiry === undefined) return;
    this.#open.delete(user.number);
    for (const { by, id, name } of inquiry.reports.values()) {
      this.#context.reply(by, { type: "still_online", payload: { name }, metadata: { id } });
    }
  }

  /** The session in which the question was asked is over: the accused has the time of one question to return. */
  lostSession(presence: Presence): void {
    if (!this.#open.has(presence.user.number)) return;
    this.#context.wakeups.schedule(presence, presence.awaySince + GIVE_UP_MS);
  }

  /** Looks after an accused that is away. Returns when to look again, in ms. */
  judgeAway(presence: Presence): number {
    if (!this.#open.has(presence.user.number)) return Infinity;
    const until = presence.awaySince + GIVE_UP_MS;
    if (until > this.#context.now) return until;
    this.#context.expire(presence);
    return Infinity;
  }

  /** Looks after an accused that has a session. Returns when to look again, in ms. */
  judgePresent(presence: Presence): number {
    const inquiry = this.#open.get(presence.user.number);
    if (inquiry === undefined) return Infinity;
    const until = inquiry.askedAt + HEARD_AFTER_MS;
    if (until > this.#context.now) return until;
    this.cameBack(presence);
    return Infinity;
  }

  /** The user is no longer registered, for whatever reason. */
  gone({ number }: User): void {
    const inquiry = this.#open.get(number);
    if (inquiry === undefined) return;
    this.#open.delete(number);
    this.#confirmed.push(...inquiry.reports.values());
  }

  /** Tells the reporters of users that are gone; to be called once the table is with everyone. */
  confirm(): void {
    if (this.#confirmed.length === 0) return;
    const confirmed = this.#confirmed;
    this.#confirmed = [];
    for (const { by, id, name } of confirmed) {
      this.#context.reply(by, { type: "offline_confirmed", payload: { name }, metadata: { id } });
    }
  }
}
