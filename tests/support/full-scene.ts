// The real server and real clients in one network in virtual time.

import { ClientMachine } from "../../lib/chat/client/client-machine.ts";
import type { ServerMachine, ServerOptions } from "../../lib/chat/server/server-machine.ts";
import { keyPairFrom } from "../../lib/transport/crypto/keys.ts";
import { ChatScene } from "./chat-scene.ts";
import { Actor } from "./client-scene.ts";
import { FAIR, type MachineNetwork, type Node, type Weather } from "./network.ts";
import { Prng } from "./prng.ts";

export class FullScene {
  readonly #scene: ChatScene;
  readonly #options: Partial<ServerOptions>;
  #seed: number;

  constructor(seed = 1, weather: Weather = FAIR, options: Partial<ServerOptions> = {}) {
    this.#scene = new ChatScene(seed, weather, options);
    this.#options = options;
    this.#seed = seed * 77_777;
  }

  get network(): MachineNetwork {
    return this.#scene.network;
  }

  get server(): Node<ServerMachine> {
    return this.#scene.server;
  }

  /** Another server process, that remembers nothing and has another key. */
  restartServer(): void {
    this.#scene.restart(this.#options);
  }

  /** A client, registered and with the first table shown. What it showed so far is taken away. */
  client(name: string, port: number): Actor {
    const actor = this.stranger(name, port);
    actor.until(">>> [Client table updated.]");
    this.network.run(500);
    actor.node.takeShown();
    return actor;
  }

  /** A client that has only begun. */
  stranger(name: string, port: number): Actor {
    const random = new Prng(++this.#seed);
    const machine = new ClientMachine({
      name,
      server: this.server.address,
      keyPair: keyPairFrom(random.bytes(32)),
      random: (count) => random.bytes(count),
    });
    return new Actor(this.network, this.network.add(port, machine));
  }

  /** Nothing gets through between the outside and this client. */
  cutOff(actor: Actor): void {
    const { port } = actor.node.address;
    this.network.passes = (from, to) => from.port !== port && to.port !== port;
  }

  heal(): void {
    this.network.passes = () => true;
  }
}
