// Who may call itself what: a client is welcomed only if the log gave it the name, and refused only if the log gave it
// to someone else. Since the log knows one holder of a name at a time, so does everyone.

import type { Line } from "../../lib/chat/line.ts";
import type { Book } from "./book.ts";
import { WELCOME } from "./commands.ts";
import type { Findings } from "./findings.ts";
import type { Process } from "./process.ts";
import type { Watcher } from "./world.ts";

const TAKEN = /^\[`(.*)` already exists!\]$/;

export class Names implements Watcher {
  readonly #findings: Findings;
  readonly #book: Book;
  readonly #refused = new Set<string>();

  constructor(findings: Findings, book: Book) {
    this.#findings = findings;
    this.#book = book;
    book.listeners.push((_now, _server, effect) => {
      if (effect.kind === "refused") this.#refused.add(effect.key);
    });
  }

  shown(_now: number, { isServer, name, key }: Process, lines: readonly Line[]): void {
    if (isServer) return;
    for (const { text } of lines) {
      if (text === WELCOME && !this.#book.registeredAt.has(key)) {
        this.#findings.add("welcomed and not registered", name);
      }
      if (TAKEN.test(text) && !this.#refused.has(key)) {
        this.#findings.add("refused a name that was free", name);
      }
    }
  }
}
