// Every message that was typed, and where it was shown. Finds messages shown twice, out of order, to others than those
// they were for, or never typed at all; and, at the end, those that were lost.

import type { Line } from "../../lib/chat/line.ts";
import type { Book } from "./book.ts";
import type { Typed } from "./conversation.ts";
import type { Findings } from "./findings.ts";
import type { Effect } from "./model.ts";
import type { Process } from "./process.ts";
import type { Watcher } from "./world.ts";

interface Message {
  readonly typed: Typed;
  /** Counts the messages of one process. */
  readonly number: number;
  readonly shownAt: Map<Process, number>;
  /** For a group message: each time it got its place in a log. */
  readonly commits: Commit[];
}

interface Commit {
  readonly at: number;
  readonly server: Process;
  readonly group: string;
  /** Keys of those it was for. Members that bring their group back from the server's last life are added. */
  readonly members: string[];
  /** Those of them who need not get it. */
  readonly optional: Set<string>;
}

/** What became of the messages of a run. */
export interface Tally {
  direct: number;
  group: number;
  /** Messages shown to those they were for. */
  deliveries: number;
  /** Acknowledged by the server, and held in its memory alone when it died. */
  lostWithServer: number;
  /** Acknowledged by a client that ended before its user could read it. */
  lostWithReader: number;
  /** From typing to showing, in ms, where nothing held the message back. */
  readonly delays: number[];
}

