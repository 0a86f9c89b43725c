// The table on its way to the clients: the changes of one turn in one message, encoded once for all who are at the same
// version. Above a number of users it is not pushed any more. Knows no request and no log.

import { nextToken, type Rate, takeTokens } from "../../transport/bucket.ts";
import type { FramedMessage } from "../../transport/framed-message.ts";
import {
  TABLE_PUSH_AGAIN_USERS,
  TABLE_PUSH_CROWD_USERS,
  TABLE_PUSH_MAX_USERS,
  TABLE_PUSH_WINDOW_MS,
  TABLE_PUSHES_BURST,
  TABLE_PUSHES_PER_SECOND,
} from "../limits.ts";
import { framed, type Push, type TablePosition } from "../message.ts";
import type { ServerContext } from "./context.ts";
import { NO_TABLE, type Presence, TABLE_ON_DEMAND } from "./presence.ts";
import type { Quotas } from "./quotas.ts";
import { tableEntry } from "./user-table.ts";

/** How often everyone is told. */
const PUSHES: Rate = { perSecond: TABLE_PUSHES_PER_SECOND, burst: TABLE_PUSHES_BURST };

export class TablePush {
  readonly #context: ServerContext;
  readonly #quotas: Quotas;
  /** Whether the table is small enough to be pushed. */
  #pushing = true;
  /** Whether the clients were last told that it is. */
  #toldPushing = true;
  /** The version up to which everyone has been told. */
  #version = 0;
  /** The bucket of pushes to everyone. */
  #pushesFullAt = 0;
  /** When the last two pushes to everyone were, in ms, and how many users there were then. */
  #lastAt = -Infinity;
  #beforeLastAt = -Infinity;
  #lastSize = 0;
  /** Those who are to be told whether or not the table changed in this turn. */
  readonly #asking = new Set<Presence>();

  constructor(context: ServerContext, quotas: Quotas) {
    this.#context = context;
    this.#quotas = quotas;
  }

  /** A client has registered: it gets what it lacks since `known`, nothing if it lacks nothing. */
  registered(presence: Presence, known: TablePosition | undefined): void {
    presence.tableVersion = this.#versionOf(known);
    if (presence.tableVersion !== this.#context.state.table.version) this.#asking.add(presence);
  }

  /** A client asks what changed since `known`: it gets an answer in any case. */
  asked(presence: Presence, known: TablePosition): void {
    presence.tableVersion = this.#versionOf(known);
    this.#asking.add(presence);
  }

  /** Whether all there is to tell has been told. */
  get settled(): boolean {
    return this.#version === this.#context.state.table.version;
  }

  /** When what was put off is to be told, in ms; Infinity for nothing. */
  nextWakeup(): number {
    if (this.settled) return Infinity;
    const soonest = this.#beforeLastAt + TABLE_PUSH_WINDOW_MS;
    return this.#isCrowd ? soonest : Math.max(soonest, nextToken(PUSHES, this.#pushesFullAt));
  }

  /** Whether many have come since the last push, or gone. */
  get #isCrowd(): boolean {
    return Math.abs(this.#context.state.table.size - this.#lastSize) >= TABLE_PUSH_CROWD_USERS;
  }

  /** At the end of a turn: tells everyone what changed, if that is not too often. */
  flush(): void {
    const { now, state, presences } = this.#context;
    const { table } = state;
    if (table.size > TABLE_PUSH_MAX_USERS) this.#pushing = false;
    else if (table.size <= TABLE_PUSH_AGAIN_USERS) this.#pushing = true;
    const frames = new Map<number, FramedMessage>();
    if (!this.#pushing && !this.#toldPushing) this.#version = table.version;
    else if (!this.settled && this.nextWakeup() <= now) {
      if (!this.#isCrowd) this.#pushesFullAt = takeTokens(PUSHES, this.#pushesFullAt, now);
      this.#beforeLastAt = this.#lastAt;
      this.#lastAt = now;
      this.#lastSize = table.size;
      this.#version = table.version;
      this.#toldPushing = this.#pushing;
      for (const presence of presences.values()) this.#send(presence, frames);
    }
    for (const presence of this.#asking) this.#send(presence, frames);
    this.#asking.clear();
  }

  #send(presence: Presence, frames: Map<number, FramedMessage>): void {
    const { link, tableVersion } = presence;
    if (link === undefined) return;
    const { version } = this.#context.state.table;
    const asks = this.#asking.delete(presence);
    const has = this.#pushing ? version : TABLE_ON_DEMAND;
    if (tableVersion === has && !asks) return;
    let frame = frames.get(tableVersion);
    if (frame === undefined) {
      frame = framed(this.#message(tableVersion));
      frames.set(tableVersion, frame);
    }
    const { now } = this.#context;
    link.post(now, frame, asks);
    if (asks) this.#quotas.charge(now, link.meter, frame.length);
    // Who is to ask for names has no table any more, and gets all of it when it is pushed again.
    presence.tableVersion = has;
  }

  #message(from: number): Push {
    const { epoch, table } = this.#context.state;
    const { version } = table;
    if (!this.#pushing) {
      return { type: "table_on_demand", payload: { epoch, version }, metadata: {} };
    }
    const changes = from < 0 ? undefined : table.changesSince(from);
    if (changes !== undefined && changes.length <= table.size) {
      return {
        type: "table_changes",
        payload: { epoch, from, to: version, changes },
        metadata: {},
      };
    }
    const users = Array.from(table.users(), tableEntry);
    return { type: "table", payload: { epoch, version, users }, metadata: {} };
  }

  #versionOf(known: TablePosition | undefined): number {
    const { epoch, table } = this.#context.state;
    if (known === undefined || known.epoch !== epoch) return NO_TABLE;
    return known.version <= table.version ? known.version : NO_TABLE;
  }
}
