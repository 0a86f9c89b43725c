// A peer without rules: an endpoint of its own in a client's network, that does what a test says.

import type { Output } from "../../lib/chat/machine.ts";
import { decodeMessage } from "../../lib/chat/message-decode.ts";
import { framed, type Message } from "../../lib/chat/message.ts";
import { keyPairFrom } from "../../lib/transport/crypto/keys.ts";
import { Endpoint, type SessionId } from "../../lib/transport/endpoint.ts";
import { toHex } from "../../lib/transport/wire/bytes.ts";
import type { Actor, ClientScene } from "./client-scene.ts";
import { hearing } from "./deaf-speaker.ts";
import type { Node } from "./network.ts";
import { Prng } from "./prng.ts";

const PORT = 6_666;
const SEED = 99;

export class Stranger {
  readonly key: string;
  /** Number and text of each direct message that it got. */
  readonly texts: string[] = [];
  readonly #scene: Pick<ClientScene, "network" | "onServer">;
  readonly #endpoint: Endpoint;
  readonly #node: Node;
  /** Its sessions that are established and not over. */
  readonly open = new Set<SessionId>();
  /** Those on which it got one. */
  readonly heardOn = new Set<SessionId>();
  /** It takes nothing of what is said to it. */
  deaf = false;
  #losesAll = false;

  /** Of several, each has a `number` of its own. */
  constructor(scene: Pick<ClientScene, "network" | "onServer">, number = 0, host?: string) {
    const random = new Prng(SEED + 1_000 * number);
    this.#scene = scene;
    this.#endpoint = new Endpoint({
      keyPair: keyPairFrom(random.bytes(32)),
      random: (count) => random.bytes(count),
      idleTimeoutMs: 45_000,
    });
    this.key = toHex(this.#endpoint.publicKey);
    this.#node = scene.network.add(
      PORT + number,
      {
        receive: (now, from, bytes) =>
          hearing(this.deaf, () => this.#endpoint.receive(now, from, bytes)),
        wake: (now) => this.#endpoint.wake(now),
        nextWakeup: () => this.#endpoint.nextWakeup(),
        flush: (now) => this.#flush(now),
      },
      host,
    );
  }

  /** Puts itself into the table of all clients; at another address, if one is given. */
  register(name: string, address = this.#node.address): void {
    this.#scene.onServer((server) => {
      server.users.push({ name, key: this.key, ...address });
      server.pushTable();
    });
    this.#scene.network.run(100);
  }

  /** Begins a session with a client and returns how to say something on it. */
  speakTo(peer: Actor): (message: Message) => void {
    const { network } = this.#scene;
    const session = this.#endpoint.connect(network.now, peer.node.address);
    return (message) =>
      network.act(this.#node, (_, now) => {
        this.#endpoint.send(now, session, framed(message));
      });
  }

  /** Forgets its sessions without a word. */
  forget(): void {
    for (const session of this.heardOn) this.#endpoint.abandon(session);
  }

  /** From now on no session lasts. */
  loseAll(): void {
    this.#losesAll = true;
  }

  #flush(now: number): Output {
    for (const event of this.#endpoint.takeEvents()) {
      if (event.type === "established") this.open.add(event.session);
      if (event.type === "closed") this.open.delete(event.session);
      if (event.type === "established" && this.#losesAll) this.#endpoint.abandon(event.session);
      if (event.type !== "message") continue;
      const decoded = decodeMessage(event.bytes);
      if (decoded.kind !== "message" || decoded.message.type !== "direct_message") continue;
      this.texts.push(`${decoded.message.metadata.number} ${decoded.message.payload.text}`);
      this.heardOn.add(event.session);
    }
    return { lines: [], datagrams: this.#endpoint.flush(now) };
  }
}
