// The lines that the client has to show, collected until the next flush. Everything that comes from outside is made
// printable here, so that no caller can forget it. Knows no command and no session.

import { TEXT_MAX_BYTES } from "../limits.ts";
import type { Line, LineKind } from "../line.ts";
import { encodedTextBytes } from "../message.ts";
import { printable } from "../printable.ts";

/** The last line of every client. */
export const CLOSING: Line = { text: "[stopping client-server listener]", kind: "closing" };

export class Screen {
  #lines: Line[] = [];

  /** `[text]` */
  say(text: string, kind: LineKind = "status"): void {
    this.#lines.push({ text: `[${printable(text)}]`, kind });
  }

  /** The text as it is, without brackets. */
  plain(text: string, kind: LineKind = "status"): void {
    this.#lines.push({ text: printable(text), kind });
  }

  /** `(group) [text]` */
  sayIn(group: string, text: string, kind: LineKind = "status"): void {
    this.plainIn(group, `[${text}]`, kind);
  }

  /** `(group) text` */
  plainIn(group: string, text: string, kind: LineKind = "status"): void {
    this.#lines.push({ text: printable(text), kind, scope: printable(group) });
  }

  /** That this is the end. */
  sayClosing(): void {
    this.#lines.push(CLOSING);
  }

  /** Whether a text fits into a message; otherwise says that it does not. */
  fits(text: string): boolean {
    const bytes = encodedTextBytes(text);
    if (bytes <= TEXT_MAX_BYTES) return true;
    this.say(`Message too long: ${bytes} bytes, at most ${TEXT_MAX_BYTES}`, "error");
    return false;
  }

  /** What there is to show, in order; it counts as shown. */
  take(): readonly Line[] {
    const lines = this.#lines;
    if (lines.length > 0) this.#lines = [];
    return lines;
  }
}
