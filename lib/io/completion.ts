// What the Tab key does: how far the candidates agree, and which of them there are. Knows no commands and no screen.

export interface Completion {
  /** How many characters before the cursor are replaced, and by what. */
  readonly replaces: number;
  readonly text: string;
  /** A line with the candidates, when there are several and nothing more can be added; otherwise empty. */
  readonly choices: string;
}

/** More than fit on a screen help nobody. */
const CHOICES_MAX = 50;

const commonStart = (words: readonly string[]): string => {
  let start = words[0] ?? "";
  for (const word of words)
    while (!word.startsWith(start)) start = start.slice(0, -1).toWellFormed();
  return start;
};

/** Each candidate stands for all of `part`, which it may spell differently. */
export const completion = (candidates: readonly string[], part: string): Completion => {
  const start = commonStart(candidates);
  if (candidates.length === 1 || start.length > part.length)
    return { replaces: part.length, text: start, choices: "" };
  const left = candidates.length - CHOICES_MAX;
  const more = left > 0 ? `  (${left} more)` : "";
  const choices = candidates.slice(0, CHOICES_MAX).map((candidate) => candidate.trim());
  return { replaces: 0, text: "", choices: choices.join("  ") + more };
};
