// The limits of the chat layer: one place, a name, a unit, and the reason. Those of the transport are its own.

import { ACK_DELAY_MS, IDLE_TIMEOUT_MS, MESSAGE_MAX_BYTES } from "../transport/limits.ts";

/** The longest name of a user or a group, in code points. */
export const NAME_MAX_CHARACTERS = 32;

/** The longest name looked at on arrival, in UTF-16 units: room to refuse a wrong one with a clear word. */
export const NAME_WIRE_MAX_UNITS = 256;

/** The longest text of a chat message as encoded JSON, in bytes: a message less the fields around the text. */
export const TEXT_MAX_BYTES = MESSAGE_MAX_BYTES - 1_024;

/** What was typed and waits to run, in characters: while it is more, no more of a file or pipe is read. */
export const LINES_WAITING_MAX_CHARS = 4_194_304;

/** Requests that one client may have without an answer. The outcomes of as many are remembered for it. */
export const REQUESTS_IN_FLIGHT_MAX = 64;

/** Users that may be registered at once. */
export const USERS_MAX = 65_536;

/** Groups that may exist at once: all their names fit in one message at four bytes a character. */
export const GROUPS_MAX = 4_096;

/** Members of one group, at most. */
export const GROUP_MEMBERS_MAX = 16_384;

/** Members of one group where nothing else is asked for: every text to it is sent to so many. */
export const GROUP_MEMBERS_DEFAULT = 4_096;

/** The names of all members of a group as they stand in the list of them, in bytes: a message less the fields around. */
export const GROUP_NAMES_MAX_BYTES = MESSAGE_MAX_BYTES - 1_024;

/** Groups a returning client may name as its own. It is in one at a time; a little room for others. */
export const GROUPS_CLAIMED_MAX = 16;

/** The table is pushed to the clients up to this many users; above it they resolve names on demand. */
export const TABLE_PUSH_MAX_USERS = 1_000;

/** Pushing starts again at or below this many users: a margin, so that one client cannot flip it at every step. */
export const TABLE_PUSH_AGAIN_USERS = 900;

/** Table changes remembered for `table_since`. Who missed more gets the whole table. */
export const TABLE_CHANGES_KEPT = 1_024;

/** Users no longer registered whose last outcomes are still remembered, should they come back and ask again. */
export const DEPARTED_KEPT = 1_024;

/** A registration that is not renewed for this long is removed. */
export const REGISTRATION_IDLE_MS = IDLE_TIMEOUT_MS;

/** Objects, lists and commas in what a client says: ten times what the longest `register` has. Each costs whoever reads it. */
export const REQUEST_PARTS_MAX = 256;

/** What may be said in a session while no user is registered on it: a few tries to register, with all they may hold. */
export const UNREGISTERED_MAX_MESSAGES = 64;

/** The same in bytes. */
export const UNREGISTERED_MAX_BYTES = 65_536;

/** How long a session may be there that no user is registered on: its first message is there to register. */
export const UNREGISTERED_MAX_MS = 10_000;

/** Messages a member may have undelivered and keep up: while none does, the senders' `received` waits. */
export const BACKLOG_SLOW_MESSAGES = 1_024;

/** The same in bytes, for few but long messages. */
export const BACKLOG_SLOW_BYTES = 2_097_152;

/**
 * Messages of one sender that go out to a group as one, in bytes: seven packets of the base size, which also a slow path
 * that loses half of them carries well before the member counts as one that takes nothing.
 */
export const BATCH_MAX_BYTES = 8_192;

/** How long `settled` waits for something else that is said to the same client, to go out with it. */
export const SETTLED_DELAY_MS = 1_000;

/** What a member may have undelivered before it is removed from the group: nobody keeps more for one that is slow. */
export const BACKLOG_MAX_MESSAGES = 16_384;

/** The same in bytes: as many of the longest messages as one sender may have without an answer. */
export const BACKLOG_MAX_BYTES = 67_108_864;

/** What all members together have to catch up on, each message counted once: beyond, who has most of it is removed. */
export const BACKLOG_ALL_MAX_BYTES = 268_435_456;

/** Answers and tables that wait in the chat layer for one session that does not drain before it is given up. */
export const ANSWERS_MAX_FRAMES = 16_384;

/** The same in bytes: sixteen of the longest lists, of which an honest client asks for one at a time. */
export const ANSWERS_MAX_BYTES = 16_777_216;

/** A client that has so many bytes of answers to take is given no further list: an honest one has one at a time. */
export const LISTS_OWED_MAX_BYTES = 1_048_576;

/** A receiver that takes nothing for this long is given up, even if it shows signs of life: see patience.ts. */
export const STALL_MS = 10_000;

/** And so much longer for a long message, per 1,024 bytes of it: a path may be slow. */
export const STALL_MS_PER_KIB = 32;

