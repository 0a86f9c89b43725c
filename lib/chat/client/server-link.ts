// The client's way to its server: registers, numbers requests, sends them again when the session is lost, and gives up
// when nobody answers any more. Knows no commands, no lines and nothing of what the answers mean.

import type { Address } from "../../transport/address.ts";
import type { Endpoint, SessionId } from "../../transport/endpoint.ts";
import type { FramedMessage } from "../../transport/framed-message.ts";
import { type Ending, isMismatch, type Mismatch } from "../../transport/transport-event.ts";
import {
  RECONNECT_MAX_MS,
  RECONNECT_MS,
  REQUESTS_IN_FLIGHT_MAX,
  SESSIONS_LOST_MAX,
} from "../limits.ts";
import {
  framed,
  PING,
  RefusalReason,
  type Refused,
  type Register,
  type Registered,
  type Reply,
  type Request,
  type TablePosition,
} from "../message.ts";
import { type Answered, type Ask, type Pending, REGISTER_ID, RequestBook } from "./request-book.ts";
import { ServerIdentity, type ServerPlace } from "./server-identity.ts";
import { ServerWatch } from "./server-watch.ts";

/** What the client is told. */
interface ServerCalls {
  /** What to register with. */
  readonly registration: () => Register["payload"];
  readonly registered: (now: number, reply: Registered) => void;
  readonly refused: (now: number, reply: Refused) => void;
  /** A command waits, and the server does not answer. */
  readonly silent: (now: number) => void;
  /** There will be no session with this server, and there is no use in trying. */
  readonly mismatched: (now: number, mismatch: Mismatch) => void;
}

export class ServerLink {
  readonly #endpoint: Endpoint;
  readonly #address: Address;
  readonly #identity: ServerIdentity;
  readonly #calls: ServerCalls;
  readonly #requests = new RequestBook();
  readonly #watch = new ServerWatch();
  #session: SessionId | undefined;
  #registering = false;
  #registered = false;
  /** Until the first table is here, the user waits for that. */
  #begun = false;
  #epoch: string | undefined;
  #sessionsLost = 0;
  #reconnectAt = Infinity;

  constructor(endpoint: Endpoint, place: ServerPlace, calls: ServerCalls) {
    this.#endpoint = endpoint;
    this.#address = place.address;
    this.#identity = new ServerIdentity(place.key);
    this.#calls = calls;
  }

  get session(): SessionId | undefined {
    return this.#session;
  }

