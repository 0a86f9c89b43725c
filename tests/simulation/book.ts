// Follows the server's log with the reference model, and remembers what it said when: who was in which group, who was
// registered. Finds answers that do not agree with it.

import type { Line } from "../../lib/chat/line.ts";
import type { CommittedEntry } from "../../lib/chat/log.ts";
import type { Findings } from "./findings.ts";
import { type Effect, Model } from "./model.ts";
import type { Process } from "./process.ts";
import type { Watcher } from "./world.ts";

export type OnEffect = (now: number, server: Process, effect: Effect, model: Model) => void;

/** A list of names, as it was from this moment on. */
interface Snapshot {
  readonly at: number;
  readonly names: string;
}

const HEADER_MEMBERS = /^\[Members in the group (\S+):\]$/;
const HEADER_GROUPS = "[Available group chats:]";

export class Book implements Watcher {
  readonly #findings: Findings;
  readonly #since: (process: Process) => number;
  #model = new Model();
  #server: Process | undefined;
  /** By folded group name, "" for the list of groups. */
  #history = new Map<string, Snapshot[]>();
  readonly listeners: OnEffect[] = [];
  /** When each key was registered for the first time. */
  readonly registeredAt = new Map<string, number>();

  /** `since`: when the command was typed that a process now shows the answer of. */
  constructor(findings: Findings, since: (process: Process) => number) {
    this.#findings = findings;
    this.#since = since;
  }

  /** What the present server's log says. */
  get model(): Model {
    return this.#model;
  }

  started(now: number, process: Process): void {
    if (process.name !== "") return;
    this.#server = process;
    this.#model = new Model();
    this.#history = new Map();
    this.#remember(now);
  }

  committed(now: number, server: Process, entries: readonly CommittedEntry[]): void {
    if (server !== this.#server) return;
    for (const { index, event } of entries) {
      const effect = this.#model.apply(index, event);
      if (effect.kind === "registered" && !this.registeredAt.has(effect.holder.key)) {
        this.registeredAt.set(effect.holder.key, now);
      }
      for (const listener of this.listeners) listener(now, server, effect, this.#model);
      if (event.type !== "group_message") this.#remember(now);
    }
  }

  shown(_now: number, process: Process, lines: readonly Line[]): void {
    if (process.isServer) return;
    for (const [index, line] of lines.entries()) {
      if (line.text === HEADER_GROUPS) {
        const listed = following(lines, index, ({ text, scope }) =>
          scope === undefined ? /^\[([\w.-]+)\]$/.exec(text)?.[1] : undefined,
        );
        this.#compare(process, "", listed);
      }
      const group = HEADER_MEMBERS.exec(line.text)?.[1];
      if (group === undefined) continue;
      const listed = following(lines, index, ({ text, scope, kind }) =>
        scope === group && kind !== "group" ? /^[^[ ]+$/.exec(text)?.[0] : undefined,
      );
      this.#compare(process, group.toLowerCase(), listed);
    }
  }

  #compare(process: Process, list: string, listed: readonly string[]): void {
    const since = this.#since(process);
    const snapshots = this.#history.get(list) ?? [];
    const names = listed.join(" ");
    const agrees = snapshots.some((snapshot, index) => {
      const until = snapshots[index + 1]?.at ?? Number.POSITIVE_INFINITY;
      return until >= since && snapshot.names === names;
    });
    // After the server's death its answers may still be on the way.
    if (agrees || this.#server === undefined || this.#server.startedAt >= since) return;
    const what = `${process.name} was told "${names}" for ${list === "" ? "the groups" : list}`;
    this.#findings.add("list disagrees with the log", what);
  }

  #remember(now: number): void {
    const model = this.#model;
    const groups = model.groups();
    this.#snapshot(now, "", groups.join(" "));
    for (const group of groups) {
      const names = model.members(group).map((key) => model.nameOf(key));
      this.#snapshot(now, group.toLowerCase(), names.join(" "));
    }
  }

  #snapshot(at: number, list: string, names: string): void {
    let snapshots = this.#history.get(list);
    if (snapshots === undefined) {
      snapshots = [];
      this.#history.set(list, snapshots);
    }
    if (snapshots.at(-1)?.names !== names) snapshots.push({ at, names });
  }
}

/** What `read` makes of the lines behind this one, up to the first that is none of the list. */
const following = (
  lines: readonly Line[],
  index: number,
  read: (line: Line) => string | undefined,
): string[] => {
  const found: string[] = [];
  for (const line of lines.slice(index + 1)) {
    const item = read(line);
    if (item === undefined) break;
    found.push(item);
  }
  return found;
};
