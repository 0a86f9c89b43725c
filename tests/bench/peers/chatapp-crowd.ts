// All members of ChatApp in one process: a socket for each, and one loop for all. Each has its turn as in a process of its
// own: what has arrived is handed in at once, and what comes of it is sent when its socket has been read empty.

import { openUdpSocket, type UdpSocket } from "../../../lib/io/socket/udp-socket.ts";
import { DeadlineQueue } from "../../../lib/transport/deadline-queue.ts";
import { Member } from "./chatapp-member.ts";
import { type Crowd, type CrowdEvents, GROUP, SENDER } from "./peer.ts";
import { repeatedPieces } from "./repeated-pieces.ts";

const HOST = "127.0.0.1";

const JOINING_AT_ONCE = 100;

const JOIN_MAX_MS = 60_000;

export class ChatCrowd implements Crowd {
  readonly #port: number;
  readonly #events: CrowdEvents;
  /** In the order in which they are entered. */
  readonly #groups: readonly string[];
  readonly #sockets = new Map<Member, UdpSocket>();
  readonly #members: Member[] = [];
  readonly #killed = new Set<number>();
  readonly #deadlines = new DeadlineQueue<Member>();
  #sender!: Member;
  #named = 0;
  /** Whose socket is being read. */
  #reading: Member | undefined;
  #timer: Timer | undefined;
  #timerAt = Infinity;

  private constructor(port: number, events: CrowdEvents, otherGroups: number) {
    this.#port = port;
    this.#events = events;
    const others = Array.from({ length: otherGroups }, (_, number) => `other${number}`);
    this.#groups = [...others, GROUP];
  }

  static async gather(
    port: number,
    members: number,
    events: CrowdEvents,
    otherGroups = 0,
  ): Promise<ChatCrowd> {
    const crowd = new ChatCrowd(port, events, otherGroups);
    crowd.#sender = await crowd.#join(SENDER);
    await crowd.#fill(Array.from({ length: members }, (_, number) => number));
    return crowd;
  }

  get ready(): boolean {
    return this.#sender.ready;
  }

  get sentAgain(): number {
    return repeatedPieces();
  }

  publish(text: string): void {
    this.#sender.say(performance.now(), text);
  }

  flush(): void {
    this.#send(this.#sender);
  }

  kill(number: number): void {
    const member = this.#members[number]!;
    this.#sockets.get(member)?.close();
    this.#sockets.delete(member);
    this.#deadlines.remove(member);
    if (this.#reading === member) this.#reading = undefined;
    this.#killed.add(number);
  }

  async replaceKilled(): Promise<void> {
    const places = [...this.#killed];
    this.#killed.clear();
    await this.#fill(places);
  }

  async #fill(places: readonly number[]): Promise<void> {
    for (let first = 0; first < places.length; first += JOINING_AT_ONCE) {
      const some = places.slice(first, first + JOINING_AT_ONCE);
      const joined = await Promise.all(some.map((number) => this.#join(number)));
      for (const member of joined) this.#members[member.number] = member;
    }
  }

  async #join(number: number): Promise<Member> {
    let member: Member | undefined;
    const opened = await openUdpSocket({
      port: 0,
      hostname: HOST,
      onDatagram: (from, bytes) => {
        if (member === undefined) return;
        this.#begin(member);
        member.receive(performance.now(), from, bytes);
      },
    });
    if (!opened.ok) throw new Error(opened.reason);
    await opened.socket.tuned;
    const server = { host: HOST, port: this.#port };
    const who = { number, name: `m${this.#named++}`, groups: this.#groups };
    member = new Member(performance.now(), who, server, this.#events);
    this.#sockets.set(member, opened.socket);
    this.#send(member);
    this.#arm();
    const late = setTimeout(() => this.#events.failed("a member could not join"), JOIN_MAX_MS);
    await member.joined.finally(() => clearTimeout(late));
    return member;
  }

  /** A socket is read until it is empty, then another one, then everything else has its turn. */
  #begin(member: Member): void {
    if (this.#reading === member) return;
    if (this.#reading === undefined) setImmediate(() => this.#endTurn());
    else this.#endTurn();
    this.#reading = member;
  }

  #endTurn(): void {
    if (this.#reading === undefined) return;
    this.#send(this.#reading);
    this.#reading = undefined;
    this.#events.turnOver();
    this.#arm();
  }

  #send(member: Member): void {
    this.#sockets.get(member)?.send(member.flush(performance.now()));
    this.#deadlines.schedule(member, member.nextWakeup());
  }

  #arm(): void {
    const at = this.#deadlines.next;
    if (at >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(() => this.#onTimer(), Math.max(0, Math.ceil(at - performance.now())));
  }

  /** What has arrived is read before the clock is looked at. */
  #onTimer(): void {
    this.#timerAt = Infinity;
    setImmediate(() => setImmediate(() => this.#wake()));
  }

  #wake(): void {
    const now = performance.now();
    for (let due = this.#deadlines.popDue(now); due !== undefined;) {
      due.wake(now);
      this.#send(due);
      due = this.#deadlines.popDue(now);
    }
    this.#arm();
  }
}
