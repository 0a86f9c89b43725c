// Who of the registered users is here: on a session, away for a moment, or gone. What is due for one who is away, or
// behind, and when. Changes nothing that is shared; what it finds out becomes an event.

import type { Address } from "../../transport/address.ts";
import { GIVE_UP_MS } from "../../transport/retry.ts";
import { REGISTRATION_IDLE_MS } from "../limits.ts";
import type { ServerContext } from "./context.ts";
import type { Fanout } from "./fanout.ts";
import type { Inquiries } from "./inquiries.ts";
import type { Link } from "./link.ts";
import type { User } from "./membership.ts";
import { Presence } from "./presence.ts";

export class Presences {
  readonly #context: ServerContext;
  readonly #fanout: Fanout;
  readonly #inquiries: Inquiries;
  readonly #abandon: (link: Link) => void;

  /** `abandon` ends a session without a word. */
  constructor(
    context: ServerContext,
    parts: { fanout: Fanout; inquiries: Inquiries },
    abandon: (link: Link) => void,
  ) {
    this.#context = context;
    this.#fanout = parts.fanout;
    this.#inquiries = parts.inquiries;
    this.#abandon = abandon;
  }

  /** That of a registered user: away, if it is new here. */
  of(user: User): Presence {
    const { presences, wakeups, now } = this.#context;
    let presence = presences.get(user.number);
    if (presence === undefined) {
      presence = new Presence(user, now);
      presences.set(user.number, presence);
      wakeups.schedule(presence, now + REGISTRATION_IDLE_MS);
    }
    return presence;
  }

  /** The user has this session now, and no other. */
  attach(presence: Presence, link: Link): void {
    const old = presence.link;
    if (old !== undefined && old !== link) {
      presence.held = old.takeDeliveries();
      old.presence = undefined;
      this.#abandon(old);
    }
    presence.meter ??= link.meter;
    link.meter = presence.meter;
    presence.link = link;
    link.presence = presence;
    this.#context.wakeups.remove(presence);
  }

  /** The other side of a session is at another address now. */
  moved(link: Link, address: Address): void {
    link.address = address;
    if (link.presence === undefined) return;
    const { key, registration } = link.presence.user;
    this.#context.append({ type: "moved", key, registration, ...address });
  }

  /** A session is over. Its user may come back on another one; `silent`: it was not heard of for too long already. */
  lost(link: Link, silent: boolean): void {
    const { wakeups, now } = this.#context;
    const { presence } = link;
    if (presence === undefined) return;
    link.presence = undefined;
    presence.link = undefined;
    presence.awaySince = now;
    presence.held = link.takeDeliveries();
    if (silent) return this.#context.expire(presence);
    const waitMs = presence.held.length > 0 ? GIVE_UP_MS : REGISTRATION_IDLE_MS;
    wakeups.schedule(presence, now + waitMs);
    this.#inquiries.lostSession(presence);
  }

  /** Nothing is owed to this user any more. Returns the session it had. */
  gone(user: User): Link | undefined {
    this.#inquiries.gone(user);
    const presence = this.#context.presences.get(user.number);
    if (presence === undefined) return undefined;
    this.#fanout.gone(presence);
    this.#context.presences.delete(user.number);
    this.#context.wakeups.remove(presence);
    const { link } = presence;
    presence.link = undefined;
    if (link !== undefined) link.presence = undefined;
    return link;
  }

  wake(): void {
    const { wakeups, now } = this.#context;
    for (let due = wakeups.popDue(now); due !== undefined; due = wakeups.popDue(now)) {
      this.#lookAfter(due);
    }
  }

  #lookAfter(presence: Presence): void {
    const { now, wakeups } = this.#context;
    const stalledAt = this.#fanout.lookAfter(presence);
    if (presence.link !== undefined) {
      const judgedAt = this.#inquiries.judgePresent(presence);
      return wakeups.schedule(presence, Math.min(stalledAt, judgedAt));
    }
    const goneAt = presence.awaySince + REGISTRATION_IDLE_MS;
    if (goneAt <= now) return this.#context.expire(presence);
    const heldUntil = this.#fanout.giveUpHeld(presence);
    const judgedAt = this.#inquiries.judgeAway(presence);
    wakeups.schedule(presence, Math.min(goneAt, heldUntil, judgedAt, stalledAt));
  }
}
