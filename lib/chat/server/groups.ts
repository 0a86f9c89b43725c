// The groups and who is in them. Knows nothing of sessions and messages.

import { GROUP_NAMES_MAX_BYTES } from "../limits.ts";
import { encodedTextBytes } from "../message.ts";
import { foldName } from "../names.ts";
import { type Group, type Membership, NO_MEMBERSHIPS, type User } from "./membership.ts";

export class Groups {
  /** In order of their creation. They stay when their last member leaves. */
  readonly #byName = new Map<string, Group>();
  /** The result of the last search; undefined after somebody has left, since it may be another one now. */
  #forsaken: Group | "none" | undefined;
  readonly #isHere: (key: string) => boolean;

  /** `isHere` says whether the holder of a key is registered. */
  constructor(isHere: (key: string) => boolean) {
    this.#isHere = isHere;
  }

  get size(): number {
    return this.#byName.size;
  }

  /** In any case of letters. */
  byName(name: string): Group | undefined {
    return this.#byName.get(foldName(name));
  }

  /** In order of their creation. */
  names(): string[] {
    return Array.from(this.#byName.values(), (group) => group.name);
  }

  /** Whether there may be another group beside at most so many: at the limit, one that is forsaken makes room. */
  mayGrow(most: number): boolean {
    return this.size < most || this.#findForsaken() !== undefined;
  }

  /** Creates a group whose name is free; undefined if there is no room for it. `founder`: the key of who does. */
  create(name: string, founder: string, most: number): Group | undefined {
    if (this.size >= most) {
      const forsaken = this.#findForsaken();
      if (forsaken === undefined) return undefined;
      this.#remove(forsaken);
    }
    const folded = foldName(name);
    const group: Group = { name, folded, founder, members: new Map(), namesBytes: 0 };
    this.#byName.set(folded, group);
    return group;
  }

  /** The oldest group that nobody is in, and whose founder is gone. Looked for only after somebody has left. */
  #findForsaken(): Group | undefined {
    if (this.#forsaken === "none") return undefined;
    const isForsaken = (group: Group) => group.members.size === 0 && !this.#isHere(group.founder);
    if (this.#forsaken === undefined || !isForsaken(this.#forsaken)) {
      this.#forsaken = this.#byName.values().find(isForsaken) ?? "none";
    }
    return this.#forsaken === "none" ? undefined : this.#forsaken;
  }

  #remove({ folded }: Group): void {
    this.#byName.delete(folded);
    this.#forsaken = undefined;
  }

  /** Whether one who is not in may enter a group of at most so many, whose list of members has to fit in a message. */
  hasRoom({ members, namesBytes }: Group, { name }: User, most: number): boolean {
    return members.size < most && namesBytes + listedBytes(name) <= GROUP_NAMES_MAX_BYTES;
  }

  /** Lets in one who is not in yet. */
  join(user: User, group: Group, since: number): Membership {
    const membership: Membership = { user, group, since };
    group.members.set(user.number, membership);
    group.namesBytes += listedBytes(user.name);
    if (user.memberships === NO_MEMBERSHIPS) user.memberships = new Map();
    user.memberships.set(group.folded, membership);
    user.removedFrom?.delete(group.folded);
    return membership;
  }

  leave({ user, group }: Membership): void {
    this.#forsaken = undefined;
    group.members.delete(user.number);
    group.namesBytes -= listedBytes(user.name);
    user.memberships.delete(group.folded);
  }

  /** The user is gone: ends all its stays. Returns them in order of joining. */
  leaveAll(user: User): Membership[] {
    this.#forsaken = undefined;
    const memberships = [...user.memberships.values()];
    for (const membership of memberships) this.leave(membership);
    return memberships;
  }
}

/** A name and the comma behind it. */
const listedBytes = (name: string): number => encodedTextBytes(name) + 1;
