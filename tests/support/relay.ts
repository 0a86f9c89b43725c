// A client's way into the world as a small process of bad manners: all that the client sends goes through here, and all
// that is sent to it. The others see it at the relay's outer address, as behind a NAT that lets everybody in.

import type { Address } from "../../lib/transport/address.ts";
import { type Harm, Impairment, type Link } from "./impairment.ts";
import { Prng } from "./prng.ts";

const HOST = "127.0.0.1";

type Socket = Bun.udp.Socket<"buffer">;

/** A peer of the client, and the socket that stands for it on the client's side. */
interface Inner {
  readonly remote: Address;
  readonly socket: Socket;
}

/** Seen from the client: what it sends, and what is sent to it. */
export type Direction = "out" | "in";

export class Relay {
  readonly #out: Impairment;
  readonly #in: Impairment;
  readonly #inners = new Map<string, Promise<Inner>>();
  #client: Address | undefined;
  #outer: Socket | undefined;
  #closed = false;
  /** Where the client finds its server. */
  port = 0;
  readonly #server: Address;
  /** Called with every datagram between client and server, before anything happens to it. */
  onDatagram: ((direction: Direction, bytes: Uint8Array) => void) | undefined;

  private constructor(server: Address, link: Link, seed: number) {
    this.#server = server;
    const random = new Prng(seed);
    this.#out = new Impairment(link, random.fork());
    this.#in = new Impairment(link, random.fork());
  }

  /** A relay in front of the server at this port. The link is that bad in both directions. */
  static async open(serverPort: number, link: Link, seed: number): Promise<Relay> {
    const server = { host: HOST, port: serverPort };
    const relay = new Relay(server, link, seed);
    await relay.rebind();
    const { socket } = await relay.#inner(server);
    relay.port = socket.port;
    return relay;
  }

  /** The client has another address from now on; the old one leads nowhere. */
  async rebind(): Promise<void> {
    const before = this.#outer;
    this.#outer = await this.#socket((from, bytes) => {
      if (this.#isServer(from)) this.onDatagram?.("in", bytes);
      void this.#inner(from).then(({ socket }) => {
        this.#carry(this.#in, bytes, (late) => this.#give(socket, late, this.#client));
      });
    });
    before?.close();
  }

  /** Sends a datagram as if it had just come this way: from the address from which the other side expects it. */
  async send(direction: Direction, bytes: Uint8Array): Promise<void> {
    if (direction === "out") this.#give(this.#outer, bytes, this.#server);
    else this.#give((await this.#inner(this.#server)).socket, bytes, this.#client);
  }

  /** What happened on the way out and on the way in. */
  get harm(): readonly Harm[] {
    return [this.#out.harm, this.#in.harm];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#outer?.close();
    for (const inner of this.#inners.values()) (await inner).socket.close();
  }

  #isServer({ host, port }: Address): boolean {
    return host === this.#server.host && port === this.#server.port;
  }

  #inner(remote: Address): Promise<Inner> {
    const place = `${remote.host}:${remote.port}`;
    let inner = this.#inners.get(place);
    if (inner === undefined) {
      inner = this.#socket((from, bytes) => {
        this.#client = from;
        if (this.#isServer(remote)) this.onDatagram?.("out", bytes);
        this.#carry(this.#out, bytes, (late) => this.#give(this.#outer, late, remote));
      }).then((socket) => ({ remote, socket }));
      this.#inners.set(place, inner);
    }
    return inner;
  }

  #socket(onDatagram: (from: Address, bytes: Uint8Array) => void): Promise<Socket> {
    return Bun.udpSocket({
      hostname: HOST,
      port: 0,
      socket: {
        data: (_socket, bytes, port, host) => onDatagram({ host, port }, bytes.slice()),
        error() {}, // somebody's port is closed
      },
    });
  }

  #carry(impairment: Impairment, bytes: Uint8Array, give: (bytes: Uint8Array) => void): void {
    const now = performance.now();
    for (const { at, bytes: late } of impairment.pass(now, bytes)) {
      if (at <= now) give(late);
      else setTimeout(() => give(late), at - now);
    }
  }

  #give(socket: Socket | undefined, bytes: Uint8Array, to: Address | undefined): void {
    if (this.#closed || socket === undefined || socket.closed || to === undefined) return;
    try {
      socket.send(bytes, to.port, to.host);
    } catch {
      // Lost, as on any network: the port is closed, or the buffer is full.
    }
  }
}
