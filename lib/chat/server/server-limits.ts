// What whoever runs a server may limit, as a table: the flags, their help and the type of the options follow from it.
// Knows what is limited, not how.

import type { Rate } from "../../transport/bucket.ts";
import type { HandshakeLimits } from "../../transport/handshake/admission.ts";
import {
  HANDSHAKES_BURST,
  HANDSHAKES_PER_SECOND,
  PREFIX_HANDSHAKES_BURST,
  PREFIX_HANDSHAKES_PER_SECOND,
} from "../../transport/limits.ts";
import type { Counts } from "../events.ts";
import { GROUP_MEMBERS_DEFAULT, GROUP_MEMBERS_MAX, GROUPS_MAX, USERS_MAX } from "../limits.ts";

/** A number that whoever runs the server may set. */
export interface ServerLimit<Name extends string = string> {
  /** The name of its flag, without the dashes. */
  readonly flag: Name;
  /** The heading in the help. */
  readonly group: string;
  readonly about: string;
  /** `messages`, `a second` */
  readonly unit: string;
  readonly default: number;
  /** Smaller values make no sense; 0 is still allowed. */
  readonly least?: number;
  /** What the program can carry: more cannot be asked for, and 0 means this. */
  readonly most?: number;
}

const RATES = "Server limits for each client (0: unlimited)";
const HANDSHAKES = "Server limits for new sessions (0: unlimited)";
const COUNTS = "Server limits for all clients (0: as many as it can hold)";

/**
 * What is over one of the first four waits its turn, and is not refused. The next ones refuse, with one clear line, and
 * the last ones drop in silence who will try again. The least rate of bytes lets the longest message through in 16 s: well
 * before a client takes its server for gone.
 */
export const SERVER_LIMITS = [
  {
    flag: "messages-per-second",
    group: RATES,
    about: "Messages and commands; faster ones wait",
    unit: "a second",
    default: 100,
  },
  {
    flag: "messages-burst",
    group: RATES,
    about: "So many of them at once",
    unit: "messages",
    default: 1_000,
  },
  {
    flag: "bytes-per-second",
    group: RATES,
    about: "Bytes of them; faster ones wait",
    unit: "a second",
    default: 1_048_576,
    least: 65_536,
  },
  {
    flag: "bytes-burst",
    group: RATES,
    about: "So many bytes at once",
    unit: "bytes",
    default: 8_388_608,
  },
  {
    flag: "groups-per-minute",
    group: RATES,
    about: "Groups it creates",
    unit: "a minute, and at once",
    default: 60,
  },
  {
    flag: "joins-per-minute",
    group: RATES,
    about: "Groups it enters",
    unit: "a minute, and at once",
    default: 120,
  },
  {
    flag: "users",
    group: COUNTS,
    about: "Users registered at once",
    unit: "users",
    default: USERS_MAX,
    most: USERS_MAX,
  },
  {
    flag: "users-per-address",
    group: COUNTS,
    about: "Of them at one IP address",
    unit: "users",
    default: 1_000,
    most: USERS_MAX,
  },
  {
    flag: "groups",
    group: COUNTS,
    about: "Groups",
    unit: "groups",
    default: GROUPS_MAX,
    most: GROUPS_MAX,
  },
  {
    flag: "group-members",
    group: COUNTS,
    about: "Members of a group",
    unit: "users",
    default: GROUP_MEMBERS_DEFAULT,
    most: GROUP_MEMBERS_MAX,
  },
  {
    flag: "handshakes-per-second",
    group: HANDSHAKES,
    about: "Handshakes; faster ones have to try again",
    unit: "a second",
    default: HANDSHAKES_PER_SECOND,
  },
  {
    flag: "handshakes-burst",
    group: HANDSHAKES,
    about: "So many of them at once",
    unit: "handshakes",
    default: HANDSHAKES_BURST,
  },
  {
    flag: "prefix-per-second",
    group: HANDSHAKES,
    about: "The same, of one /24 of addresses",
    unit: "a second",
    default: PREFIX_HANDSHAKES_PER_SECOND,
  },
  {
    flag: "prefix-burst",
    group: HANDSHAKES,
    about: "So many of them at once",
    unit: "handshakes",
    default: PREFIX_HANDSHAKES_BURST,
  },
] as const satisfies readonly ServerLimit[];

/** Each limit by the name of its flag. */
export type ServerLimits = Readonly<Record<(typeof SERVER_LIMITS)[number]["flag"], number>>;

/** All limits: those that were given, and what holds without. Where 0 means as many as there can be, it says how many. */
export const allLimits = (given: Partial<ServerLimits> = {}): ServerLimits => {
  const rows = SERVER_LIMITS.map((row: ServerLimit): [string, number] => {
    const value = given[row.flag as keyof ServerLimits] ?? row.default;
    return [row.flag, value === 0 ? (row.most ?? 0) : value];
  });
  return Object.fromEntries(rows) as ServerLimits;
};

/** A rate and its burst, as limits say them. */
export const rateOf = (perSecond: number, burst: number): Rate => ({
  perSecond,
  burst: burst === 0 ? Infinity : burst,
});

/** Those of them that the transport keeps. */
export const handshakesOf = (limits: ServerLimits): HandshakeLimits => {
  const all = rateOf(limits["handshakes-per-second"], limits["handshakes-burst"]);
  const prefix = rateOf(limits["prefix-per-second"], limits["prefix-burst"]);
  return { ...all, prefixPerSecond: prefix.perSecond, prefixBurst: prefix.burst };
};

/** Those of them that events carry. */
export const countsOf = (limits: ServerLimits): Counts => ({
  users: limits["users"],
  neighbours: limits["users-per-address"],
  groups: limits["groups"],
  members: limits["group-members"],
});
