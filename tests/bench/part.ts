// What a part of the benchmark is made of: cases, each with contenders whose rounds are measured in turn. Knows no
// process, no clock and no screen.

/** What one round of one contender measured: by figure name. */
export type Figures = Readonly<Record<string, number>>;

/** A column of the table. */
export interface FigureSpec {
  readonly name: string;
  readonly unit: string;
  readonly better: "less" | "more";
}

/** One side of a comparison. Rounds go through all contenders in turn: A B A B. */
export interface Contender {
  /** "ChatApp", "NATS core", "bare Bun.udpSocket echo" */
  readonly name: string;
  /** Why it cannot be measured here; it is then left out with this word. */
  readonly skip?: string;
  /** One round. `progress` puts a word on the progress line. */
  measure(round: number, progress: (word: string) => void): Promise<Figures>;
}

/** As `Goal.against`: whichever of the others has the best figure. */
export const BEST_OTHER = "the best other";

/** What must come out: the ratio of ours to `against`, or, where `against` is "", the figure itself. */
export interface Goal {
  readonly figure: string;
  readonly against: string;
  readonly atMost?: number;
  readonly atLeast?: number;
}

export interface Case {
  /** "100 members, one at a time" */
  readonly name: string;
  /** The first is ours. */
  readonly contenders: readonly Contender[];
  readonly figures: readonly FigureSpec[];
  readonly goals: readonly Goal[];
  /** Ends what the case started. */
  close?(): Promise<void>;
}

export interface BenchOptions {
  readonly rounds: number;
  /** Short rounds: to see that it works, not to believe the figures. */
  readonly quick: boolean;
}

export interface Part {
  readonly name: string;
  readonly about: string;
  /** One after the other: a case is measured and closed before the next one is asked for. */
  cases(options: BenchOptions): AsyncIterable<Case>;
}
