// The table on its way to the clients: the changes of one turn in one message, encoded once for all who are at the same
// version. Above a number of users it is not pushed any more. Knows no request and no log.

import { type FramedMessage, frameMessage } from "../transport/send-stream.ts";
import { TABLE_PUSH_AGAIN_USERS, TABLE_PUSH_MAX_USERS } from "./limits.ts";
import { encodeMessage, type Push, type TablePosition } from "./message.ts";
import { NO_TABLE, type Presence } from "./presence.ts";
import type { ServerContext } from "./server-context.ts";
import { tableEntry } from "./user-table.ts";

export class TablePush {
  readonly #context: ServerContext;
  /** Whether the table is small enough to be pushed. */
  #pushing = true;
  /** The version up to which everyone has been told. */
  #version = 0;
  /** Those who are to be told whether or not the table changed in this turn. */
  readonly #asking = new Set<Presence>();

  constructor(context: ServerContext) {
    this.#context = context;
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

  /** At the end of a turn: tells everyone what changed. */
  flush(): void {
    const { table } = this.#context.state;
    const before = this.#pushing;
    if (table.size > TABLE_PUSH_MAX_USERS) this.#pushing = false;
    else if (table.size <= TABLE_PUSH_AGAIN_USERS) this.#pushing = true;
    const everyone = table.version !== this.#version && (this.#pushing || before);
    this.#version = table.version;
    if (!everyone && this.#asking.size === 0) return;
    const frames = new Map<number, FramedMessage>();
    if (everyone) {
      for (const presence of this.#context.presences.values()) this.#send(presence, frames);
    } else {
      for (const presence of this.#asking) this.#send(presence, frames);
    }
    this.#asking.clear();
  }

  #send(presence: Presence, frames: Map<number, FramedMessage>): void {
    const { link, tableVersion } = presence;
    if (link === undefined) return;
    if (tableVersion === this.#version && !this.#asking.has(presence)) return;
    let frame = frames.get(tableVersion);
    if (frame === undefined) {
      frame = frameMessage(encodeMessage(this.#message(tableVersion)));
      frames.set(tableVersion, frame);
    }
    link.post(this.#context.now, frame);
    presence.tableVersion = this.#version;
  }

  #message(from: number): Push {
    const { epoch, table } = this.#context.state;
    const version = this.#version;
    if (!this.#pushing) {
      return { type: "table_on_demand", payload: { epoch, version }, metadata: {} };
    }
    const changes = from === NO_TABLE ? undefined : table.changesSince(from);
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
