// What the parts of the server share: the state, who is here, and where lines, entries and answers go.
// Decides nothing. Knows no clock: `now` is the moment of the call that is being worked on.

import { DeadlineQueue } from "../../transport/deadline-queue.ts";
import type { Endpoint } from "../../transport/endpoint.ts";
import type { ServerEvent } from "../events.ts";
import type { Line, LineKind } from "../line.ts";
import { framed, type Message, type Reply } from "../message.ts";
import type { Link } from "./link.ts";
import type { Presence } from "./presence.ts";
import type { Refusal } from "./refusals.ts";
import { Settlement } from "./settlement.ts";
import { ServerState } from "./state.ts";
import { Unregistered } from "./unregistered.ts";

export class ServerContext {
  readonly endpoint: Endpoint;
  readonly state = new ServerState();
  readonly settlement = new Settlement();
  /** Users whose registration this server keeps, by their number. */
  readonly presences = new Map<number, Presence>();
  /** The session on which the owner of a key last registered or left: where its answers go. */
  readonly speaking = new Map<string, Link>();
  /** Sessions that are nobody's. */
  readonly unregistered = new Unregistered();
  /** When to look after users that are away. */
  readonly wakeups = new DeadlineQueue<Presence>();
  /** In ms, set at each call from outside. */
  now = 0;
  #lines: Line[] = [];
  readonly #append: (event: ServerEvent) => void;

  constructor(endpoint: Endpoint, append: (event: ServerEvent) => void) {
    this.endpoint = endpoint;
    this.#append = append;
  }

  /** Puts an event on its way into the log. */
  append(event: ServerEvent): void {
    this.#append(event);
  }

  /** The user is gone, as far as this server can tell: puts that on its way into the log. */
  expire({ user: { key, registration } }: Presence): void {
    this.#append({ type: "expired", key, registration });
  }

  show(text: string, kind: LineKind = "status"): void {
    this.#lines.push({ text, kind });
  }

  /** The same line so often, one below the other. */
  showTimes(text: string, times: number): void {
    this.#lines.push({ text, kind: "status", times });
  }

  takeLines(): Line[] {
    const lines = this.#lines;
    if (lines.length > 0) this.#lines = [];
    return lines;
  }

  presenceOf(key: string): Presence | undefined {
    const user = this.state.table.byKey(key);
    return user && this.presences.get(user.number);
  }

  post(link: Link, message: Message): number {
    return link.post(this.now, framed(message));
  }

  /** Answers the owner of a key, if it has a session. Without one it will come back and ask again. */
  reply(key: string, reply: Reply): void {
    this.#answer(key, this.speaking.get(key), reply);
  }

  /** `request` is the type of what was asked. */
  refuse(link: Link | undefined, request: string, id: number, refusal: Refusal): void {
    if (link === undefined) return;
    const { reason, detail } = refusal;
    this.#answer(link.key, link, {
      type: "refused",
      payload: { request, reason, detail },
      metadata: { id },
    });
  }

  #answer(key: string, link: Link | undefined, reply: Reply): void {
    // Looked up by key, not by session: a client that has just returned is not attached yet.
    this.presenceOf(key)?.unanswered?.delete(reply.metadata.id);
    link?.post(this.now, framed(reply), true);
  }
}
