// The chat messages on the wire: `{"type", "payload", "metadata"}` in JSON, one union for all of them.
// Says what is said, not how it gets there: knows no session, no socket and no state.
// Reading is in message-decode.ts.

import { type FramedMessage, frameMessage } from "../transport/framed-message.ts";

/** The shape of every message. `type` alone decides the shapes of the other two. */
interface Envelope<Type extends string, Payload, Metadata> {
  readonly type: Type;
  readonly payload: Payload;
  readonly metadata: Metadata;
}

/** No fields. Extra fields are ignored on arrival, here as everywhere. */
export type Empty = Readonly<Record<never, never>>;

/** A user as all may know them. */
export interface TableEntry {
  readonly name: string;
  /** The static public key, 64 lower-case hexadecimal digits. It tells one client process from any other. */
  readonly key: string;
  /** IPv4, dotted quad, as seen by the server. */
  readonly host: string;
  readonly port: number;
}

/** One change of the table: the user that `name` stands for now, or null when it stands for nobody. */
export interface TableChange {
  /** As registered. Compare with `foldName`. */
  readonly name: string;
  readonly user: Omit<TableEntry, "name"> | null;
}

/** A place in the history of the table. Versions of different epochs (lives of the server's log) do not compare. */
export interface TablePosition {
  readonly epoch: string;
  /** Count of changes since the epoch began. */
  readonly version: number;
}

// ---- client to server: requests ------------------------------------------------------------------------------------

/**
 * `id` is 1, 2, ... per client process (so per key), one for each request and kept when the request is sent again.
 * Requests with an effect (`create_group`, `join_group`, `leave_group`, `send_group`) take effect once per id, and are
 * answered again from memory. So they must be sent, and sent again, in ascending order of their ids.
 */
interface RequestMetadata {
  readonly id: number;
}

/**
 * The first message of a session with the server; others wait for its answer. The same key again means "I am back":
 * same user, new session.
 * Answer: `registered`, followed by the table; or `refused`: `already_exists` (another key holds the name), `other_name`
 * (this key has another one), `invalid_name`, `server_full`, `address_full`.
 *
 * `known` is the position of the table that the client has, if it has one: it gets only what changed since then.
 * `groups` are the groups it believes to be in. Where `known` names an epoch other than the server's, that is the
 * server lost its memory, they are created again where missing, and joined. In the same epoch they are only compared:
 * one that the user is no longer in is told by `removed_from_group`.
 */
export type Register = Envelope<
  "register",
  {
    readonly name: string;
    readonly groups: readonly string[];
    readonly known?: TablePosition | undefined;
  },
  RequestMetadata
>;

/**
 * Leaves. Answer: `deregistered`, also when the key is not registered (any more). Allowed on a session that has not
 * registered: a client that lost its session while it waited for the answer asks again without registering first.
 */
export type Deregister = Envelope<"deregister", Empty, RequestMetadata>;
/** Answer: `group_created`, or `refused`: `already_exists`, `invalid_name`, `too_many_groups`, `too_soon`. */
export type CreateGroup = Envelope<"create_group", { readonly group: string }, RequestMetadata>;
/** Answer: `groups`. */
export type ListGroups = Envelope<"list_groups", Empty, RequestMetadata>;
/** Answer: `group_joined`, also to one who is in it already; or `refused`: `does_not_exist`, `group_full`, `too_soon`. */
export type JoinGroup = Envelope<"join_group", { readonly group: string }, RequestMetadata>;
/** Answer: `group_left`, or `refused`: `not_a_member`, `does_not_exist`. */
export type LeaveGroup = Envelope<"leave_group", { readonly group: string }, RequestMetadata>;
/** Answer: `members`, or `refused`: `does_not_exist`. */
export type ListMembers = Envelope<"list_members", { readonly group: string }, RequestMetadata>;
/**
 * To all members but the sender. Answer: `received`, or `refused`: `not_a_member`, `does_not_exist`, `too_long`,
 * `busy` (more than REQUESTS_IN_FLIGHT_MAX without an answer).
 */
export type SendGroup = Envelope<
  "send_group",
  { readonly group: string; readonly text: string },
  RequestMetadata
