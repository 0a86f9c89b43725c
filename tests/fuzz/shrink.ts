// Makes a failing case small: leaves out steps, then bytes or characters of the steps that are left, and makes plain what
// remains, as long as the same rule is still broken. What is left is what a person has to look at.

import type { Target } from "./target.ts";

/** Runs that a search may take. */
const ATTEMPTS_MAX = 20_000;

/** So few items have few enough pieces to try all. */
const SHORT = 40;

/** Whether it still fails in the same way. */
type Fails<T> = (candidate: T) => Promise<boolean>;

/** The smallest case found that `fails` as `steps` do. */
export const shrink = async <Step>(
  target: Target<Step>,
  steps: readonly Step[],
  fails: Fails<readonly Step[]>,
  attemptsMax = ATTEMPTS_MAX,
): Promise<readonly Step[]> => {
  let attempts = 0;
  const limited: Fails<readonly Step[]> = async (candidate) =>
    attempts++ < attemptsMax && (await fails(candidate));
  // The last step is where it came to light; where there is no state, all others have nothing to do with it.
  const last = steps.slice(-1);
  let best = steps.length > 1 && (await limited(last)) ? last : steps;
  for (let before = ""; before !== textOf(target, best) && attempts < attemptsMax;) {
    before = textOf(target, best);
    best = await shorter(best, limited);
    for (let at = 0; at < best.length; at++) {
      const withStep = (step: Step): readonly Step[] => best.with(at, step);
      const step = await simplest(target, best[at]!, (one) => limited(withStep(one)));
      best = withStep(step);
    }
  }
  return best;
};

const textOf = <Step>(target: Target<Step>, steps: readonly Step[]): string =>
  steps.map((step) => target.write(step)).join("\n");

const simplest = async <Step>(
  target: Target<Step>,
  first: Step,
  fails: Fails<Step>,
): Promise<Step> => {
  let step = first;
  const failsWith = (contents: readonly number[]) => fails(target.withContents(step, contents));
  let contents = await shorter(target.contents(step), failsWith);
  contents = await plainer(contents, target.plainest(step), failsWith);
  step = target.withContents(step, contents);
  for (let found = true; found;) {
    found = false;
    for (const candidate of target.simpler?.(step) ?? []) {
      if (!(await fails(candidate))) continue;
      step = candidate;
      found = true;
      break;
    }
  }
  return step;
};

/** Leaves out ever smaller pieces, from the end on; of what is short, every piece there is. */
const shorter = async <Item>(
  items: readonly Item[],
  fails: Fails<readonly Item[]>,
): Promise<readonly Item[]> => {
  let best = items;
  for (let size = best.length; size >= 1; size = best.length <= SHORT ? size - 1 : size >> 1) {
    const step = best.length <= SHORT ? 1 : size;
    for (let end = best.length; end > 0; end -= step) {
      const left = [...best.slice(0, Math.max(0, end - size)), ...best.slice(end)];
      if (left.length < best.length && (await fails(left))) best = left;
    }
  }
  return best;
};

/** Makes every element as plain as it may be, or at least smaller. */
const plainer = async (
  items: readonly number[],
  plainest: number,
  fails: Fails<readonly number[]>,
): Promise<readonly number[]> => {
  let best = items;
  for (let at = 0; at < best.length; at++) {
    const now = best[at]!;
    for (const value of now === plainest ? [] : [plainest, ...smallerThan(now)]) {
      const candidate = best.with(at, value);
      if (!(await fails(candidate))) continue;
      best = candidate;
      if (value !== plainest) at--; // it may become smaller still
      break;
    }
  }
  return best;
};

/** Smaller numbers to try, the smallest first: each is closer to the number by half. */
export const smallerThan = (number: number): number[] => {
  const smaller: number[] = [];
  for (let less = number; less >= 1; less = Math.floor(less / 2)) smaller.push(number - less);
  return smaller;
};
