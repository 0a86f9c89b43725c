// A client reduced to its wire: says what a test tells it to, and keeps what the server says. Has no rules of its own.

import type { Machine, Output } from "../../lib/chat/machine.ts";
import { decodeMessage } from "../../lib/chat/message-decode.ts";
import { encodeMessage, type Message } from "../../lib/chat/message.ts";
import type { Address } from "../../lib/transport/address.ts";
import { keyPairFrom } from "../../lib/transport/crypto/keys.ts";
import { Endpoint, type SessionId, type TransportEvent } from "../../lib/transport/endpoint.ts";
import { frameMessage } from "../../lib/transport/framed-message.ts";
import { toHex } from "../../lib/transport/wire/bytes.ts";
import { Prng } from "./prng.ts";

type Typed<Type extends Message["type"]> = Extract<Message, { type: Type }>;

export class Speaker implements Machine {
  /** 64 hexadecimal digits. */
  readonly key: string;
  readonly #server: Address;
  readonly #endpoint: Endpoint;
  #session: SessionId;
  #lastId = 0;
  /** What the server said, oldest first. */
  heard: Message[] = [];
  /** How sessions ended. */
  readonly closed: string[] = [];

  constructor(now: number, seed: number, server: Address, keepAliveMs = 15_000) {
    const random = new Prng(seed);
    const keyPair = keyPairFrom(random.bytes(32));
    this.key = toHex(keyPair.publicKey);
    this.#server = server;
    this.#endpoint = new Endpoint({
      keyPair,
      random: (count) => random.bytes(count),
      idleTimeoutMs: 45_000,
      keepAliveMs,
    });
    this.#session = this.#endpoint.connect(now, server);
  }

  /** Sends a message as it is. */
  say(now: number, message: Message): void {
    this.sayBytes(now, encodeMessage(message));
  }

  sayBytes(now: number, bytes: Uint8Array): void {
    const number = this.#endpoint.send(now, this.#session, frameMessage(bytes));
    if (typeof number !== "number") throw new Error(number);
  }

  /** Sends a request under the next id, or under `id`. Returns the id. */
  ask(
    now: number,
    type: Message["type"],
    payload: object = {},
    id: number = ++this.#lastId,
  ): number {
    this.say(now, { type, payload, metadata: { id } } as unknown as Message);
    return id;
  }

  /** Loses the session and begins another one, as a client does that was told RESET. */
  reconnect(now: number): void {
    this.#endpoint.abandon(this.#session);
    this.#session = this.#endpoint.connect(now, this.#server);
  }

  /** Ends the session and says so. */
  close(): void {
    this.#endpoint.close(this.#session);
  }

  /** Everything heard of one type. */
  all<Type extends Message["type"]>(type: Type): Typed<Type>[] {
    return this.heard.filter((message): message is Typed<Type> => message.type === type);
  }

  /** The latest of one type. */
  last<Type extends Message["type"]>(type: Type): Typed<Type> | undefined {
    return this.all(type).at(-1);
  }

  /** The answers to a request. */
  answers(id: number): Message[] {
    return this.heard.filter(({ metadata }) => "id" in metadata && metadata.id === id);
  }

  receive(now: number, from: Address, datagram: Uint8Array): void {
    this.#endpoint.receive(now, from, datagram);
  }

  wake(now: number): void {
    this.#endpoint.wake(now);
  }

  nextWakeup(): number {
    return this.#endpoint.nextWakeup();
  }

  flush(now: number): Output {
    for (const event of this.#endpoint.takeEvents()) this.#take(event);
    return { lines: [], datagrams: this.#endpoint.flush(now) };
  }

  #take(event: TransportEvent): void {
    if (event.type === "closed") this.closed.push(event.reason);
    if (event.type !== "message" || event.session !== this.#session) return;
    const decoded = decodeMessage(event.bytes);
    if (decoded.kind !== "message") throw new Error(`unreadable: ${JSON.stringify(decoded)}`);
    this.heard.push(decoded.message);
  }
}