  /** Begins: a session, and the registration on it. */
  connect(now: number): void {
    this.#reconnectAt = Infinity;
    this.#session = this.#endpoint.connect(now, this.#address, {
      strict: true,
      expectedKey: this.#identity.expected,
    });
    this.#watch.onSession(now);
    this.#registered = false;
    this.#registering = false;
    this.#requests.startOver();
    // Who has asked to leave must not come back only to ask again.
    const { leaving } = this.#requests;
    if (leaving === undefined) this.register(now);
    else this.#transmit(now, leaving);
  }

  /** The client has all it needs to begin. */
  begin(): void {
    this.#begun = true;
  }

  /** Registers, on a session there is: the server has forgotten, or has let others think that we are gone. */
  register(now: number): void {
    if (this.#registering || this.#session === undefined) return;
    this.#registering = true;
    this.#registered = false;
    const payload = this.#calls.registration();
    const bytes = framed({ type: "register", payload, metadata: { id: REGISTER_ID } });
    if (this.#queue(now, bytes) !== undefined) return;
    // No room behind all that waits: it goes out again after the registration, on another session.
    this.#endpoint.abandon(this.#session);
    this.connect(now);
  }

  /**
   * Asks the server something, once, however often it must be sent. `answered` is called once, with the answer; or
   * with nothing if the server is silent and the request is not urgent. An urgent one ends in `silent` then.
   */
  ask(now: number, ask: Ask, urgent: boolean, answered: Answered): void {
    if (this.#session === undefined) this.connect(now);
    const id = this.#requests.nextId();
    const bytes = framed({ ...ask, metadata: { id } } as Request);
    const { type } = ask;
    const watch = this.#watch.queued;
    const request = this.#requests.add({ id, type, bytes, urgent, madeAt: now, answered, watch });
    this.#transmitAll(now);
    // What cannot go out yet needs something on the way that shows whether the server is there.
    if (!request.sent) request.watch = this.#ping(now);
  }

  /**
   * Asks what changed in the table. The answer is a push like any other; if the session is lost, the next registration
   * brings it. Returns whether there was room for the question.
   */
  askTable(now: number, payload: TablePosition): boolean {
    const id = this.#requests.nextId();
    return (
      this.#queue(now, framed({ type: "table_since", payload, metadata: { id } })) !== undefined
    );
  }

  onReply(now: number, reply: Reply): void {
    if (reply.type === "registered") {
      if (this.#registering) this.#onRegistered(now, reply);
      return;
    }
    if (reply.type === "refused") {
      if (reply.payload.request === "register") {
        this.#registering = false;
        this.#calls.refused(now, reply);
        return;
      }
      if (reply.payload.reason === RefusalReason.NotRegistered) {
        const request = this.#requests.get(reply.metadata.id);
        if (request !== undefined) request.sent = false;
        this.register(now);
        return;
      }
    }
    const request = this.#requests.answer(reply);
    if (request === undefined) return;
    this.#transmitAll(now);
    request.answered(now, reply);
  }

  /** Group messages up to this id need not be kept any more. */
  onSettled(id: number): void {
    this.#requests.settle(id);
  }

  /** The server said something, whatever it was. */
  onSpoken(now: number): void {
    this.#watch.onSpoken(now);
  }

  onDelivered(now: number, message: number): void {
    this.#watch.onDelivered(now, message);
    this.#transmitAll(now);
  }

  onUnanswered(now: number, message: number): void {
    this.#giveUp(now, (request) => request.watch <= message);
  }

  /** The handshake is done: the server has proved its key. */
  onEstablished(key: Uint8Array): void {
    this.#identity.onProven(key);
  }

  /** The key that the server has proved since this was asked last, if it has. */
  takeProvenKey(): Uint8Array | undefined {
    return this.#identity.takeProven();
  }

  onClosed(now: number, ending: Ending): void {
    this.#session = undefined;
    if (isMismatch(ending)) return this.#calls.mismatched(now, ending);
    const waitsSince = this.#waitsSince();
    if (ending.reason === "idle" && waitsSince !== undefined) this.#watch.onFellSilent(waitsSince);
    else this.#watch.onEnded();
    this.#registered = false;
    this.#registering = false;
    this.#sessionsLost++;
    if (this.#sessionsLost >= SESSIONS_LOST_MAX && waitsSince !== undefined) {
      this.#calls.silent(now);
      return;
    }
    const wait = reconnectWait(this.#sessionsLost);
    if (wait === 0) this.connect(now);
    else this.#reconnectAt = now + wait;
  }

  /** Tells the server that the session is over. */
  close(): void {
    if (this.#session !== undefined) this.#endpoint.close(this.#session);
  }

  wake(now: number): void {
    if (this.#reconnectAt <= now) this.connect(now);
    if (this.#watch.overdueAt <= now) {
      this.#watch.onGivenUp(now);
      this.#calls.silent(now);
      return;
    }
    if (this.#answerDueAt() <= now) {
      this.#watch.onGivenUp(now);
      this.#giveUp(now, () => true);
    }
    if (this.#pingAt() <= now) this.#ping(now);
  }

  nextWakeup(): number {
    return Math.min(this.#reconnectAt, this.#watch.overdueAt, this.#answerDueAt(), this.#pingAt());
  }

  #onRegistered(now: number, reply: Registered): void {
    const { epoch, settled } = reply.payload;
    this.#registering = false;
    this.#registered = true;
    this.#sessionsLost = 0;
    this.onSettled(settled);
    const lostMemory = this.#epoch !== undefined && this.#epoch !== epoch;
    this.#epoch = epoch;
    if (lostMemory) this.#requests.repeatUnsettled(now, this.#watch.queued);
    this.#calls.registered(now, reply);
    this.#transmitAll(now);
  }

  /** Sends what was not sent yet, oldest first, as far as the server allows. */
  #transmitAll(now: number): void {
    if (!this.#registered || this.#session === undefined) return;
    let inFlight = 0;
    for (const request of this.#requests.pending) {
      if (inFlight >= REQUESTS_IN_FLIGHT_MAX) return;
      if (!request.sent && !this.#transmit(now, request)) return;
      inFlight++;
    }
  }

  #transmit(now: number, request: Pending): boolean {
    const number = this.#queue(now, request.bytes);
    if (number === undefined) return false;
    request.sent = true;
    request.tried = true;
    request.watch = number;
    return true;
  }

  /** Puts a message on the session. Returns its number, or undefined when there is no room or no session. */
  #queue(now: number, bytes: FramedMessage): number | undefined {
    if (this.#session === undefined) return undefined;
    const number = this.#endpoint.send(now, this.#session, bytes);
    if (typeof number !== "number") return undefined;
    this.#watch.onQueued(number);
    return number;
  }

  #ping(now: number): number {
    return this.#queue(now, PING) ?? this.#watch.queued;
  }

  /** Since when the user has been waiting for the server; undefined when nobody waits. */
  #waitsSince(): number | undefined {
    if (!this.#begun) return 0;
    return this.#requests.oldestUrgent?.madeAt;
  }

  #pingAt(): number {
    const waits = this.#requests.oldest !== undefined || !this.#begun;
    return waits && this.#session !== undefined ? this.#watch.pingAt : Infinity;
  }

  #answerDueAt(): number {
    const waitsSince = this.#begun ? this.#requests.oldest?.madeAt : 0;
    return waitsSince === undefined ? Infinity : this.#watch.answerDueAt(waitsSince);
  }

  /** Nobody answers. Whom a command waits for must not be silent; the others are told. */
  #giveUp(now: number, unanswered: (request: Pending) => boolean): void {
    const given = [...this.#requests.pending.filter(unanswered)];
    if (!this.#begun || given.some((request) => request.urgent)) {
      this.#calls.silent(now);
      return;
    }
    for (const request of given) {
      // A message to a group is not given up: the server takes it when it is back.
      if (request.type === "send_group") continue;
      this.#requests.remove(request.id);
      request.answered(now, undefined);
    }
  }
}

/** How long to wait with a new session, in ms, after so many lost in a row: the first loss is nobody's fault. */
const reconnectWait = (sessionsLost: number): number =>
  sessionsLost <= 1 ? 0 : Math.min(RECONNECT_MS * 2 ** (sessionsLost - 2), RECONNECT_MAX_MS);
