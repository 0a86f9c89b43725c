// What happens in a run: what each user wants to do, line by line, and what goes wrong when. Drawn before the run and
// fixed from then on, so that a failing run can be made shorter by leaving parts out.

import type { Prng } from "../support/prng.ts";
import { WIDTHS_BYTES } from "./conditions.ts";
import type { Options } from "./options.ts";

/** What a user wants; how it is typed depends on where the user is by then. */
export type Wish =
  /** A direct message to the user of this number. */
  | { readonly kind: "send"; readonly to: number; readonly length: number }
  /** A message to the group one is in; outside of groups, the next group is entered. */
  | { readonly kind: "talk"; readonly group: number; readonly length: number }
  /** In this group; in another one, that one is left. */
  | { readonly kind: "enter"; readonly group: number }
  | { readonly kind: "create"; readonly group: number }
  | { readonly kind: "leave" }
  /** The groups, or the members of the group one is in. */
  | { readonly kind: "list" }
  /** One of the things that people type and that lead nowhere. */
  | { readonly kind: "odd"; readonly which: number }
  | { readonly kind: "dereg" };

export interface Step {
  /** Time between the end of the line before (or its start, for one who does not wait) and this one, in ms. */
  readonly thinkMs: number;
  /** Does not wait for the line before to come to its end. */
  readonly hasty: boolean;
  readonly wish: Wish;
}

export type Fault =
  /** `to` undefined: all others. */
  | {
      readonly kind: "partition";
      readonly seat: number;
      readonly to: number | undefined;
      readonly oneWay: boolean;
      readonly forMs: number;
    }
  | { readonly kind: "rebind"; readonly seat: number }
  /** All clients get other addresses at the same moment. */
  | { readonly kind: "move" }
  /** From now on the host's own link carries datagrams of so many bytes. */
  | { readonly kind: "width"; readonly seat: number; readonly carriesBytes: number }
  | { readonly kind: "crash"; readonly seat: number; readonly backMs: number }
  | { readonly kind: "interrupt"; readonly seat: number; readonly backMs: number }
  | { readonly kind: "stall"; readonly seat: number; readonly forMs: number }
  | { readonly kind: "impostor"; readonly as: number };

export interface TimedFault {
  readonly atMs: number;
  readonly fault: Fault;
}

export interface Scenario {
  /** By user. Empty: this one does nothing. */
  readonly scripts: readonly (readonly Step[])[];
  readonly faults: readonly TimedFault[];
}

/** Seat 0 is the server's, the users sit from 1 on, and behind them whoever wants to be someone else. */
export const SERVER_SEAT = 0;
export const seatOfUser = (user: number): number => user + 1;

/** Kinds of wishes by how often they come; the rest are messages. */
const TALKS = 0.35;
const ENTERS = 0.06;
const CREATES = 0.04;
const LEAVES = 0.05;
const LISTS = 0.05;
const ODDS = 0.05;

export const drawScenario = (options: Options, random: Prng): Scenario => {
  const scripts = Array.from({ length: options.clients }, (_, user) =>
    drawScript(options, user, random.fork()),
  );
  const lastsMs = options.faultsMs ?? Math.max(2_000, options.linesPerUser * options.thinkMs);
  return { scripts, faults: drawFaults(options, lastsMs, random.fork()) };
};

const drawScript = (options: Options, user: number, random: Prng): Step[] => {
  const { clients, linesPerUser, thinkMs, groups, leaves, textMax, shortTexts = 0.9 } = options;
  const length = (): number =>
    random.chance(shortTexts) ? random.below(Math.min(20, textMax)) : random.below(textMax);
  const group = (): number => random.below(groups);
  const drawWish = (): Wish => {
    let left = random.float();
    const is = (share: number): boolean => {
      left -= share;
      return left < 0;
    };
    if (is(TALKS)) return { kind: "talk", group: group(), length: length() };
    if (is(ENTERS)) return { kind: "enter", group: group() };
    if (is(CREATES)) return { kind: "create", group: group() };
    if (is(LEAVES)) return { kind: "leave" };
    if (is(LISTS)) return { kind: "list" };
    if (is(ODDS)) return { kind: "odd", which: random.below(12) };
    if (is(leaves)) return { kind: "dereg" };
    return { kind: "send", to: random.below(clients), length: length() };
  };
  const steps: Step[] = user === 0 ? [{ thinkMs: 0, hasty: false, wish: createFirst }] : [];
  while (steps.length < linesPerUser) {
    const hasty = options.piped || random.chance(0.3);
    const pause = -Math.log(1 - random.float()) * thinkMs;
    steps.push({ thinkMs: hasty ? pause / 10 : pause, hasty, wish: drawWish() });
  }
  return steps;
};

const createFirst: Wish = { kind: "create", group: 0 };

const drawFaults = (options: Options, lastsMs: number, random: Prng): TimedFault[] => {
  const drawn: TimedFault[] = [];
  const seat = (): number => seatOfUser(random.below(options.clients));
  const anySeat = (): number => random.below(options.clients + 1);
  const add = (count: number, draw: () => Fault): void => {
    for (let i = 0; i < count; i++) drawn.push({ atMs: random.float() * lastsMs, fault: draw() });
  };
  const { faults } = options;
  add(faults.partitions, () => ({
    kind: "partition",
    seat: anySeat(),
    to: random.chance(0.5) ? undefined : anySeat(),
    oneWay: random.chance(0.3),
    forMs: random.pick([200, 1_000, 2_000, 4_000, 10_000, 60_000]),
  }));
  add(faults.rebinds, () => ({ kind: "rebind", seat: seat() }));
  add(faults.clientCrashes, () => ({ kind: "crash", seat: seat(), backMs: drawBack(random) }));
  add(faults.interrupts, () => ({ kind: "interrupt", seat: seat(), backMs: drawBack(random) }));
  add(faults.serverCrashes, () => ({
    kind: "crash",
    seat: SERVER_SEAT,
    backMs: random.pick([1, 100, 1_000, 1_800, 10_000]),
  }));
  add(faults.stalls, () => ({
    kind: "stall",
    seat: anySeat(),
    forMs: random.pick([100, 500, 1_500, 2_000]),
  }));
  add(faults.impostors, () => ({ kind: "impostor", as: random.below(options.clients) }));
  add(faults.moves, () => ({ kind: "move" }));
  add(faults.widths, () => ({
    kind: "width",
    seat: anySeat(),
    carriesBytes: random.pick(WIDTHS_BYTES),
  }));
  return drawn.toSorted((a, b) => a.atMs - b.atMs);
};

const drawBack = (random: Prng): number => random.pick([50, 1_000, 5_000, 20_000]);