/** Requests of one session that wait their turn: those of its user without an answer, and what needs none. */
export const PACED_MAX_REQUESTS = 2 * REQUESTS_IN_FLIGHT_MAX;

/** Their bytes: as many of the longest messages as one client may have without an answer. */
export const PACED_MAX_BYTES = 67_108_864;

/** The same, of all sessions together: beyond it, whoever is too fast is refused. */
export const PACED_ALL_MAX_BYTES = 134_217_728;

/** Lines about clients that are too fast: limited, so that the server's own user is not flooded in their place. */
export const PACED_LINES_PER_MINUTE = 20;

/** How long a sender's `received` waits for a member that keeps up: well before the sender's client despairs. */
export const PARKED_MAX_MS = 30_000;

/** How often changes of the table are told: one who comes and goes all the time must not fill everybody's screen. */
export const TABLE_PUSHES_PER_SECOND = 1;

/** And how often at once: as many people as come in one after the other at the beginning of a meeting. */
export const TABLE_PUSHES_BURST = 20;

/** When there are so many users more, or fewer, than were told, that is no longer one who comes and goes: it is told sooner. */
export const TABLE_PUSH_CROWD_USERS = 8;

/** At most two pushes in this many ms; the changes of many are told together. */
export const TABLE_PUSH_WINDOW_MS = 100;

/**
 * How long after a group was brought back by its returning members its messages are kept for members that return
 * later: the idle time after which the last client notices that the server lost its session, and some to spare.
 */
export const REVIVAL_MS = 60_000;

/** After a server began without a memory, groups that are there already count as brought back for so long. */
export const RETURNING_MS = 120_000;

/** Messages kept for one group that was brought back. */
export const REVIVAL_MESSAGES_MAX = 1_024;

/** Their bytes, those of all groups that were brought back together. */
export const REVIVAL_MAX_BYTES = 67_108_864;

/** Words for people in a refusal. */
export const DETAIL_MAX_UNITS = 1_024;

/** An epoch is an opaque word; longer ones are nobody's. */
export const EPOCH_MAX_UNITS = 64;

// ---- the client -----------------------------------------------------------------------------------------------------

/** A request that was taken but not answered: the server is asked for a sign of life this often. */
export const PING_INTERVAL_MS = 500;

/** A server that gives signs of life and no answer at all for so long counts as one that does not answer. */
export const ANSWER_MAX_MS = 60_000;

/** Sessions that may be lost in a row, with nothing answered or delivered, while somebody waits. */
export const SESSIONS_LOST_MAX = 5;

/** The wait before the second session in a row with the server; twice as long before each one after that. */
export const RECONNECT_MS = 500;

/** And no longer than this. */
export const RECONNECT_MAX_MS = 8_000;

/**
 * Sessions with one other client: one that each side began, and as many that one side has given up and the other one has
 * not noticed yet. Of more, the oldest that nobody uses are ended.
 */
export const PEER_SESSIONS_MAX = 4;

/** Users without a name yet whose messages wait at once, of one source prefix (/24): one place must not take all the room. */
export const PREFIX_STRANGERS_MAX = 64;

/** The same of all. */
export const STRANGERS_MAX = 2 * PREFIX_STRANGERS_MAX;

/** Messages of one of them: what counts are the bytes. */
export const STRANGER_MESSAGES_MAX = 4_096;

/** All their texts together, in UTF-16 units. */
export const STRANGERS_TEXT_MAX_UNITS = 4_194_304;

/** `whois` without an answer that nobody typed: no more than so many are ever in front of a command. */
export const WHOIS_IN_FLIGHT_MAX = 4;

/** The same a second: a fifth of what this server lets one client ask in one, so that most of it is the user's. */
export const WHOIS_PER_SECOND = 20;

/** And so many after a pause: as many as write at once from one place have their names without delay. */
export const WHOIS_BURST = PREFIX_STRANGERS_MAX;

/** Keys whose last number is remembered. The one not heard of for longest goes first. */
export const SENDERS_REMEMBERED_MAX = 65_536;

/** Direct messages that wait; beyond, the oldest are shown at once. */
export const INBOX_MAX_MESSAGES = 10_000;

/** Their texts together, in UTF-16 units. */
export const INBOX_MAX_UNITS = 16_777_216;

/** Messages of a group that arrive while it is being entered: no server has more on the way to one member. */
export const EARLY_MESSAGES_MAX = BACKLOG_MAX_MESSAGES;

/** Pairs of sender and group whose last number is remembered. */
export const SEEN_MAX = 65_536;

/** Keys of users that left whose name is still known: their last messages may come after they are gone. */
export const DEPARTED_MAX = 4_096;

/** Users learnt one by one, where the table is too large to be pushed. */
export const RESOLVED_MAX = 4_096;

/** The server's answers and the words of peers are acknowledged before the client is gone. */
export const LINGER_MS = ACK_DELAY_MS + 5;
