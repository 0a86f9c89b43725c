// A server that follows a script, and clients, in one network in virtual time.

import { ClientMachine } from "../../lib/chat/client/client-machine.ts";
import { keyPairFrom } from "../../lib/transport/crypto/keys.ts";
import { MachineNetwork, type Node } from "./network.ts";
import { Prng } from "./prng.ts";
import { ScriptedServer } from "./scripted-server.ts";

export const SERVER_PORT = 5_000;

export class ClientScene {
  readonly network = new MachineNetwork();
  server: ScriptedServer;
  #serverNode: Node<ScriptedServer>;
  #seed: number;

  constructor(seed = 1) {
    this.#seed = seed * 100;
    this.server = new ScriptedServer(++this.#seed);
    this.#serverNode = this.network.add(SERVER_PORT, this.server);
  }

  /** A client, registered and with the table shown, unless told otherwise. `server`: where it takes its server to be. */
  client(name: string, port: number, ready = true, server = this.#serverNode.address): Actor {
    const random = new Prng(++this.#seed);
    const machine = new ClientMachine({
      name,
      server,
      keyPair: keyPairFrom(random.bytes(32)),
      random: (count) => random.bytes(count),
    });
    const actor = new Actor(this.network, this.network.add(port, machine));
    if (!ready) return actor;
    actor.until(">>> [Client table updated.]");
    this.onServer((server) => server.pushTable());
    this.network.run(100);
    actor.node.takeShown();
    return actor;
  }

  /** The server does something of its own accord. */
  onServer(action: (server: ScriptedServer) => void): void {
    this.network.act(this.#serverNode, action);
  }

  /** The server's process is gone. */
  stopServer(): void {
    this.network.crash(this.#serverNode);
  }

  /** Another process at its address, that knows nothing of before; `epoch` is that of a log that survived. */
  restartServer(epoch?: string): ScriptedServer {
    this.stopServer();
    this.server = new ScriptedServer(++this.#seed, epoch);
    this.#serverNode = this.network.add(SERVER_PORT, this.server);
    return this.server;
  }
}

/** Two registered clients that have each other in their tables and have shown nothing yet. */
export const clientPair = () => {
  const scene = new ClientScene();
  const ann = scene.client("ann", 5_555);
  const bob = scene.client("bob", 5_556);
  scene.network.run(100);
  ann.shown.length = 0;
  return { scene, ann, bob };
};

/** A registered client in the group g, of a server that grants everything. */
export const clientInGroup = () => {
  const scene = new ClientScene();
  scene.server.script = scene.server.obliging;
  const client = scene.client("client", 5_555);
  client.say("join_group g");
  return { scene, client };
};

export class Actor {
  readonly #network: MachineNetwork;
  /** Another one when the test puts the client at another address. */
  node: Node<ClientMachine>;
  /** Datagrams sent so far. */
  sent = 0;

  constructor(network: MachineNetwork, node: Node<ClientMachine>) {
    this.#network = network;
    this.node = node;
    node.onOutput = ({ datagrams }) => (this.sent += datagrams.length);
  }

  get machine(): ClientMachine {
    return this.node.machine;
  }

  get shown(): string[] {
    return this.node.shown;
  }

  type(...lines: string[]): void {
    for (const line of lines)
      this.#network.act(this.node, (machine, now) => machine.line(now, line));
  }

  endInput(): void {
    this.#network.act(this.node, (machine, now) => machine.endOfInput(now));
  }

  interrupt(): void {
    this.#network.act(this.node, (machine, now) => machine.interrupt(now));
  }

  /** Waits until the process has ended. Returns how long that took, in ms. */
  untilEnd(limitMs?: number): number {
    return this.#network.until(() => this.node.status !== undefined, "the end", limitMs);
  }

  /** Waits until a line is shown (again, if it was before). Returns how long that took, in ms. */
  until(line: string, limitMs?: number): number {
    const from = this.node.shown.length;
    return this.#network.until(() => this.node.shown.indexOf(line, from) >= 0, line, limitMs);
  }

  /** Types lines, waits until the last of them has come to its end, and returns what was shown meanwhile. */
  say(...lines: string[]): string[] {
    const from = this.node.shown.length;
    // What is no command ends at once, and only after all that is before it.
    this.type(...lines, "end-of-test");
    this.#network.until(
      () => this.node.shown.slice(from).some(isEnd) || this.node.status !== undefined,
      lines.join(),
    );
    return this.node.shown.splice(from).filter((line) => !isEnd(line));
  }
}

const isEnd = (line: string): boolean => line.includes("Invalid command: end-of-test");
