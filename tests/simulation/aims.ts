// What a part of the seeds is about: one thing each that the others meet by accident at best. Changes options that are
// drawn already, and has the faults come while users are busy.

import type { Prng } from "../support/prng.ts";
import { type Conditions, roundTripOf } from "./conditions.ts";
import type { Options } from "./options.ts";

type Aim = (options: Options, random: Prng) => Options;

/** The same network, but nothing about it hides what a run is about. */
const tame = (options: Options): Options => {
  const { bursts: _, ...even } = options.conditions;
  const conditions: Conditions = {
    ...even,
    loss: Math.min(even.loss, 0.05),
    delayMs: Math.min(even.delayMs, 50),
    jitterMs: Math.min(even.jitterMs, 50),
  };
  return { ...options, preset: "drawn", conditions };
};

const busyMs = ({ linesPerUser, thinkMs, conditions }: Options): number =>
  500 + linesPerUser * (thinkMs + roundTripOf(conditions));

/** Sessions end in the middle of everything: what was under way must be shown once all the same. */
const shortSessions: Aim = (drawn, random) => {
  const { rekey: _, ...options } = tame(drawn);
  return {
    ...options,
    clients: Math.min(options.clients, 3),
    linesPerUser: Math.max(options.linesPerUser, 25),
    textMax: Math.min(options.textMax, 200),
    // Enough for a question and its answer, tries included.
    sessionPackets: random.pick([12, 16, 24]),
  };
};

/** The server dies while people talk in a group. */
const restarts: Aim = (options, random) => ({
  ...options,
  clients: Math.max(options.clients, 4),
  groups: 1,
  leaves: 0,
  faults: { ...options.faults, serverCrashes: random.between(1, 2) },
  faultsMs: busyMs(options),
});

/** Everyone is somewhere else at once. */
const moves: Aim = (options, random) => ({
  ...options,
  faults: { ...options.faults, moves: random.between(1, 4), rebinds: random.between(1, 5) },
  faultsMs: busyMs(options),
});

/** Some do not hear others, again and again. */
const partitions: Aim = (options, random) => ({
  ...options,
  faults: { ...options.faults, partitions: random.between(3, 8) },
  faultsMs: busyMs(options),
});

/** Everyone is faster than the server allows. */
const haste: Aim = (options, random) => ({
  ...options,
  piped: true,
  limits: {
    ...options.limits,
    "messages-per-second": random.pick([2, 5]),
    "messages-burst": 2,
    "bytes-per-second": 0,
    "group-members": 0,
  },
});

/** Long texts go over slow links whose width changes under them. */
const widths: Aim = (drawn, random) => {
  const { limits: _, ...options } = tame(drawn);
  const { conditions, faults, linesPerUser } = options;
  return {
    ...options,
    mayGrow: true,
    linesPerUser: Math.min(linesPerUser, 8),
    thinkMs: 300,
    piped: false,
    leaves: 0,
    textMax: 200_000,
    shortTexts: 0.2,
    conditions: {
      ...conditions,
      bandwidth: { bytesPerMs: 125, queueBytes: 60_000 },
      carriesBytes: 65_507,
    },
    faults: { ...faults, widths: random.between(8, 16) },
    faultsMs: 5_000,
  };
};

const none: Aim = (options) => options;

/** By how often they come. */
const AIMS = [shortSessions, restarts, moves, partitions, haste, widths, none, none];

/** Those that leave the network as it is. */
const AIMS_ANYWHERE = [restarts, moves, partitions, haste, none, none];

/** The options, changed to be about one thing or not; `anywhere`: without another network. */
export const aim = (options: Options, anywhere: boolean, random: Prng): Options =>
  random.pick(anywhere ? AIMS_ANYWHERE : AIMS)(options, random);
