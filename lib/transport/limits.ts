// Every limit of the transport, each with its unit in the name and its reason beside it.

/** What every IPv6-capable path carries, headers left out (RFC 9000 section 14). */
export const DATAGRAM_MAX_BYTES = 1_200;

/** A reason is one short line; this keeps CLOSE in one packet whatever is in it. */
export const CLOSE_REASON_MAX_BYTES = 128;

/** Ranges written into one ACK: at most 16 bytes each, they leave room for data in 1200 bytes. */
export const ACK_RANGES_MAX = 32;

/** How far behind the largest number a late one may be. 2,048 packets of 1200 bytes are 2.4 MB. */
export const REPLAY_WINDOW = 2_048;

/** A chat message, encoded. Longer ones are refused before they are queued. */
export const MESSAGE_MAX_BYTES = 1_048_576;

/** What one session may hold unsent and unacknowledged: four of the largest messages. */
export const SEND_QUEUE_MAX_BYTES = 4 * MESSAGE_MAX_BYTES;

/** Flow control: how far a peer may run ahead of what was taken; holds one whole message and more. */
export const RECEIVE_WINDOW_BYTES = 2 * MESSAGE_MAX_BYTES;

/** Pieces kept out of order. A peer that cuts finer than this waits for the gap to close. */
export const RECEIVE_SEGMENTS_MAX = 4_096;

/** Sessions of one endpoint. At the limit, new handshakes are dropped, old sessions stay. */
export const SESSIONS_MAX = 65_536;

/** Handshakes answered and not yet confirmed by a first sealed packet. */
export const HALF_OPEN_MAX = 4_096;

/** How long such a half-open session is kept: four times the time after which its peer gives up. */
export const HALF_OPEN_LIFETIME_MS = 10_000;

/** INITIATE datagrams sent with one cookie before a new cookie is asked for. */
export const INITIATE_TRIES_PER_COOKIE = 6;

/** An initiator that hears nothing sends so often that a mapping in a NAT stays open (RFC 4787). */
export const KEEP_ALIVE_MS = 15_000;

/** Keep-alives of many sessions are spread over this much time before they are due. */
export const KEEP_ALIVE_SPREAD_MS = 3_000;

/** Silence after which a session is forgotten: three keep-alives, all of their retries lost. */
export const IDLE_TIMEOUT_MS = 45_000;

/** Packet numbers of one session. AES-GCM allows 2^64; a number beyond 2^53 would not be exact. */
export const PACKET_NUMBER_MAX = 2 ** 48;

/** RESET datagrams per second, in all: they answer strangers. */
export const RESETS_PER_SECOND_MAX = 100;

/**
 * Silence after which a peer is asked by HELLO whether it has restarted, as often as it is probed:
 * question and answer may get lost as well, and must still leave time to begin anew.
 */
export const REVIVAL_AFTER_MS = 300;
