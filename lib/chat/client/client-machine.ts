// The client: lines typed, datagrams and time in; lines to show and datagrams out. Puts its parts together and decides
// when it is over. Knows no screen, no socket and no clock.

import type { Address } from "../../transport/address.ts";
import { Endpoint } from "../../transport/endpoint.ts";
import { KEEP_ALIVE_MS } from "../../transport/limits.ts";
import { toHex } from "../../transport/wire/bytes.ts";
import { EXIT_DONE, EXIT_FAILED, EXIT_INTERRUPTED } from "../exit-status.ts";
import { LINES_WAITING_MAX_CHARS, LINGER_MS, REGISTRATION_IDLE_MS } from "../limits.ts";
import { prefix } from "../line.ts";
import type { Machine, Mismatch, Output } from "../machine.ts";
import { RefusalReason, type Refused } from "../message.ts";
import { printable } from "../printable.ts";
import type { ClientOptions, Left } from "./client-options.ts";
import { CommandRunner } from "./command-runner.ts";
import { completeLine, parseLine } from "./commands.ts";
import { addressFrom, DirectLinks } from "./direct-links.ts";
import { EventRouter } from "./event-router.ts";
import { Grouping } from "./grouping.ts";
import { Incoming } from "./incoming.ts";
import { LineQueue } from "./line-queue.ts";
import { GroupRoom } from "./room.ts";
import { Screen } from "./screen.ts";
import { Sending } from "./sending.ts";
import { ServerLink } from "./server-link.ts";
import { TableFeed } from "./table-feed.ts";
import { UserTable } from "./user-table.ts";

export type { ClientOptions, Left } from "./client-options.ts";

const NOTHING: Output = { datagrams: [], lines: [] };

/** How it ends. */
interface ClientEnd {
  readonly status: number;
  /** When, in ms: after what is to be said is acknowledged. */
  readonly at: number;
  /** Nobody is told. */
  readonly quiet: boolean;
  /** Something was typed that has not come to its end. */
  readonly unfinished: boolean;
  /** What it is about, where nothing is said, and the group that the user was in. */
  readonly mismatch?: Mismatch;
  readonly group?: string | undefined;
}

export class ClientMachine implements Machine {
  readonly #options: ClientOptions;
  readonly #endpoint: Endpoint;
  readonly #screen = new Screen();
  readonly #table = new UserTable();
  readonly #links: DirectLinks;
  readonly #server: ServerLink;
  readonly #sending: Sending;
  readonly #grouping: Grouping;
  readonly #incoming: Incoming;
  readonly #commands: CommandRunner;
  readonly #feed: TableFeed;
  readonly #router: EventRouter;
  readonly #queue: LineQueue;
  #name: string;
  #connected = false;
  #welcomed = false;
  /** A command got no answer: over as soon as the direct messages on their way have come to their end. */
  #serverSilent = false;
  #ending: ClientEnd | undefined;
  #gone = false;

