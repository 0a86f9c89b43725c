// What clients ask of the server: a request that changes what is shared becomes an event, a question waits for those before
// it. Who asks is told by the session alone, never by what the message says.

import { type Counts, type Origin, originOf, type ServerEvent } from "../events.ts";
import { REQUEST_PARTS_MAX, REQUESTS_IN_FLIGHT_MAX, TEXT_MAX_BYTES } from "../limits.ts";
import { decodeMessage } from "../message-decode.ts";
import {
  encodedTextBytes,
  type LeaveGroup,
  type Message,
  type Reply,
  type Request,
  type SendGroup,
} from "../message.ts";
import type { ServerContext } from "./context.ts";
import type { Inquiries } from "./inquiries.ts";
import type { Link } from "./link.ts";
import { type Arrival, Pacing } from "./pacing.ts";
import type { Presence } from "./presence.ts";
import { type Question, Questions } from "./questions.ts";
import type { Quotas } from "./quotas.ts";
import * as refusals from "./refusals.ts";
import { recall } from "./request-memory.ts";
import type { TablePush } from "./table-push.ts";

type Growth = Extract<Message, { type: "create_group" | "join_group" }>;

/** Everything else asks for nothing: that it was taken is the answer to a ping, and the rest is not a client's to say. */
const asks = (message: Message): message is Request | Reply => "id" in message.metadata;

export class ServerRequests {
  readonly #context: ServerContext;
  readonly #quotas: Quotas;
  readonly #pacing: Pacing;
  readonly #questions: Questions;
  readonly #most: Counts;
  /** Events on their way through the log, by the key of who asked for them. */
  readonly #underWay = new Map<string, number>();
  /** Questions that wait for them, so that the answer shows their effect. */
  readonly #waiting = new Map<string, Question[]>();

