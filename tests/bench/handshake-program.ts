// Shakes hands, by order of the benchmark: with itself in memory, or with a server over a socket. Also does the curve
// operations alone.

import { createPublicKey, diffieHellman, generateKeyPairSync } from "node:crypto";

import type { Machine, Output } from "../../lib/chat/machine.ts";
import { Drive } from "../../lib/io/drive.ts";
import { freshKeyPair, randomBytes } from "../../lib/io/entropy.ts";
import { openUdpSocket } from "../../lib/io/socket/udp-socket.ts";
import type { Address } from "../../lib/transport/address.ts";
import { Endpoint, type EndpointOptions } from "../../lib/transport/endpoint.ts";
import type { HandshakeLimits } from "../../lib/transport/handshake/admission.ts";
import { perform } from "./performer.ts";

const INITIATOR: Address = { host: "127.0.0.1", port: 1 };
const RESPONDER: Address = { host: "127.0.0.1", port: 2 };

const UNLIMITED: HandshakeLimits = { perSecond: 0, prefixPerSecond: 0 };

const options = (): EndpointOptions => ({
  keyPair: freshKeyPair(),
  random: randomBytes,
  idleTimeoutMs: 45_000,
});

/** One handshake, from HELLO to the first sealed packet, and the session forgotten on both sides. */
const shakeInMemory = (now: number, initiator: Endpoint, responder: Endpoint): void => {
  const session = initiator.connect(now, RESPONDER);
  for (;;) {
    const asked = initiator.flush(now);
    for (const { bytes } of asked) responder.receive(now, INITIATOR, bytes);
    const established = responder.takeEvents().find(({ type }) => type === "established");
    if (established !== undefined) {
      initiator.abandon(session);
      responder.abandon(established.session);
      initiator.takeEvents();
      return;
    }
    const answered = responder.flush(now);
    if (asked.length + answered.length === 0) throw new Error("the handshake does not go on");
    for (const { bytes } of answered) initiator.receive(now, RESPONDER, bytes);
  }
};

/** Begins sessions with a server, some at a time, and ends each as soon as it is established. */
class Handshaker implements Machine {
  readonly #endpoint = new Endpoint(options());
  readonly #server: Address;
  readonly #atOnce: number;
  readonly #finished: () => void;
  #toBegin: number;
  #underWay = 0;

  constructor(server: Address, count: number, atOnce: number, finished: () => void) {
    this.#server = server;
    this.#toBegin = count;
    this.#atOnce = atOnce;
    this.#finished = finished;
  }

  receive(now: number, from: Address, datagram: Uint8Array): void {
    this.#endpoint.receive(now, from, datagram);
  }

  wake(now: number): void {
    this.#endpoint.wake(now);
  }

  nextWakeup(): number {
    return this.#endpoint.nextWakeup();
  }

  flush(now: number): Output {
    for (const { type, session } of this.#endpoint.takeEvents()) {
      if (type !== "established") continue;
      // The sealed packet that says so is also the one that tells the server that the session is established.
      this.#endpoint.close(session);
      this.#underWay--;
    }
    for (; this.#toBegin > 0 && this.#underWay < this.#atOnce; this.#toBegin--, this.#underWay++) {
      this.#endpoint.connect(now, this.#server);
    }
    if (this.#toBegin + this.#underWay === 0) this.#finished();
    return { lines: [], datagrams: this.#endpoint.flush(now) };
  }
}

/** CPU time of this process while it did that, in us. */
const cpuOf = (work: () => void): number => {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
};

const orders = {
  /** Both sides of so many handshakes. Returns the CPU time, in us. */
  inMemory({ count }: { count: number }): number {
    const initiator = new Endpoint(options());
    const responder = new Endpoint({ ...options(), handshakes: UNLIMITED });
    return cpuOf(() => {
      for (let made = 0; made < count; made++) {
        shakeInMemory(performance.now(), initiator, responder);
      }
    });
  },

  /** X25519 alone, on keys that are at hand: so many fresh key pairs, so many shared secrets. CPU time in us. */
  curve({ keyPairs, secrets }: { keyPairs: number; secrets: number }): number {
    const { privateKey } = freshKeyPair();
    const publicKey = createPublicKey(freshKeyPair().privateKey);
    return cpuOf(() => {
      for (let made = 0; made < keyPairs; made++) generateKeyPairSync("x25519");
      for (let made = 0; made < secrets; made++) diffieHellman({ privateKey, publicKey });
    });
  },

  /** So many handshakes with a server, so many of them at a time. Returns how long it took, in ms. */
  async overSocket({ port, count, atOnce }: { port: number; count: number; atOnce: number }) {
    const server: Address = { host: "127.0.0.1", port };
    const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
    const opened = await openUdpSocket({
      port: 0,
      onDatagram: (from, bytes) => drive.datagram(from, bytes),
    });
    if (!opened.ok) throw new Error(opened.reason);
    const { socket } = opened;
    await socket.tuned;
    const drive = new Drive(new Handshaker(server, count, atOnce, finish), {
      show() {},
      send: (datagrams) => socket.send(datagrams),
      exit() {},
      fault: (error) => {
        throw error;
      },
    });
    const from = performance.now();
    drive.start();
    await finished;
    const ms = performance.now() - from;
    drive.stop();
    socket.close();
    return ms;
  },
};

export type HandshakeOrders = typeof orders;

perform(orders);
