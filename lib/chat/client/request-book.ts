// What the client has asked its server: numbered, in order, kept until it is answered; group messages even until they
// have reached all they will. Knows no session, only what was sent and what was not.

import type { FramedMessage } from "../../transport/framed-message.ts";
import type { Register, Registered, Reply, Request } from "../message.ts";

/** Every session begins with the same request; its id is kept like that of any other. */
export const REGISTER_ID = 1;

type WithoutMetadata<One> = One extends Request ? Omit<One, "metadata"> : never;

/** A request without its id. */
export type Ask = WithoutMetadata<Exclude<Request, Register>>;

/** The answer, or undefined: nobody answered. */
export type Answered = (now: number, reply: Exclude<Reply, Registered> | undefined) => void;

export interface Pending {
  readonly id: number;
  readonly type: Request["type"];
  readonly bytes: FramedMessage;
  /** A command waits for the answer: without one, the client has to end. */
  readonly urgent: boolean;
  /** In ms. */
  readonly madeAt: number;
  readonly answered: Answered;
  /** Sent on the present session. */
  sent: boolean;
  /** Sent on any session. */
  tried: boolean;
  /** The request counts as unanswered when this message of the present session does. */
  watch: number;
}

export class RequestBook {
  #lastId = REGISTER_ID;
  /** Without an answer, by id, ascending. */
  #pending = new Map<number, Pending>();
  /** Group messages that were taken, but have not reached all they will: a server may still lose them. */
  readonly #unsettled = new Map<number, FramedMessage>();
  /** Group messages up to this id have reached all they ever will. */
  #settled = 0;

  nextId(): number {
    return ++this.#lastId;
  }

  /** Those without an answer, oldest first. */
  get pending(): MapIterator<Pending> {
    return this.#pending.values();
  }

  get oldest(): Pending | undefined {
    for (const request of this.#pending.values()) return request;
    return undefined;
  }

  get oldestUrgent(): Pending | undefined {
    for (const request of this.#pending.values()) if (request.urgent) return request;
    return undefined;
  }

  /** The request to leave, if it went out before. */
  get leaving(): Pending | undefined {
    return this.pending.find(({ type, tried }) => type === "deregister" && tried);
  }

  get(id: number): Pending | undefined {
    return this.#pending.get(id);
  }

  add(request: Omit<Pending, "sent" | "tried">): Pending {
    const pending = { ...request, sent: false, tried: false };
    this.#pending.set(request.id, pending);
    return pending;
  }

  remove(id: number): void {
    this.#pending.delete(id);
  }

  /** Takes out the request that this answers. */
  answer(reply: Reply): Pending | undefined {
    const { id } = reply.metadata;
    const request = this.#pending.get(id);
    if (request === undefined) return undefined;
    this.#pending.delete(id);
    if (reply.type === "received" && id > this.#settled) this.#unsettled.set(id, request.bytes);
    if (reply.type === "refused") this.#unsettled.delete(id);
    return request;
  }

  /** Group messages up to this id need not be kept any more. */
  settle(id: number): void {
    this.#settled = Math.max(this.#settled, id);
    for (const kept of this.#unsettled.keys()) if (kept <= id) this.#unsettled.delete(kept);
  }

  /** The session is a new one: nothing was sent on it, and message 1 stands for all. */
  startOver(): void {
    for (const request of this.#pending.values()) {
      request.sent = false;
      request.watch = 1;
    }
  }

  /** The server lost its memory: what it had taken, but not passed on to all, it must get again, in its old place. */
  repeatUnsettled(now: number, watch: number): void {
    const common = { urgent: false, madeAt: now, sent: false, tried: true, watch };
    const again = [...this.#unsettled].map(([id, bytes]): [number, Pending] => [
      id,
      { ...common, type: "send_group", id, bytes, answered: () => {} },
    ]);
    const all = [...again, ...this.#pending];
    this.#pending = new Map(all.toSorted(([a], [b]) => a - b));
  }
}
