// All that users share, and the one way in which it changes: `apply`, event by event, in the order of the log.
// Deterministic: the same entries make the same state on every server. Knows no session, no clock and no line.

import { bound } from "../../transport/bound.ts";
import type {
  DeregisteredEvent,
  EffectEvent,
  ExpiredEvent,
  GrowthEvent,
  MemberRemovedEvent,
  MovedEvent,
  RegisteredEvent,
  ServerEvent,
} from "../events.ts";
import { GROUPS_CLAIMED_MAX } from "../limits.ts";
import { checkName, foldName } from "../names.ts";
import { Groups } from "./groups.ts";
import { type Group, type Membership, NO_MEMBERSHIPS, type User } from "./membership.ts";
import type { Outcome } from "./outcome.ts";
import * as refusals from "./refusals.ts";
import { Departed, emptyMemory, recall, remember, type Verdict } from "./request-memory.ts";
import { UserTable } from "./user-table.ts";

const NONE: Outcome = { type: "none" };

const notRegistered = (event: RegisteredEvent, verdict: refusals.Refusal): Outcome => ({
  type: "not_registered",
  event,
  verdict,
});

export class ServerState {
  readonly table = new UserTable();
  readonly groups = new Groups((key) => this.table.byKey(key) !== undefined);
  readonly #departed = new Departed();
  #epoch = "";

  /** Names the log's life; "" before its first entry. */
  get epoch(): string {
    return this.#epoch;
  }

  /** Applies the entry at `index` of the log. */
  apply(index: number, event: ServerEvent): Outcome {
    switch (event.type) {
      case "opened":
        if (this.#epoch === "") this.#epoch = event.epoch;
        return NONE;
      case "registered":
        return this.#registered(index, event);
      case "moved":
        return this.#moved(event);
      case "deregistered":
        return this.#deregistered(event);
      case "expired":
        return this.#expired(event);
      case "member_removed":
        return this.#memberRemoved(event);
      case "group_created":
      case "group_joined":
      case "group_left":
      case "group_message":
        return this.#withEffect(index, event);
    }
  }

  #registered(index: number, event: RegisteredEvent): Outcome {
    const { key } = event.origin;
    const holder = this.table.byName(event.name);
    const known = this.table.byKey(key);
    if (known !== undefined) {
      if (known !== holder) return notRegistered(event, refusals.otherName(known.name));
      known.registration = index;
      const changed = this.table.move(known, event.host, event.port);
      const lost = event.groups.filter((group) => known.removedFrom?.has(foldName(group)));
      return { type: "registered", event, user: known, changed, created: [], joined: [], lost };
    }
    if (holder !== undefined) return notRegistered(event, refusals.nameExists(holder.name));
    const name = checkName(event.name);
    if (!name.ok) return notRegistered(event, refusals.invalidName(name.reason));
    const { users, neighbours } = event.most;
    if (this.table.size >= users) return notRegistered(event, refusals.serverFull(users));
    if (this.table.countAt(event.host) >= neighbours)
      return notRegistered(event, refusals.addressFull(neighbours));
    const user: User = {
      key,
      name: name.value,
      number: index,
      registration: index,
      host: event.host,
      port: event.port,
      memberships: NO_MEMBERSHIPS,
      removedFrom: undefined,
      memory: this.#departed.take(key) ?? emptyMemory(),
    };
    this.table.add(user);
    // In this epoch the user was here, and went silent: it missed what was said, and has to be told.
    const groups =
      event.epoch === this.#epoch
        ? { created: [], joined: [], lost: event.groups }
        : this.#bringBack(index, user, event);
    // Its session may end before it hears of that: then it is told in the next one.
    if (groups.lost.length > 0) user.removedFrom = new Set(groups.lost.map(foldName));
    return { type: "registered", event, user, changed: true, ...groups };
  }

