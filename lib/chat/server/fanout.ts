// Group messages on their way to the members: encoded once, handed to each, acknowledged, given up, or kept for one
// that is away for a moment. Knows no request and no log; what it finds out becomes an event.

import { GIVE_UP_MS } from "../../transport/retry.ts";
import { frameMessage } from "../../transport/send-stream.ts";
import {
  BACKLOG_MAX_BYTES,
  BACKLOG_MAX_MESSAGES,
  BACKLOG_SLOW_BYTES,
  BACKLOG_SLOW_MESSAGES,
  MEMBER_STALL_MS,
  MEMBER_STALL_MS_PER_KIB,
  PARKED_MAX_MS,
} from "../limits.ts";
import { encodeMessage, senderTag } from "../message.ts";
import type { ServerContext } from "./context.ts";
import { ackedGroupMessage, notResponsive } from "./lines.ts";
import type { Delivery, Link, Presence } from "./link.ts";
import type { Group, Membership, User } from "./membership.ts";
import { Revivals } from "./revivals.ts";
import type { GroupSending } from "./settlement.ts";

export class Fanout {
  readonly #context: ServerContext;
  readonly #revivals: Revivals;
  /** Members whose removal is on its way into the log. */
  readonly #leaving = new WeakSet<Membership>();

  constructor(context: ServerContext) {
    this.#context = context;
    this.#revivals = new Revivals(context.settlement);
  }

  /** Sends a message to all members but its sender, and answers the sender. */
  send(sender: User, group: Group, id: number, text: string): void {
    const { settlement, presences } = this.#context;
    const frame = frameMessage(
      encodeMessage({
        type: "group_message",
        payload: { group: group.name, from: sender.name, text },
        metadata: { sender: senderTag(sender.key), number: id },
      }),
    );
    const sending = settlement.begin(sender.key, id, group, frame);
    let slow: Presence | undefined;
    for (const membership of group.members.values()) {
      if (membership.user === sender) continue;
      const presence = presences.get(membership.user.number);
      if (presence === undefined) continue;
      this.#deliver(presence, membership, sending);
      if (isSlow(presence)) slow ??= presence;
    }
    this.#revivals.add(sending);
    settlement.release(sending);
    if (slow === undefined) return this.#context.reply(sender.key, received(id));
    const { now, wakeups } = this.#context;
    slow.parked ??= [];
    slow.parked.push({ key: sender.key, id, since: now });
    wakeups.schedule(slow, now + PARKED_MAX_MS);
  }

  /** A member of an epoch that is over is back: it gets what was said to the group since the group came back. */
  broughtBack(presence: Presence, membership: Membership): void {
    for (const sending of this.#revivals.open(this.#context.now, membership.group)) {
      if (sending.ledger.key !== membership.user.key) this.#deliver(presence, membership, sending);
    }
  }

