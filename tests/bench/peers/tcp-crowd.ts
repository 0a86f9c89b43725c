// A crowd over TCP: a connection for each member and one for the sender, whatever they speak. As lean as it can be made
// without being blind: bytes are read in place, writes of one turn go out together.

import { type Crowd, type CrowdEvents, SENDER, sequenceAt } from "./peer.ts";

const HOST = "127.0.0.1";

/** Connections begun at once: below what any of the servers lets wait. */
const JOINING_AT_ONCE = 50;

const JOIN_MAX_MS = 60_000;

/** What a system's members say and read. */
export interface Wire {
  /** What a connection begins with. */
  greeting(member: number): string | Uint8Array;
  /**
   * Reads whole messages from the front of `bytes`, and returns how many bytes they were. Says `connection.joined` when
   * the server has let it in, and `connection.delivered` for each text.
   */
  read(bytes: Buffer, connection: Connection): number;
  /** The sender's words for a text to the group. */
  publication(text: string): string | Uint8Array;
}

type TcpSocket = Bun.Socket<undefined>;

export class Connection {
  readonly member: number;
  readonly #wire: Wire;
  readonly #events: CrowdEvents;
  readonly #joining = Promise.withResolvers<void>();
  #socket: TcpSocket | undefined;
  /** The beginning of a message whose end is yet to come. */
  #rest: Buffer | undefined;
  #out: Uint8Array[] = [];
  #now = 0;

  constructor(member: number, wire: Wire, events: CrowdEvents) {
    this.member = member;
    this.#wire = wire;
    this.#events = events;
  }

  /** Connects, and waits until it is in the group. What goes wrong is told as an event. */
  async join(port: number): Promise<void> {
    const timer = setTimeout(() => this.fail("a member could not join in time"), JOIN_MAX_MS);
    try {
      await Bun.connect({
        hostname: HOST,
        port,
        socket: {
          open: (socket) => {
            socket.setNoDelay(true);
            this.#socket = socket;
            this.say(this.#wire.greeting(this.member));
            this.flush();
          },
          data: (_socket, bytes) => this.#read(bytes),
          drain: () => this.flush(),
          close: () => this.fail("the server closed a connection"),
          error: (_socket, error) => this.fail(`a connection was lost: ${error.message}`),
        },
      });
      await this.#joining.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** It is in the group. */
  joined(): void {
    this.#joining.resolve();
  }

  /** A text stands in `bytes` at `offset`. */
  delivered(bytes: Uint8Array, offset: number): void {
    this.#events.delivered(this.member, sequenceAt(bytes, offset), this.#now);
  }

  /** Says something, with the next flush; there is one behind all that was read. */
  say(bytes: string | Uint8Array): void {
    this.#out.push(typeof bytes === "string" ? Buffer.from(bytes) : bytes);
  }

  flush(): void {
    if (this.#out.length === 0 || this.#socket === undefined) return;
    const bytes = this.#out.length === 1 ? this.#out[0]! : Buffer.concat(this.#out);
    this.#out = [];
    const written = this.#socket.write(bytes);
    // What finds no room goes in front; `drain` follows.
    if (written < bytes.length) this.#out.unshift(bytes.subarray(Math.max(0, written)));
  }

  fail(reason: string): void {
    this.#events.failed(reason);
  }

  #read(chunk: Buffer): void {
    this.#now = performance.now();
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    const used = this.#wire.read(bytes, this);
    this.#rest = used === bytes.length ? undefined : bytes.subarray(used);
    this.flush();
    this.#events.turnOver();
  }
}

export const gatherTcp =
  (wire: Wire) =>
  async (port: number, members: number, events: CrowdEvents): Promise<Crowd> => {
    for (let first = 0; first < members; first += JOINING_AT_ONCE) {
      const count = Math.min(JOINING_AT_ONCE, members - first);
      const places = Array.from({ length: count }, (_, index) => first + index);
      await Promise.all(places.map((place) => new Connection(place, wire, events).join(port)));
    }
    const sender = new Connection(SENDER, wire, events);
    await sender.join(port);
    return {
      ready: true,
      publish: (text) => sender.say(wire.publication(text)),
      flush: () => sender.flush(),
    };
  };