  constructor(options: ClientOptions) {
    const { keyPair, random, psk, mayGrow, keyLimits, server, serverKey, name } = options;
    this.#options = options;
    this.#name = name;
    this.#endpoint = new Endpoint({
      keyPair,
      random,
      idleTimeoutMs: REGISTRATION_IDLE_MS,
      keepAliveMs: KEEP_ALIVE_MS,
      asksAtOnce: true,
      mayGrow,
      keyLimits,
      psk,
    });
    this.#links = new DirectLinks(this.#endpoint, (key) => {
      const user = this.#table.byKey(key);
      return user && addressFrom(user, server);
    });
    this.#server = new ServerLink(
      this.#endpoint,
      { address: server, key: serverKey },
      {
        registration: () => this.#registration(),
        registered: (now, reply) => this.#onRegistered(now, reply.payload.name),
        refused: (now, reply) => this.#onRefused(now, reply),
        silent: (now) => this.#onSilent(now),
        mismatched: (now, mismatch) => this.#onMismatch(now, mismatch),
      },
    );
    this.#sending = new Sending({
      screen: this.#screen,
      table: this.#table,
      links: this.#links,
      server: this.#server,
      serverAddress: server,
      ownName: () => this.#name,
    });
    const { group, room = new GroupRoom() } = options.left ?? {};
    this.#grouping = new Grouping(this.#screen, this.#server, room);
    // The server lets the user in with the registration, or says that it does not.
    if (group !== undefined) room.enter(group);
    this.#incoming = new Incoming(this.#table, this.#links, this.#server, this.#grouping);
    this.#commands = new CommandRunner({
      screen: this.#screen,
      server: this.#server,
      sending: this.#sending,
      grouping: this.#grouping,
      ownName: () => this.#name,
      left: (now) => this.#onLeft(now),
    });
    this.#feed = new TableFeed({
      screen: this.#screen,
      table: this.#table,
      server: this.#server,
      incoming: this.#incoming,
      links: this.#links,
      ownKey: toHex(keyPair.publicKey),
      staying: () => !this.#commands.leaving,
      begin: (now) => this.#begin(now),
    });
    this.#router = new EventRouter({
      server: this.#server,
      links: this.#links,
      incoming: this.#incoming,
      grouping: this.#grouping,
      feed: this.#feed,
    });
    this.#queue = new LineQueue({
      parse: (line) => parseLine(line, this.#grouping.mode),
      run: (now, parsed, finished) => this.#commands.run(now, parsed, finished),
      ended: (now) => this.#commands.leave(now, () => {}),
    });
  }

  /** What stands in front of what is typed now. */
  get prompt(): string {
    const group = this.#grouping.room.current;
    return prefix(group && printable(group));
  }

  /** Whether it takes more lines; those that come all the same are kept. */
  get hasRoom(): boolean {
    return this.#queue.waitingChars < LINES_WAITING_MAX_CHARS;
  }

  /** What is left after the end. */
  get left(): Left {
    const { group, unfinished = false } = this.#ending ?? {};
    return { group, room: this.#grouping.room, unfinished };
  }

  /** What the last word of an unfinished line may become, in the form of readline's completer. */
  complete(line: string): [string[], string] {
    const user = this.#table.names().toSorted();
    const [candidates, part] = completeLine(line, this.#grouping.mode, {
      user,
      self: [this.#name],
      group: this.#grouping.known,
    });
    return [[...candidates], part];
  }

  /** A line was typed, without its line end. */
  line(now: number, text: string): void {
    this.#connect(now);
    if (this.#ending === undefined) this.#queue.push(now, text);
    else this.#ending = { ...this.#ending, unfinished: true };
  }

  /** There is no more input: what was typed runs to its end, then the client leaves as with `dereg`. */
  endOfInput(now: number): void {
    this.#connect(now);
    if (this.#running) this.#queue.end(now);
  }

  /** Leaves in silence: nobody is told. */
  interrupt(now: number): void {
    if (!this.#running) return;
    // Their senders were told that they were received.
    this.#grouping.left();
    this.#screen.sayClosing();
    this.#end(now, EXIT_INTERRUPTED, { quiet: true });
  }

  receive(now: number, from: Address, datagram: Uint8Array): void {
    this.#connect(now);
    if (!this.#running) return;
    this.#endpoint.receive(now, from, datagram);
    this.#takeEvents(now);
  }

  wake(now: number): void {
    this.#connect(now);
    if (this.#gone) return;
    this.#endpoint.wake(now);
    if (!this.#running) return;
    this.#takeEvents(now);
    this.#server.wake(now);
    this.#links.wake(now);
    this.#incoming.wake(now);
    this.#takeEvents(now);
    this.#giveUpAlone(now);
  }

  nextWakeup(): number {
    if (!this.#connected) return 0;
    if (this.#gone) return Infinity;
    if (this.#ending !== undefined) return Math.min(this.#ending.at, this.#endpoint.nextWakeup());
    return Math.min(
      this.#endpoint.nextWakeup(),
      this.#server.nextWakeup(),
      this.#links.nextWakeup(),
      this.#incoming.nextWakeup(),
    );
  }

  flush(now: number): Output {
    this.#connect(now);
    if (this.#gone) return NOTHING;
    this.#takeEvents(now);
    const serverKey = this.#server.takeProvenKey();
    const lines = this.#screen.take();
    const ending = this.#ending;
    if (ending === undefined || now < ending.at) {
      const datagrams = ending?.quiet === true ? [] : this.#endpoint.flush(now);
      return { datagrams, lines, serverKey };
    }
    this.#gone = true;
    const { status: exit, mismatch } = ending;
    if (ending.quiet) return { datagrams: [], lines, serverKey, exit };
    this.#server.close();
    this.#links.close();
    return { datagrams: this.#endpoint.flush(now), lines, serverKey, exit, mismatch };
  }

  get #running(): boolean {
    return this.#ending === undefined;
  }

  #connect(now: number): void {
    if (this.#connected) return;
    this.#connected = true;
    this.#server.connect(now);
  }

  #registration() {
    const group = this.#grouping.room.current;
    const groups = group === undefined ? [] : [group];
    return { name: this.#options.name, groups, known: this.#table.position };
  }

  #takeEvents(now: number): void {
    for (;;) {
      const events = this.#endpoint.takeEvents();
      if (events.length === 0) return;
      for (const event of events) {
        if (!this.#running) return;
        this.#router.take(now, event);
        this.#giveUpAlone(now);
      }
    }
  }

  #onRegistered(now: number, name: string): void {
    this.#name = name;
    this.#feed.onRegistered();
    if (!this.#welcomed) this.#screen.say("Welcome, You are registered.");
    this.#welcomed = true;
    this.#incoming.askAgain(now);
  }

  #onRefused(now: number, { payload }: Refused): void {
    this.#grouping.left();
    if (payload.reason === RefusalReason.AlreadyExists) {
      this.#screen.say(`\`${this.#options.name}\` already exists!`, "error");
    } else this.#screen.say(`Registration refused: ${payload.detail}`, "error");
    this.#screen.sayClosing();
    this.#end(now, EXIT_FAILED);
  }

  #begin(now: number): void {
    this.#server.begin();
    this.#queue.open(now);
  }

  #onLeft(now: number): void {
    this.#screen.say("You are Offline. Bye.");
    this.#screen.sayClosing();
    this.#end(now, EXIT_DONE);
  }

  #onSilent(now: number): void {
    this.#serverSilent = true;
    this.#queue.stop();
    this.#giveUpAlone(now);
  }

  #onMismatch(now: number, mismatch: Mismatch): void {
    const group = this.#grouping.room.current;
    this.#grouping.left();
    this.#end(now, EXIT_FAILED, { mismatch, group });
  }

  /** Over, if the server is silent and no direct message is on its way either. */
  #giveUpAlone(now: number): void {
    if (!this.#serverSilent || this.#links.busy || !this.#running) return;
    this.#grouping.left();
    this.#screen.say("Server not responding", "error");
    this.#screen.say("Exiting", "error");
    this.#screen.sayClosing();
    this.#end(now, EXIT_FAILED);
  }

  #end(now: number, status: number, about: Partial<ClientEnd> = {}): void {
    if (!this.#running) return;
    const { quiet = false } = about;
    const at = quiet ? now : now + LINGER_MS;
    this.#ending = { ...about, status, at, quiet, unfinished: this.#queue.busy };
    this.#queue.stop();
  }
}
