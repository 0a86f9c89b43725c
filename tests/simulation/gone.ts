// Who was declared gone, and was not. What nobody could have heard is no mistake; the rest is counted, and with little
// loss it must not be.

import type { Line } from "../../lib/chat/line.ts";
import type { Book } from "./book.ts";
import type { Conversations, Typed } from "./conversation.ts";
import type { Disturbances } from "./disturbances.ts";
import type { Findings } from "./findings.ts";
import type { Process } from "./process.ts";
import { SERVER_SEAT } from "./scenario.ts";
import type { Watcher, World } from "./world.ts";

/** Five tries of 500 ms, and time for what was under way. */
const LOOK_BACK_MS = 6_000;

/** So long after its start, and after the server's, a client is known to all. */
const KNOWN_MS = 20_000;

/** No judgement comes earlier: five tries of 500 ms, less what clocks differ. */
const GIVE_UP_MIN_MS = 2_500 * 0.9;

export class Gone implements Watcher {
  readonly #world: World;
  readonly #findings: Findings;
  readonly #disturbances: Disturbances;
  readonly #conversations: Conversations;
  /** Whether a mistake breaks a rule, or is only counted: at this loss it is to be expected now and then. */
  readonly #strict: boolean;
  readonly #byKey = new Map<string, Process>();
  readonly #byName = new Map<string, Process>();
  mistakes = 0;

  constructor(
    world: World,
    findings: Findings,
    book: Book,
    disturbances: Disturbances,
    conversations: Conversations,
    strict: boolean,
  ) {
    this.#world = world;
    this.#findings = findings;
    this.#disturbances = disturbances;
    this.#conversations = conversations;
    this.#strict = strict;
    book.listeners.push((_now, _server, effect) => {
      if (effect.kind === "removed") this.#judged(effect.key, "removed from its group");
      if (effect.kind === "gone" && effect.expired) this.#judged(effect.key, "taken off the table");
    });
  }

  started(_now: number, process: Process): void {
    this.#byKey.set(process.key, process);
    if (process.name !== "") this.#byName.set(process.folded, process);
  }

  shown(now: number, process: Process, lines: readonly Line[]): void {
    if (lines.some(({ text }) => text === "[Server not responding]")) {
      this.#serverJudged(now, process);
    }
  }

  /** A command came to its end. */
  onEnd(now: number, typed: Typed): void {
    if (typed.outcome !== "not_delivered") return;
    const { process } = typed;
    const peer = this.#byName.get(typed.expected.to ?? "");
    if (peer === undefined || !peer.running || !this.#known(now, peer)) return;
    const server = this.#world.processes[SERVER_SEAT];
    const known = server?.running === true && now - server.startedAt > KNOWN_MS;
    if (!known || !this.#clear(now, process, peer)) return;
    this.#mistake(`${process.name} took ${peer.name} for gone`);
  }

  #judged(key: string, what: string): void {
    const process = this.#byKey.get(key);
    const server = this.#world.processes[SERVER_SEAT];
    if (process === undefined || server === undefined || !process.running) return;
    if (this.#clear(this.#world.now, process, server)) this.#mistake(`${process.name} was ${what}`);
  }

  #serverJudged(now: number, process: Process): void {
    const server = this.#world.processes[SERVER_SEAT];
    if (server?.running === true && this.#clear(now, process, server)) {
      this.#mistake(`${process.name} took the server for gone`);
    }
    const oldest = this.#conversations.pending(process).find(({ expected }) => !isDirect(expected));
    const registered = Number.isFinite(this.#conversations.welcomedAt(process));
    const since = registered ? (oldest?.at ?? now) : process.startedAt;
    if (now - since >= GIVE_UP_MIN_MS) return;
    const what = `${process.name} gave the server up after ${(now - since).toFixed(0)} ms`;
    this.#findings.add("gave up too early", what);
  }

  #known(now: number, process: Process): boolean {
    return now - this.#conversations.welcomedAt(process) > KNOWN_MS;
  }

  #clear(now: number, a: Process, b: Process): boolean {
    const from = now - LOOK_BACK_MS;
    return (
      a.startedAt < from &&
      b.startedAt < from &&
      this.#disturbances.clear(a.seat, b.seat, from, now)
    );
  }

  #mistake(what: string): void {
    this.mistakes++;
    if (this.#strict) this.#findings.add("declared gone and was not", what);
  }
}

const isDirect = ({ to }: Typed["expected"]): boolean => to !== undefined;
