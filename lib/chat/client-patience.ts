// How long the client waits for its server, beyond the five tries of 500 ms that the transport keeps: numbers only.

/** A request that was taken but not answered: the server is asked for a sign of life this often. */
export const PING_INTERVAL_MS = 500;

/** A server that gives signs of life and no answer at all for so long counts as one that does not answer. */
export const ANSWER_MAX_MS = 60_000;

/** Sessions that may be lost in a row, without an answer in between, while a command waits. */
export const SESSIONS_LOST_MAX = 5;

/** The wait before the second session in a row; twice as long before each one after that. */
const RECONNECT_MS = 500;
const RECONNECT_MAX_MS = 8_000;

/** How long to wait with a new session, after so many lost in a row: the first loss is nobody's fault. */
export const reconnectWait = (sessionsLost: number): number =>
  sessionsLost <= 1 ? 0 : Math.min(RECONNECT_MS * 2 ** (sessionsLost - 2), RECONNECT_MAX_MS);
