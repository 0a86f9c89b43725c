// One session with a client, as the chat layer sees it: what is sent on it stays in order, also when the transport's
// queue is full, and group messages are remembered until they are delivered. Knows nothing of what the bytes say.

import type { Endpoint, SessionId } from "../transport/endpoint.ts";
import type { FramedMessage } from "../transport/send-stream.ts";
import type { Address } from "../transport/address.ts";
import { Deque } from "./deque.ts";
import type { Membership } from "./groups.ts";
import { BACKLOG_MAX_FRAMES } from "./limits.ts";
import type { TablePosition } from "./message.ts";
import type { Presence } from "./presence.ts";
import type { GroupSending } from "./settlement.ts";

/** A group message on its way to one member. */
export interface Delivery {
  readonly sending: GroupSending;
  /** The stay in the group for which it is meant. */
  readonly membership: Membership;
  /** When it was handed to this server's member, in ms. */
  readonly since: number;
  /** Its number in the session; 0 while it is in none. */
  number: number;
}

/** Something that waits for room in the transport's queue: a delivery, or the bytes of anything else. */
type Waiting = { readonly delivery: Delivery } | { readonly frame: FramedMessage };

export class Link {
  readonly session: SessionId;
  /** The client's static public key, 64 hexadecimal digits, proved by the handshake. */
  readonly key: string;
  address: Address;
  /** The registered user whose session this is. */
  presence: Presence | undefined;
  /** What it knew of the table when it last registered. */
  known: TablePosition | undefined;
  readonly #endpoint: Endpoint;
  #waiting: Deque<Waiting> | undefined;
  #inFlight: Deque<Delivery> | undefined;
  readonly #overflow: (link: Link) => void;

  /** `overflow` is told when more is waiting than may: the client does not read. */
  constructor(
    endpoint: Endpoint,
    session: SessionId,
    key: string,
    address: Address,
    overflow: (link: Link) => void,
  ) {
    this.#endpoint = endpoint;
    this.#overflow = overflow;
    this.session = session;
    this.key = key;
    this.address = address;
  }

  /** Sends. Returns the message's number in the session, 0 if it has to wait or the session is gone. */
  post(now: number, frame: FramedMessage): number {
    if (this.#waits) {
      this.#wait({ frame });
      return 0;
    }
    const number = this.#endpoint.send(now, this.session, frame);
    if (number === "queue_full") this.#wait({ frame });
    return typeof number === "number" ? number : 0;
  }

  deliver(now: number, delivery: Delivery): void {
    if (this.#waits || !this.#send(now, delivery)) this.#wait({ delivery });
  }

  /** Takes out the oldest delivery if the client's chat layer has taken it: its number is at most `number`. */
  takeDelivered(number: number): Delivery | undefined {
    const first = this.#inFlight?.first();
    return first !== undefined && first.number <= number ? this.#inFlight?.shift() : undefined;
  }

  /** The delivery with this number in the session. */
  find(number: number): Delivery | undefined {
    const inFlight = this.#inFlight;
    if (inFlight === undefined) return undefined;
    let low = 0;
    let high = inFlight.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (inFlight.at(middle)!.number < number) low = middle + 1;
      else high = middle;
    }
    const found = inFlight.at(low);
    return found?.number === number ? found : undefined;
  }

  /** Every delivery that is not delivered, oldest first, taken out: the session is over. */
  takeDeliveries(): Delivery[] {
    const deliveries = [...(this.#inFlight ?? [])];
    for (const waiting of this.#waiting ?? []) {
      if ("delivery" in waiting) deliveries.push(waiting.delivery);
    }
    this.#inFlight = undefined;
    this.#waiting = undefined;
    for (const delivery of deliveries) delivery.number = 0;
    return deliveries;
  }

  /** Takes out the deliveries for this stay in a group; what is with the transport already still goes out. */
  dropDeliveries(membership: Membership): Delivery[] {
    const dropped: Delivery[] = [];
    const stays = (delivery: Delivery): boolean => {
      if (delivery.membership !== membership) return true;
      dropped.push(delivery);
      return false;
    };
    this.#inFlight?.keep(stays);
    this.#waiting?.keep((waiting) => !("delivery" in waiting) || stays(waiting.delivery));
    return dropped;
  }

  /** There may be room again in the transport's queue: sends what waits. */
  drain(now: number): void {
    for (let next = this.#waiting?.first(); next !== undefined; next = this.#waiting?.first()) {
      if ("delivery" in next) {
        if (!this.#send(now, next.delivery)) return;
      } else if (this.#endpoint.send(now, this.session, next.frame) === "queue_full") {
        return;
      }
      this.#waiting?.shift();
    }
  }

  get #waits(): boolean {
    return this.#waiting !== undefined && this.#waiting.length > 0;
  }

  #wait(waiting: Waiting): void {
    this.#waiting ??= new Deque();
    this.#waiting.push(waiting);
    if (this.#waiting.length > BACKLOG_MAX_FRAMES) this.#overflow(this);
  }

  /** Returns false if the transport has no room. */
  #send(now: number, delivery: Delivery): boolean {
    const number = this.#endpoint.send(now, this.session, delivery.sending.frame);
    if (number === "queue_full") return false;
    // A session that is gone says so with an event, and the delivery is kept until then.
    delivery.number = typeof number === "number" ? number : Infinity;
    this.#inFlight ??= new Deque();
    this.#inFlight.push(delivery);
    return true;
  }
}