>;
/**
 * The user of this name and key did not acknowledge a direct message. The server asks that user itself.
 * Answer: `offline_confirmed` (after the table that lacks the user), or `still_online`.
 */
export type ReportOffline = Envelope<
  "report_offline",
  { readonly name: string; readonly key: string },
  RequestMetadata
>;
/** Who has this name? Answer: `resolved`. */
export type Resolve = Envelope<"resolve", { readonly name: string }, RequestMetadata>;
/** Who has this key? Answer: `resolved`. */
export type Whois = Envelope<"whois", { readonly key: string }, RequestMetadata>;
/** What changed since? Answer: `table_changes`, `table` or `table_on_demand`; or `refused`: `busy`. */
export type TableSince = Envelope<"table_since", TablePosition, RequestMetadata>;

export type Request =
  | Register
  | Deregister
  | CreateGroup
  | ListGroups
  | JoinGroup
  | LeaveGroup
  | ListMembers
  | SendGroup
  | ReportOffline
  | Resolve
  | Whois
  | TableSince;

// ---- server to client: answers -------------------------------------------------------------------------------------

/** `id` is the request's. */
type ReplyMetadata = RequestMetadata;

/**
 * The user is registered under `name` (as shown from now on). `epoch` and `version` are the server's; the table itself
 * follows (nothing follows if `known` was that very position). `settled` is what the last `settled` would say now.
 * With an epoch other than the one known before, the server has lost its memory: after this, send again every group
 * message that is not settled, then the unanswered requests, in ascending order of their ids.
 */
export type Registered = Envelope<
  "registered",
  {
    readonly name: string;
    readonly epoch: string;
    readonly version: number;
    readonly settled: number;
  },
  ReplyMetadata
>;

export const RefusalReason = {
  /** Another key holds that name; or there is such a group. */
  AlreadyExists: "already_exists",
  /** There is no such group. */
  DoesNotExist: "does_not_exist",
  /** This session has not registered, or its registration ended: register, then ask again. */
  NotRegistered: "not_registered",
  /** This key is registered under another name. */
  OtherName: "other_name",
  NotAMember: "not_a_member",
  InvalidName: "invalid_name",
  /** The message could not be read; `detail` says why. */
  InvalidMessage: "invalid_message",
  TooLong: "too_long",
  ServerFull: "server_full",
  TooManyGroups: "too_many_groups",
  GroupFull: "group_full",
  /** Too many users at the client's IP address. */
  AddressFull: "address_full",
  /** Too many groups created or entered in the last minute; `detail` says when to ask again. */
  TooSoon: "too_soon",
  /** Too many requests without an answer, or too many answers that are not taken. */
  Busy: "busy",
  /** A request older than those whose outcome is remembered. */
  Stale: "stale",
} as const;
export type RefusalReason = (typeof RefusalReason)[keyof typeof RefusalReason];

/** `request` is the type of what was refused, "" and id 0 where that could not be read. `detail` is for people. */
export type Refused = Envelope<
  "refused",
  { readonly request: string; readonly reason: RefusalReason; readonly detail: string },
  ReplyMetadata
>;
export type Deregistered = Envelope<"deregistered", Empty, ReplyMetadata>;
/** `group` is the name as created, which may differ in case from the one asked for; so in the next ones. */
export type GroupCreated = Envelope<"group_created", { readonly group: string }, ReplyMetadata>;
/** In order of their creation. */
export type Groups = Envelope<"groups", { readonly groups: readonly string[] }, ReplyMetadata>;
export type GroupJoined = Envelope<"group_joined", { readonly group: string }, ReplyMetadata>;
export type GroupLeft = Envelope<"group_left", { readonly group: string }, ReplyMetadata>;
/** In order of their joining. */
export type Members = Envelope<
  "members",
  { readonly group: string; readonly members: readonly string[] },
  ReplyMetadata
>;
/** The group message has its place in the order of all messages. */
export type Received = Envelope<"received", Empty, ReplyMetadata>;
/** The reported user is no longer in the table. */
export type OfflineConfirmed = Envelope<
  "offline_confirmed",
  { readonly name: string },
  ReplyMetadata
