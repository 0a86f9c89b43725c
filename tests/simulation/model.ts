// The reference model: what the log of one server's life says, applied in the most obvious way. Knows nothing of the
// product but the shape of its log entries.

import type { Counts, EffectEvent, RegisteredEvent, ServerEvent } from "../../lib/chat/events.ts";

/** A registered user. */
export interface Holder {
  readonly key: string;
  readonly name: string;
  /** The log's place of the newest registration. */
  registration: number;
}

interface Group {
  readonly name: string;
  readonly founder: string;
  /** It was brought back by a member of an earlier life. */
  readonly revived: boolean;
  /** The log's place of joining, by key, in order of joining. */
  readonly members: Map<string, number>;
}

/** What an entry changed. */
export type Effect =
  | { readonly kind: "none" }
  /**
   * `returned`: groups that it brought along from another life of the server, and whether they exist for that reason.
   * `lost`: those that had no room for it any more.
   */
  | {
      readonly kind: "registered";
      readonly holder: Holder;
      readonly returned: readonly { readonly group: string; readonly revived: boolean }[];
      readonly lost: readonly string[];
    }
  | { readonly kind: "refused"; readonly key: string; readonly name: string }
  | { readonly kind: "gone"; readonly key: string; readonly expired: boolean }
  | { readonly kind: "removed"; readonly key: string; readonly group: string }
  | {
      readonly kind: "message";
      readonly key: string;
      readonly group: string;
      readonly text: string;
      readonly members: readonly string[];
    };

const NONE: Effect = { kind: "none" };

const fold = (name: string): string => name.toLowerCase();

export class Model {
  #epoch = "";
  /** By folded name. */
  readonly #holders = new Map<string, Holder>();
  /** By folded name, in order of their creation. */
  readonly #groups = new Map<string, Group>();
  /** By key: the highest id of a request that took effect. */
  readonly #lastId = new Map<string, number>();

  holderOf(name: string): Holder | undefined {
    return this.#holders.get(fold(name));
  }

  byKey(key: string): Holder | undefined {
    for (const holder of this.#holders.values()) if (holder.key === key) return holder;
    return undefined;
  }

  /** All names, sorted. */
  names(): string[] {
    return [...this.#holders.values()].map((holder) => holder.name).toSorted();
  }

  groups(): string[] {
    return [...this.#groups.values()].map((group) => group.name);
  }

  /** Keys, in order of joining. */
  members(group: string): string[] {
    return [...(this.#groups.get(fold(group))?.members.keys() ?? [])];
  }

  nameOf(key: string): string {
    return this.byKey(key)?.name ?? key;
  }

  apply(index: number, event: ServerEvent): Effect {
    switch (event.type) {
      case "opened":
        if (this.#epoch === "") this.#epoch = event.epoch;
        return NONE;
      case "registered":
        return this.#register(index, event.origin.key, event);
      case "moved":
        return NONE;
      case "deregistered":
        return this.#leave(event.origin.key, false);
      case "expired":
        if (this.byKey(event.key)?.registration !== event.registration) return NONE;
        return this.#leave(event.key, true);
      case "member_removed": {
        const members = this.#groups.get(fold(event.group))?.members;
        if (members?.get(event.key) !== event.membership) return NONE;
        members.delete(event.key);
        return { kind: "removed", key: event.key, group: event.group };
      }
      default:
        return this.#request(index, event);
    }
  }

  #register(index: number, key: string, event: RegisteredEvent): Effect {
    const { name, groups, revives, epoch, most } = event;
    const known = this.byKey(key);
    const holder = this.holderOf(name);
    if (known !== holder) return { kind: "refused", key, name };
    if (known !== undefined) {
      known.registration = index;
      return { kind: "registered", holder: known, returned: [], lost: [] };
    }
    const created: Holder = { key, name, registration: index };
    this.#holders.set(fold(name), created);
    // Who comes from another life of the server brings its groups along.
    const returned = [];
    const lost = [];
    let revived = 0;
    for (const name of epoch === this.#epoch ? [] : groups) {
      const isGone = this.#groups.get(fold(name)) === undefined;
      if (isGone) revived++;
      const group = isGone && revived > revives ? undefined : this.#create(name, key, true, most);
      if (group === undefined || group.members.size >= most.members) lost.push(name);
      else {
        group.members.set(key, index);
        returned.push({ group: name, revived: group.revived });
      }
    }
    return { kind: "registered", holder: created, returned, lost };
  }

  #leave(key: string, expired: boolean): Effect {
    const holder = this.byKey(key);
    if (holder === undefined) return NONE;
    this.#holders.delete(fold(holder.name));
    for (const group of this.#groups.values()) group.members.delete(key);
    return { kind: "gone", key, expired };
  }

  #request(index: number, event: EffectEvent): Effect {
    const { key, id } = event.origin;
    if (this.byKey(key) === undefined || id <= (this.#lastId.get(key) ?? 0)) return NONE;
    this.#lastId.set(key, id);
    if (event.type === "group_created") {
      this.#create(event.group, key, false, event.most);
      return NONE;
    }
    const members = this.#groups.get(fold(event.group))?.members;
    if (members === undefined) return NONE;
    if (event.type === "group_joined") {
      if (!members.has(key) && members.size < event.most.members) members.set(key, index);
      return NONE;
    }
    if (!members.has(key)) return NONE;
    if (event.type !== "group_message") {
      members.delete(key);
      return NONE;
    }
    const others = [...members.keys()].filter((member) => member !== key);
    return { kind: "message", key, group: event.group, text: event.text, members: others };
  }

  /** The group of this name; undefined if there is none, and no room for another one. */
  #create(name: string, founder: string, revived: boolean, most: Counts): Group | undefined {
    const group = this.#groups.get(fold(name));
    if (group !== undefined) return group;
    if (this.#groups.size >= most.groups) {
      const isForsaken = (one: Group) => one.members.size === 0 && !this.byKey(one.founder);
      const forsaken = [...this.#groups.values()].find(isForsaken);
      if (forsaken === undefined) return undefined;
      this.#groups.delete(fold(forsaken.name));
    }
    const created = { name, founder, revived, members: new Map() };
    this.#groups.set(fold(name), created);
    return created;
  }
}
