// The commands about groups, and what the server says about the group that the user is in.
// Knows requests and lines, nothing of sessions and nothing of the table.

import { NAME_WIRE_MAX_UNITS } from "../limits.ts";
import { type GroupMessage, RefusalReason, type Reply } from "../message.ts";
import { checkName } from "../names.ts";
import type { Mode } from "./commands.ts";
import type { Finished } from "./line-queue.ts";
import type { Answered, Ask } from "./request-book.ts";
import type { GroupRoom, Mail } from "./room.ts";
import { type Screen, shortened } from "./screen.ts";
import type { ServerLink } from "./server-link.ts";

type Answer = Parameters<Answered>[1];

export class Grouping {
  readonly room: GroupRoom;
  readonly #screen: Screen;
  readonly #server: ServerLink;
  /** For completion: names of groups as last listed, and of those that were created or entered since. */
  #known = new Set<string>();
  #leaving = false;

  constructor(screen: Screen, server: ServerLink, room: GroupRoom) {
    this.#screen = screen;
    this.#server = server;
    this.room = room;
  }

  get known(): string[] {
    return [...this.#known];
  }

  /** Where the user is, as the commands see it. */
  get mode(): Mode {
    return this.room.current === undefined ? "lobby" : "group";
  }

  create(now: number, typed: string, finished: Finished): void {
    const name = checkName(typed);
    if (!name.ok) {
      this.#screen.say(`Invalid group name: ${name.reason}`, "error");
      finished(now);
      return;
    }
    const group = name.value;
    this.#ask(now, { type: "create_group", payload: { group } }, finished, (reply) => {
      if (reply?.type === "group_created") {
        this.#known.add(reply.payload.group);
        this.#screen.say(`Group ${reply.payload.group} created by Server.`);
      } else if (isRefused(reply, RefusalReason.AlreadyExists)) {
        this.#screen.say(`Group \`${group}\` already exists.`, "error");
      } else this.#refused(`Group \`${group}\` not created`, reply);
    });
  }

  list(now: number, finished: Finished): void {
    this.#ask(now, { type: "list_groups", payload: {} }, finished, (reply) => {
      if (reply?.type !== "groups") return this.#refused("No list of groups", reply);
      const { groups } = reply.payload;
      this.#known = new Set(groups);
      this.#screen.say("Available group chats:");
      for (const group of groups) this.#screen.say(group);
    });
  }

  join(now: number, group: string, finished: Finished): void {
    if (group.length > NAME_WIRE_MAX_UNITS) {
      this.#screen.say(`Group \`${shortened(group)}\` does not exist.`, "error");
      finished(now);
      return;
    }
    this.room.startEntering(group);
    this.#ask(now, { type: "join_group", payload: { group } }, finished, (reply) => {
      if (reply?.type === "group_joined") {
        this.#known.add(reply.payload.group);
        const early = this.room.enter(reply.payload.group);
        this.#screen.say(`Entered group ${reply.payload.group} successfully!`);
        for (const message of early) this.onMessage(message);
        return;
      }
      this.room.stopEntering();
      if (isRefused(reply, RefusalReason.DoesNotExist)) {
        this.#screen.say(`Group \`${shortened(group)}\` does not exist.`, "error");
      } else this.#refused(`Group \`${shortened(group)}\` not entered`, reply);
    });
  }

  send(now: number, text: string, finished: Finished): void {
    const group = this.room.current;
    if (group === undefined || !this.#screen.fits(text)) {
      finished(now);
      return;
    }
    this.#ask(now, { type: "send_group", payload: { group, text } }, finished, (reply) => {
      if (reply?.type === "received") {
        this.#screen.sayIn(group, "Message received by Server.");
        return;
      }
      this.#refused(`Message to group ${group} not delivered`, reply);
      if (saysOutside(reply)) this.onRemoved(group);
    });
  }

  listMembers(now: number, finished: Finished): void {
    const group = this.room.current;
    if (group === undefined) return finished(now);
    this.#ask(now, { type: "list_members", payload: { group } }, finished, (reply) => {
      if (reply?.type !== "members") return this.#refused(`No members of group ${group}`, reply);
      this.#screen.sayIn(group, `Members in the group ${group}:`);
      for (const member of reply.payload.members) this.#screen.plainIn(group, member);
    });
  }

  /** Leaves the group, if the user is in one. */
  leave(now: number, finished: Finished): void {
    const group = this.room.current;
    if (group === undefined) return finished(now);
    this.#leaving = true;
    this.#ask(now, { type: "leave_group", payload: { group } }, finished, (reply) => {
      this.#leaving = false;
      // Who is not in it any more has what was asked for.
      if (reply?.type !== "group_left" && !saysOutside(reply)) {
        return this.#refused(`Group ${group} not left`, reply);
      }
      this.#screen.say(`Leave group chat ${group}`);
      this.left();
    });
  }

  onMessage(message: GroupMessage): void {
    if (!this.room.take(message)) return;
    const { from, text } = message.payload;
    const group = this.room.current ?? message.payload.group;
    this.#screen.plainIn(group, `Group_Message ${from}: ${text}`, "group");
  }

  /** The server has taken the user out of a group. */
  onRemoved(group: string): void {
    // While leaving, that is no news: the server did it, and its answer is on the way.
    if (!this.room.isIn(group) || this.#leaving) return;
    this.#screen.say(`Removed from group ${this.room.current ?? group}: not responsive.`, "error");
    this.left();
  }

  /** The server is holding back what was asked, since there is too much of it; it says so once each time. */
  onSlowDown(): void {
    const text = "You are sending faster than the server allows: what you typed waits its turn.";
    const group = this.room.current;
    if (group === undefined) this.#screen.say(text);
    else this.#screen.sayIn(group, text);
  }

  /** A direct message: it waits while the user is in a group. */
  onDirect(mail: Mail): void {
    if (this.room.current === undefined) {
      this.#screen.say(`${mail.from}: ${mail.text}`, "chat");
      return;
    }
    const { overflow, firstTime } = this.room.keep(mail);
    if (firstTime)
      this.#screen.say("The inbox is full: its oldest messages are shown now", "error");
    this.#showMail(overflow);
  }

  /** The user is in no group any more, for whatever reason: what waited for that is shown. */
  left(): void {
    this.#showMail(this.room.leave());
  }

  #showMail(mail: readonly Mail[]): void {
    for (const { from, text } of mail) this.#screen.say(`>>> ${from}: ${text}`, "chat");
  }

  #ask(now: number, ask: Ask, finished: Finished, answered: (reply: Answer) => void): void {
    this.#server.ask(now, ask, true, (later, reply) => {
      answered(reply);
      finished(later);
    });
  }

  #refused(what: string, reply: Answer): void {
    const why = reply?.type === "refused" ? reply.payload.detail : "no answer";
    this.#screen.say(`${what}: ${why}`, "error");
  }
}

/** Refused, since the user is not in the group. */
const saysOutside = (reply: Reply | undefined): boolean =>
  isRefused(reply, RefusalReason.NotAMember) || isRefused(reply, RefusalReason.DoesNotExist);

const isRefused = (reply: Reply | undefined, reason: RefusalReason): boolean =>
  reply?.type === "refused" && reply.payload.reason === reason;
