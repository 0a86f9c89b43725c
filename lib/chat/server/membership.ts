// Users, groups, and who is in which: the shapes that the state is made of. They change in the tables alone.

import type { RequestMemory } from "./request-memory.ts";

/** A registered user. Changed by `apply` (state.ts) and the tables only. */
export interface User {
  /** The static public key, 64 hexadecimal digits. */
  readonly key: string;
  /** As registered; folded for comparison it is unique. */
  readonly name: string;
  /** The place in the log at which this stay began; never the same for two users. */
  readonly number: number;
  /** The place in the log of the latest registration, a return counted. */
  registration: number;
  host: string;
  port: number;
  /** By the group's folded name. */
  memberships: Map<string, Membership>;
  /** Groups, by folded name, that it was removed from and has not joined since; undefined as long as there is none. */
  removedFrom: Set<string> | undefined;
  readonly memory: RequestMemory;
}

export interface Group {
  /** As created; folded for comparison it is unique. */
  readonly name: string;
  readonly folded: string;
  /** The key of the user who created it, or brought it back. */
  readonly founder: string;
  /** By the user's number, in order of joining. */
  readonly members: Map<number, Membership>;
  /** What their names take in the list of members, in bytes. */
  namesBytes: number;
}

/** Those of a user that is in no group: shared by all of them, and never changed. */
export const NO_MEMBERSHIPS: Map<string, Membership> = new Map();

/** One user's stay in one group. */
export interface Membership {
  readonly user: User;
  readonly group: Group;
  /** The place in the log at which it began: tells this stay from an earlier or a later one. */
  readonly since: number;
}
