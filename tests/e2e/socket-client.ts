// A client without a program around it: the machine, the drive loop and a socket of its own, in this process. For chats
// with more members than a test machine could run programs.

import { ClientMachine } from "../../lib/chat/client/client-machine.ts";
import { lineText } from "../../lib/chat/line.ts";
import { Drive } from "../../lib/io/drive.ts";
import { freshKeyPair, randomBytes } from "../../lib/io/entropy.ts";
import { openUdpSocket } from "../../lib/io/socket/udp-socket.ts";
import type { UdpSocket } from "../../lib/io/socket/udp-socket.ts";
import type { Address } from "../../lib/transport/address.ts";
import { TIMEOUT_MS } from "../support/programs.ts";

export class SocketClient implements Disposable {
  readonly name: string;
  /** As a program in a pipe would print them. */
  readonly lines: string[] = [];
  readonly #machine: ClientMachine;
  readonly #drive: Drive;
  readonly #socket: UdpSocket;
  readonly #watchers = new Set<() => void>();

  private constructor(name: string, serverPort: number, socket: UdpSocket) {
    this.name = name;
    this.#socket = socket;
    this.#machine = new ClientMachine({
      name,
      server: { host: "127.0.0.1", port: serverPort },
      keyPair: freshKeyPair(),
      random: randomBytes,
    });
    this.#drive = new Drive(this.#machine, {
      show: (lines) => {
        this.lines.push(...lines.map(lineText));
        for (const watcher of [...this.#watchers]) watcher();
      },
      send: (datagrams) => socket.send(datagrams),
      exit: () => {},
      fault: (error) => this.lines.push(`fault: ${String(error)}`),
    });
    this.#drive.start();
  }

  static async start(name: string, serverPort: number): Promise<SocketClient> {
    let client: SocketClient | undefined;
    const opened = await openUdpSocket({
      port: 0,
      onDatagram: (from, bytes) => client?.receive(from, bytes),
    });
    if (!opened.ok) throw new Error(opened.reason);
    // What arrives in between would be for nobody.
    client = new SocketClient(name, serverPort, opened.socket);
    return client;
  }

  receive(from: Address, bytes: Uint8Array): void {
    this.#drive.datagram(from, bytes);
  }

  type(text: string): void {
    this.#drive.act((now) => this.#machine.line(now, text));
  }

  /** Waits for a line, wherever it stands. */
  async line(text: string): Promise<void> {
    const wanted = `>>> ${text}`;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = (): void => {
      if (this.lines.includes(wanted)) resolve();
    };
    const missing = () => `${this.name} has not shown \`${wanted}\`: ${this.lines.join("\n")}`;
    const timer = setTimeout(() => reject(new Error(missing())), TIMEOUT_MS);
    this.#watchers.add(look);
    look();
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#watchers.delete(look);
    }
  }

  [Symbol.dispose](): void {
    this.#drive.stop();
    this.#socket.close();
  }
}
