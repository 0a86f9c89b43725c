// A client without a terminal: the real machine, a drive loop and a real socket, and beside them the counts that a
// benchmark wants. What it shows is handed on; it keeps nothing.

import { ClientMachine } from "../../lib/chat/client/client-machine.ts";
import type { Line } from "../../lib/chat/line.ts";
import type { Machine } from "../../lib/chat/machine.ts";
import { Drive, type Outlets } from "../../lib/io/drive.ts";
import { freshKeyPair, randomBytes } from "../../lib/io/entropy.ts";
import { openUdpSocket, type UdpSocket } from "../../lib/io/socket/udp-socket.ts";
import type { Address } from "../../lib/transport/address.ts";

/** What all clients of a process have received, in the sockets' own count. */
export interface Received {
  datagrams: number;
  bytes: number;
}

/** What turns a machine's crank: a `Drive`, or a seat in a loop of many. */
type Crank = Pick<Drive, "start" | "datagram" | "act" | "stop">;

export interface RealClientOptions {
  readonly name: string;
  readonly server: Address;
  /** Its own address. */
  readonly host?: string;
  /** A drive loop of its own, if left out. */
  readonly crank?: (machine: Machine, outlets: Outlets) => Crank;
  readonly received: Received;
  readonly show: (lines: readonly Line[]) => void;
  /** It is over, as the program would be. */
  readonly exit: (status: number) => void;
}

export class RealClient {
  readonly #machine: ClientMachine;
  readonly #crank: Crank;
  readonly #socket: UdpSocket;

  private constructor(options: RealClientOptions, socket: UdpSocket) {
    const {
      name,
      server,
      show,
      exit,
      crank = (machine, outlets) => new Drive(machine, outlets),
    } = options;
    this.#socket = socket;
    this.#machine = new ClientMachine({
      name,
      server,
      keyPair: freshKeyPair(),
      random: randomBytes,
      mayGrow: socket.unfragmented,
    });
    this.#crank = crank(this.#machine, {
      show,
      exit,
      send: (datagrams) => socket.send(datagrams),
      fault: (error) => {
        throw error;
      },
    });
  }

  /** Opens its socket. It does not begin before `start`. */
  static async open(options: RealClientOptions): Promise<RealClient> {
    const { received, host = "127.0.0.1" } = options;
    let client: RealClient | undefined;
    const opened = await openUdpSocket({
      port: 0,
      hostname: host,
      onDatagram: (from, bytes) => {
        received.datagrams++;
        received.bytes += bytes.length;
        if (client !== undefined) client.#crank.datagram(from, bytes);
      },
    });
    if (!opened.ok) throw new Error(opened.reason);
    await opened.socket.tuned;
    client = new RealClient(options, opened.socket);
    return client;
  }

  start(): void {
    this.#crank.start();
  }

  /** Types lines, all in one turn of the loop. */
  type(...lines: readonly string[]): void {
    this.#crank.act((now) => {
      for (const line of lines) this.#machine.line(now, line);
    });
  }

  close(): void {
    this.#crank.stop();
    this.#socket.close();
  }
}
