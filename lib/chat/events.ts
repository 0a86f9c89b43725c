// What can happen to all that users share: the entries of the log. Each carries what it takes to apply it anywhere.
// They are what was asked for, in order; whether it takes effect is decided when it is applied (state.ts).

/** Whose request it was: the client's key as 64 hexadecimal digits, and the request's number. */
export interface Origin {
  readonly key: string;
  readonly id: number;
}

/** The log's life begins. Only the first one counts. */
interface Opened {
  readonly type: "opened";
  readonly epoch: string;
}

/** A client wants to be known under this name, at this address; or is back on a new session. */
export interface RegisteredEvent {
  readonly type: "registered";
  readonly origin: Origin;
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** The groups it believes to be in. */
  readonly groups: readonly string[];
  /** How many of them may begin anew with it, if the server has forgotten them. */
  readonly revives: number;
  /** The epoch it knew before; "" for none. */
  readonly epoch: string;
  readonly most: Counts;
}

/**
 * How many there may be of each, as the server was told that took the request. It stands in the event, so that whoever
 * applies it decides alike, and in a log that is read again what was decided once is not decided anew.
 */
export interface Counts {
  readonly users: number;
  /** Users of one IP address. */
  readonly neighbours: number;
  readonly groups: number;
  /** Members of one group. */
  readonly members: number;
}

/** A registered client is at another address now. Counts for that registration only. */
export interface MovedEvent {
  readonly type: "moved";
  readonly key: string;
  readonly registration: number;
  readonly host: string;
  readonly port: number;
}

/** A client leaves and says so. */
export interface DeregisteredEvent {
  readonly type: "deregistered";
  readonly origin: Origin;
}

/** A client was found to be gone. Counts for that registration only: one that came back since stays. */
export interface ExpiredEvent {
  readonly type: "expired";
  readonly key: string;
  readonly registration: number;
}

/** A request that makes something grow: the groups, or the members of one. */
export interface GrowthEvent {
  readonly type: "group_created" | "group_joined";
  readonly origin: Origin;
  readonly group: string;
  readonly most: Counts;
}

interface LeftEvent {
  readonly type: "group_left";
  readonly origin: Origin;
  readonly group: string;
}

/** A message to all members of a group. */
interface GroupMessageEvent {
  readonly type: "group_message";
  readonly origin: Origin;
  readonly group: string;
  readonly text: string;
}

/** A member did not answer. Counts for that membership only: one that joined again since stays. */
export interface MemberRemovedEvent {
  readonly type: "member_removed";
  readonly key: string;
  readonly group: string;
  readonly membership: number;
}

/** Those whose effect comes once per id, with an outcome that is remembered. */
export type EffectEvent = GrowthEvent | LeftEvent | GroupMessageEvent;

export type ServerEvent =
  | Opened
  | RegisteredEvent
  | MovedEvent
  | DeregisteredEvent
  | ExpiredEvent
  | EffectEvent
  | MemberRemovedEvent;

/** Whose request an event was; undefined for what the server found out by itself. */
export const originOf = (event: ServerEvent): Origin | undefined =>
  "origin" in event ? event.origin : undefined;
