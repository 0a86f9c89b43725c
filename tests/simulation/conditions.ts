// What a bad network is, as data: one record of numbers, and the records that have a name. Draws nothing.

/** Bursts after Gilbert and Elliott: the path changes between a good and a bad state. */
export interface Bursts {
  /** Mean time in the good state, in ms; exponentially distributed, like the next. */
  readonly goodMs: number;
  /** Mean time in the bad state, in ms. */
  readonly badMs: number;
  /** Share of datagrams lost in the bad state. */
  readonly loss: number;
}

/** A sender's own link, shared by all that it sends. */
export interface Bandwidth {
  readonly bytesPerMs: number;
  /** What waits for the link, at most; more is dropped. */
  readonly queueBytes: number;
}

/** One direction between two hosts. Shares are from 0 to 1. */
export interface Conditions {
  /** Share of datagrams lost, each for itself. */
  readonly loss: number;
  readonly bursts?: Bursts;
  /** One way, in ms. Each datagram takes between this and this plus the jitter, and none overtakes another. */
  readonly delayMs: number;
  readonly jitterMs: number;
  /** Share of datagrams that may overtake others, or be overtaken: late by up to `reorderMs`. */
  readonly reorder: number;
  readonly reorderMs: number;
  /** Share of datagrams that arrive twice. */
  readonly duplicate: number;
  /** Share of datagrams that arrive once more, long after: up to a minute. */
  readonly replay: number;
  /** Share of datagrams with some bytes changed, and of those cut short. */
  readonly corrupt: number;
  readonly truncate: number;
  readonly bandwidth?: Bandwidth;
  /** The longest datagram that gets through, in bytes; left out: any. */
  readonly carriesBytes?: number;
}

const CLEAN: Conditions = {
  loss: 0,
  delayMs: 0.2,
  jitterMs: 0.1,
  reorder: 0,
  reorderMs: 0,
  duplicate: 0,
  replay: 0,
  corrupt: 0,
  truncate: 0,
};

/** 1 Mbit/s */
const MEGABIT_BYTES_PER_MS = 125;

/** Networks as users have them. */
export const PRESETS = {
  lan: CLEAN,
  wifi: {
    ...CLEAN,
    loss: 0.01,
    bursts: { goodMs: 3_000, badMs: 60, loss: 0.6 },
    delayMs: 2,
    jitterMs: 8,
    reorder: 0.01,
    reorderMs: 10,
    duplicate: 0.002,
  },
  mobile: {
    ...CLEAN,
    loss: 0.03,
    bursts: { goodMs: 4_000, badMs: 250, loss: 0.8 },
    delayMs: 40,
    jitterMs: 50,
    reorder: 0.03,
    reorderMs: 80,
    duplicate: 0.01,
    replay: 0.001,
    corrupt: 0.001,
    bandwidth: { bytesPerMs: MEGABIT_BYTES_PER_MS, queueBytes: 16_000 },
  },
  satellite: {
    ...CLEAN,
    loss: 0.02,
    bursts: { goodMs: 8_000, badMs: 300, loss: 0.7 },
    delayMs: 280,
    jitterMs: 30,
    reorder: 0.005,
    reorderMs: 50,
    corrupt: 0.002,
    bandwidth: { bytesPerMs: 2 * MEGABIT_BYTES_PER_MS, queueBytes: 60_000 },
  },
  /** Half of everything is lost, each way. */
  half_gone: {
    ...CLEAN,
    loss: 0.5,
    delayMs: 20,
    jitterMs: 10,
    reorder: 0.05,
    reorderMs: 40,
    duplicate: 0.05,
    corrupt: 0.01,
    truncate: 0.005,
  },
} as const satisfies Readonly<Record<string, Conditions>>;

export type PresetName = keyof typeof PRESETS;

export const PRESET_NAMES = Object.keys(PRESETS) as PresetName[];

/** What paths carry, in bytes of UDP payload: the least that any does, Ethernet, jumbo frames, the loopback. */
export const WIDTHS_BYTES = [1_200, 1_472, 9_000, 65_507] as const;

/** The same path with everything repaired: only the distance and the width are left. */
export const healed = ({ delayMs, carriesBytes }: Conditions): Conditions => ({
  ...CLEAN,
  delayMs,
  ...(carriesBytes === undefined ? {} : { carriesBytes }),
});

/** There and back, in ms, for what is late by the jitter one way. */
export const roundTripOf = ({ delayMs, jitterMs }: Conditions): number => 2 * delayMs + jitterMs;

/**
 * Of all datagrams, the share that does not arrive as sent in the long run. What is damaged is as good as lost.
 */
export const lossOf = ({ loss, bursts, corrupt, truncate }: Conditions): number => {
  const bad = bursts === undefined ? 0 : bursts.badMs / (bursts.goodMs + bursts.badMs);
  const even = 1 - (1 - loss) * (1 - corrupt) * (1 - truncate);
  return even * (1 - bad) + Math.max(even, bursts?.loss ?? 0) * bad;
};
