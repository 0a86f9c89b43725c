// Every limit of the chat layer: one place, a name, a unit, and the reason. Knows nothing else.

/** The longest name of a user or a group, in code points (BEHAVIOUR.md, "Arguments"). */
export const NAME_MAX_CHARACTERS = 32;

/** The longest name looked at on arrival, in UTF-16 units: room to refuse a wrong one with a clear word. */
export const NAME_WIRE_MAX_UNITS = 256;

/** The longest encoded message, in bytes: what the transport carries in one piece. */
export const MESSAGE_MAX_BYTES = 1_048_576;

/** The longest text of a chat message as encoded JSON, in bytes: a message less the fields around the text. */
export const TEXT_MAX_BYTES = MESSAGE_MAX_BYTES - 1_024;

/** Requests that one client may have without an answer. The outcomes of as many are remembered for it. */
export const REQUESTS_IN_FLIGHT_MAX = 64;

/** Users that may be registered at once. */
export const USERS_MAX = 65_536;

/** Groups that may exist at once: all their names fit in one message at four bytes a character. */
export const GROUPS_MAX = 4_096;

/** Members of one group: all their names fit in one message at four bytes a character. */
export const GROUP_MEMBERS_MAX = 4_096;

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

/** A registration that is not renewed for this long is removed (BEHAVIOUR.md, "Settled here"). */
export const REGISTRATION_IDLE_MS = 45_000;

/** A peer that is not there is given up after this long: five tries of 500 ms. */
export const GIVE_UP_MS = 2_500;

/** Messages a member may have undelivered before the senders' `received` waits for it to catch up. */
export const BACKLOG_SLOW_MESSAGES = 1_024;

/** The same in bytes, for few but long messages. */
export const BACKLOG_SLOW_BYTES = 2_097_152;

/** Frames that wait in the chat layer for one session that does not drain before the session is given up. */
export const BACKLOG_MAX_FRAMES = 16_384;

/**
 * How long after a group was brought back by its returning members its messages are kept for members that return
 * later: the idle time after which the last client notices that the server lost its session, and some to spare.
 */
export const REVIVAL_MS = 60_000;

/** Messages kept for one group that was brought back. */
export const REVIVAL_MESSAGES_MAX = 1_024;
