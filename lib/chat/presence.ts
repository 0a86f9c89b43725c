// A registered user as this server sees it: with a session, or away for a moment. Belongs to connections, not to the log.

import type { Scheduled } from "../transport/deadline-queue.ts";
import type { Line } from "./line.ts";
import type { Delivery, Link } from "./link.ts";
import type { User } from "./user-table.ts";

/** No table has been sent to this client in this session, or none that it still has. */
export const NO_TABLE = -1;

export class Presence implements Scheduled {
  readonly user: User;
  link: Link | undefined;
  /** When the last session ended, in ms; of no meaning while there is one. */
  awaySince: number;
  /** Group messages that wait for the user to come back, oldest first. */
  held: Delivery[] = [];
  /** Group messages and their bytes that the user has yet to take: in flight, waiting or held. */
  undelivered = 0;
  undeliveredBytes = 0;
  /** The table version that the client has once it has taken all that was sent to it; NO_TABLE for none. */
  tableVersion = NO_TABLE;
  /** Group messages of this user without an answer, by the request's id. */
  unanswered: Set<number> | undefined;
  /** Senders whose answer waits until this user has caught up: key and request id. */
  parked: { readonly key: string; readonly id: number }[] | undefined;
  /** The id of the last request whose list was shown. */
  lastListed = 0;
  /** The line for each group message that it takes: always the same, so made once. */
  ackLine: Line | undefined;

  wakeAt = Infinity;
  place = -1;

  constructor(user: User, now: number) {
    this.user = user;
    this.awaySince = now;
  }
}
