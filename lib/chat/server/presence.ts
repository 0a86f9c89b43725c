// Registered users as this server sees them: on which session, what is on its way to them, what they have yet to be told.
// Belongs to connections, not to the log.

import type { Scheduled } from "../../transport/deadline-queue.ts";
import { REQUESTS_IN_FLIGHT_MAX } from "../limits.ts";
import type { Delivery, Link } from "./link.ts";
import type { User } from "./membership.ts";
import type { Meter } from "./quotas.ts";

/** Of a user for whom nothing is held: shared by all of them, and never changed. */
export const NOTHING_HELD: Delivery[] = [];

/** No table has been sent to this client in this session, or none that it still has. */
export const NO_TABLE = -1;

/** As NO_TABLE, and the client was told that the table is not pushed. */
export const TABLE_ON_DEMAND = -2;

/** A registered user as this server sees it: with a session, or away for a moment. */
export class Presence implements Scheduled {
  readonly user: User;
  link: Link | undefined;
  /** That of its sessions, one after the other; undefined before the first. */
  meter: Meter | undefined;
  /** When the last session ended, in ms; of no meaning while there is one. */
  awaySince: number;
  /** Group messages that wait for the user to come back, oldest first. */
  held = NOTHING_HELD;
  /** Group messages and their bytes that the user has yet to take: in flight, waiting or held. */
  undelivered = 0;
  undeliveredBytes = 0;
  /** When it last took one, or when the first one was sent to it, in ms; of no meaning while none is undelivered. */
  progressAt = 0;
  /**
   * The table version that the client has once it has taken all that was sent to it; NO_TABLE or
   * TABLE_ON_DEMAND for none.
   */
  tableVersion = NO_TABLE;
  /** Group messages and reports of this user without an answer, by the request's id. */
  unanswered: Set<number> | undefined;
  /** It had too much to catch up on, and has not caught up by half since. */
  slow = false;
  /** The id of the last request whose list was shown. */
  lastListed = 0;
  /** The line for each group message that it takes: always the same, so made once. */
  ackText: string | undefined;

  wakeAt = Infinity;
  place = -1;

  constructor(user: User, now: number) {
    this.user = user;
    this.awaySince = now;
  }

  /** Counts a request that may be without an answer for long. Returns false if there are too many. */
  opens(id: number): boolean {
    this.unanswered ??= new Set();
    this.unanswered.add(id);
    return this.unanswered.size <= REQUESTS_IN_FLIGHT_MAX;
  }
}
