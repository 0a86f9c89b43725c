// A line input without a terminal, for tests of what the keys do.

import type { LineInputEvents } from "../../lib/io/terminal/line-input.ts";
import { LineInput } from "../../lib/io/terminal/line-input.ts";

/** One that reads what it is fed at once. */
export const inputOf = async (events: Partial<LineInputEvents> = {}): Promise<LineInput> => {
  const nothing = (): void => {};
  const input = new LineInput({
    onLine: nothing,
    onInterrupt: nothing,
    onSuspend: nothing,
    onEnd: nothing,
    onClearScreen: nothing,
    onChoices: nothing,
    onFull: nothing,
    onKey: nothing,
    complete: () => [[], ""],
    ...events,
  });
  await new Promise((resolve) => setImmediate(resolve)); // until then its stream only collects
  return input;
};
