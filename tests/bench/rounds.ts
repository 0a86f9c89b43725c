// The rounds of a case, through all contenders in turn, and what they say about its goals.

import {
  BEST_OTHER,
  type Case,
  type Contender,
  type Figures,
  type FigureSpec,
  type Goal,
} from "./part.ts";
import { median } from "./statistics.ts";

/** A round that has not come to an end by then never will. */
const ROUND_MAX_MS = 300_000;

export interface ContenderResult {
  readonly name: string;
  /** Why there is nothing, or nothing more, to show. */
  readonly missing?: string;
  /** Whether that is because something went wrong. */
  readonly failed: boolean;
  readonly rounds: readonly Figures[];
}

export interface GoalResult {
  readonly goal: Goal;
  /** The ratio or figure; left out where one side of it was not measured. */
  readonly value?: number;
  readonly met: boolean;
}

export interface CaseResult {
  readonly name: string;
  readonly figures: readonly FigureSpec[];
  /** The first is ours. */
  readonly contenders: readonly ContenderResult[];
  readonly goals: readonly GoalResult[];
}

/** The median over all rounds; NaN where it was not measured. */
export const medianOf = ({ rounds }: ContenderResult, figure: string): number =>
  median(rounds.map((figures) => figures[figure] ?? Number.NaN));

/** Measures all rounds: A B A B. A contender that fails is left out from then on. */
export const runCase = async (
  { name, figures, contenders, goals }: Case,
  rounds: number,
  progress: (word: string) => void,
): Promise<CaseResult> => {
  const measured = contenders.map((contender) => new Measured(contender));
  for (let round = 1; round <= rounds; round++) {
    for (const one of measured) {
      await one.measure(round, (word) => {
        progress(`${name}, round ${round} of ${rounds}, ${one.name}${word && ": "}${word}`);
      });
    }
  }
  return { name, figures, contenders: measured, goals: goalResults(goals, figures, measured) };
};

class Measured implements ContenderResult {
  /** A field, not only to be asked for: it goes into the file with all figures. */
  readonly name: string;
  readonly rounds: Figures[] = [];
  missing?: string;
  failed = false;
  readonly #contender: Contender;

  constructor(contender: Contender) {
    this.#contender = contender;
    this.name = contender.name;
    if (contender.skip !== undefined) this.missing = contender.skip;
  }

  async measure(round: number, progress: (word: string) => void): Promise<void> {
    if (this.missing !== undefined) return;
    progress("");
    try {
      this.rounds.push(await withinTime(this.#contender.measure(round, progress)));
    } catch (error) {
      this.missing = error instanceof Error ? error.message : String(error);
      this.failed = true;
    }
  }
}

const withinTime = async (figures: Promise<Figures>): Promise<Figures> => {
  let timer: Timer | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the round did not end in time")), ROUND_MAX_MS);
  });
  try {
    return await Promise.race([figures, late]);
  } finally {
    clearTimeout(timer);
  }
};

/** What came of the goals. */
const goalResults = (
  goals: readonly Goal[],
  figures: readonly FigureSpec[],
  [ours, ...others]: readonly ContenderResult[],
): GoalResult[] =>
  goals.map((goal) => {
    const better = figures.find(({ name }) => name === goal.figure)?.better;
    const yardstick = (): number => {
      if (goal.against === "") return 1;
      const candidates = others
        .filter(({ name }) => goal.against === BEST_OTHER || goal.against === name)
        .map((other) => medianOf(other, goal.figure))
        .filter((value) => !Number.isNaN(value));
      if (candidates.length === 0) return Number.NaN;
      return better === "less" ? Math.min(...candidates) : Math.max(...candidates);
    };
    const value = ours === undefined ? Number.NaN : medianOf(ours, goal.figure) / yardstick();
    if (Number.isNaN(value)) return { goal, met: false };
    const { atMost = Infinity, atLeast = -Infinity } = goal;
    return { goal, value, met: value <= atMost && value >= atLeast };
  });
