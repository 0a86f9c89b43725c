// A bare Bun.udpSocket, the yardstick: echoes, or sends and counts, by order of the benchmark. Nothing is acknowledged,
// and what is lost stays lost.

import { loadSetOption, tuneSocket } from "../../lib/io/socket/socket-options.ts";
import { perform } from "./performer.ts";
import { median, percentile } from "./statistics.ts";

const HOST = "127.0.0.1";
const US_PER_MS = 1_000;

/** Datagrams handed over in one call, and then the loop turns. */
const BATCH = 64;

/** When nothing more has come for so long, what is missing is lost. */
const SILENCE_MS = 300;

let onData: (bytes: Uint8Array, port: number) => void = () => {};

const socket = await Bun.udpSocket({
  hostname: HOST,
  binaryType: "uint8array",
  socket: {
    data: (_, bytes, port) => onData(bytes, port),
    error() {},
  },
});
tuneSocket((socket as { fd?: number }).fd, await loadSetOption());

const orders = {
  port: (): number => socket.port,

  /** From now on sends everything back. */
  echo(): void {
    onData = (bytes, port) => void socket.send(bytes, port, HOST);
  },

  /** One datagram at a time, each from its sending to its return, in us. */
  async roundTrips({ port, count, bytes }: { port: number; count: number; bytes: number }) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const payload = new Uint8Array(bytes);
    const times: number[] = [];
    let sentAt = performance.now();
    onData = () => {
      times.push((performance.now() - sentAt) * US_PER_MS);
      if (times.length === count) return resolve();
      sentAt = performance.now();
      socket.send(payload, port, HOST);
    };
    socket.send(payload, port, HOST);
    await promise;
    return { medianUs: median(times), p99Us: percentile(times, 0.99) };
  },

  /** Sends datagrams as fast as they go. */
  async send({ port, count, bytes }: { port: number; count: number; bytes: number }) {
    const payload = new Uint8Array(bytes);
    for (let sent = 0; sent < count;) {
      const packets = Array.from({ length: Math.min(BATCH, count - sent) }, () => [
        payload,
        port,
        HOST,
      ]).flat();
      sent += socket.sendMany(packets);
      await new Promise((resolve) => setImmediate(resolve));
    }
  },

  /** Counts what comes, until all is there or no more comes: how many, and the ms from the first to the last. */
  async count({ count }: { count: number }) {
    const { promise, resolve } = Promise.withResolvers<void>();
    let received = 0;
    let firstAt = 0;
    let lastAt = 0;
    onData = () => {
      lastAt = performance.now();
      if (received === 0) firstAt = lastAt;
      received++;
      if (received === count) resolve();
    };
    const look = setInterval(() => {
      if (received > 0 && performance.now() - lastAt > SILENCE_MS) resolve();
    }, SILENCE_MS);
    await promise;
    clearInterval(look);
    return { received, ms: lastAt - firstAt };
  },
};

export type BareOrders = typeof orders;

perform(orders);
