// Who is registered, as far as this client knows: the table of the server, kept by its changes, and the names of those
// who left it. Knows nothing of sessions, of lines or of how the table got here.

import type { Table, TableChanges, TableEntry, TableOnDemand, TablePosition } from "./message.ts";
import { foldName } from "./names.ts";

/** Keys of users that left whose name is still known: their last messages may come after they are gone. */
const DEPARTED_MAX = 4_096;

/** Users learnt one by one, where the table is too large to be pushed. */
const RESOLVED_MAX = 4_096;

/** What an update did. "gap": it does not follow on what is here; ask for the rest. */
export type Update = "changed" | "same" | "gap";

const sameUser = (a: TableEntry | undefined, b: TableEntry | undefined): boolean =>
  a?.name === b?.name && a?.key === b?.key && a?.host === b?.host && a?.port === b?.port;

/** Keeps a map at `max` entries; the ones that came first go first. */
const bound = (map: Map<string, unknown>, max: number): void => {
  for (const key of map.keys()) {
    if (map.size <= max) return;
    map.delete(key);
  }
};

export class UserTable {
  /** By folded name. */
  #users = new Map<string, TableEntry>();
  #nameOfKey = new Map<string, string>();
  /** Names of keys that are no longer in the table, until another user takes the name. */
  #departed = new Map<string, string>();
  /** By folded name; only while the table is on demand. */
  #resolved = new Map<string, TableEntry>();
  #position: TablePosition | undefined;
  #onDemand = false;

  /** Where in its history this table stands; undefined before the first one. */
  get position(): TablePosition | undefined {
    return this.#position;
  }

  /** The server has too many users to tell them all: names are to be resolved one by one. */
  get onDemand(): boolean {
    return this.#onDemand;
  }

  /** The user of this name, without regard to case. */
  find(name: string): TableEntry | undefined {
    const fold = foldName(name);
    return this.#users.get(fold) ?? this.#resolved.get(fold);
  }

  /** The name that goes with a key, also of one that left. */
  nameOf(key: string): string | undefined {
    return this.#nameOfKey.get(key) ?? this.#departed.get(key);
  }

  /** The user that is registered with this key. */
  byKey(key: string): TableEntry | undefined {
    const name = this.#nameOfKey.get(key);
    return name === undefined ? undefined : this.#users.get(foldName(name));
  }

  /** Whether somebody is registered with this key. */
  has(key: string): boolean {
    return this.#nameOfKey.has(key);
  }

  /** All names, as registered. */
  names(): string[] {
    return [...this.#users.values()].map((user) => user.name);
  }

  /** Takes a whole table. The first one counts as a change, whatever it says. */
  replace({ payload }: Table): Update {
    let changed = this.#position === undefined || this.#onDemand;
    const gone = new Map(this.#users);
    for (const user of payload.users) {
      const fold = foldName(user.name);
      gone.delete(fold);
      if (this.#set(fold, user)) changed = true;
    }
    for (const fold of gone.keys()) {
      if (this.#set(fold, undefined)) changed = true;
    }
    this.#position = { epoch: payload.epoch, version: payload.version };
    this.#onDemand = false;
    this.#resolved.clear();
    return changed ? "changed" : "same";
  }

  change({ payload }: TableChanges): Update {
    const at = this.#position;
    if (at === undefined || this.#onDemand || at.epoch !== payload.epoch) return "gap";
    if (payload.to <= at.version) return "same";
    if (payload.from !== at.version) return "gap";
    let changed = false;
    for (const { name, user } of payload.changes) {
      const entry = user === null ? undefined : { name, ...user };
      if (this.#set(foldName(name), entry)) changed = true;
    }
    this.#position = { epoch: payload.epoch, version: payload.to };
    return changed ? "changed" : "same";
  }

  /** From here on the table is not told any more. What was known of it may be out of date, and goes. */
  demand({ payload }: TableOnDemand): Update {
    const { epoch, version } = payload;
    const before = this.#position;
    const same = this.#onDemand && before?.epoch === epoch && before.version === version;
    for (const fold of [...this.#users.keys()]) this.#set(fold, undefined);
    this.#position = { epoch, version };
    this.#onDemand = true;
    this.#resolved.clear();
    return same ? "same" : "changed";
  }

  /** A user that was asked for by name or by key. */
  learn(user: TableEntry): void {
    const fold = foldName(user.name);
    if (!this.#onDemand) {
      // The table will tell; until then at least whose key this is.
      if (!this.#nameOfKey.has(user.key)) this.#depart(user);
      return;
    }
    this.#resolved.set(fold, user);
    bound(this.#resolved, RESOLVED_MAX);
    this.#depart(user);
  }

  /** What was resolved turned out to be of no use: it is to be asked for again. */
  forget(name: string): void {
    this.#resolved.delete(foldName(name));
  }

  /** Puts one user in, or takes one out. Returns whether that changed anything. */
  #set(fold: string, user: TableEntry | undefined): boolean {
    const before = this.#users.get(fold);
    if (sameUser(before, user)) return false;
    if (before !== undefined && before.key !== user?.key) {
      this.#users.delete(fold);
      if (this.#nameOfKey.get(before.key) === before.name) this.#nameOfKey.delete(before.key);
      if (user === undefined) this.#depart(before);
    }
    if (user !== undefined) {
      this.#users.set(fold, user);
      this.#nameOfKey.set(user.key, user.name);
      this.#departed.delete(user.key);
      this.#takeNameFromDeparted(fold);
    }
    return true;
  }

  #depart(user: TableEntry): void {
    this.#takeNameFromDeparted(foldName(user.name));
    this.#departed.set(user.key, user.name);
    bound(this.#departed, DEPARTED_MAX);
  }

  #takeNameFromDeparted(fold: string): void {
    for (const [key, name] of this.#departed) {
      if (foldName(name) === fold) this.#departed.delete(key);
    }
  }
}
