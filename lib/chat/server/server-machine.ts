// The server's machine: turns the crank of its parts. Transport events in, requests to the log, entries applied in the
// log's order, and once per turn everything out. Knows no socket, no clock and no store.

import type { Address } from "../../transport/address.ts";
import {
  Endpoint,
  type EndpointOptions,
  type TransportEvent,
  UNLIMITED,
} from "../../transport/endpoint.ts";
import { toHex } from "../../transport/wire/bytes.ts";
import type { ServerEvent } from "../events.ts";
import { EXIT_DONE } from "../exit-status.ts";
import { REGISTRATION_IDLE_MS } from "../limits.ts";
import { type CommittedEntry, type LogEntry, MemoryLog } from "../log.ts";
import type { Machine, Output } from "../machine.ts";
import { ServerContext } from "./context.ts";
import { Fanout } from "./fanout.ts";
import { Inquiries } from "./inquiries.ts";
import { QUITTING, started } from "./lines.ts";
import { Link } from "./link.ts";
import { ServerOutcomes } from "./outcomes.ts";
import { Presences } from "./presences.ts";
import { Quotas } from "./quotas.ts";
import { ServerRequests } from "./requests.ts";
import { allLimits, countsOf, handshakesOf, type ServerLimits } from "./server-limits.ts";
import { SettledNews } from "./settled-news.ts";
import { TablePush } from "./table-push.ts";

export interface ServerOptions extends Pick<
  EndpointOptions,
  "keyPair" | "random" | "psk" | "mayGrow"
> {
  /** The port it listens on, for the line that says so. */
  readonly port: number;
  /**
   * Where entries get their order. "inside" (default): in a MemoryLog of its own, gone with the process. "outside":
   * they go out with `Output.appends` and come back through `committed`.
   */
  readonly log?: "inside" | "outside";
  /** What is limited otherwise than by default; 0: not at all. */
  readonly limits?: Partial<ServerLimits>;
}

/** Bytes of chance in the name of an epoch: no two lives of any server share one. */
const EPOCH_BYTES = 8;

/**
 * A fan-out goes out in parts: the first members read theirs while those of the next ones are sealed. Enough for the kernel
 * to take them at little more than the price of one call; long ones take so long to seal that a few are enough.
 */
const FLUSH_LIMITS = { datagrams: 16, bytes: 65_536 };

export class ServerMachine implements Machine {
  readonly #endpoint: Endpoint;
  readonly #context: ServerContext;
  readonly #fanout: Fanout;
  readonly #inquiries: Inquiries;
  readonly #tablePush: TablePush;
  readonly #settledNews: SettledNews;
  readonly #requests: ServerRequests;
  readonly #presences: Presences;
  readonly #outcomes: ServerOutcomes;
  /** By session. */
  readonly #links = new Map<number, Link>();
  readonly #overflowed = new Set<Link>();
  readonly #overflow = (link: Link) => this.#overflowed.add(link);
  readonly #memory: MemoryLog | undefined;
  readonly #epoch: string;
  /** Events on their way into the log. */
  #pending: LogEntry[] = [];
  #lastIndex = 0;
  #started = false;
  #exit: number | undefined;