const DIRECT = /^\[(?:>>> )?(\S+?): (.*)\]$/s;
/** What no other line looks like. */
const ANY_MESSAGE = /^\[?(>>> )?\S+: \d+\.\d+ /;
const GROUP = /^Group_Message (\S+): (.*)$/s;

/** More than there ever are in a run. */
const PROCESSES_MAX = 65_536;

/** What arrives before its sender's name is known waits; so much later it was shown, or never will be. */
const NAMELESS_MS = 10_000;

/** A group that was brought back keeps its messages so long for members that come later. */
const KEPT_FOR_RETURNING_MS = 60_000;

export class Messages implements Watcher {
  readonly tally: Tally = {
    direct: 0,
    group: 0,
    deliveries: 0,
    lostWithServer: 0,
    lostWithReader: 0,
    delays: [],
  };
  readonly #findings: Findings;
  readonly #byText = new Map<string, Message>();
  readonly #byKey = new Map<string, Process>();
  readonly #processes: Process[] = [];
  readonly #counts = new Map<Process, number>();
  /** The last number shown, by kind of message, then by receiver and sender. */
  readonly #last = new Map<string, Map<number, number>>();
  /** When a key's stay in a group ended other than by its own wish, or the key was taken off the table. */
  readonly #removals: { readonly at: number; readonly key: string; readonly group?: string }[] = [];
  #serverDied = false;
  /** Messages that make up for one that seems lost. */
  readonly #taken = new Set<string>();
  /** Who was in a group when it ended. */
  readonly #endedInGroup = new Set<Process>();

  constructor(findings: Findings, book: Book) {
    this.#findings = findings;
    book.listeners.push((now, server, effect) => this.#onEffect(now, server, effect));
  }

  started(_now: number, process: Process): void {
    if (process.isServer) return;
    this.#byKey.set(process.key, process);
    this.#processes.push(process);
  }

  /** A line was typed; called behind the conversations, which made this of it. */
  add(typed: Typed): void {
    const { text } = typed.expected;
    if (text === undefined) return;
    const number = (this.#counts.get(typed.process) ?? 0) + 1;
    this.#counts.set(typed.process, number);
    this.#byText.set(text, { typed, number, shownAt: new Map(), commits: [] });
  }

  shown(now: number, process: Process, lines: readonly Line[]): void {
    if (process.isServer) return;
    for (const line of lines) {
      if (line.kind === "chat") this.#onDirect(now, process, line);
      else if (line.kind === "group") this.#onGroup(now, process, line);
      else if (line.text.includes(": ") && ANY_MESSAGE.test(line.text)) {
        this.#findings.add("message of the wrong kind", `${process.name} shows "${line.text}"`);
      }
    }
  }

  ended(_now: number, process: Process): void {
    if (process.isServer) {
      this.#serverDied = true;
      return;
    }
    if ((process.machine as { prompt?: string }).prompt !== ">>> ") this.#endedInGroup.add(process);
  }

  /** A command came to its end. */
  onEnd(now: number, typed: Typed): void {
    if (typed.outcome !== "received" || typed.expected.text === undefined) return;
    const message = this.#byText.get(typed.expected.text);
    if (message?.commits.length !== 0) return;
    const what = `"${typed.line}" at ${now.toFixed(1)}`;
    this.#findings.add("acknowledged before it had a place in the log", what);
  }

  /** When everything has come to rest: looks for what is missing. */
  finish(): void {
    for (const message of this.#byText.values()) {
      if (message.typed.expected.to === undefined) this.#checkGroup(message);
      else this.#checkDirect(message);
    }
  }

  #onDirect(now: number, process: Process, line: Line): void {
    const [, from = "", text = ""] = DIRECT.exec(line.text) ?? [];
    const message = this.#find(process, line, from, text);
    if (message === undefined) return;
    const { typed } = message;
    if (typed.expected.to !== process.folded) {
      this.#findings.add("shown to the wrong user", `${process.name} shows "${text}"`);
    }
    // Of all processes that ever had the name, one shows it, once.
    if (message.shownAt.size > 0) {
      this.#findings.add("shown twice", `${process.name} shows "${text}" again`);
    }
    if (typed.process !== process) this.#inOrder(process, message, "direct");
    this.#count(now, process, message, line.text.startsWith("[>>> "));
  }

  #onGroup(now: number, process: Process, line: Line): void {
    const [, from = "", text = ""] = GROUP.exec(line.text) ?? [];
    const message = this.#find(process, line, from, text);
    if (message === undefined) return;
    const commit = message.commits.find(({ members }) => members.includes(process.key));
    if (commit === undefined) {
      this.#findings.add("shown to one who is no member", `${process.name} shows "${text}"`);
    } else if (commit.group.toLowerCase() !== line.scope?.toLowerCase()) {
      this.#findings.add("shown in the wrong group", `${process.name} shows "${text}"`);
    }
    if (message.shownAt.has(process)) {
      this.#findings.add("shown twice", `${process.name} shows "${text}" again`);
    }
    this.#inOrder(process, message, line.scope?.toLowerCase() ?? "");
    this.#count(now, process, message, false);
  }

  #find(process: Process, line: Line, from: string, text: string): Message | undefined {
    const message = this.#byText.get(text);
    if (message === undefined || message.typed.process.folded !== from.toLowerCase()) {
      this.#findings.add("shown and never sent", `${process.name} shows "${line.text}"`);
      return undefined;
    }
    return message;
  }

  #inOrder(process: Process, { number, typed }: Message, kind: string): void {
    let last = this.#last.get(kind);
    if (last === undefined) {
      last = new Map();
      this.#last.set(kind, last);
    }
    const pair = process.id * PROCESSES_MAX + typed.process.id;
    if (number < (last.get(pair) ?? 0)) {
      this.#findings.add("out of order", `${process.name} shows "${typed.expected.text}" too late`);
    }
    last.set(pair, number);
  }

  #count(now: number, process: Process, message: Message, waited: boolean): void {
    message.shownAt.set(process, now);
    if (message.typed.process === process) return;
    this.tally.deliveries++;
    const { at, behind } = message.typed;
    if (!waited && !behind) this.tally.delays.push(now - at);
  }

  #onEffect(now: number, server: Process, effect: Effect): void {
    if (effect.kind === "message") {
      const { group, members } = effect;
      const message = this.#byText.get(effect.text);
      if (message === undefined || message.typed.process.key !== effect.key) {
        this.#findings.add("in the log and never sent", effect.text);
      } else
        message.commits.push({
          at: now,
          server,
          group,
          members: [...members],
          optional: new Set(),
        });
    } else if (effect.kind === "registered") {
      for (const { group, revived } of effect.returned) {
        this.#onReturned(now, server, effect.holder.key, group, revived);
      }
      const { key } = effect.holder;
      for (const group of effect.lost) this.#removals.push({ at: now, key, group });
    } else if (effect.kind === "gone") this.#removals.push({ at: now, key: effect.key });
    else if (effect.kind === "removed") {
      this.#removals.push({ at: now, key: effect.key, group: effect.group });
    }
  }

  /** What was said in the group since the server started may be shown to this one too, and must be if it was revived. */
  #onReturned(now: number, server: Process, key: string, returned: string, revived: boolean): void {
    for (const { commits, typed } of this.#byText.values()) {
      for (const { at, group, members, optional, server: where } of commits) {
        if (where !== server || at < now - KEPT_FOR_RETURNING_MS) continue;
        if (typed.process.key === key || members.includes(key)) continue;
        if (group.toLowerCase() !== returned.toLowerCase()) continue;
        members.push(key);
        if (!revived) optional.add(key);
      }
    }
  }

  #checkDirect(message: Message): void {
    const { typed, shownAt } = message;
    this.tally.direct++;
    if (typed.outcome !== "delivered" || shownAt.size > 0 || this.#isTakenForAnother(typed)) return;
    const readers = this.#processes.filter(
      ({ folded, startedAt, endedAt }) =>
        folded === typed.expected.to && startedAt <= typed.endedAt && endedAt >= typed.at,
    );
    const diedUnread = readers.some(
      (reader) =>
        !reader.running &&
        (this.#endedInGroup.has(reader) || reader.endedAt < typed.endedAt + NAMELESS_MS),
    );
    // Who the sender was is known to the table alone. It died with the server, and the sender did not come back.
    const nameless = !typed.process.running && this.#serverDied;
    if (diedUnread) this.tally.lostWithReader++;
    else if (nameless) this.tally.lostWithServer++;
    else this.#findings.add("lost", `"${typed.line}" of ${typed.process.name} was never shown`);
  }

  /**
   * Of two messages to one name, one came and the other found no such user. The screen does not tell which, if neither
   * had ended when the other was typed: the one that was shown is the one that came.
   */
  #isTakenForAnother({ process, expected, at, endedAt }: Typed): boolean {
    for (const [text, { typed, shownAt }] of this.#byText) {
      if (typed.outcome !== "no_such_user" || shownAt.size === 0) continue;
      if (typed.process !== process || typed.expected.to !== expected.to) continue;
      if (typed.at > endedAt || at > typed.endedAt || this.#taken.has(text)) continue;
      this.#taken.add(text);
      return true;
    }
    return false;
  }

  #checkGroup({ typed, shownAt, commits }: Message): void {
    if (typed.outcome !== "invalid") this.tally.group++;
    const [first] = commits;
    const last = commits.at(-1);
    if (first === undefined || last === undefined) return;
    // Where a server died and the message was sent again, it is owed to those to whom it was sent the first time, unless
    // they were out of the group when it was sent once more: they may have heard later words since.
    const { at, group } = first;
    for (const key of first.members) {
      const member = this.#byKey.get(key);
      if (member === undefined || shownAt.has(member) || !member.running) continue;
      if (first.optional.has(key)) continue;
      const { server } = commits.every(({ members }) => members.includes(key)) ? last : first;
      const removed = this.#removals.some(
        (removal) =>
          removal.key === key &&
          removal.at >= at &&
          (removal.group ?? group).toLowerCase() === group.toLowerCase(),
      );
      if (removed) continue;
      if (!server.running) this.tally.lostWithServer++;
      else {
        const what = `"${typed.line}" of ${typed.process.name} was never shown to ${member.name}`;
        this.#findings.add("lost", what);
      }
    }
  }
}
