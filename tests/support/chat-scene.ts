// A server and speakers in one network: the stage for tests of the server.

import type { CommittedEntry, LogEntry } from "../../lib/chat/log.ts";
import { ServerMachine, type ServerOptions } from "../../lib/chat/server/server-machine.ts";
import { keyPairFrom } from "../../lib/transport/crypto/keys.ts";
import { FAIR, MachineNetwork, type Node, type Weather } from "./network.ts";
import { Prng } from "./prng.ts";
import { Speaker } from "./speaker.ts";

export const SERVER_PORT = 5_000;

export class ChatScene {
  readonly network: MachineNetwork;
  server: Node<ServerMachine>;
  #seed: number;

  constructor(seed = 1, weather: Weather = FAIR, options: Partial<ServerOptions> = {}) {
    this.#seed = seed * 10_000;
    this.network = new MachineNetwork(seed, weather);
    this.server = this.#newServer(options);
  }

  /** Another process in the server's place, that remembers nothing. */
  restart(options: Partial<ServerOptions> = {}): void {
    this.network.crash(this.server);
    this.server = this.#newServer(options);
    this.server.takeShown();
  }

  #newServer(options: Partial<ServerOptions>): Node<ServerMachine> {
    const random = new Prng(++this.#seed);
    const machine = new ServerMachine({
      keyPair: keyPairFrom(random.bytes(32)),
      random: (count) => random.bytes(count),
      port: SERVER_PORT,
      ...options,
    });
    return this.network.add(SERVER_PORT, machine);
  }

  /** A speaker that has connected, and said nothing yet. */
  stranger(port: number): Actor {
    const machine = new Speaker(this.network.now, ++this.#seed, this.server.address);
    return new Actor(this.network, this.network.add(port, machine, "10.0.0.2"));
  }

  /** A speaker that is registered and has its table; also in `group`, which exists, if one is given. */
  user(name: string, port: number, group?: string): Actor {
    const actor = this.stranger(port);
    actor.ask("register", { name, groups: [] });
    if (group !== undefined) actor.ask("join_group", { group });
    return actor;
  }

  /** A registered speaker in a group that it has created. */
  founder(name: string, port: number, group: string): Actor {
    const actor = this.user(name, port);
    actor.ask("create_group", { group });
    actor.ask("join_group", { group });
    return actor;
  }

  /** Gives every event its place in a log outside of the server, at once and behind `entries`. Returns all entries. */
  commitAtOnce(entries: CommittedEntry[] = []): CommittedEntry[] {
    const { network, server } = this;
    const commit = (events: readonly LogEntry[]): void => {
      const committed = events.map((event, at) => ({ index: entries.length + 1 + at, event }));
      entries.push(...committed);
      if (committed.length === 0) return;
      network.act(server, (machine, now) => machine.committed(now, committed));
    };
    server.onOutput = ({ appends = [] }) => commit(appends);
    // What a new server appended before anyone looked.
    if (entries.length === 0) commit([{ type: "opened", epoch: "e" }]);
    return entries;
  }

  run(ms = 200): void {
    this.network.run(ms);
  }

  /** The server's lines since the last call. */
  lines(): string[] {
    return this.server.takeShown();
  }
}

/** A speaker at its place, and what it says and hears. */
export class Actor {
  readonly node: Node<Speaker>;
  readonly #network: MachineNetwork;

  constructor(network: MachineNetwork, node: Node<Speaker>) {
    this.#network = network;
    this.node = node;
  }

  get speaker(): Speaker {
    return this.node.machine;
  }

  /** Sends a request and waits for its answer. Returns the first one. */
  ask(type: Parameters<Speaker["ask"]>[1], payload: object = {}, id?: number) {
    const asked = this.tell(type, payload, id);
    const { speaker } = this;
    this.#network.until(() => speaker.answers(asked).length > 0, `answer to ${type}`);
    const [answer] = speaker.answers(asked);
    if (answer === undefined) throw new Error(type);
    return answer;
  }

  /** Sends a request, waits for nothing. Returns its id. */
  tell(type: Parameters<Speaker["ask"]>[1], payload: object = {}, id?: number): number {
    let asked = 0;
    this.#network.act(this.node, (speaker, now) => {
      asked = speaker.ask(now, type, payload, id);
    });
    return asked;
  }

  reconnect(): void {
    this.#network.act(this.node, (speaker, now) => speaker.reconnect(now));
  }

  crash(): void {
    this.#network.crash(this.node);
  }

  /** The texts of group messages heard, with repetitions left out as a client does. */
  texts(): string[] {
    const seen = new Map<string, number>();
    return this.speaker
      .all("group_message")
      .filter(({ metadata: { sender, number } }) => {
        if (number <= (seen.get(sender) ?? 0)) return false;
        seen.set(sender, number);
        return true;
      })
      .map(({ payload }) => payload.text);
  }
}
