// What the checks have found in a run: things that must not be, and things that are counted. Judges nothing itself.

export interface Finding {
  /** The rule that was broken, the same words each time. */
  readonly rule: string;
  /** What happened. */
  readonly what: string;
  readonly at: number;
}

/** After so many, the rest says nothing new. */
const FINDINGS_MAX = 20;

export class Findings {
  readonly list: Finding[] = [];
  readonly #clock: () => number;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  add(rule: string, what: string): void {
    if (this.list.length < FINDINGS_MAX) this.list.push({ rule, what, at: this.#clock() });
  }
}