  constructor(
    context: ServerContext,
    parts: { inquiries: Inquiries; tablePush: TablePush; quotas: Quotas },
    most: Counts,
  ) {
    this.#context = context;
    this.#quotas = parts.quotas;
    this.#questions = new Questions(context, parts);
    this.#pacing = new Pacing(context, this.#quotas, (link, arrival) => {
      this.#handle(link, arrival);
    });
    this.#most = most;
  }

  /** Takes one message of a client, whatever its bytes are. */
  take(link: Link, bytes: Uint8Array): void {
    if (!link.mayHear(bytes.length)) return link.end();
    const decoded = decodeMessage(bytes, REQUEST_PARTS_MAX);
    if (decoded.kind === "message" && asks(decoded.message)) {
      return this.#pacing.admit(link, { message: decoded.message, bytes: bytes.length });
    }
    const { now } = this.#context;
    const isTooFast = this.#quotas.opensAt(link.meter) > now;
    if (!isTooFast) this.#quotas.spend(now, link.meter, bytes.length);
    if (decoded.kind !== "invalid") return;
    // There is nothing in it that could wait, and no client says much of this.
    if (isTooFast) return link.end();
    const { request, id, reason } = decoded;
    this.#context.refuse(link, request, id, refusals.invalidMessage(reason));
  }

  /** The session is over. */
  lost(link: Link): void {
    this.#pacing.lost(link);
  }

  nextWakeup(): number {
    return this.#pacing.nextWakeup();
  }

  wake(): void {
    this.#pacing.wake();
  }

  /** An event has come out of the log. Call it after it is applied. */
  committed(event: ServerEvent): void {
    const key = originOf(event)?.key;
    const count = key === undefined ? undefined : this.#underWay.get(key);
    if (key === undefined || count === undefined) return;
    if (count > 1) {
      this.#underWay.set(key, count - 1);
      return;
    }
    this.#underWay.delete(key);
    const questions = this.#waiting.get(key);
    this.#waiting.delete(key);
    // Whoever left meanwhile is told so; whoever lost its session asks again on another one.
    const link = this.#context.speaking.get(key);
    if (link === undefined) return;
    for (const question of questions ?? []) this.#question(link, question);
  }

  #handle(link: Link, { message, bytes }: Arrival): void {
    switch (message.type) {
      case "register":
      case "deregister":
        return this.#comeOrGo(link, message);
      case "create_group":
        return this.#grow(link, message, "group_created");
      case "join_group":
        return this.#grow(link, message, "group_joined");
      case "leave_group":
        return this.#leaveGroup(link, message);
      case "send_group":
        return this.#sendGroup(link, message, bytes);
      case "list_groups":
      case "list_members":
      case "report_offline":
      case "resolve":
      case "whois":
      case "table_since":
        return this.#question(link, message);
      default:
        return; // an answer, which is a server's to give
    }
  }

  #comeOrGo(link: Link, message: Extract<Message, { type: "register" | "deregister" }>): void {
    const origin: Origin = { key: link.key, id: message.metadata.id };
    this.#context.speaking.set(link.key, link);
    if (message.type === "deregister") return this.#submit({ type: "deregistered", origin });
    const { name, groups, known } = message.payload;
    link.known = known;
    const epoch = known?.epoch ?? "";
    this.#submit({
      type: "registered",
      origin,
      name,
      ...link.address,
      groups,
      revives: this.#revives(link, groups, epoch),
      epoch,
      most: this.#most,
    });
  }

  /** How many groups that are gone come back with this client: as many as it may claim, not again and again. */
  #revives(link: Link, names: readonly string[], epoch: string): number {
    const { state, now } = this.#context;
    if (epoch === state.epoch) return 0;
    const gone = names.filter((name) => state.groups.byName(name) === undefined);
    const tooMany = gone.findIndex(() => this.#quotas.tooSoon(now, link.meter, "revive_group") > 0);
    return tooMany === -1 ? gone.length : tooMany;
  }

  #grow(link: Link, message: Growth, type: "group_created" | "group_joined"): void {
    const { id } = message.metadata;
    const presence = this.#user(link, message.type, id);
    if (presence === undefined || this.#refusesTooSoon(link, presence, message)) return;
    const { group } = message.payload;
    this.#submit({ type, origin: { key: link.key, id }, group, most: this.#most });
  }

  #leaveGroup(link: Link, { type, payload, metadata }: LeaveGroup): void {
    const { id } = metadata;
    if (this.#user(link, type, id) === undefined) return;
    this.#submit({ type: "group_left", origin: { key: link.key, id }, group: payload.group });
  }

  /** Counts what would change something, and was not decided before. Refuses it if there was too much of it lately. */
  #refusesTooSoon(link: Link, { user }: Presence, { type, payload, metadata }: Growth): boolean {
    if (recall(user.memory, metadata.id) !== undefined) return false;
    const { state } = this.#context;
    const group = state.groups.byName(payload.group);
    const grows =
      type === "create_group"
        ? group === undefined && state.groups.mayGrow(this.#most.groups)
        : group !== undefined &&
          !user.memberships.has(group.folded) &&
          state.groups.hasRoom(group, user, this.#most.members);
    if (!grows) return false;
    const waitMs = this.#quotas.tooSoon(this.#context.now, link.meter, type);
    if (waitMs === 0) return false;
    const done = type === "create_group" ? "created" : "entered";
    this.#context.refuse(link, type, metadata.id, refusals.tooSoon(done, waitMs));
    return true;
  }

  #sendGroup(link: Link, message: SendGroup, bytes: number): void {
    const { id } = message.metadata;
    const presence = this.#user(link, message.type, id);
    if (presence === undefined) return;
    const { group, text } = message.payload;
    // A text is never longer than the message it came in, so nearly none has to be measured.
    if (bytes > TEXT_MAX_BYTES && encodedTextBytes(text) > TEXT_MAX_BYTES) {
      return this.#context.refuse(link, message.type, id, refusals.TEXT_TOO_LONG);
    }
    if (!presence.opens(id)) {
      return this.#context.refuse(link, message.type, id, refusals.TOO_MANY_UNANSWERED);
    }
    this.#submit({ type: "group_message", origin: { key: link.key, id }, group, text });
  }

  #submit(event: Extract<ServerEvent, { origin: Origin }>): void {
    const { key } = event.origin;
    this.#underWay.set(key, (this.#underWay.get(key) ?? 0) + 1);
    this.#context.append(event);
  }

  #question(link: Link, question: Question): void {
    const { type, metadata } = question;
    const presence = this.#user(link, type, metadata.id);
    if (presence === undefined) return;
    if (!this.#underWay.has(link.key)) return this.#questions.answer(presence, link, question);
    const questions = this.#waiting.get(link.key);
    if (questions === undefined) this.#waiting.set(link.key, [question]);
    else if (questions.length < REQUESTS_IN_FLIGHT_MAX) questions.push(question);
    else this.#context.refuse(link, type, metadata.id, refusals.TOO_MANY_UNANSWERED);
  }

  /** The user on whose session a request came; refuses it if there is none. */
  #user(link: Link, request: string, id: number): Presence | undefined {
    if (link.presence === undefined) {
      this.#context.refuse(link, request, id, refusals.NOT_REGISTERED);
    }
    return link.presence;
  }
}
