// The limits of the transport, each with its unit in the name and its reason beside it. Numbers that mean something to one
// algorithm alone stand with that.

/** What every IPv6-capable path carries, headers left out (RFC 9000 section 14). */
export const DATAGRAM_MAX_BYTES = 1_200;

/** The longest that is ever tried, on a path that was seen to carry more: only the loopback does. */
export const DATAGRAM_GROWN_MAX_BYTES = 32_768;

/** A reason is one short line; this keeps CLOSE in one packet whatever is in it. */
export const CLOSE_REASON_MAX_BYTES = 128;

/** Ranges written into one ACK: at most 16 bytes each, they leave room for data in 1200 bytes. */
export const ACK_RANGES_MAX = 32;

/** How long an acknowledgement waits for company: for data to ride with, or for more to acknowledge. */
export const ACK_DELAY_MS = 20;

/** So many packets are acknowledged without further waiting. */
export const ACK_EVERY_PACKETS = 10;

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

/** What such a piece costs besides its bytes: an object, a view and a buffer. */
export const RECEIVE_PIECE_OVERHEAD_BYTES = 160;

/**
 * What all sessions together keep of messages that are not whole yet: 128 peers that use their whole window. Of the largest
 * messages, 256 may be on their way at once.
 */
export const RECEIVE_TOTAL_MAX_BYTES = 128 * RECEIVE_WINDOW_BYTES;

/** Ranges of one ACK that are read. Many more than are written, and few enough for each to be looked up. */
export const ACK_RANGES_READ_MAX = 256;

/** Frames of one packet. Each costs more time than its bytes; the longest packet has room for 65,000. */
export const PACKET_FRAMES_MAX = 4_096;

/** Packets under way of one session, of a peer that is heard and acknowledges none: the oldest are given up, and said again. */
export const UNDER_WAY_MAX_PACKETS = 4_096;

/** Sessions of one endpoint. At the limit, new handshakes are dropped, old sessions stay. */
export const SESSIONS_MAX = 65_536;

/** Handshakes a second in all: each takes four multiplications on the curve, 0.2 ms, so a fifth of a core. */
export const HANDSHAKES_PER_SECOND = 1_000;

/** Handshakes at once after a pause. Half of HALF_OPEN_MAX, so that none is forgotten while its answer is on its way. */
export const HANDSHAKES_BURST = 2_000;

/** Handshakes that one turn of the loop makes: those who talk wait for them no longer than 4 ms. */
export const HANDSHAKES_PER_TURN_MAX = 16;

/** Handshakes that wait for their turn. A quarter of a second, after which those behind them had better ask again. */
export const HANDSHAKES_WAITING_MAX = 1_024;

/** Handshakes a second of one source prefix (/24): four have to work together to take all there are. */
export const PREFIX_HANDSHAKES_PER_SECOND = 250;

/** And at once: a class room, or a company behind one address, that comes in the morning. */
export const PREFIX_HANDSHAKES_BURST = 500;

/**
 * RETRY a second to one source prefix, whose address nobody has proved: what forged HELLO can send there is less than
 * 10 Mbit/s, and 10,000 clients behind one address still get theirs.
 */
export const PREFIX_RETRIES_PER_SECOND = 20_000;

/** And at once. */
export const PREFIX_RETRIES_BURST = 40_000;

/** Source prefixes of which it is remembered what they have used up; about 1 MB. */
export const PREFIXES_MAX = 16_384;

/** Handshakes answered and not yet confirmed by a first sealed packet. */
export const HALF_OPEN_MAX = 4_096;

/** How long such a half-open session is kept: four times the time after which its peer gives up. */
export const HALF_OPEN_LIFETIME_MS = 10_000;

/** INITIATE datagrams sent with one cookie before a new cookie is asked for. */
export const INITIATE_TRIES_PER_COOKIE = 6;

/**
 * A responder that gave a cookie and no session for so long is busy. It has had ten INITIATE by then, and 50 % loss each
 * way takes all of those 1 time in 20.
 */
export const BUSY_AFTER_MS = 1_000;

/**
 * Wait between two tries of a handshake with a busy responder, at most: 10,000 that wait send it 5,000 INITIATE a second,
 * which it can drop with ease.
 */
export const BUSY_TRY_INTERVAL_MAX_MS = 2_000;

/** Silence after which a busy responder is given up: ten tries, of which 50 % loss each way takes all 3 times in 1,000. */
export const BUSY_GIVE_UP_MS = 20_000;

/** A handshake with a responder that is busy all the time is given up: 10,000 at once, 250 a second, take 40 s. */
export const BUSY_MAX_MS = 60_000;

/** An initiator that hears nothing sends so often that a mapping in a NAT stays open (RFC 4787). */
export const KEEP_ALIVE_MS = 15_000;

/** Keep-alives of many sessions are spread over this much time before they are due. */
export const KEEP_ALIVE_SPREAD_MS = 3_000;

/** Silence after which a session is forgotten: three keep-alives, all of their retries lost. */
export const IDLE_TIMEOUT_MS = 45_000;

/** Packet numbers of one session. AES-GCM allows 2^64; a number beyond 2^53 would not be exact. */
export const PACKET_NUMBER_MAX = 2 ** 48;

/** The initiator replaces keys that have protected chat for so long (WireGuard section 6.1). */
export const REKEY_AFTER_MS = 120_000;

/** Sessions that began together replace their keys within this much time before that, not all at once. */
export const REKEY_SPREAD_MS = 30_000;

/** Or after so many packets of both sides: an eighth of what may be sealed with them. */
export const REKEY_AFTER_PACKETS = 2 ** 20;

/** Keys older than this protect nothing any more: the exchange had a minute to succeed. */
export const REJECT_AFTER_MS = 180_000;

/** Packets that one key may seal (RFC 9001 section 6.6); counted for both directions together. */
export const REJECT_AFTER_PACKETS = 2 ** 23;

/** Between two exchanges of one session: each costs the responder two multiplications on the curve. */
export const REKEY_INTERVAL_MIN_MS = 1_000;

/** How long the key before still opens late packets, once the new one has opened its first. */
export const OLD_KEY_MS = 3_000;

/**
 * RESET a second to one source prefix: they answer strangers, with less than they say. 10,000 clients behind one address
 * whose server was started again ask 740 times a second.
 */
export const PREFIX_RESETS_PER_SECOND = 1_000;

/** And at once. */
export const PREFIX_RESETS_BURST = 2_000;

/**
 * Silence after which a peer is asked by HELLO whether it has restarted, as often as it is probed:
 * question and answer may get lost as well, and must still leave time to begin anew.
 */
export const RESTART_CHECK_AFTER_MS = 300;
