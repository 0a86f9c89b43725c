// Group messages on their way to the members: encoded once, those of one sender that follow each other put together,
// handed to each, acknowledged, given up, or kept for one that is away for a moment. Knows no request and no log; what
// it finds out becomes an event.

import { type FramedMessage, joinMessages } from "../../transport/framed-message.ts";
import { GIVE_UP_MS } from "../../transport/retry.ts";
import {
  BACKLOG_ALL_MAX_BYTES,
  BACKLOG_MAX_BYTES,
  BACKLOG_MAX_MESSAGES,
  BACKLOG_SLOW_BYTES,
  BACKLOG_SLOW_MESSAGES,
  BATCH_MAX_BYTES,
  STALL_MS,
} from "../limits.ts";
import { framed, senderTag } from "../message.ts";
import { patienceMs } from "../patience.ts";
import type { ServerContext } from "./context.ts";
import { ackedGroupMessage, notResponsive } from "./lines.ts";
import type { Delivery, Link } from "./link.ts";
import type { Group, Membership, User } from "./membership.ts";
import { type Parked, Parking } from "./parking.ts";
import { NOTHING_HELD, type Presence } from "./presence.ts";
import { Revivals } from "./revivals.ts";
import type { GroupSending } from "./settlement.ts";

/** Messages of one sender to one group, with nothing between them in the log. */
interface Batch {
  readonly sender: User;
  readonly group: Group;
  readonly ids: number[];
  readonly frames: FramedMessage[];
  bytes: number;
}

export class Fanout {
  readonly #context: ServerContext;
  /** What has its place in the log and is not on its way yet. */
  #batch: Batch | undefined;
  readonly #revivals: Revivals;
  readonly #parking = new Parking();
  /** Members whose removal is on its way into the log. */
  readonly #leaving = new WeakSet<Membership>();

  constructor(context: ServerContext) {
    this.#context = context;
    this.#revivals = new Revivals(context.settlement);
  }

  /** A message for all members but its sender. The next `finish` sends it, together with those that directly follow it. */
  send(sender: User, group: Group, id: number, text: string): void {
    const frame = framed({
      type: "group_message",
      payload: { group: group.name, from: sender.name, text },
      metadata: { sender: senderTag(sender.key), number: id },
    });
    const batch = this.#batch;
    const fits = batch !== undefined && batch.bytes + frame.length <= BATCH_MAX_BYTES;
    if (fits && batch.sender === sender && batch.group === group) {
      batch.ids.push(id);
      batch.frames.push(frame);
      batch.bytes += frame.length;
      return;
    }
    this.finish();
    this.#batch = { sender, group, ids: [id], frames: [frame], bytes: frame.length };
  }