>;
/** The reported user answered the server. */
export type StillOnline = Envelope<"still_online", { readonly name: string }, ReplyMetadata>;
/** To `resolve` and `whois`: the user, or null. */
export type Resolved = Envelope<"resolved", { readonly user: TableEntry | null }, ReplyMetadata>;

export type Reply =
  | Registered
  | Refused
  | Deregistered
  | GroupCreated
  | Groups
  | GroupJoined
  | GroupLeft
  | Members
  | Received
  | OfflineConfirmed
  | StillOnline
  | Resolved;

// ---- server to client: pushed --------------------------------------------------------------------------------------

/** The whole table. */
export type Table = Envelope<
  "table",
  { readonly epoch: string; readonly version: number; readonly users: readonly TableEntry[] },
  Empty
>;
/**
 * What changed after version `from` up to version `to`, in order. For a client at another version than `from` (or in
 * another epoch) there is a gap: it asks `table_since`. One that is at `to` or later ignores it.
 */
export type TableChanges = Envelope<
  "table_changes",
  {
    readonly epoch: string;
    readonly from: number;
    readonly to: number;
    readonly changes: readonly TableChange[];
  },
  Empty
>;
/** The table is too large to be pushed: ask `resolve` and `whois`. Takes the place of a table until the next one. */
export type TableOnDemand = Envelope<"table_on_demand", TablePosition, Empty>;

/**
 * A message to a group that the receiver is in. `number` grows with every message of one sender (it is the id of the
 * sender's request); `sender` tells the sender's key from others: `senderTag(key)`. The receiver remembers the highest
 * number per sender and group, and shows nothing at or below it.
 */
export type GroupMessage = Envelope<
  "group_message",
  { readonly group: string; readonly from: string; readonly text: string },
  { readonly sender: string; readonly number: number }
>;
/** The receiver is no longer in this group, since it did not answer in time. */
export type RemovedFromGroup = Envelope<"removed_from_group", { readonly group: string }, Empty>;
/**
 * Of the group messages answered with `received`, those with a request id up to `id` have reached all they ever will.
 * The sender keeps a group message until then, to send it again (same id) to a server that lost its memory.
 */
export type Settled = Envelope<"settled", { readonly id: number }, Empty>;

/** The client's requests come faster than the server allows and wait their turn: the first of them so many ms. */
export type SlowDown = Envelope<"slow_down", { readonly wait: number }, Empty>;

export type Push =
  Table | TableChanges | TableOnDemand | GroupMessage | RemovedFromGroup | Settled | SlowDown;

// ---- between any two -----------------------------------------------------------------------------------------------

/** Are you there? That it was delivered is the answer. */
export type Ping = Envelope<"ping", Empty, Empty>;

/**
 * Client to client. The sender is who holds the session's key. `number` is 1, 2, ... per sender key and receiver key;
 * the receiver shows nothing at or below the highest it has seen from that key.
 */
export type DirectMessage = Envelope<
  "direct_message",
  { readonly text: string },
  { readonly number: number }
>;

export type Message = Request | Reply | Push | Ping | DirectMessage;
export type MessageType = Message["type"];

/** Digits of a key that tell senders apart in a group message: 64 bits, and 48 bytes less for every member. */
export const SENDER_TAG_DIGITS = 16;

/** The short form of a sender's key in a group message. */
export const senderTag = (key: string): string => key.slice(0, SENDER_TAG_DIGITS);

const encoder = new TextEncoder();

/** The bytes of a message. The caller keeps them within MESSAGE_MAX_BYTES. */
export function encodeMessage(message: Message): Uint8Array {
  return encoder.encode(JSON.stringify(message));
}

/** The same, as the transport takes it. */
export const framed = (message: Message): FramedMessage => frameMessage(encodeMessage(message));

/** Asks for a sign of life: that it is delivered is the answer. */
export const PING = framed({ type: "ping", payload: {}, metadata: {} });

/** How long a text is inside a message, in bytes: escapes and quotes counted. At most TEXT_MAX_BYTES may be sent. */
export function encodedTextBytes(text: string): number {
  return encoder.encode(JSON.stringify(text)).length;
}
