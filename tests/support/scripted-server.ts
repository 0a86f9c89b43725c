// A server that does what a test says, on a real endpoint: it registers whoever comes, and hands every other request
// to the test. For the cases of the client's that a proper server hardly ever gets into.

import type { Machine, Output } from "../../lib/chat/machine.ts";
import { decodeMessage } from "../../lib/chat/message-decode.ts";
import {
  framed,
  type Message,
  type RefusalReason,
  type Reply,
  type Request,
  type TableEntry,
} from "../../lib/chat/message.ts";
import type { Address } from "../../lib/transport/address.ts";
import { keyPairFrom } from "../../lib/transport/crypto/keys.ts";
import { Endpoint, type SessionId } from "../../lib/transport/endpoint.ts";
import { toHex } from "../../lib/transport/wire/bytes.ts";
import { Prng } from "./prng.ts";

type WithoutMetadata<One> = One extends Reply ? Omit<One, "metadata"> : never;

export interface Asked {
  readonly session: SessionId;
  readonly message: Request;
}

export class ScriptedServer implements Machine {
  readonly endpoint: Endpoint;
  readonly asked: Request[] = [];
  readonly users: TableEntry[] = [];
  /** Called with every request. Returns true when it has dealt with it. */
  script: (asked: Asked) => boolean = () => false;
  epoch: string;
  version = 0;
  settled = 0;
  now = 0;
  /** The newest session of each client, by key. */
  readonly sessions = new Map<string, SessionId>();
  readonly #peers = new Map<SessionId, { readonly key: string; readonly address: Address }>();

  constructor(seed: number, epoch = `epoch ${seed}`) {
    const random = new Prng(seed);
    this.epoch = epoch;
    this.endpoint = new Endpoint({
      keyPair: keyPairFrom(random.bytes(32)),
      random: (count) => random.bytes(count),
      idleTimeoutMs: 45_000,
    });
  }

  /** Requests of one type, in the order of their arrival. */
  of<Type extends Request["type"]>(type: Type): Extract<Request, { type: Type }>[] {
    return this.asked.filter((one) => one.type === type) as Extract<Request, { type: Type }>[];
  }

  say(session: SessionId, message: Message): void {
    this.endpoint.send(this.now, session, framed(message));
  }

  reply({ session, message }: Asked, reply: WithoutMetadata<Reply>): void {
    this.say(session, { ...reply, metadata: { id: message.metadata.id } } as Reply);
  }

  refuse(asked: Asked, reason: RefusalReason, detail = ""): void {
    const payload = { request: asked.message.type, reason, detail };
    this.reply(asked, { type: "refused", payload });
  }

  /** A script: grants whatever is asked about groups, as a server does that has them all, and lets everyone leave. */
  readonly obliging = (asked: Asked): boolean => {
    const { message } = asked;
    switch (message.type) {
      case "create_group":
        this.reply(asked, { type: "group_created", payload: { group: message.payload.group } });
        return true;
      case "join_group":
        this.reply(asked, { type: "group_joined", payload: { group: message.payload.group } });
        return true;
      case "leave_group":
        this.reply(asked, { type: "group_left", payload: { group: message.payload.group } });
        return true;
      case "send_group":
        this.reply(asked, { type: "received", payload: {} });
        return true;
      case "list_groups":
        this.reply(asked, { type: "groups", payload: { groups: ["a", "b"] } });
        return true;
      case "deregister":
        this.reply(asked, { type: "deregistered", payload: {} });
        return true;
      default:
        return false;
    }
  };

  /** From now on, each request of that type gets this reply. */
  answer(type: Request["type"], reply: WithoutMetadata<Reply>): void {
    this.script = (asked) => {
      if (asked.message.type !== type) return false;
      this.reply(asked, reply);
      return true;
    };
  }

  /** The whole table, to everyone who has a session. */
  pushTable(): void {
    this.version++;
    for (const session of this.sessions.values()) this.say(session, this.table());
  }

  table(): Message {
    const { epoch, version, users } = this;
    return { type: "table", payload: { epoch, version, users: [...users] }, metadata: {} };
  }

  receive(now: number, from: Address, datagram: Uint8Array): void {
    this.now = now;
    this.endpoint.receive(now, from, datagram);
    this.#events();
  }

  wake(now: number): void {
    this.now = now;
    this.endpoint.wake(now);
    this.#events();
  }

  nextWakeup(): number {
    return this.endpoint.nextWakeup();
  }

  flush(now: number): Output {
    this.now = now;
    return { lines: [], datagrams: this.endpoint.flush(now) };
  }

  #events(): void {
    for (const event of this.endpoint.takeEvents()) {
      if (event.type === "established") {
        this.#peers.set(event.session, { key: toHex(event.peerKey), address: event.address });
      }
      if (event.type !== "message") continue;
      const decoded = decodeMessage(event.bytes);
      if (decoded.kind !== "message") throw new Error(`the client sent nonsense: ${decoded.kind}`);
      const { message } = decoded;
      if (!("id" in message.metadata)) continue;
      const asked = { session: event.session, message: message as Request };
      this.asked.push(asked.message);
      if (!this.script(asked) && message.type === "register")
        this.#register(asked, message.payload.name);
    }
  }

  #register(asked: Asked, name: string): void {
    const peer = this.#peers.get(asked.session);
    if (peer === undefined) return;
    const { key, address } = peer;
    const before = this.users.find((user) => user.key === key);
    if (before === undefined) {
      this.users.push({ name, key, ...address });
      this.version++;
    }
    this.sessions.set(key, asked.session);
    const { epoch, version, settled } = this;
    this.reply(asked, { type: "registered", payload: { name, epoch, version, settled } });
    this.say(asked.session, this.table());
  }
}
