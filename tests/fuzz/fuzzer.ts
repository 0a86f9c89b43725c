// Runs a target: a case from a seed, the same case every time; a case from text; and what is smallest of one that fails.
// Everything about a target's own steps stays in here: to all others a step is a line of text.

import { Prng } from "../support/prng.ts";
import { casesOf } from "./corpus.ts";
import { shrink } from "./shrink.ts";
import { type Run, type Target, Violation } from "./target.ts";

/** A rule that was broken, and the steps that led there. */
export interface Failure {
  /** Which rule, or what was thrown. */
  readonly rule: string;
  /** What was found, with the stack where something was thrown that is no Violation. */
  readonly what: string;
  /** All steps up to the one that failed, as text. */
  readonly steps: readonly string[];
}

/** What came of one case. */
export interface CaseResult {
  readonly inputs: number;
  readonly failure?: Failure;
}

/** A target with its steps as text. */
export interface Fuzzer {
  readonly name: string;
  readonly about: string;
  /** Runs the case of this seed. */
  run(seed: number): Promise<CaseResult>;
  /** Runs these steps. Throws if a line is no step of this target. */
  replay(steps: readonly string[]): Promise<CaseResult>;
  /** The smallest case found that breaks the same rule. */
  shrink(failure: Failure): Promise<Failure>;
}

/** Share of the cases that begin with one of the corpus, as it is. */
const FROM_CORPUS = 0.25;

export const fuzzer = <Step, R extends Run<Step>>(target: Target<Step, R>): Fuzzer => {
  const { name, about, stepsPerCase } = target;
  const stepOf = (line: string): Step => {
    const step = target.read(line);
    if (step === undefined) throw new Error(`${name}: not a step: ${line}`);
    return step;
  };
  let kept:
    { readonly cases: readonly (readonly Step[])[]; readonly steps: readonly Step[] } | undefined;
  const corpus = () => {
    if (kept !== undefined) return kept;
    const cases = casesOf(name).map(({ steps }) => steps.map(stepOf));
    kept = { cases, steps: cases.flat() };
    return kept;
  };
  /** Takes steps from `next` until it has none. */
  const play = async (next: (run: R, done: number) => Step | undefined): Promise<CaseResult> => {
    const steps: Step[] = [];
    const run = await target.begin();
    for (;;) {
      const step = run.over === true ? undefined : next(run, steps.length);
      if (step === undefined) return { inputs: steps.length };
      steps.push(step);
      try {
        run.take(step);
      } catch (thrown) {
        const lines = steps.map((one) => target.write(one));
        return { inputs: steps.length, failure: { ...judge(thrown), steps: lines } };
      }
    }
  };
  const replay = (steps: readonly Step[]) => play((_, done) => steps[done]);
  return {
    name,
    about,
    run(seed) {
      const random = new Prng(seed);
      const { cases, steps } = corpus();
      const start = cases.length > 0 && random.chance(FROM_CORPUS) ? random.pick(cases) : [];
      return play((run, done) =>
        done >= stepsPerCase ? undefined : (start[done] ?? target.draw(random, run, steps)),
      );
    },
    replay: (lines) => replay(lines.map(stepOf)),
    async shrink({ rule, steps }) {
      const fails = async (candidate: readonly Step[]) =>
        (await replay(candidate)).failure?.rule === rule;
      const smallest = await shrink(target, steps.map(stepOf), fails);
      const { failure } = await replay(smallest);
      if (failure === undefined) throw new Error(`${name}: it does not fail again: ${rule}`);
      return failure;
    },
  };
};

const judge = (thrown: unknown): { rule: string; what: string } => {
  if (thrown instanceof Violation) return { rule: thrown.rule, what: thrown.message };
  if (!(thrown instanceof Error)) return { rule: "throws", what: String(thrown) };
  // Numbers in a message differ from input to input; that it is the same fault is told by the rest.
  const kind = `throws ${thrown.name}: ${thrown.message.replaceAll(/\d+/g, "N").slice(0, 80)}`;
  return { rule: kind, what: thrown.stack ?? thrown.message };
};
