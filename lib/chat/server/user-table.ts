// Who is registered, and what changed lately: the table that clients hold a copy of. Knows nothing of sessions.

import { TABLE_CHANGES_KEPT } from "../limits.ts";
import type { TableChange, TableEntry } from "../message.ts";
import { foldName } from "../names.ts";
import type { User } from "./membership.ts";

const placeOf = ({ key, host, port }: User): Omit<TableEntry, "name"> => ({ key, host, port });

export const tableEntry = (user: User): TableEntry => ({ name: user.name, ...placeOf(user) });

export class UserTable {
  readonly #byKey = new Map<string, User>();
  readonly #byName = new Map<string, User>();
  /** How many there are at each IP address. */
  readonly #atHost = new Map<string, number>();
  /** The change that led to version v is at (v - 1) % TABLE_CHANGES_KEPT. */
  readonly #changes: TableChange[] = [];
  #version = 0;

  /** Count of changes since the epoch began. */
  get version(): number {
    return this.#version;
  }

  get size(): number {
    return this.#byKey.size;
  }

  byKey(key: string): User | undefined {
    return this.#byKey.get(key);
  }

  /** In any case of letters. */
  byName(name: string): User | undefined {
    return this.#byName.get(foldName(name));
  }

  /** How many users an IP address has. */
  countAt(host: string): number {
    return this.#atHost.get(host) ?? 0;
  }

  /** In order of their registration. */
  users(): IterableIterator<User> {
    return this.#byKey.values();
  }

  /** Adds a user whose name and key are free. */
  add(user: User): void {
    this.#byKey.set(user.key, user);
    this.#byName.set(foldName(user.name), user);
    this.#count(user.host, 1);
    this.#changed({ name: user.name, user: placeOf(user) });
  }

  /** Puts a user at another address. Returns whether it is another one. */
  move(user: User, host: string, port: number): boolean {
    if (user.host === host && user.port === port) return false;
    this.#count(user.host, -1);
    this.#count(host, 1);
    user.host = host;
    user.port = port;
    this.#changed({ name: user.name, user: placeOf(user) });
    return true;
  }

  remove(user: User): void {
    this.#byKey.delete(user.key);
    this.#byName.delete(foldName(user.name));
    this.#count(user.host, -1);
    this.#changed({ name: user.name, user: null });
  }

  /** What changed after `version`, oldest first; undefined if that is not remembered, or has yet to come. */
  changesSince(version: number): TableChange[] | undefined {
    const count = this.#version - version;
    if (count < 0 || count > this.#changes.length) return undefined;
    const changes: TableChange[] = [];
    for (let at = version; at < this.#version; at++) {
      changes.push(this.#changes[at % TABLE_CHANGES_KEPT]!);
    }
    return changes;
  }

  #count(host: string, change: 1 | -1): void {
    const count = this.countAt(host) + change;
    if (count === 0) this.#atHost.delete(host);
    else this.#atHost.set(host, count);
  }

  #changed(change: TableChange): void {
    this.#changes[this.#version % TABLE_CHANGES_KEPT] = change;
    this.#version++;
  }
}
