// What the server refuses, and its words for that.

import { REQUESTS_IN_FLIGHT_MAX, TEXT_MAX_BYTES } from "../limits.ts";
import { RefusalReason } from "../message.ts";

/** What came of a request that did not take effect. `detail` is for people. */
export interface Refusal {
  readonly ok: false;
  readonly reason: RefusalReason;
  readonly detail: string;
}

const refusal = (reason: RefusalReason, detail: string): Refusal => ({ ok: false, reason, detail });

export const NOT_REGISTERED = refusal(RefusalReason.NotRegistered, "You are not registered.");
export const STALE = refusal(RefusalReason.Stale, "This request is too old to be answered.");
export const NO_SUCH_GROUP = refusal(RefusalReason.DoesNotExist, "There is no such group.");
export const NOT_A_MEMBER = refusal(RefusalReason.NotAMember, "You are not in this group.");
export const TEXT_TOO_LONG = refusal(
  RefusalReason.TooLong,
  `A message may have ${TEXT_MAX_BYTES} bytes.`,
);
export const TOO_MANY_UNANSWERED = refusal(
  RefusalReason.Busy,
  `${REQUESTS_IN_FLIGHT_MAX} requests are without an answer already.`,
);
export const TOO_MANY_UNTAKEN = refusal(
  RefusalReason.Busy,
  "You have yet to take the answers to what you asked before.",
);

/** `problem` says what cannot be read. */
export const invalidMessage = (problem: string): Refusal =>
  refusal(RefusalReason.InvalidMessage, problem);

/** `problem` says what the name lacks. */
export const invalidName = (problem: string): Refusal =>
  refusal(RefusalReason.InvalidName, problem);

export const otherName = (own: string): Refusal =>
  refusal(RefusalReason.OtherName, `You are ${own} already.`);

export const nameExists = (name: string): Refusal =>
  refusal(RefusalReason.AlreadyExists, `${name} already exists.`);

export const groupExists = (group: string): Refusal =>
  refusal(RefusalReason.AlreadyExists, `The group ${group} already exists.`);

export const serverFull = (users: number): Refusal =>
  refusal(
    RefusalReason.ServerFull,
    `The server is full: it has as many users as it takes, ${users}.`,
  );

export const addressFull = (users: number): Refusal =>
  refusal(
    RefusalReason.AddressFull,
    `Your address has as many users as the server takes from one, ${users}.`,
  );

export const tooManyGroups = (groups: number): Refusal =>
  refusal(RefusalReason.TooManyGroups, `The server has as many groups as it takes, ${groups}.`);

export const groupFull = (members: number): Refusal =>
  refusal(
    RefusalReason.GroupFull,
    `The group is full: it has as many members as it takes, ${members}.`,
  );

/** `waitMs`: after how long it would be taken. */
export const tooSoon = (done: "created" | "entered", waitMs: number): Refusal =>
  refusal(
    RefusalReason.TooSoon,
    `You have ${done} too many groups in a short time. Try again in ${Math.ceil(waitMs / 1_000)} s.`,
  );
