// What can be fuzzed: a target draws its inputs from chance, gives them to the code under test, and says which rule was
// broken. Knows nothing of seeds, files and how many inputs there are.

import type { Prng } from "../support/prng.ts";

/** A rule that the code under test must keep, whatever the input. Everything else that is thrown breaks one too. */
export class Violation extends Error {
  readonly rule: string;

  constructor(rule: string, what: string) {
    super(what);
    this.rule = rule;
  }
}

/** Throws a Violation unless it holds. `what` says what was found instead. */
export const must = (holds: boolean, rule: string, what: () => string): void => {
  if (!holds) throw new Violation(rule, what());
};

/** The code under test in a state of its own. */
export interface Run<Step> {
  /** Gives it one input. */
  take(step: Step): void;
  /** Nothing more can be done with it: a program that has ended. */
  readonly over?: boolean;
}

/**
 * One thing under test. A case is a number of steps, one after the other from one fresh state; a step is one input. Where
 * there is no state, a case is many inputs that have nothing to do with each other.
 */
export interface Target<Step, R extends Run<Step> = Run<Step>> {
  readonly name: string;
  /** What is tested, in a few words. */
  readonly about: string;
  readonly stepsPerCase: number;
  begin(): R | Promise<R>;
  /** The next input. `kept` are steps of the corpus, to be damaged and put together anew. */
  draw(random: Prng, run: R, kept: readonly Step[]): Step;
  /** A step as one line of text, and back; `undefined` if it is none. */
  write(step: Step): string;
  read(text: string): Step | undefined;
  /** What makes a step long: its bytes or characters, each a number. */
  contents(step: Step): readonly number[];
  withContents(step: Step, contents: readonly number[]): Step;
  /** Steps that are simpler in another way than by shorter contents. */
  simpler?(step: Step): readonly Step[];
  /** The plainest byte or character there is: what one becomes that does not matter. */
  plainest(step: Step): number;
}
