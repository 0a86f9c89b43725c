// Which console a program gets: a live one if its user sits at a terminal, a plain one otherwise.

import { LiveConsole } from "./console-live.ts";
import { PlainConsole, UNREAD_MAX_CHARS } from "./console-plain.ts";
import type { Console, ConsoleEvents } from "./console.ts";
import { lookWith, wantsColor } from "./look.ts";
import { isLive, isTerminal, knowsEscapes, STDOUT } from "./tty.ts";

const lookOfOutput = (): ReturnType<typeof lookWith> =>
  lookWith(isTerminal(STDOUT) && knowsEscapes() && wantsColor(process.env));

/** The client's console: a live prompt between two terminals, otherwise lines in and lines out. */
export const openClientConsole = (events: ConsoleEvents): Console => {
  const look = lookOfOutput();
  if (isLive()) return new LiveConsole(look, events);
  // What a client shows was acknowledged: none of it may be left out.
  return new PlainConsole({ look, terminal: isTerminal(STDOUT), unreadMaxChars: Infinity }, events);
};

/** The server's console: it only shows lines. */
export const openServerConsole = (events: Pick<ConsoleEvents, "onInterrupt">): Console =>
  new PlainConsole(
    { look: lookOfOutput(), terminal: isTerminal(STDOUT), unreadMaxChars: UNREAD_MAX_CHARS },
    events,
  );