  /**
   * Sends the messages that follow each other, and answers their sender, unless none of the members keeps up. To be called
   * before anything else happens.
   */
  finish(): void {
    if (this.#batch === undefined) return;
    const { sender, group, ids, frames } = this.#batch;
    this.#batch = undefined;
    const { settlement, presences } = this.#context;
    const sending = settlement.begin(sender.key, ids, group, joinMessages(frames));
    let slow = false;
    let keepsUp = false;
    for (const membership of group.members.values()) {
      if (membership.user === sender) continue;
      const presence = presences.get(membership.user.number);
      if (presence === undefined) continue;
      this.#deliver(presence, membership, sending);
      if (presence.slow) slow = true;
      else keepsUp = true;
    }
    this.#revivals.add(sending);
    settlement.release(sending);
    if (settlement.openBytes > BACKLOG_ALL_MAX_BYTES) this.#giveUpFarthestBehind();
    const { key } = sender;
    if (keepsUp) this.release(group);
    for (const id of ids) {
      if (slow && !keepsUp) this.#parking.hold(this.#context.now, group, { key, id });
      else this.#context.reply(key, received(id));
    }
  }

  /** The server has begun without a memory. */
  begin(): void {
    this.#revivals.begin(this.#context.now);
  }

  /**
   * A member of an epoch that is over is back: it gets what was said to the group since the group came back. `first`: the
   * group comes back with it.
   */
  broughtBack(presence: Presence, membership: Membership, first: boolean): void {
    for (const sending of this.#revivals.open(this.#context.now, membership.group, first)) {
      if (sending.ledger.key !== membership.user.key) this.#deliver(presence, membership, sending);
    }
  }

  /** The user has a session again: what was held goes out on it. */
  cameBack(presence: Presence): void {
    const { held, link } = presence;
    if (link === undefined) return;
    presence.held = NOTHING_HELD;
    for (const delivery of held) link.deliver(this.#context.now, delivery);
    this.#context.wakeups.schedule(presence, this.lookAfter(presence));
  }

  /** The client's chat layer has taken all messages of the session up to this number. */
  delivered(link: Link, number: number): void {
    const { presence } = link;
    if (presence === undefined) return link.drain(this.#context.now);
    let times = 0;
    for (;;) {
      const delivery = link.takeDelivered(number);
      if (delivery === undefined) break;
      times += delivery.sending.ids.length;
      this.#settle(presence, delivery);
    }
    if (times > 0) {
      presence.ackText ??= ackedGroupMessage(presence.user.name);
      this.#context.showTimes(presence.ackText, times);
      presence.progressAt = this.#context.now;
    }
    link.drain(this.#context.now);
    this.#keepsUp(presence);
  }

  /** Nothing at all was heard from the client for five tries since this message was sent. */
  unanswered(link: Link, number: number): void {
    const delivery = link.find(number);
    if (delivery !== undefined && link.presence !== undefined)
      this.#giveUp(link.presence, delivery);
  }

  /**
   * A member that takes nothing must not stop the others, though it shows signs of life, or comes back again and again:
   * it is given up. Returns when to look again, in ms.
   */
  lookAfter(presence: Presence): number {
    const { now } = this.#context;
    const [oldest] = deliveriesOf(presence);
    if (oldest === undefined) return Infinity;
    const until = presence.progressAt + patienceMs(oldest.sending.frame.length);
    if (until > now) return until;
    for (const delivery of [...deliveriesOf(presence)]) this.#giveUp(presence, delivery);
    return now + STALL_MS;
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

  /** Who sends to the group need not wait any longer: somebody keeps up, or is in it no more. */
  release(group: Group): void {
    this.#answer(this.#parking.take(group));
  }

  /** The user is no longer registered: nothing is on its way to it any more. */
  gone(presence: Presence): void {
    const deliveries = [...presence.held, ...(presence.link?.takeDeliveries() ?? [])];
    presence.held = NOTHING_HELD;
    for (const delivery of deliveries) {
      this.#settle(presence, delivery);
      this.release(delivery.membership.group);
    }
  }

  nextWakeup(): number {
    return Math.min(this.#revivals.nextWakeup(), this.#parking.nextWakeup());
  }

  wake(): void {
    this.#revivals.close(this.#context.now);
    this.#answer(this.#parking.takeDue(this.#context.now));
  }

  #deliver(presence: Presence, membership: Membership, sending: GroupSending): void {
    const { settlement, wakeups, now } = this.#context;
    settlement.hold(sending);
    if (presence.undelivered === 0) {
      presence.progressAt = now;
      wakeups.schedule(presence, now + STALL_MS);
    }
    presence.undelivered += sending.ids.length;
    presence.undeliveredBytes += sending.frame.length;
    if (isSlow(presence)) presence.slow = true;
    const delivery: Delivery = { sending, membership, since: now, number: 0 };
    if (presence.link !== undefined) presence.link.deliver(now, delivery);
    else {
      if (presence.held.length === 0) presence.held = [delivery];
      else presence.held.push(delivery);
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

  /** All members together have too much to catch up on: who has most of it is given up. */
  #giveUpFarthestBehind(): void {
    let farthest: Presence | undefined;
    for (const presence of this.#context.presences.values()) {
      if (presence.undeliveredBytes > (farthest?.undeliveredBytes ?? 0)) farthest = presence;
    }
    if (farthest === undefined) return;
    const [oldest] = deliveriesOf(farthest);
    if (oldest !== undefined) this.#giveUp(farthest, oldest);
  }

  #drop(presence: Presence, membership: Membership): void {
    const dropped = presence.link?.dropDeliveries(membership) ?? [];
    presence.held = presence.held.filter((delivery) => {
      if (delivery.membership === membership) dropped.push(delivery);
      return delivery.membership !== membership;
    });
    for (const delivery of dropped) this.#settle(presence, delivery);
    this.release(membership.group);
    this.#keepsUp(presence);
  }

  #settle(presence: Presence, { sending }: Delivery): void {
    presence.undelivered -= sending.ids.length;
    presence.undeliveredBytes -= sending.frame.length;
    this.#context.settlement.release(sending);
  }

  /** A member that was slow has caught up by half: with it, its groups have one that keeps up. */
  #keepsUp(presence: Presence): void {
    if (!presence.slow || presence.undelivered > BACKLOG_SLOW_MESSAGES / 2) return;
    if (presence.undeliveredBytes > BACKLOG_SLOW_BYTES / 2) return;
    presence.slow = false;
    for (const { group } of presence.user.memberships.values()) this.release(group);
  }

  #answer(answers: readonly Parked[]): void {
    for (const { key, id } of answers) this.#context.reply(key, received(id));
  }
}

const received = (id: number) => ({ type: "received", payload: {}, metadata: { id } }) as const;

/** What is on its way to a member, or kept for it, oldest first. */
const deliveriesOf = ({ link, held }: Presence): Iterable<Delivery> =>
  link === undefined ? held : link.deliveries();

const isTooFarBehind = ({ undelivered, undeliveredBytes }: Presence): boolean =>
  undelivered > BACKLOG_MAX_MESSAGES || undeliveredBytes > BACKLOG_MAX_BYTES;

const isSlow = ({ undelivered, undeliveredBytes }: Presence): boolean =>
  undelivered > BACKLOG_SLOW_MESSAGES || undeliveredBytes > BACKLOG_SLOW_BYTES;
