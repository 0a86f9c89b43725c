// Sessions with clients: what is sent on one stays in order, also when the transport's queue is full, and group messages
// are remembered until they are delivered. Belongs to connections, not to the log. Knows nothing of what the bytes say.

import type { Address } from "../../transport/address.ts";
import { Deque } from "../../transport/deque.ts";
import type { Endpoint, SessionId } from "../../transport/endpoint.ts";
import type { FramedMessage } from "../../transport/framed-message.ts";
import {
  ANSWERS_MAX_BYTES,
  ANSWERS_MAX_FRAMES,
  UNREGISTERED_MAX_BYTES,
  UNREGISTERED_MAX_MESSAGES,
} from "../limits.ts";
import type { TablePosition } from "../message.ts";
import type { Membership } from "./membership.ts";
import type { Presence } from "./presence.ts";
import { Meter } from "./quotas.ts";
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

/** Anything but a delivery. `answer`: to a request of the client. */
interface Posted {
  readonly frame: FramedMessage;
  readonly answer: boolean;
}

/** Something that waits for room in the transport's queue. */
type Waiting = { readonly delivery: Delivery } | Posted;

export class Link {
  readonly session: SessionId;
  /** The client's static public key, 64 hexadecimal digits, proved by the handshake. */
  readonly key: string;
  address: Address;
  /** The registered user whose session this is. */
  presence: Presence | undefined;
  /** What it knew of the table when it last registered. */
  known: TablePosition | undefined;
  /** How much of what it may it has used. */
  meter = new Meter();
  /** What was said on it while it was nobody's. */
  #strangerMessages = 0;
  #strangerBytes = 0;
  readonly #endpoint: Endpoint;
  #waiting: Deque<Waiting> | undefined;
  #inFlight: Deque<Delivery> | undefined;
  /** Waiting messages other than deliveries, which have a limit of their own. */
  #postedFrames = 0;
  #postedBytes = 0;
  /** Answers that the client has yet to take: how many, their bytes, and those of them in the transport's queue. */
  #answers = 0;
  #answerBytes = 0;
  #answersInFlight: Deque<{ readonly number: number; readonly bytes: number }> | undefined;
  /** Goes out right behind the next message, or on its own by `at`, in ms. */
  rider: { readonly frame: FramedMessage; readonly at: number } | undefined;
  readonly #overflow: (link: Link) => void;

  /** `overflow` is told when the session is to end: the client says too much, or does not read. */
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

  /** The client does not behave: its session ends with this turn. */
  end(): void {
    this.#overflow(this);
  }

  /** Counts a message of so many bytes. Returns whether one who is not registered may say as much. */
  mayHear(bytes: number): boolean {
    if (this.presence !== undefined) return true;
    this.#strangerMessages++;
    this.#strangerBytes += bytes;
    return (
      this.#strangerMessages <= UNREGISTERED_MAX_MESSAGES &&
      this.#strangerBytes <= UNREGISTERED_MAX_BYTES
    );
  }

  /** Answers to this client that it has yet to take. */
  get answersOwed(): number {
    return this.#answers;
  }

  /** Their bytes. */
  get answerBytesOwed(): number {
    return this.#answerBytes;
  }

  /** Sends. Returns the message's number in the session, 0 if it has to wait or the session is gone. */
  post(now: number, frame: FramedMessage, answer = false): number {
    const posted: Posted = { frame, answer };
    if (answer) {
      this.#answers++;
      this.#answerBytes += frame.length;
    }
    const number = this.#waits ? "queue_full" : this.#post(now, posted);
    if (number !== "queue_full") return number;
    this.#wait(posted);
    this.#count(posted, 1);
    const tooMany = this.#postedFrames > ANSWERS_MAX_FRAMES;
    if (tooMany || this.#postedBytes > ANSWERS_MAX_BYTES) this.end();
    return 0;
  }

  /** The client's chat layer has taken all messages of the session up to this number. */
  delivered(number: number): void {
    const answers = this.#answersInFlight;
    for (let first = answers?.first(); first !== undefined && first.number <= number;) {
      this.#answers--;
      this.#answerBytes -= first.bytes;
      answers?.shift();
      first = answers?.first();
    }
    if (answers?.length === 0) this.#answersInFlight = undefined;
  }

  /** Sends what was to go out with something else, if there is anything. */
  sendRider(now: number): void {
    const { rider } = this;
    if (rider === undefined) return;
    this.rider = undefined;
    this.post(now, rider.frame);
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

  /** Every delivery that is not delivered, oldest first. */
  *deliveries(): IterableIterator<Delivery> {
    yield* this.#inFlight ?? [];
    for (const waiting of this.#waiting ?? []) if ("delivery" in waiting) yield waiting.delivery;
  }

  /** The same, taken out: the user is gone, or on another session. What else waits still goes out. */
  takeDeliveries(): Delivery[] {
    const deliveries = [...this.deliveries()];
    this.#inFlight = undefined;
    this.#waiting?.keep((waiting) => !("delivery" in waiting));
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
      } else {
        if (this.#post(now, next) === "queue_full") return;
        this.#count(next, -1);
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
  }

  #count({ frame }: Posted, sign: 1 | -1): void {
    this.#postedFrames += sign;
    this.#postedBytes += sign * frame.length;
  }

  /** Returns the number in the session, 0 if it is gone. */
  #post(now: number, { frame, answer }: Posted): number | "queue_full" {
    const number = this.#endpoint.send(now, this.session, frame);
    if (number === "queue_full") return number;
    if (number === "no_session") return 0;
    if (answer) {
      this.#answersInFlight ??= new Deque();
      this.#answersInFlight.push({ number, bytes: frame.length });
    }
    this.sendRider(now);
    return number;
  }

  /** Returns false if the transport has no room. */
  #send(now: number, delivery: Delivery): boolean {
    const number = this.#endpoint.send(now, this.session, delivery.sending.frame);
    if (number === "queue_full") return false;
    // A session that is gone says so with an event, and the delivery is kept until then.
    delivery.number = typeof number === "number" ? number : Infinity;
    this.#inFlight ??= new Deque();
    this.#inFlight.push(delivery);
    this.sendRider(now);
    return true;
  }
}
