// What happened in a run, for people: a line for each thing that can be seen from outside. Only made for runs that are
// to be looked at.

import type { Line } from "../../lib/chat/line.ts";
import type { CommittedEntry } from "../../lib/chat/log.ts";
import type { Datagram } from "../../lib/transport/address.ts";
import type { End, Process } from "./process.ts";
import type { Watcher } from "./world.ts";

/** Longer texts say no more. */
const TEXT_MAX = 100;

export class Trace implements Watcher {
  readonly lines: string[] = [];
  readonly #datagrams: boolean;

  constructor(options: { datagrams: boolean }) {
    this.#datagrams = options.datagrams;
  }

  started(now: number, process: Process): void {
    this.#add(now, process, `starts, key ${process.key.slice(0, 8)}`);
  }

  shown(now: number, process: Process, lines: readonly Line[]): void {
    for (const { text, scope } of lines) {
      this.#add(now, process, `> ${scope === undefined ? "" : `(${scope}) `}${cut(text)}`);
    }
  }

  committed(now: number, server: Process, entries: readonly CommittedEntry[]): void {
    for (const { index, event } of entries) {
      const fields = JSON.stringify(event, (name, value: unknown) =>
        name === "key" && typeof value === "string" ? value.slice(0, 8) : value,
      );
      this.#add(now, server, `# ${index} ${cut(fields)}`);
    }
  }

  ended(now: number, process: Process, end: End): void {
    this.#add(now, process, `ends: ${end}`);
  }

  sent(now: number, process: Process, { bytes }: Datagram): void {
    if (this.#datagrams) this.#add(now, process, `sends ${bytes.length} bytes, kind ${bytes[0]}`);
  }

  typed(now: number, process: Process, line: string): void {
    this.#add(now, process, `< ${cut(line)}`);
  }

  noted(now: number, text: string): void {
    this.lines.push(`${now.toFixed(1).padStart(10)}  ${text}`);
  }

  #add(now: number, process: Process, text: string): void {
    const name = `${process.name || "server"}.${process.id}`;
    this.lines.push(`${now.toFixed(1).padStart(10)}  ${name.padEnd(10)}${text}`);
  }
}

const cut = (text: string): string =>
  text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX)}… (${text.length})`;
