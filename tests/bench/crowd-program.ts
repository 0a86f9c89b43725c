// Many real clients in one process, each with a socket of its own, by order of the benchmark.

import type { Line } from "../../lib/chat/line.ts";
import { CrowdLoop } from "./crowd-loop.ts";
import { perform } from "./performer.ts";
import { RealClient } from "./real-client.ts";

/** Errors told; more of them would say the same. */
const ERRORS_TOLD = 3;

/** As many clients are neighbours, with one /24 prefix, and each has an address of its own: what servers limit by them. */
const NEIGHBOURS = 200;

/** On Linux, all of 127.0.0.0/8 is this machine. */
const hostOf = (number: number): string => {
  if (process.platform !== "linux") return "127.0.0.1";
  return `127.1.${Math.floor(number / NEIGHBOURS)}.${1 + (number % NEIGHBOURS)}`;
};

const loop = new CrowdLoop();
const clients: RealClient[] = [];
const received = { datagrams: 0, bytes: 0 };
const errors = new Set<string>();

let registered = 0;
let ended = 0;
/** Clients that are registered, or have ended without that. */
let settled = 0;
let changed: () => void = () => {};

const open = (serverPort: number): Promise<RealClient> => {
  let isSettled = false;
  const settle = (): void => {
    if (!isSettled) settled++;
    isSettled = true;
    changed();
  };
  return RealClient.open({
    name: `c${clients.length}`,
    server: { host: "127.0.0.1", port: serverPort },
    host: hostOf(clients.length),
    received,
    crank: (machine, outlets) => loop.seat(machine, outlets),
    show(lines: readonly Line[]) {
      for (const { text, kind } of lines) {
        if (kind === "error") errors.add(text);
        if (text !== "[Welcome, You are registered.]") continue;
        registered++;
        settle();
      }
    },
    exit() {
      ended++;
      settle();
    },
  });
};

/** Asks again whenever something has changed. */
const until = async (condition: () => boolean): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  changed = () => {
    if (condition()) resolve();
  };
  changed();
  await promise;
};

const orders = {
  /** So many more clients begin at once. Returns how long it took until each was registered or gave up, in ms. */
  async join({ count, serverPort }: { count: number; serverPort: number }): Promise<number> {
    const first = clients.length;
    while (clients.length < first + count) clients.push(await open(serverPort));
    const from = performance.now();
    for (const client of clients.slice(first)) client.start();
    await until(() => settled === clients.length);
    return performance.now() - from;
  },

  /** All leave. */
  async leave(): Promise<void> {
    clients.forEach((client, number) => client.type(`dereg c${number}`));
    await until(() => ended === clients.length);
    for (const client of clients) client.close();
  },

  /** What all of them have received so far; how many were registered, how many are at their end, and why. */
  count: () => ({ ...received, registered, ended, errors: [...errors].slice(0, ERRORS_TOLD) }),
};

export type CrowdOrders = typeof orders;

perform(orders);
