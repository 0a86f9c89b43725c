// How lines and the prompt look: the only file that knows colours. Taken away, the text stays the same to the letter.
import picocolors from "picocolors";
import type { Line } from "../chat/line.ts";
import { lineText } from "../chat/line.ts";

export interface Look {
  /** The line as `lineText` gives it, in its colours. */
  line(line: Line): string;
  prompt(prompt: string): string;
}

/** `[bob: hello]`, `[>>> bob: hello]` or `Group_Message bob: hello`, up to the end of the name. */
const SENDER = /^(\[(?:>>> )?|Group_Message )([^\s:]+:)/;

/** The usual environment variable: set to anything at all, it turns colours off (no-color.org). */
export const wantsColor = (environment: Readonly<Record<string, string | undefined>>): boolean =>
  (environment["NO_COLOR"] ?? "") === "";

/** The look of a terminal with colours, or of everything else. */
export const lookWith = (color: boolean): Look => {
  if (!color) return { line: lineText, prompt: (prompt) => prompt };
  const { bold, cyan, dim, green, red } = picocolors.createColors(true);
  const named = (text: string, paint: (name: string) => string): string =>
    text.replace(SENDER, (_, start: string, name: string) => start + bold(paint(name)));

  const body = ({ kind, text }: Line): string => {
    switch (kind) {
      case "chat":
        return named(text, green);
      case "group":
        return named(text, cyan);
      case "error":
        return red(text);
      case "closing":
        return dim(text);
      default:
        return text;
    }
  };
  const start = (scope: string | undefined): string =>
    dim(">>> ") + (scope === undefined ? "" : cyan(`(${scope}) `));
  return {
    line: (line) => start(line.scope) + body(line),
    prompt: (prompt) => bold(prompt),
  };
};
