// What a crowd is made to do: texts one at a time, so many in flight, or at a steady rate; and what is counted of it.
// Every member must read every text once, in order: anything else is no figure but a fault.

import { type Crowd, type CrowdEvents, SEQUENCE_DIGITS } from "./peers/peer.ts";
import { Delays } from "./statistics.ts";

/** What a text is where nothing else is said, its number included. */
const TEXT_BYTES = 100;

/** `window`: so many texts that not all members have read, as many at all times. `steady`: so many a second. */
export type Pace =
  | { readonly kind: "window"; readonly texts: number }
  | { readonly kind: "steady"; readonly perSecond: number };

/** What is remembered of texts on their way; a power of two. */
const RING = 65_536;

/** Nothing has arrived for so long, though something should: it never will. */
const STALLED_MS = 15_000;

const MS_PER_SECOND = 1_000;

export class Load implements CrowdEvents {
  readonly delays = new Delays();
  #deliveries = 0;
  #crowd: Crowd | undefined;
  #pace: Pace | undefined;
  #textBytes = TEXT_BYTES;
  #timer: Timer | undefined;
  #paceSince = 0;
  #paceSent = 0;
  /** The number of the next text. */
  #next = 1;
  /** Texts that not all have read. */
  #outstanding = 0;
  /** Of the text with this number modulo RING: when it was published, and by how many it has yet to be read. */
  readonly #publishedAt = new Float64Array(RING);
  readonly #unread = new Int32Array(RING);
  /** By member: the number of the text that it must read next; infinity for one that reads no more. */
  readonly #awaited: Float64Array;
  #reading: number;
  readonly #failure = Promise.withResolvers<never>();
  #idle: (() => void) | undefined;

  constructor(members: number) {
    this.#awaited = new Float64Array(members).fill(1);
    this.#reading = members;
    // Whoever waits is told; nobody may be waiting yet.
    this.#failure.promise.catch(() => {});
  }

  get deliveries(): number {
    return this.#deliveries;
  }

  /** Rejects when something goes wrong, now or later. */
  get failure(): Promise<never> {
    return this.#failure.promise;
  }

  /** Begins, and goes on until `stop`. */
  start(crowd: Crowd, pace: Pace, textBytes: number = TEXT_BYTES): void {
    this.#crowd = crowd;
    this.#pace = pace;
    this.#textBytes = textBytes;
    this.#paceSince = performance.now();
    this.#paceSent = 0;
    this.#publishDue();
  }

  /** Counts from here. */
  reset(): void {
    this.#deliveries = 0;
    this.delays.clear();
  }

  /** Publishes nothing more, and waits until all has arrived. */
  async stop(): Promise<void> {
    this.#pace = undefined;
    clearTimeout(this.#timer);
    if (this.#outstanding === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle = resolve;
    const timer = setTimeout(() => this.failed(this.#missingText()), STALLED_MS);
    await Promise.race([promise, this.failure]).finally(() => clearTimeout(timer));
  }

  /** This member reads nothing more, and nobody waits for it. */
  leaveOut(member: number): void {
    for (let text = this.#awaited[member]!; text < this.#next; text++) this.#read(text);
    this.#awaited[member] = Infinity;
    this.#reading--;
    // Nobody else may have anything to read: then nothing comes that would end a turn.
    this.turnOver();
  }

  /** In a pause: a new member reads all that follows. */
  takeIn(member: number): void {
    this.#awaited[member] = this.#next;
    this.#reading++;
  }

  delivered(member: number, sequence: number, now: number): void {
    const awaited = this.#awaited[member]!;
    if (sequence !== awaited) {
      return this.failed(`member ${member} read text ${sequence}, not ${awaited}`);
    }
    this.#awaited[member] = awaited + 1;
    this.#deliveries++;
    this.delays.add(now - this.#publishedAt[sequence % RING]!);
    this.#read(sequence);
  }

  turnOver(): void {
    if (this.#pace?.kind === "window") this.#publishDue();
    else this.#tellIdle();
  }

  failed(reason: string): void {
    this.#pace = undefined;
    clearTimeout(this.#timer);
    this.#failure.reject(new Error(reason));
  }

  #read(sequence: number): void {
    if (--this.#unread[sequence % RING]! === 0) this.#outstanding--;
  }

  #tellIdle(): void {
    if (this.#outstanding > 0) return;
    this.#idle?.();
    this.#idle = undefined;
  }

  #publishDue(): void {
    const crowd = this.#crowd;
    const pace = this.#pace;
    if (crowd === undefined || pace === undefined) return;
    const now = performance.now();
    const due =
      pace.kind === "window"
        ? pace.texts - this.#outstanding
        : Math.floor(((now - this.#paceSince) * pace.perSecond) / MS_PER_SECOND) - this.#paceSent;
    let published = 0;
    for (; published < due && crowd.ready; published++) this.#publish(crowd, now);
    if (published > 0) crowd.flush();
    this.#paceSent += published;
    if (pace.kind === "window") return;
    const nextAt = this.#paceSince + ((this.#paceSent + 1) * MS_PER_SECOND) / pace.perSecond;
    this.#timer = setTimeout(() => this.#publishDue(), Math.max(0, nextAt - performance.now()));
  }

  #publish(crowd: Crowd, now: number): void {
    if (this.#outstanding >= RING) return this.failed("the members fall behind");
    const sequence = this.#next++;
    this.#publishedAt[sequence % RING] = now;
    this.#unread[sequence % RING] = this.#reading;
    this.#outstanding++;
    crowd.publish(`${sequence}`.padStart(SEQUENCE_DIGITS, "0").padEnd(this.#textBytes, "."));
  }

  #missingText(): string {
    const behind = this.#awaited.filter((awaited) => awaited < this.#next).length;
    return `${behind} members have not read all that was said to them`;
  }
}