  constructor({ keyPair, random, psk, mayGrow, port, log = "inside", limits }: ServerOptions) {
    const idleTimeoutMs = REGISTRATION_IDLE_MS;
    const all = allLimits(limits);
    this.#endpoint = new Endpoint({
      keyPair,
      random,
      idleTimeoutMs,
      mayGrow,
      handshakes: handshakesOf(all),
      psk,
    });
    this.#epoch = toHex(random(EPOCH_BYTES));
    const context = new ServerContext(this.#endpoint, (event) => this.#pending.push(event));
    const fanout = new Fanout(context);
    const inquiries = new Inquiries(context);
    const quotas = new Quotas(all);
    const tablePush = new TablePush(context, quotas);
    this.#context = context;
    this.#fanout = fanout;
    this.#inquiries = inquiries;
    this.#tablePush = tablePush;
    this.#settledNews = new SettledNews(context);
    const parts = { inquiries, tablePush, quotas };
    this.#requests = new ServerRequests(context, parts, countsOf(all));
    const abandon = (link: Link) => this.#abandon(link);
    const presences = new Presences(context, { fanout, inquiries }, abandon);
    this.#presences = presences;
    const followers = { fanout, inquiries, tablePush, presences };
    this.#outcomes = new ServerOutcomes(context, followers, abandon);
    if (log === "inside") {
      this.#memory = new MemoryLog();
      this.#memory.follow((entries) => this.#apply(entries));
    }
    context.show(started(port));
  }

  /** The static public key, 32 bytes. */
  get publicKey(): Uint8Array {
    return this.#endpoint.publicKey;
  }

  receive(now: number, from: Address, datagram: Uint8Array): void {
    this.#endpoint.receive(now, from, datagram);
  }

  wake(now: number): void {
    this.#context.now = now;
    this.#endpoint.wake(now);
    this.#fanout.wake();
    this.#settledNews.wake();
    this.#requests.wake();
    this.#endUnregistered();
    this.#presences.wake();
  }

  nextWakeup(): number {
    return Math.min(
      this.#endpoint.nextWakeup(),
      this.#context.wakeups.next,
      this.#fanout.nextWakeup(),
      this.#tablePush.nextWakeup(),
      this.#settledNews.nextWakeup(),
      this.#requests.nextWakeup(),
      this.#context.unregistered.nextWakeup(),
    );
  }

  /** The entries of a log that was there before, in order. Before the first flush; nothing is shown or sent for them. */
  restore(now: number, entries: readonly CommittedEntry[]): void {
    this.#context.now = now;
    const { state } = this.#context;
    for (const { index, event } of entries) {
      state.apply(index, event);
      this.#lastIndex = index;
    }
    for (const user of state.table.users()) this.#outcomes.restored(user);
  }

  /** Entries that the log has given their place, in order. Those seen before are left out. */
  committed(now: number, entries: readonly CommittedEntry[]): void {
    this.#context.now = now;
    this.#apply(entries);
  }

  /** The user wants it to end. Nobody is told: clients find out as they would if the machine had lost its power. */
  interrupt(now: number): void {
    this.#context.now = now;
    this.#exit = EXIT_DONE;
  }

  flush(now: number): Output {
    this.#context.now = now;
    this.#start();
    this.#commit();
    this.#handleAll(this.#endpoint.takeEvents());
    this.#tablePush.flush();
    if (this.#tablePush.settled) this.#inquiries.confirm();
    this.#settledNews.tell();
    this.#endOverflowed();
    this.#commit();
    if (this.#exit !== undefined) this.#context.show(QUITTING, "closing");
    const lines = this.#context.takeLines();
    const ends = this.#exit !== undefined;
    const datagrams = this.#endpoint.flush(now, ends ? UNLIMITED : FLUSH_LIMITS);
    const appends = this.#pending.length > 0 ? this.#pending : undefined;
    if (appends !== undefined) this.#pending = [];
    return { datagrams, lines, more: this.#endpoint.unfinished, exit: this.#exit, appends };
  }

  /** A log without a first entry gets one before anything else. */
  #start(): void {
    if (this.#started) return;
    this.#started = true;
    if (this.#context.state.epoch !== "") return;
    this.#pending.unshift({ type: "opened", epoch: this.#epoch });
    this.#fanout.begin();
  }

  /** Each event takes effect before the next one; but messages of one session to a group wait for those behind them. */
  #handleAll(events: readonly TransportEvent[]): void {
    let talking: number | undefined;
    for (const event of events) {
      if (event.type !== "message" || event.session !== talking) this.#commit();
      this.#handle(event);
      talking = event.session;
      if (this.#pending.at(-1)?.type !== "group_message") this.#commit();
    }
    this.#commit();
  }

  /** With the log inside, what is pending takes effect at once. */
  #commit(): void {
    while (this.#memory !== undefined && this.#pending.length > 0) {
      const events = this.#pending;
      this.#pending = [];
      this.#memory.append(events);
    }
  }

  #apply(entries: readonly CommittedEntry[]): void {
    const applied: ServerEvent[] = [];
    for (const { index, event } of entries) {
      if (index <= this.#lastIndex) continue;
      this.#applyOne(index, event);
      applied.push(event);
    }
    this.#fanout.finish();
    for (const event of applied) this.#requests.committed(event);
  }

  #applyOne(index: number, event: ServerEvent): void {
    this.#lastIndex = index;
    // Who is in a group when its message gets its place is to get it.
    if (event.type !== "group_message") this.#fanout.finish();
    this.#outcomes.follow(this.#context.state.apply(index, event));
  }

  #handle(event: TransportEvent): void {
    if (event.type === "established") {
      const { session, peerKey, address } = event;
      const link = new Link(this.#endpoint, session, toHex(peerKey), address, this.#overflow);
      this.#links.set(session, link);
      this.#context.unregistered.add(this.#context.now, link);
      return;
    }
    const link = this.#links.get(event.session);
    if (link === undefined) return;
    switch (event.type) {
      case "message":
        // It asks and does not read: its session ends with this turn.
        if (!this.#overflowed.has(link)) this.#requests.take(link, event.bytes);
        return;
      case "delivered":
        link.delivered(event.message);
        this.#fanout.delivered(link, event.message);
        return this.#inquiries.delivered(link, event.message);
      case "unanswered":
        this.#fanout.unanswered(link, event.message);
        return this.#inquiries.unanswered(link, event.message);
      case "moved":
        return this.#presences.moved(link, event.address);
      case "closed":
        return this.#lost(link, event.reason === "idle");
    }
  }

  /** A session is over. Its user may come back on another one; `silent`: it was not heard of for too long already. */
  #lost(link: Link, silent: boolean): void {
    const { speaking } = this.#context;
    this.#links.delete(link.session);
    this.#overflowed.delete(link);
    this.#requests.lost(link);
    if (speaking.get(link.key) === link) speaking.delete(link.key);
    this.#presences.lost(link, silent);
  }

  #abandon(link: Link): void {
    this.#endpoint.abandon(link.session);
    this.#lost(link, false);
  }

  #endUnregistered(): void {
    const { unregistered, now } = this.#context;
    for (;;) {
      const link = unregistered.takeDue(now);
      if (link === undefined) return;
      if (this.#links.get(link.session) === link) this.#abandon(link);
    }
  }

  #endOverflowed(): void {
    for (const link of this.#overflowed) this.#abandon(link);
  }
}