  /** The groups of an epoch that is over, as its users remember them. */
  #bringBack(index: number, user: User, { groups: names, revives, most }: RegisteredEvent) {
    const created: Group[] = [];
    const joined: Membership[] = [];
    const lost: string[] = [];
    for (const name of names) {
      const checked = checkName(name);
      let group = this.groups.byName(name);
      if (group === undefined && checked.ok && created.length < revives) {
        group = this.groups.create(checked.value, user.key, most.groups);
        if (group !== undefined) created.push(group);
      }
      if (group === undefined || !this.groups.hasRoom(group, user, most.members)) lost.push(name);
      else if (!user.memberships.has(group.folded)) {
        joined.push(this.groups.join(user, group, index));
      }
    }
    return { created, joined, lost };
  }

  #moved({ key, registration, host, port }: MovedEvent): Outcome {
    const user = this.table.byKey(key);
    if (user?.registration !== registration || !this.table.move(user, host, port)) return NONE;
    return { type: "moved", user };
  }

  #deregistered(event: DeregisteredEvent): Outcome {
    const user = this.table.byKey(event.origin.key);
    const left = user === undefined ? [] : this.#remove(user);
    return { type: "deregistered", event, user, left };
  }

  #expired({ key, registration }: ExpiredEvent): Outcome {
    const user = this.table.byKey(key);
    if (user?.registration !== registration) return NONE;
    this.#remove(user);
    return { type: "expired", user };
  }

  #remove(user: User): Membership[] {
    this.table.remove(user);
    this.#departed.keep(user.key, user.memory);
    return this.groups.leaveAll(user);
  }

  #memberRemoved(event: MemberRemovedEvent): Outcome {
    const user = this.table.byKey(event.key);
    const group = this.groups.byName(event.group);
    if (user === undefined || group === undefined) return NONE;
    const membership = user.memberships.get(group.folded);
    if (membership?.since !== event.membership) return NONE;
    this.groups.leave(membership);
    user.removedFrom ??= new Set();
    // The latest come last: a client claims the one group that it is in.
    user.removedFrom.delete(membership.group.folded);
    user.removedFrom.add(membership.group.folded);
    bound(user.removedFrom, GROUPS_CLAIMED_MAX);
    return { type: "member_removed", membership };
  }

  #withEffect(index: number, event: EffectEvent): Outcome {
    const user = this.table.byKey(event.origin.key);
    if (user === undefined) {
      return { type: "verdict", event, user, verdict: refusals.NOT_REGISTERED, repeated: false };
    }
    const { id } = event.origin;
    const recalled = recall(user.memory, id);
    if (recalled !== undefined) {
      const verdict = recalled === "stale" ? refusals.STALE : recalled;
      return { type: "verdict", event, user, verdict, repeated: true };
    }
    const verdict = this.#decide(index, user, event);
    remember(user.memory, id, verdict);
    return { type: "verdict", event, user, verdict, repeated: false };
  }

  #decide(index: number, user: User, event: EffectEvent): Verdict {
    const group = this.groups.byName(event.group);
    if (event.type === "group_created") return this.#create(user, group, event);
    if (group === undefined) return refusals.NO_SUCH_GROUP;
    const membership = user.memberships.get(group.folded);
    const done: Verdict = { ok: true, group: group.name };
    if (event.type === "group_joined") {
      if (membership !== undefined) return done;
      if (!this.groups.hasRoom(group, user, event.most.members)) {
        return refusals.groupFull(group.members.size);
      }
      this.groups.join(user, group, index);
      return done;
    }
    if (membership === undefined) return refusals.NOT_A_MEMBER;
    if (event.type === "group_left") this.groups.leave(membership);
    return done;
  }

  #create(user: User, existing: Group | undefined, { group: name, most }: GrowthEvent): Verdict {
    if (existing !== undefined) return refusals.groupExists(existing.name);
    const checked = checkName(name);
    if (!checked.ok) return refusals.invalidName(checked.reason);
    const created = this.groups.create(checked.value, user.key, most.groups);
    if (created === undefined) return refusals.tooManyGroups(most.groups);
    return { ok: true, group: created.name };
  }
}