  /** The user has a session again: what was held goes out on it. */
  cameBack(presence: Presence): void {
    const { held, link } = presence;
    if (link === undefined) return;
    presence.held = [];
    for (const delivery of held) link.deliver(this.#context.now, delivery);
    this.#context.wakeups.schedule(presence, this.lookAfter(presence));
  }

  /** The client's chat layer has taken all messages of the session up to this number. */
  delivered(link: Link, number: number): void {
    const { presence } = link;
    if (presence === undefined) return link.drain(this.#context.now);
    for (;;) {
      const delivery = link.takeDelivered(number);
      if (delivery === undefined) break;
      presence.ackLine ??= { text: ackedGroupMessage(presence.user.name), kind: "status" };
      this.#context.showLine(presence.ackLine);
      presence.progressAt = this.#context.now;
      this.#settle(presence, delivery);
    }
    link.drain(this.#context.now);
    this.#unpark(presence);
  }

  /** Nothing at all was heard from the client for five tries since this message was sent. */
  unanswered(link: Link, number: number): void {
    const delivery = link.find(number);
    if (delivery !== undefined && link.presence !== undefined)
      this.#giveUp(link.presence, delivery);
  }

  /**
   * A member that takes nothing must not stop the others, though it shows signs of life, or comes back again and again:
   * it is given up, and nobody waits for it too long. Returns when to look again, in ms.
   */
  lookAfter(presence: Presence): number {
    const { now } = this.#context;
    for (const { key, id } of takeOld(presence, now)) this.#context.reply(key, received(id));
    const parkedUntil = (presence.parked?.[0]?.since ?? Infinity) + PARKED_MAX_MS;
    const [oldest] = deliveriesOf(presence);
    if (oldest === undefined) return parkedUntil;
    const patience =
      MEMBER_STALL_MS + (oldest.sending.frame.length / 1_024) * MEMBER_STALL_MS_PER_KIB;
    if (presence.progressAt + patience > now) {
      return Math.min(parkedUntil, presence.progressAt + patience);
    }
    for (const delivery of [...deliveriesOf(presence)]) this.#giveUp(presence, delivery);
    return Math.min(parkedUntil, now + MEMBER_STALL_MS);
  }

  /** Gives up what was held for too long for one who is away. Returns when to look again, in ms. */
  giveUpHeld(presence: Presence): number {
    const { now } = this.#context;
    const until = ({ since }: Delivery): number => Math.max(since, presence.awaySince) + GIVE_UP_MS;
    for (const delivery of presence.held.slice()) {
      if (until(delivery) > now) return until(delivery);
      this.#giveUp(presence, delivery);
    }
    return Infinity;
  }

  /** The member's removal has its place in the log. */
  removed(membership: Membership): void {
    const { user, group } = membership;
    this.#context.show(notResponsive(user.name, group.name));
    const presence = this.#context.presences.get(user.number);
    if (presence === undefined) return;
    this.#drop(presence, membership);
    if (presence.link === undefined) return;
    this.#context.post(presence.link, {
      type: "removed_from_group",
      payload: { group: group.name },
      metadata: {},
    });
  }

  /** The user is no longer registered: nothing is on its way to it any more. */
  gone(presence: Presence): void {
    const deliveries = [...presence.held, ...(presence.link?.takeDeliveries() ?? [])];
    presence.held = [];
    for (const delivery of deliveries) this.#settle(presence, delivery);
    this.#unpark(presence);
  }

  nextWakeup(): number {
    return this.#revivals.nextWakeup();
  }

  wake(): void {
    this.#revivals.close(this.#context.now);
  }

  #deliver(presence: Presence, membership: Membership, sending: GroupSending): void {
    const { settlement, wakeups, now } = this.#context;
    settlement.hold(sending);
    if (presence.undelivered === 0) {
      presence.progressAt = now;
      wakeups.schedule(presence, now + MEMBER_STALL_MS);
    }
    presence.undelivered++;
    presence.undeliveredBytes += sending.frame.length;
    const delivery: Delivery = { sending, membership, since: now, number: 0 };
    if (presence.link !== undefined) presence.link.deliver(now, delivery);
    else {
      presence.held.push(delivery);
      wakeups.schedule(presence, now + GIVE_UP_MS);
    }
    if (isTooFarBehind(presence)) this.#giveUp(presence, delivery);
  }

  #giveUp(presence: Presence, { membership }: Delivery): void {
    const { user, group, since } = membership;
    // Who left of its own accord is not removed, and need not be told.
    if (group.members.get(user.number) !== membership) return this.#drop(presence, membership);
    if (this.#leaving.has(membership)) return;
    this.#leaving.add(membership);
    this.#context.append({
      type: "member_removed",
      key: user.key,
      group: group.name,
      membership: since,
    });
  }

  #drop(presence: Presence, membership: Membership): void {
    const dropped = presence.link?.dropDeliveries(membership) ?? [];
    presence.held = presence.held.filter((delivery) => {
      if (delivery.membership === membership) dropped.push(delivery);
      return delivery.membership !== membership;
    });
    for (const delivery of dropped) this.#settle(presence, delivery);
    this.#unpark(presence);
  }

  #settle(presence: Presence, { sending }: Delivery): void {
    presence.undelivered--;
    presence.undeliveredBytes -= sending.frame.length;
    this.#context.settlement.release(sending);
  }

  /** Answers the senders that waited for this member, once it has caught up by half. */
  #unpark(presence: Presence): void {
    const { parked } = presence;
    if (parked === undefined) return;
    if (presence.undelivered > BACKLOG_SLOW_MESSAGES / 2) return;
    if (presence.undeliveredBytes > BACKLOG_SLOW_BYTES / 2) return;
    presence.parked = undefined;
    for (const { key, id } of parked) this.#context.reply(key, received(id));
  }
}

const received = (id: number) => ({ type: "received", payload: {}, metadata: { id } }) as const;

/** What is on its way to a member, or kept for it, oldest first. */
const deliveriesOf = ({ link, held }: Presence): Iterable<Delivery> =>
  link === undefined ? held : link.deliveries();

/** Takes out the senders that have waited for this member long enough. */
function takeOld(presence: Presence, now: number) {
  const parked = presence.parked ?? [];
  const young = parked.findIndex(({ since }) => since + PARKED_MAX_MS > now);
  return parked.splice(0, young < 0 ? parked.length : young);
}

const isTooFarBehind = ({ undelivered, undeliveredBytes }: Presence): boolean =>
  undelivered > BACKLOG_MAX_MESSAGES || undeliveredBytes > BACKLOG_MAX_BYTES;

const isSlow = ({ undelivered, undeliveredBytes }: Presence): boolean =>
  undelivered > BACKLOG_SLOW_MESSAGES || undeliveredBytes > BACKLOG_SLOW_BYTES;
