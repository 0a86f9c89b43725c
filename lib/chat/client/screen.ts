// The lines that the client has to show, collected until the next flush. Everything that comes from outside is made
// printable here, so that no caller can forget it. Knows no command and no session.

import { MESSAGE_MAX_BYTES } from "../../transport/limits.ts";
import { NAME_MAX_CHARACTERS, TEXT_MAX_BYTES } from "../limits.ts";
import type { Line, LineKind } from "../line.ts";
import { encodedTextBytes } from "../message.ts";
import { printable } from "../printable.ts";

/** The last line of every client. */
export const CLOSING: Line = { text: "[stopping client-server listener]", kind: "closing" };

/** What is repeated of a word that is no command, or nobody's name, in code points: the longest name twice over. */
const WORD_SHOWN_MAX_CHARACTERS = 2 * NAME_MAX_CHARACTERS;

const MESSAGE_MAX_MIB = MESSAGE_MAX_BYTES / 1_048_576;

/** A word that was typed, for a line that says what is wrong with it: the beginning will do if it is long. */
export const shortened = (word: string): string => {
  const characters = Array.from(word.slice(0, 2 * (WORD_SHOWN_MAX_CHARACTERS + 1)));
  if (characters.length <= WORD_SHOWN_MAX_CHARACTERS) return word;
  return `${characters.slice(0, WORD_SHOWN_MAX_CHARACTERS).join("")}…`;
};

export class Screen {
  #lines: Line[] = [];

  /** `[text]` */
  say(text: string, kind: LineKind = "status"): void {
    this.#lines.push({ text: `[${printable(text)}]`, kind });
  }

  /** The text as it is, without brackets. */
  plain(text: string): void {
    this.#lines.push({ text: printable(text), kind: "status" });
  }

  /** `(group) [text]` */
  sayIn(group: string, text: string): void {
    this.plainIn(group, `[${text}]`);
  }

  /** `(group) text` */
  plainIn(group: string, text: string, kind: LineKind = "status"): void {
    this.#lines.push({ text: printable(text), kind, scope: printable(group) });
  }

  /** That this is the end. */
  sayClosing(): void {
    this.#lines.push(CLOSING);
  }

  /**
   * Whether a text fits into a message; otherwise says that it does not. How long it is counts as it is encoded, which
   * means nothing to who typed it.
   */
  fits(text: string): boolean {
    if (encodedTextBytes(text) <= TEXT_MAX_BYTES) return true;
    this.say(`Message too long: it does not fit into ${MESSAGE_MAX_MIB} MiB`, "error");
    return false;
  }

  /** What there is to show, in order; it counts as shown. */
  take(): readonly Line[] {
    const lines = this.#lines;
    if (lines.length > 0) this.#lines = [];
    return lines;
  }
}
