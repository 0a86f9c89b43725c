// Who is registered, as far as this client knows: the table of the server, kept by its changes, and the names of those
// who left it. Knows nothing of sessions, of lines or of how the table got here.

import { bound } from "../../transport/bound.ts";
import { DEPARTED_MAX, REGISTRATION_IDLE_MS, RESOLVED_MAX } from "../limits.ts";
import type { Table, TableChanges, TableEntry, TableOnDemand, TablePosition } from "../message.ts";
import { foldName } from "../names.ts";

/** What an update did. "gap": it does not follow on what is here; ask for the rest. */
export type Update = "changed" | "same" | "gap";

const sameUser = (a: TableEntry | undefined, b: TableEntry | undefined): boolean =>
  a?.name === b?.name && a?.key === b?.key && a?.host === b?.host && a?.port === b?.port;

export class UserTable {
  /** By folded name. */
  #users = new Map<string, TableEntry>();
  #nameOfKey = new Map<string, string>();
  /** Names of keys that are no longer in the table, until another user takes the name. */
  readonly #departed = new Map<string, string>();
  /** Those keys by the folded name: no two of them have one. */
  readonly #departedKeys = new Map<string, string>();
  /** By folded name; only while the table is on demand. */
  #resolved = new Map<string, TableEntry>();
  /** By folded name: users of an epoch that is over, until somebody takes the name or their time is over. */
  readonly #lingering = new Map<string, TableEntry>();
  #lingerUntil = -Infinity;
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

  /** The user of this name, without regard to case; also one that a server which lost its memory has yet to hear of. */
  find(now: number, name: string): TableEntry | undefined {
    const fold = foldName(name);
    const found = this.#users.get(fold) ?? this.#resolved.get(fold);
    return found ?? (now < this.#lingerUntil ? this.#lingering.get(fold) : undefined);
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
  replace(now: number, { payload }: Table): Update {
    this.#linger(now, payload.epoch);
    let changed = this.#position === undefined || this.#onDemand;
    const gone = new Map(this.#users);
    for (const user of payload.users) {
      const fold = foldName(user.name);
      gone.delete(fold);
      this.#lingering.delete(fold);
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
    if (at === undefined || at.epoch !== payload.epoch) return "gap";
    if (payload.to <= at.version) return "same";
    if (payload.from !== at.version) return "gap";
    let changed = this.#onDemand;
    this.#onDemand = false;
    this.#resolved.clear();
    for (const { name, user } of payload.changes) {
      const entry = user === null ? undefined : { name, ...user };
      if (this.#set(foldName(name), entry)) changed = true;
    }
    this.#position = { epoch: payload.epoch, version: payload.to };
    return changed ? "changed" : "same";
  }

  /** From here on the table is not told any more. What was known of it may be out of date, and goes. */
  demand(now: number, { payload }: TableOnDemand): Update {
    const { epoch } = payload;
    const same = this.#onDemand && this.#position?.epoch === epoch;
    this.#linger(now, epoch);
    for (const fold of [...this.#users.keys()]) this.#set(fold, undefined);
    // Without any user, this is the table as it was when the epoch began: all there is will be missing.
    this.#position = { epoch, version: 0 };
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
    this.#lingering.delete(fold);
    this.#resolved.set(fold, user);
    bound(this.#resolved, RESOLVED_MAX);
    this.#depart(user);
  }

  /** What was resolved turned out to be of no use: it is to be asked for again. */
  forget(name: string): void {
    this.#resolved.delete(foldName(name));
    this.#lingering.delete(foldName(name));
  }

  /** In another epoch, the users of the one before have yet to notice that it is over, and are where they were. */
  #linger(now: number, epoch: string): void {
    if (this.#position === undefined || this.#position.epoch === epoch) return;
    if (now >= this.#lingerUntil) this.#lingering.clear();
    for (const [fold, user] of [...this.#users, ...this.#resolved]) this.#lingering.set(fold, user);
    this.#lingerUntil = now + REGISTRATION_IDLE_MS;
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
      this.#lingering.delete(fold);
      this.#users.set(fold, user);
      this.#nameOfKey.set(user.key, user.name);
      this.#forgetDeparted(user.key);
      this.#forgetDeparted(this.#departedKeys.get(fold));
    }
    return true;
  }

  #depart(user: TableEntry): void {
    const fold = foldName(user.name);
    this.#forgetDeparted(user.key);
    this.#forgetDeparted(this.#departedKeys.get(fold));
    this.#departed.set(user.key, user.name);
    this.#departedKeys.set(fold, user.key);
    if (this.#departed.size > DEPARTED_MAX)
      this.#forgetDeparted(this.#departed.keys().next().value);
  }

  #forgetDeparted(key: string | undefined): void {
    const name = key === undefined ? undefined : this.#departed.get(key);
    if (key === undefined || name === undefined) return;
    this.#departed.delete(key);
    this.#departedKeys.delete(foldName(name));
  }
}
