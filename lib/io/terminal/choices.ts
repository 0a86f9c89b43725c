// What a word may become, laid out in columns for a terminal. Knows nothing of words and keys.

/** More candidates than fit on a screen help nobody. */
const CHOICES_MAX = 50;

/** Cells between two columns. */
const GAP = 2;

/** The rows, each of at most so many cells where every candidate fits; read from left to right. */
export function choiceRows(candidates: readonly string[], columns: number): string[] {
  const left = candidates.length - CHOICES_MAX;
  const shown = candidates.slice(0, CHOICES_MAX).map((candidate) => candidate.trim());
  if (left > 0) shown.push(`(${left} more)`);
  const widths = shown.map((choice) => Bun.stringWidth(choice));
  const inOneRow = widths.reduce((sum, width) => sum + GAP + width, -GAP);
  if (inOneRow <= columns) return [shown.join(" ".repeat(GAP))];
  const cell = Math.max(...widths) + GAP;
  const perRow = Math.max(1, Math.floor((columns + GAP) / cell));
  return Array.from({ length: Math.ceil(shown.length / perRow) }, (_, row) => {
    const from = row * perRow;
    return shown
      .slice(from, from + perRow)
      .map((choice, at) => choice + " ".repeat(cell - widths[from + at]!))
      .join("")
      .trimEnd();
  });
}
