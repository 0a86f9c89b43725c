// One line of the programs' output as the rules of chat know it: what it says and what sort of line it is.
// How it looks (colour, prompt, screen) is the terminal's business and unknown here.

/** What a line is about; the terminal chooses its look from this and nothing else. */
export type LineKind = "status" | "chat" | "group" | "error" | "closing";

/** A line to show. Every text is already safe to print: no control characters. */
export interface Line {
  /** The text after the prefix, for instance `[Message received by client2.]`. */
  readonly text: string;
  readonly kind: LineKind;
  /** The name of the group that the user is in, without parentheses; absent outside of groups. */
  readonly scope?: string;
  /** It is shown so often, one below the other; left out: once. */
  readonly times?: number;
}

/** The same lines, with what is shown several times standing there as often. */
export const everyLine = (lines: readonly Line[]): readonly Line[] => {
  if (lines.every(({ times = 1 }) => times === 1)) return lines;
  const all: Line[] = [];
  for (const line of lines) for (let left = line.times ?? 1; left > 0; left--) all.push(line);
  return all;
};

/** What stands in front of every line, and of what is typed: `>>> ` or `>>> (group-name) `. */
export const prefix = (scope?: string): string =>
  scope === undefined ? ">>> " : `>>> (${scope}) `;

/** The line exactly as it is shown, without its line end. */
export const lineText = ({ scope, text }: Line): string => prefix(scope) + text;
