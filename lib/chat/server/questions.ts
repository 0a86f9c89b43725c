// What clients ask and that changes nothing which is shared, so it does not go through the log: lists, names, the table,
// and whether somebody is still there.

import { LISTS_OWED_MAX_BYTES, REQUESTS_IN_FLIGHT_MAX } from "../limits.ts";
import type { Message } from "../message.ts";
import type { ServerContext } from "./context.ts";
import type { Inquiries } from "./inquiries.ts";
import { item, listedGroups, listedMembers } from "./lines.ts";
import type { Link } from "./link.ts";
import type { Presence } from "./presence.ts";
import type { Quotas } from "./quotas.ts";
import * as refusals from "./refusals.ts";
import type { TablePush } from "./table-push.ts";
import { tableEntry } from "./user-table.ts";

export type Question = Extract<
  Message,
  { type: "list_groups" | "list_members" | "report_offline" | "resolve" | "whois" | "table_since" }
>;

type ListQuestion = Extract<Question, { type: "list_groups" | "list_members" }>;

export class Questions {
  readonly #context: ServerContext;
  readonly #inquiries: Inquiries;
  readonly #tablePush: TablePush;
  readonly #quotas: Quotas;

  constructor(
    context: ServerContext,
    parts: { inquiries: Inquiries; tablePush: TablePush; quotas: Quotas },
  ) {
    this.#context = context;
    this.#inquiries = parts.inquiries;
    this.#tablePush = parts.tablePush;
    this.#quotas = parts.quotas;
  }

  /** The question of a user, on its session. */
  answer(presence: Presence, link: Link, question: Question): void {
    const { type, payload, metadata } = question;
    const { key } = presence.user;
    const { table } = this.#context.state;
    switch (type) {
      case "list_groups":
      case "list_members":
        return this.#list(presence, link, question);
      case "report_offline":
        if (!presence.opens(metadata.id)) {
          return this.#context.refuse(link, type, metadata.id, refusals.TOO_MANY_UNANSWERED);
        }
        return this.#inquiries.report(
          { by: key, id: metadata.id, name: payload.name },
          payload.key,
        );
      case "table_since":
        if (link.answerBytesOwed > LISTS_OWED_MAX_BYTES) {
          return this.#context.refuse(link, type, metadata.id, refusals.TOO_MANY_UNTAKEN);
        }
        return this.#tablePush.asked(presence, payload);
      case "resolve":
      case "whois": {
        const user = type === "whois" ? table.byKey(payload.key) : table.byName(payload.name);
        const entry = user === undefined ? null : tableEntry(user);
        return this.#context.reply(key, { type: "resolved", payload: { user: entry }, metadata });
      }
    }
  }

  /** The longest of answers: they count as if the client had sent them, and none is for one who does not take them. */
  #list(presence: Presence, link: Link, question: ListQuestion): void {
    const { type, payload, metadata } = question;
    const owed = link.answerBytesOwed;
    if (link.answersOwed > REQUESTS_IN_FLIGHT_MAX || owed > LISTS_OWED_MAX_BYTES) {
      return this.#context.refuse(link, type, metadata.id, refusals.TOO_MANY_UNTAKEN);
    }
    if (type === "list_groups") this.#listGroups(presence, metadata);
    else this.#listMembers(presence, payload.group, metadata);
    this.#quotas.charge(this.#context.now, link.meter, link.answerBytesOwed - owed);
  }

  #listGroups(presence: Presence, metadata: { readonly id: number }): void {
    const groups = this.#context.state.groups.names();
    this.#showList(presence, metadata.id, listedGroups(presence.user.name), groups);
    this.#context.reply(presence.user.key, { type: "groups", payload: { groups }, metadata });
  }

  #listMembers(presence: Presence, name: string, metadata: { readonly id: number }): void {
    const { key, name: asker } = presence.user;
    const group = this.#context.state.groups.byName(name);
    if (group === undefined) {
      const { link } = presence;
      return this.#context.refuse(link, "list_members", metadata.id, refusals.NO_SUCH_GROUP);
    }
    const members = Array.from(group.members.values(), ({ user }) => user.name);
    this.#showList(presence, metadata.id, listedMembers(asker, group.name), members);
    const payload = { group: group.name, members };
    this.#context.reply(key, { type: "members", payload, metadata });
  }

  /** Shows a list once, also when it is asked for again since the answer was lost with its session. */
  #showList(presence: Presence, id: number, title: string, names: readonly string[]): void {
    if (id <= presence.lastListed) return;
    presence.lastListed = id;
    this.#context.show(title);
    for (const name of names) this.#context.show(item(name));
  }
}
