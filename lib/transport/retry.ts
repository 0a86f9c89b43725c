// When to try again and when to give up: round-trip estimate, probe timeout, and the rule of five
// tries. Pure functions over numbers. All times are milliseconds on the caller's clock.

/** How long one try lasts: five of them are the give-up time. */
export const TRY_MS = 500;
/** How many tries there are before a peer counts as not answering. */
export const TRIES = 5;
/** A peer of whom nothing at all was heard for so long does not answer. */
export const GIVE_UP_MS = TRIES * TRY_MS;

/** How long a receiver may hold back an acknowledgement that nobody asked for at once (RFC 9000 section 18.2). */
export const MAX_ACK_DELAY_MS = 25;
/** The same for one that was asked for by PING: a busy process comes to it only with its next turn. */
export const ASKED_ACK_DELAY_MS = 5;
/** Timers of a busy process are no finer than this (RFC 9002 section 6.1.2, kGranularity). */
export const TIMER_GRANULARITY_MS = 1;

/** The first wait for an answer on a path never measured: most answer within it. */
export const PROBE_UNMEASURED_MS = 100;
/**
 * The longest wait between two probes while the give-up time runs. At 50 % loss each way a probe
 * and its answer come through once in four times, so n probes fail with 0.75^n: 75 ms make it
 * 33 in 2,500 ms, and even behind a round trip of 300 ms the 25 that 1 in 1,000 needs.
 */
export const PROBE_INTERVAL_MAX_MS = 75;
/** So long the second probe may wait for the answer to the first one: half a try, or too few are left. */
export const FIRST_PROBE_PATIENCE_MS = 150;
/** The longest wait between two probes to a peer that has not answered in time. */
export const PROBE_INTERVAL_IDLE_MAX_MS = 5_000;

/** Times the round trip after which an answer is late (RFC 9002 section 6.1.2, kTimeThreshold). */
const ANSWER_LATE = 9 / 8;

/** What is known about the round trip to a peer (RFC 9002 section 5). */
export interface RttEstimate {
  /** The newest sample. */
  readonly latest: number;
  readonly smoothed: number;
  /** Mean deviation from `smoothed`. */
  readonly variance: number;
  /** The smallest sample so far. */
  readonly min: number;
}

/**
 * The estimate after one more sample (RFC 9002 section 5.3). `ackDelayMs` is what the peer says it
 * held the acknowledgement back; no more than MAX_ACK_DELAY_MS of it is believed.
 */
export function updateRtt(
  estimate: RttEstimate | undefined,
  sampleMs: number,
  ackDelayMs: number,
): RttEstimate {
  if (estimate === undefined) {
    return { latest: sampleMs, smoothed: sampleMs, variance: sampleMs / 2, min: sampleMs };
  }
  const min = Math.min(estimate.min, sampleMs);
  const delay = Math.min(ackDelayMs, MAX_ACK_DELAY_MS);
  // A delay that would bring the sample below the smallest one cannot be true.
  const adjusted = sampleMs >= min + delay ? sampleMs - delay : sampleMs;
  const deviation = Math.abs(estimate.smoothed - adjusted);
  return {
    latest: sampleMs,
    smoothed: (7 * estimate.smoothed + adjusted) / 8,
    variance: (3 * estimate.variance + deviation) / 4,
    min,
  };
}

/**
 * How long to wait for an answer before the next probe (RFC 9002 section 6.2). `consecutive`
 * counts the probes since something was last acknowledged: 0 for the first wait. `urgent` says
 * that the give-up time of some message is still running: then probes come close together, and
 * at least TRIES of them on a path of up to two seconds. Otherwise each wait is twice the one before.
 * `ackDelayMs`: how long the peer may hold back the acknowledgement of what was sent last.
 */
export function probeTimeout(
  estimate: RttEstimate | undefined,
  consecutive: number,
  urgent: boolean,
  ackDelayMs: number,
): number {
  const first = firstProbeTimeout(estimate, ackDelayMs);
  if (!urgent) return Math.min(first * 2 ** consecutive, PROBE_INTERVAL_IDLE_MAX_MS);
  // A probe before its answer can be there would call for the next one: without end, and on both sides.
  const due = answerDue(estimate, ackDelayMs);
  if (consecutive === 0) return Math.min(first, Math.max(TRY_MS, due));
  const backedOff = first * 2 ** consecutive;
  // The first probe has its answer more often than not: worth a little patience, if little is enough.
  const patience = consecutive === 1 && due <= FIRST_PROBE_PATIENCE_MS ? due : 0;
  return Math.min(backedOff, Math.max(PROBE_INTERVAL_MAX_MS, patience));
}

/** When an answer is there that took no longer than others; a little more is no reason to ask again. */
function answerDue(estimate: RttEstimate | undefined, ackDelayMs: number): number {
  return estimate === undefined ? 0 : estimate.smoothed * ANSWER_LATE + ackDelayMs;
}

function firstProbeTimeout(estimate: RttEstimate | undefined, ackDelayMs: number): number {
  if (estimate === undefined) return PROBE_UNMEASURED_MS;
  const spread = Math.max(4 * estimate.variance, TIMER_GRANULARITY_MS);
  return estimate.smoothed + spread + ackDelayMs;
}

/** When a message queued at `queuedAt` goes unanswered, if nothing is heard from the peer until then. */
export function givesUpAt(queuedAt: number, lastHeard: number): number {
  return Math.max(queuedAt, lastHeard) + GIVE_UP_MS;
}
