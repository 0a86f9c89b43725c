// What follows when an event was applied: lines, answers, who is here and who is not, and what is sent to others.
// The state has decided already; nothing here does.

import type { LineKind } from "../line.ts";
import { RefusalReason, type Reply } from "../message.ts";
import type { ServerContext } from "./context.ts";
import type { Fanout } from "./fanout.ts";
import type { Inquiries } from "./inquiries.ts";
import * as lines from "./lines.ts";
import type { Link } from "./link.ts";
import type { User } from "./membership.ts";
import type { Outcome } from "./outcome.ts";
import type { Presences } from "./presences.ts";
import type { TablePush } from "./table-push.ts";

type OutcomeOf<Type extends Outcome["type"]> = Extract<Outcome, { type: Type }>;

export class ServerOutcomes {
  readonly #context: ServerContext;
  readonly #fanout: Fanout;
  readonly #inquiries: Inquiries;
  readonly #tablePush: TablePush;
  readonly #presences: Presences;
  /** Ends a session without a word. */
  readonly #abandon: (link: Link) => void;

  constructor(
    context: ServerContext,
    parts: { fanout: Fanout; inquiries: Inquiries; tablePush: TablePush; presences: Presences },
    abandon: (link: Link) => void,
  ) {
    this.#context = context;
    this.#fanout = parts.fanout;
    this.#inquiries = parts.inquiries;
    this.#tablePush = parts.tablePush;
    this.#presences = parts.presences;
    this.#abandon = abandon;
  }

  follow(outcome: Outcome): void {
    switch (outcome.type) {
      case "none":
        return;
      case "registered":
        return this.#registered(outcome);
      case "not_registered":
        return this.#notRegistered(outcome);
      case "moved":
        return this.#context.show(lines.TABLE_UPDATED);
      case "deregistered":
        return this.#deregistered(outcome);
      case "expired":
        return this.#expired(outcome);
      case "member_removed":
        return this.#fanout.removed(outcome.membership);
      case "verdict":
        return this.#verdict(outcome);
    }
  }

  /** A user that was registered before this server began: away until it shows itself. */
  restored(user: User): void {
    this.#presences.of(user);
  }

  #registered({ event, user, changed, created, joined, lost }: OutcomeOf<"registered">): void {
    const context = this.#context;
    if (changed) context.show(lines.TABLE_UPDATED);
    for (const group of created) context.show(lines.created(user.name, group.name));
    for (const { group } of joined) context.show(lines.joined(user.name, group.name));
    const presence = this.#presences.of(user);
    const link = context.speaking.get(user.key);
    if (link !== undefined) this.#presences.attach(presence, link);
    const { epoch, table } = context.state;
    // To one that comes from another epoch, everything is to be said again.
    const settled =
      event.epoch === epoch ? context.settlement.settledOf(user.key, user.memory.last) : 0;
    context.reply(user.key, {
      type: "registered",
      payload: { name: user.name, epoch, version: table.version, settled },
      metadata: { id: event.origin.id },
    });
    for (const group of lost) this.#tellRemoved(link, group);
    this.#tablePush.registered(presence, link?.known);
    this.#fanout.cameBack(presence);
    for (const membership of joined) {
      this.#fanout.broughtBack(presence, membership, created.includes(membership.group));
    }
    if (link !== undefined) this.#inquiries.cameBack(presence);
  }

  #tellRemoved(link: Link | undefined, group: string): void {
    if (link === undefined) return;
    this.#context.post(link, { type: "removed_from_group", payload: { group }, metadata: {} });
  }

  #notRegistered({ event, verdict }: OutcomeOf<"not_registered">): void {
    const link = this.#context.speaking.get(event.origin.key);
    this.#context.refuse(link, "register", event.origin.id, verdict);
  }

  #deregistered({ event, user, left }: OutcomeOf<"deregistered">): void {
    if (user !== undefined) {
      for (const { group } of left) this.#context.show(lines.left(user.name, group.name));
      this.#context.show(lines.removedClient(user.name));
      const link = this.#presences.gone(user);
      if (link !== undefined) this.#context.unregistered.add(this.#context.now, link);
    }
    const { key, id } = event.origin;
    this.#context.reply(key, { type: "deregistered", payload: {}, metadata: { id } });
  }

  #expired({ user }: OutcomeOf<"expired">): void {
    this.#context.show(lines.TABLE_UPDATED);
    const link = this.#presences.gone(user);
    // If the client lives after all, it learns by this that it has to register again.
    if (link !== undefined) this.#abandon(link);
  }

  #verdict(outcome: OutcomeOf<"verdict">): void {
    const { event, user, verdict, repeated } = outcome;
    const { key, id } = event.origin;
    if (!repeated && user !== undefined) this.#showVerdict(user, outcome);
    if (!verdict.ok) {
      const link = this.#context.speaking.get(key);
      return this.#context.refuse(link, REQUESTS[event.type], id, verdict);
    }
    const group = this.#context.state.groups.byName(event.group);
    if (event.type === "group_message" && !repeated && user !== undefined) {
      if (group !== undefined) this.#fanout.send(user, group, id, event.text);
      return;
    }
    // Who is new keeps up, and who has left need not.
    const changed = event.type === "group_joined" || event.type === "group_left";
    if (changed && group !== undefined) this.#fanout.release(group);
    const type = ANSWERS[event.type];
    const metadata = { id };
    const reply: Reply =
      type === "received"
        ? { type, payload: {}, metadata }
        : { type, payload: { group: verdict.group }, metadata };
    this.#context.reply(key, reply);
    if (event.type !== "group_joined" || user === undefined) return;
    // Sent again, and since it took effect the user was out of the group, and heard of neither.
    if (group === undefined || !user.memberships.has(group.folded)) {
      this.#tellRemoved(this.#context.speaking.get(key), verdict.group);
    }
  }

  #showVerdict({ name }: User, { event, verdict }: OutcomeOf<"verdict">): void {
    const show = (text: string, kind: LineKind = "status") => this.#context.show(text, kind);
    switch (event.type) {
      case "group_created":
        if (verdict.ok) show(lines.created(name, verdict.group));
        else if (verdict.reason === RefusalReason.AlreadyExists) {
          show(lines.creatingFailed(name, event.group), "error");
        }
        return;
      case "group_joined":
        if (verdict.ok) show(lines.joined(name, verdict.group));
        else if (verdict.reason === RefusalReason.DoesNotExist) {
          show(lines.joiningFailed(name, event.group), "error");
        }
        return;
      case "group_left":
        if (verdict.ok) show(lines.left(name, verdict.group));
        return;
      case "group_message":
        if (verdict.ok) show(lines.sentGroupMessage(name, event.text), "group");
        return;
    }
  }
}

const REQUESTS = {
  group_created: "create_group",
  group_joined: "join_group",
  group_left: "leave_group",
  group_message: "send_group",
} as const;

const ANSWERS = {
  group_created: "group_created",
  group_joined: "group_joined",
  group_left: "group_left",
  group_message: "received",
} as const;
