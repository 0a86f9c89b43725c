// The programs on this machine, each client behind a relay that delays, reorders, doubles, damages and drops what goes
// through it, in both directions, and changes the client's address.

import { expect, setDefaultTimeout, test } from "bun:test";

import { converse, quit, startClients, startServer } from "../support/conversation.ts";
import type { Harm, Link } from "../support/impairment.ts";
import { freePort } from "../support/ports.ts";
import { Relay } from "../support/relay.ts";
import { turns } from "../support/turns.ts";

setDefaultTimeout(180_000);

const NAMES = ["ann", "ben", "cleo"];

/** Four programs each. */
const inTurn = turns(2);

/** Everything that was done to datagrams, by all relays. */
const sum = (relays: readonly Relay[], what: keyof Harm): number =>
  relays.flatMap(({ harm }) => harm).reduce((total, harm) => total + harm[what], 0);

interface Stage {
  readonly messages: number;
  readonly padding?: string;
  readonly moves?: number;
  readonly meanwhile?: (relays: readonly Relay[]) => Promise<void>;
}

/** A conversation of three over links like this. Returns the relays, for what they have done. */
const over = async (link: Link, { meanwhile, ...talk }: Stage): Promise<readonly Relay[]> => {
  await using stack = new AsyncDisposableStack();
  const port = await freePort();
  const server = await startServer(stack, port);
  const relays: Relay[] = [];
  for (const seed of NAMES.keys()) relays.push(stack.use(await Relay.open(port, link, seed + 1)));
  const seats = [];
  for (const [at, name] of NAMES.entries()) {
    const serverPort = relays[at]!.port;
    seats.push({ name, serverHost: "127.0.0.1", serverPort, port: await freePort() });
  }
  const clients = await startClients(stack, seats);
  await converse(clients, () => [server], {
    ...talk,
    ...(meanwhile === undefined ? {} : { meanwhile: () => meanwhile(relays) }),
  });
  await quit(server);
  return relays;
};

// The longest one first: it sets how long all of them take together.
test.concurrent("all of it at once, and a third of everything lost", () =>
  inTurn(async () => {
    const link = {
      loss: 0.3,
      delayMs: 50,
      jitterMs: 25,
      reordered: 0.1,
      heldMs: 50,
      doubled: 0.1,
      corrupted: 0.03,
      truncated: 0.01,
    };
    const relays = await over(link, { messages: 60 });
    expect(sum(relays, "lost")).toBePositive();
  }),
);

test.concurrent("100 ms there, 100 ms back, 50 ms more or less", () =>
  inTurn(async () => {
    const relays = await over({ delayMs: 100, jitterMs: 50 }, { messages: 60 });
    expect(sum(relays, "overtaking")).toBePositive();
    expect(sum(relays, "lost")).toBe(0);
  }),
);

test.concurrent("datagrams that overtake each other, and come twice", () =>
  inTurn(async () => {
    const link = { delayMs: 5, jitterMs: 5, reordered: 0.3, heldMs: 60, doubled: 0.3 };
    const relays = await over(link, { messages: 60 });
    expect(sum(relays, "overtaking")).toBePositive();
    expect(sum(relays, "doubled")).toBePositive();
  }),
);

test.concurrent("datagrams that are damaged, and cut short", () =>
  inTurn(async () => {
    const link = { delayMs: 5, jitterMs: 5, corrupted: 0.15, truncated: 0.05 };
    const relays = await over(link, { messages: 60 });
    expect(sum(relays, "damaged")).toBePositive();
  }),
);

test.concurrent("1 Mbit/s, and a short queue", () =>
  inTurn(async () => {
    const link = { delayMs: 20, bytesPerMs: 125, queueBytes: 8_000 };
    const relays = await over(link, { messages: 25, padding: " long".repeat(700) });
    expect(sum(relays, "queueFull")).toBePositive();
  }),
);

test.concurrent("addresses that change", () =>
  inTurn(async () => {
    const link = { delayMs: 20, jitterMs: 10, loss: 0.1 };
    const moving = [0, 1, 2, 0];
    const meanwhile = async (relays: readonly Relay[]): Promise<void> => {
      for (const at of moving) {
        await relays[at]!.rebind();
        await Bun.sleep(250);
      }
    };
    await over(link, { messages: 50, meanwhile, moves: moving.length });
  }),
);
