// What was last deleted by words or to an end of the line, so that `^Y` brings it back (GNU Readline, "killing").
// readline's own ring knows `^U` and `^K` alone. Knows lines and keys, and changes nothing.

import type { Key } from "node:readline";

/** A line that is being typed, and where the cursor is in it. */
interface Edited {
  readonly line: string;
  readonly cursor: number;
}

export const isYank = ({ name, ctrl = false }: Key): boolean => ctrl && name === "y";

const isKill = ({ name = "", ctrl = false, meta = false }: Key): boolean =>
  (ctrl && /^[ukw]$/.test(name)) || (meta && /^(d|backspace)$/.test(name));

export class KillBuffer {
  #text = "";
  /** The last key was one of these: the next one adds to what it took. */
  #goesOn = false;

  get text(): string {
    return this.#text;
  }

  /** A key has made `before` to `after`. */
  pressed(key: Key, before: Edited, after: Edited): void {
    if (!isKill(key)) {
      this.#goesOn = false;
      return;
    }
    const kept = this.#goesOn ? this.#text : "";
    this.#goesOn = true;
    const removed = before.line.length - after.line.length;
    const text = before.line.slice(after.cursor, after.cursor + removed);
    if (text === "" && kept === "") return;
    this.#text = after.cursor < before.cursor ? text + kept : kept + text;
  }
}
