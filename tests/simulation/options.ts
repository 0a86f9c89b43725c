// What a run is like: everything is drawn from the seed, before the run begins, and can be printed.

import type { ServerLimits } from "../../lib/chat/server/server-limits.ts";
import { Prng } from "../support/prng.ts";
import { aim } from "./aims.ts";
import {
  type Conditions,
  lossOf,
  PRESET_NAMES,
  type PresetName,
  PRESETS,
  WIDTHS_BYTES,
} from "./conditions.ts";

/** Things that go wrong besides the network, each a number of times in the run. */
export interface Faults {
  /** Two hosts, or one and all others, do not hear each other for a while. */
  readonly partitions: number;
  /** A client's address changes behind its NAT. */
  readonly rebinds: number;
  /** A client is killed, and started again by its user. */
  readonly clientCrashes: number;
  /** A client is ended with ^C, and started again later. */
  readonly interrupts: number;
  /** The server is killed, and started again with an empty memory. */
  readonly serverCrashes: number;
  /** A process does not run for a while. */
  readonly stalls: number;
  /** Somebody else tries to register under a name that is taken. */
  readonly impostors: number;
  /** All clients' addresses change at once: they are behind one NAT, and it was started again. */
  readonly moves: number;
  /** A host's own link becomes narrower, or wider. */
  readonly widths: number;
}

export interface Options {
  readonly seed: number;
  /** "drawn": conditions of its own. */
  readonly preset: PresetName | "drawn";
  readonly clients: number;
  /** Lines that each user types. */
  readonly linesPerUser: number;
  /** Mean time between two lines of one user, in ms. */
  readonly thinkMs: number;
  readonly groups: number;
  /** Share of lines in which a user leaves for good, and comes back a little later. */
  readonly leaves: number;
  /** Users type on without waiting for answers, as if a file were piped in. */
  readonly piped: boolean;
  /** The longest text, in characters. */
  readonly textMax: number;
  /** Share of texts that are short whatever that is; left out: 0.9. */
  readonly shortTexts?: number;
  readonly conditions: Conditions;
  /** How much worse one direction may be than the other: loss is multiplied by 1 / this to 1. */
  readonly asymmetry: number;
  /** Clocks run at a rate between 1 - this and 1 + this. */
  readonly clockDrift: number;
  /** How long the log takes to commit, in ms. */
  readonly logMs: number;
  /** Everything happens at a multiple of this, in ms, as in a process that comes to its datagrams only now and then. */
  readonly tickMs: number;
  readonly faults: Faults;
  /** When sessions replace their keys, and when it is too late for that; left out: seldom, as in the program. */
  readonly rekey?: {
    readonly afterMs: number;
    readonly afterPackets: number;
    readonly rejectAfterMs?: number;
  };
  /** After so many packets a client's sessions are over, as if nobody had replaced their keys; left out: never. */
  readonly sessionPackets?: number;
  /** Faults come within so many ms; left out: while users type who need not wait for anything. */
  readonly faultsMs?: number;
  /** Hosts try whether longer datagrams get through; left out: they do not. */
  readonly mayGrow?: true;
  /** What the server limits; left out: as in the program. */
  readonly limits?: Partial<ServerLimits>;
  /** A server that is started again has the same key, and clients go on with no other; left out: another one each time. */
  readonly serverKeyKept?: true;
}

export const NO_FAULTS: Faults = {
  partitions: 0,
  rebinds: 0,
  clientCrashes: 0,
  interrupts: 0,
  serverCrashes: 0,
  stalls: 0,
  impostors: 0,
  moves: 0,
  widths: 0,
};

const CLIENTS_MIN = 2;
const CLIENTS_MAX = 6;
/** A chance in so many that a run has faults of one kind. */
const FAULTY_ONE_IN = 3;

