// Makes a failing run shorter: leaves out faults, users, lines and kinds of bad luck, as long as the same rule is still
// broken. What is left is what a person has to look at.

import type { Conditions } from "./conditions.ts";
import type { Options } from "./options.ts";
import { run } from "./run.ts";
import type { Scenario, Step } from "./scenario.ts";

export interface Case {
  readonly options: Options;
  readonly scenario: Scenario;
}

/** Runs that a search may take. */
const ATTEMPTS_MAX = 400;

const breaks = ({ options, scenario }: Case, rule: string): boolean =>
  run(options, scenario).findings.some((finding) => finding.rule === rule);

export const shrink = (failing: Case, rule: string): Case => {
  let best = failing;
  let attempts = 0;
  const attempt = (candidate: Case): boolean => {
    if (attempts >= ATTEMPTS_MAX) return false;
    attempts++;
    if (!breaks(candidate, rule)) return false;
    best = candidate;
    return true;
  };
  for (let again = true; again && attempts < ATTEMPTS_MAX;) {
    again = false;
    for (const simpler of simplerOptions(best)) again = attempt(simpler) || again;
    again = shortenFaults(() => best, attempt) || again;
    for (let user = 0; user < best.scenario.scripts.length; user++) {
      again = shortenScript(() => best, user, attempt) || again;
    }
  }
  return best;
};

/** What a run can do without. */
const PARTS = ["rekey", "limits", "sessionPackets", "mayGrow"] as const;

/** Each without one kind of bad luck. */
const simplerOptions = (now: Case): Case[] => {
  const { options } = now;
  const { conditions } = options;
  const { bursts, bandwidth, ...even } = conditions;
  const withConditions = (simpler: Partial<Conditions>): Case => ({
    ...now,
    options: { ...options, conditions: { ...conditions, ...simpler } },
  });
  const zeroed = (
    ["loss", "jitterMs", "reorder", "duplicate", "replay", "corrupt", "truncate"] as const
  )
    .filter((name) => conditions[name] > 0)
    .map((name) => withConditions({ [name]: 0 }));
  const plainer = PARTS.filter((name) => options[name] !== undefined).map((name) => {
    const { [name]: _, ...without } = options;
    return { ...now, options: without };
  });
  const rest = [...plainer];
  if (bursts !== undefined || bandwidth !== undefined) {
    rest.push({ ...now, options: { ...options, conditions: even } });
  }
  if (options.asymmetry > 1) rest.push({ ...now, options: { ...options, asymmetry: 1 } });
  if (options.clockDrift > 0) rest.push({ ...now, options: { ...options, clockDrift: 0 } });
  if (options.logMs > 0) rest.push({ ...now, options: { ...options, logMs: 0 } });
  return [...zeroed, ...rest];
};

const withScenario = (now: Case, scenario: Partial<Scenario>): Case => ({
  ...now,
  scenario: { ...now.scenario, ...scenario },
});

const shortenFaults = (now: () => Case, attempt: (candidate: Case) => boolean): boolean => {
  let shorter = false;
  for (let index = now().scenario.faults.length - 1; index >= 0; index--) {
    const faults = now().scenario.faults.filter((_, at) => at !== index);
    shorter = attempt(withScenario(now(), { faults })) || shorter;
  }
  return shorter;
};

/** Leaves out ever smaller pieces of one user's script. */
const shortenScript = (
  now: () => Case,
  user: number,
  attempt: (candidate: Case) => boolean,
): boolean => {
  const script = (): readonly Step[] => now().scenario.scripts[user] ?? [];
  let shorter = false;
  for (let size = script().length; size >= 1; size = Math.floor(size / 2)) {
    for (let start = 0; start < script().length;) {
      const left = script().filter((_, at) => at < start || at >= start + size);
      const scripts = now().scenario.scripts.map((one, at) => (at === user ? left : one));
      if (attempt(withScenario(now(), { scripts }))) shorter = true;
      else start += size;
    }
  }
  return shorter;
};
