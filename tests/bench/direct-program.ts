// One of two clients that write to each other, by order of the benchmark.

import type { Line } from "../../lib/chat/line.ts";
import { perform } from "./performer.ts";
import { RealClient } from "./real-client.ts";
import { median, percentile } from "./statistics.ts";

const US_PER_MS = 1_000;

let client: RealClient;
/** Messages of the other client, as shown. */
let messagesShown = 0;
/** Told of each line but those. */
let onLine: (text: string, line: Line) => void = () => {};

/** Waits until `done` says so, having seen each line from now on; fails at a line in the look of an error. */
const untilLine = async (done: (text: string) => boolean): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  onLine = (text, { kind }) => {
    if (kind === "error") reject(new Error(text));
    else if (done(text)) resolve();
  };
  await promise;
  onLine = () => {};
};

const show = (lines: readonly Line[]): void => {
  for (const line of lines) {
    if (line.kind === "chat") messagesShown++;
    else onLine(line.text, line);
  }
};

const isReceived = (text: string): boolean => text.startsWith("[Message received by ");

const orders = {
  /** Registers. Whom it is to write to must be there before. */
  async join({ name, serverPort }: { name: string; serverPort: number }): Promise<void> {
    client = await RealClient.open({
      name,
      server: { host: "127.0.0.1", port: serverPort },
      received: { datagrams: 0, bytes: 0 },
      show,
      exit: () => process.exit(1),
    });
    client.start();
    await untilLine((text) => text === "[Client table updated.]");
  },

  /** Messages one at a time, each from its line typed to the line that says that it was received, in us. */
  async roundTrips({ to, count, text }: { to: string; count: number; text: string }) {
    const times: number[] = [];
    const line = `send ${to} ${text}`;
    let typedAt = performance.now();
    client.type(line);
    await untilLine((shown) => {
      if (!isReceived(shown)) return false;
      times.push((performance.now() - typedAt) * US_PER_MS);
      if (times.length === count) return true;
      typedAt = performance.now();
      client.type(line);
      return false;
    });
    return { medianUs: median(times), p99Us: percentile(times, 0.99) };
  },

  /** Messages as fast as they go, all typed at once. Returns how long it took until the last was received, in ms. */
  async stream({ to, count, text }: { to: string; count: number; text: string }) {
    const from = performance.now();
    client.type(...Array.from({ length: count }, () => `send ${to} ${text}`));
    let received = 0;
    await untilLine((shown) => isReceived(shown) && ++received === count);
    return performance.now() - from;
  },

  /** How many messages of the other client were shown since it was last asked. */
  takeShown(): number {
    const shown = messagesShown;
    messagesShown = 0;
    return shown;
  },
};

export type DirectOrders = typeof orders;

perform(orders);
