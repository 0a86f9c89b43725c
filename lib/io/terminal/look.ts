// How lines and the prompt look: the only file that knows colours. Taken away, the text stays the same to the letter.

import type { Line } from "../../chat/line.ts";
import { lineText } from "../../chat/line.ts";

/** A line as `lineText` gives it, in its colours. */
export type Look = (line: Line) => string;

/** `[bob: hello]`, `[>>> bob: hello]` or `Group_Message bob: hello`, up to the end of the name. */
const SENDER = /^(\[(?:>>> )?|Group_Message )([^\s:]+:)/;

/** The usual environment variable: set to anything but an empty text, it turns colours off (no-color.org). */
export const wantsColor = (environment: Readonly<Record<string, string | undefined>>): boolean =>
  (environment["NO_COLOR"] ?? "") === "";

type Colors = typeof import("picocolors");

let colors: ReturnType<Colors["createColors"]> | undefined;

/** Loaded with the first line, not before the prompt. */
const loadColors = (): NonNullable<typeof colors> =>
  (colors ??= (require("picocolors") as Colors).createColors(true));

const painted = ({ kind, text, scope }: Line): string => {
  const { bold, cyan, dim, green, red } = loadColors();
  const named = (paint: (name: string) => string): string =>
    text.replace(SENDER, (_, start: string, name: string) => start + bold(paint(name)));
  const body = (): string => {
    switch (kind) {
      case "chat":
        return named(green);
      case "group":
        return named(cyan);
      case "error":
        return red(text);
      case "closing":
        return dim(text);
      default:
        return text;
    }
  };
  return dim(">>> ") + (scope === undefined ? "" : cyan(`(${scope}) `)) + body();
};

/** The look of a terminal with colours, or of everything else. */
export const lookWith = (color: boolean): Look => (color ? painted : lineText);
