// The messages to one peer: numbered, in order, kept until they are delivered or given up; and the session that they go
// out on. Knows no other peer, and neither begins nor ends a session.

import type { Address } from "../../transport/address.ts";
import type { Scheduled } from "../../transport/deadline-queue.ts";
import type { SessionId } from "../../transport/endpoint.ts";
import type { FramedMessage } from "../../transport/framed-message.ts";
import { patienceMs } from "../patience.ts";

/** Where a peer is, and which key it must prove to have. */
export interface DirectPeer {
  /** 64 hexadecimal digits. */
  readonly key: string;
  readonly address: Address;
}

type DirectOutcome = "delivered" | "unanswered";

export interface Outgoing {
  readonly bytes: FramedMessage;
  /** Its number on the link's present session, once it is queued there. */
  queuedAs: number | undefined;
  readonly ended: (now: number, outcome: DirectOutcome) => void;
}

export class DirectLink implements Scheduled {
  readonly key: string;
  /** Newest address known. */
  address: Address;
  /** The session that messages go out on. */
  session: SessionId | undefined;
  /** In order of their numbers; the first ones are queued on the session. */
  outbox: Outgoing[] = [];
  lastNumber = 0;
  sessionsLost = 0;
  /** When the peer last took a message, or the outbox was empty, in ms. */
  progressAt = 0;
  wakeAt = Infinity;
  place = -1;

  constructor({ key, address }: DirectPeer) {
    this.key = key;
    this.address = address;
  }

  /** When the peer is given up if it takes nothing until then; infinity where nothing waits. */
  get stalledAt(): number {
    const oldest = this.outbox[0];
    return oldest === undefined ? Infinity : this.progressAt + patienceMs(oldest.bytes.length);
  }

  /** Takes out those that are delivered: all up to this message of the session. */
  takeDelivered(now: number, message: number): Outgoing[] {
    let count = 0;
    for (const { queuedAs } of this.outbox) {
      if (queuedAs === undefined || queuedAs > message) break;
      count++;
    }
    if (count > 0) {
      this.sessionsLost = 0;
      this.progressAt = now;
    }
    return this.outbox.splice(0, count);
  }

  /** Takes out all of them: the peer is given up. */
  takeAll(): Outgoing[] {
    this.lose();
    this.sessionsLost = 0;
    const all = this.outbox;
    this.outbox = [];
    return all;
  }

  /** The session is of no use any more: everything is to be queued again, on another. */
  lose(): void {
    this.session = undefined;
    for (const outgoing of this.outbox) outgoing.queuedAs = undefined;
  }
}
