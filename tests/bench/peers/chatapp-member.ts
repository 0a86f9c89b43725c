// One member of ChatApp's crowd, or its sender: an endpoint with a key and a session of its own, registered and in the
// group. Knows no socket and no loop.

import { REQUESTS_IN_FLIGHT_MAX } from "../../../lib/chat/limits.ts";
import { decodeMessage } from "../../../lib/chat/message-decode.ts";
import { encodeMessage, type Message } from "../../../lib/chat/message.ts";
import { freshKeyPair, randomBytes } from "../../../lib/io/entropy.ts";
import type { Address, Datagram } from "../../../lib/transport/address.ts";
import type { Scheduled } from "../../../lib/transport/deadline-queue.ts";
import { Endpoint, type SessionId } from "../../../lib/transport/endpoint.ts";
import { frameMessage } from "../../../lib/transport/framed-message.ts";
import { IDLE_TIMEOUT_MS, KEEP_ALIVE_MS } from "../../../lib/transport/limits.ts";
import { type CrowdEvents, GROUP, SENDER, sequenceAt } from "./peer.ts";

const SENDER_NAME = "sender";

/** Of what the server pushes, a member heeds texts and short words; the table of all users is neither. */
const HEEDED_MAX_BYTES = 512;

/** How every text begins, and nothing else that a member is told. */
const TEXT_MARK = new TextEncoder().encode(`{"type":"group_message",`);

/** Where the text itself is: all are said in one group, by one sender. */
const TEXT_AT =
  `{"type":"group_message","payload":{"group":"${GROUP}","from":"${SENDER_NAME}","text":"`.length;

const isText = (bytes: Uint8Array): boolean => {
  for (let at = 0; at < TEXT_MARK.length; at++) {
    if (bytes[at] !== TEXT_MARK[at]) return false;
  }
  return true;
};

interface Who {
  /** 0 and up, or SENDER. */
  readonly number: number;
  /** Of a member; nobody else on the server has it. */
  readonly name: string;
  /** To be entered, one after the other; the last is GROUP. The sender creates them. */
  readonly groups: readonly string[];
}

export class Member implements Scheduled {
  readonly number: number;
  /** Those of the queue of deadlines. */
  wakeAt = Infinity;
  place = -1;
  readonly #name: string;
  readonly #events: CrowdEvents;
  readonly #groups: readonly string[];
  #groupsEntered = 0;
  readonly #endpoint: Endpoint;
  readonly #session: SessionId;
  readonly #joining = Promise.withResolvers<void>();
  #lastId = 0;
  #unanswered = 0;

  constructor(now: number, { number, name, groups }: Who, server: Address, events: CrowdEvents) {
    this.number = number;
    this.#groups = groups;
    this.#name = number === SENDER ? SENDER_NAME : name;
    this.#events = events;
    this.#endpoint = new Endpoint({
      keyPair: freshKeyPair(),
      random: randomBytes,
      idleTimeoutMs: IDLE_TIMEOUT_MS,
      keepAliveMs: KEEP_ALIVE_MS,
    });
    this.#session = this.#endpoint.connect(now, server);
    this.#ask(now, "register", { name: this.#name, groups: [] });
  }

  /** Resolves when it is in its groups. What goes wrong is told as an event. */
  get joined(): Promise<void> {
    return this.#joining.promise;
  }

  /** Whether the server takes another request. */
  get ready(): boolean {
    return this.#unanswered < REQUESTS_IN_FLIGHT_MAX;
  }

  say(now: number, text: string): void {
    this.#ask(now, "send_group", { group: GROUP, text });
  }

  receive(now: number, from: Address, datagram: Uint8Array): void {
    this.#endpoint.receive(now, from, datagram);
    this.#takeEvents(now);
  }

  wake(now: number): void {
    this.#endpoint.wake(now);
    this.#takeEvents(now);
  }

  nextWakeup(): number {
    return this.#endpoint.nextWakeup();
  }

  flush(now: number): Datagram[] {
    return this.#endpoint.flush(now);
  }

  #takeEvents(now: number): void {
    for (const event of this.#endpoint.takeEvents()) {
      if (event.type === "message") this.#take(now, event.bytes);
      else if (event.type === "closed" || event.type === "unanswered") {
        this.#fail(`${this.#name}: ${event.type}`);
      }
    }
  }

  #take(now: number, bytes: Uint8Array): void {
    if (isText(bytes)) {
      this.#events.delivered(this.number, sequenceAt(bytes, TEXT_AT), now);
    } else if (bytes.length <= HEEDED_MAX_BYTES) {
      const decoded = decodeMessage(bytes);
      if (decoded.kind === "message") this.#obey(now, decoded.message);
    }
  }

  #obey(now: number, message: Message): void {
    switch (message.type) {
      case "registered":
        return this.#enterNext(now);
      case "group_created":
        return this.#ask(now, "join_group", message.payload);
      case "group_joined":
        this.#groupsEntered++;
        return this.#enterNext(now);
      case "received":
        this.#unanswered--;
        return;
      case "refused":
        return this.#fail(`${this.#name}: ${message.payload.detail}`);
      case "removed_from_group":
        return this.#fail(`${this.#name} was removed from the group`);
    }
  }

  #enterNext(now: number): void {
    const group = this.#groups[this.#groupsEntered];
    if (group === undefined) {
      this.#unanswered = 0;
      return this.#joining.resolve();
    }
    this.#ask(now, this.number === SENDER ? "create_group" : "join_group", { group });
  }

  #ask(now: number, type: Message["type"], payload: object): void {
    this.#unanswered++;
    const metadata = { id: ++this.#lastId };
    const message = encodeMessage({ type, payload, metadata } as unknown as Message);
    const number = this.#endpoint.send(now, this.#session, frameMessage(message));
    if (typeof number !== "number") this.#fail(`${this.#name}: ${number}`);
  }

  #fail(reason: string): void {
    this.#events.failed(reason);
  }
}