/** The options of a seed; with a preset, the network is that one. */
export const drawOptions = (seed: number, preset?: PresetName): Options => {
  const random = new Prng(seed);
  const named = preset ?? (random.chance(0.5) ? random.pick(PRESET_NAMES) : undefined);
  const piped = random.chance(0.15);
  const options: Options = {
    seed,
    preset: named ?? "drawn",
    clients: random.between(CLIENTS_MIN, CLIENTS_MAX),
    linesPerUser: random.between(5, 40),
    thinkMs: random.pick([5, 50, 300, 1_500]),
    groups: random.between(1, 3),
    leaves: random.pick([0, 0.004, 0.02]),
    piped,
    textMax: random.pick([20, 20, 200, 3_000, 20_000]),
    conditions: named === undefined ? drawConditions(random) : PRESETS[named],
    asymmetry: random.chance(0.3) ? random.between(2, 10) : 1,
    clockDrift: random.pick([0, 0.0001, 0.05]),
    logMs: random.pick([0, 0, 0, 1, 20]),
    tickMs: random.pick([0, 1, 1, 15]),
    faults: drawFaults(random),
    ...(random.chance(0.5) ? { rekey: drawRekey(random) } : {}),
    ...(random.chance(0.3) ? { limits: drawLimits(random) } : {}),
    ...(random.chance(0.5) ? { serverKeyKept: true } : {}),
  };
  const aimed = aim(options, preset !== undefined, random);
  return random.chance(0.5) && aimed.mayGrow !== true ? growing(aimed, random) : aimed;
};

const drawRekey = (random: Prng): NonNullable<Options["rekey"]> => {
  const afterMs = random.pick([100, 2_000, 10_000]);
  const afterPackets = random.pick([10, 50, 1_000]);
  return { afterMs, afterPackets, rejectAfterMs: afterMs + REKEY_SUCCEEDS_MS };
};

/** Long enough for an exchange on the worst path that is to be borne. */
const REKEY_SUCCEEDS_MS = 10_000;

/** The same where hosts may try longer datagrams: over paths of some width, and with texts long enough to fill them. */
const growing = (options: Options, random: Prng): Options => {
  const { conditions, faults, textMax, sessionPackets } = options;
  const slow = lossOf(conditions) > 0.1 || conditions.bandwidth !== undefined;
  const longer =
    slow || sessionPackets !== undefined ? [textMax] : [textMax, 20_000, 60_000, 200_000];
  return {
    ...options,
    mayGrow: true,
    conditions: { ...conditions, carriesBytes: random.pick(WIDTHS_BYTES) },
    faults: { ...faults, widths: random.chance(0.5) ? random.between(1, 6) : 0 },
    textMax: random.pick(longer),
  };
};

const drawConditions = (random: Prng): Conditions => {
  const chanced = (probability: number, most: number): number =>
    random.chance(probability) ? random.float() * most : 0;
  const delayMs = random.pick([0.1, 1, 5, 20, 50, 150]);
  return {
    loss: chanced(0.7, 0.5),
    ...(random.chance(0.3)
      ? {
          bursts: {
            goodMs: random.between(500, 5_000),
            badMs: random.between(20, 400),
            loss: 0.5 + random.float() / 2,
          },
        }
      : {}),
    delayMs,
    jitterMs: chanced(0.7, 2 * delayMs),
    reorder: chanced(0.5, 0.3),
    reorderMs: random.pick([1, 10, 100, 400]),
    duplicate: chanced(0.5, 0.3),
    replay: chanced(0.3, 0.05),
    corrupt: chanced(0.4, 0.1),
    truncate: chanced(0.2, 0.05),
    ...(random.chance(0.15)
      ? {
          bandwidth: {
            bytesPerMs: random.pick([50, 125, 1_250]),
            queueBytes: random.between(10_000, 60_000),
          },
        }
      : {}),
  };
};

/** So low that users meet them all the time. Who is refused at the door is not, since a run is to end with everybody in. */
const drawLimits = (random: Prng): Partial<ServerLimits> => ({
  "messages-per-second": random.pick([0, 1, 5, 20]),
  "messages-burst": random.pick([1, 3, 10]),
  "bytes-per-second": random.pick([0, 65_536]),
  "bytes-burst": random.pick([1, 1_000, 30_000]),
  "groups-per-minute": random.pick([0, 1, 5]),
  "joins-per-minute": random.pick([0, 2, 10]),
  groups: random.pick([0, 1, 2]),
  "group-members": random.pick([0, 1, 2, 4]),
});

const drawFaults = (random: Prng): Faults => {
  const some = (most: number): number =>
    random.chance(1 / FAULTY_ONE_IN) ? random.between(1, most) : 0;
  return {
    partitions: some(3),
    rebinds: some(3),
    clientCrashes: some(2),
    interrupts: some(1),
    serverCrashes: some(2),
    stalls: some(3),
    impostors: some(1),
    moves: 0,
    widths: 0,
  };
};

/** For people: one line for each part. */
export const optionsText = (options: Options): string =>
  Object.entries(options)
    .map(([name, value]) => `  ${name}: ${JSON.stringify(value)}`)
    .join("\n");
