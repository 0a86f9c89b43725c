// The programs on hosts of their own in a real network: packets dropped at random, a link that goes down, a narrow one,
// a NAT that is given another address. Where there can be no such network, the title says why.

import { describe, expect, setDefaultTimeout, test } from "bun:test";

import { converse, quit, type Seat, startClients, startServer } from "../support/conversation.ts";
import { turns } from "../support/turns.ts";
import { NamespaceNetwork, PORT_BEHIND_NAT, whyNoNamespaces } from "./namespaces.ts";

setDefaultTimeout(180_000);

const SERVER_PORT = 5_000;

const why = whyNoNamespaces();
const title =
  why === undefined ? "in network namespaces" : `in network namespaces, skipped: ${why}`;

/** How far the share of packets lost may be from what was asked for: five standard deviations of 600 packets. */
const LOSS_MARGIN = 0.1;

/** Three or four programs each. */
const inTurn = turns(2);

const stage = async (
  stack: AsyncDisposableStack,
  names: readonly string[],
  behindNat: readonly string[] = [],
) => {
  const network = stack.use(new NamespaceNetwork(["server", ...names], behindNat));
  const server = await startServer(stack, SERVER_PORT, network.on("server"));
  const seats = names.map((name): Seat => ({
    name,
    serverHost: network.address("server"),
    serverPort: SERVER_PORT,
    port: PORT_BEHIND_NAT,
    under: network.on(name),
  }));
  return { network, server, seats };
};

describe.skipIf(why !== undefined)(title, () => {
  for (const percent of [10, 30, 50]) {
    test.concurrent(`${percent} % of all packets lost, each way`, () =>
      inTurn(async () => {
        await using stack = new AsyncDisposableStack();
        const { network, server, seats } = await stage(stack, ["ann", "ben", "cleo"]);
        network.lose(percent);
        const clients = await startClients(stack, seats);
        await converse(clients, () => [server], { messages: 60 });
        const { passed, dropped } = network.counted();
        expect(dropped / (dropped + passed)).toBeWithin(
          percent / 100 - LOSS_MARGIN,
          percent / 100 + LOSS_MARGIN,
        );
        await quit(server);
      }),
    );
  }

  test.concurrent("a network that is down for a second, twice", () =>
    inTurn(async () => {
      await using stack = new AsyncDisposableStack();
      const { network, server, seats } = await stage(stack, ["ann", "ben", "cleo"]);
      const clients = await startClients(stack, seats);
      const meanwhile = async (): Promise<void> => {
        for (let times = 0; times < 2; times++) {
          network.lose(100);
          await Bun.sleep(1_000);
          network.lose(0);
          await Bun.sleep(200);
        }
      };
      await converse(clients, () => [server], { messages: 60, meanwhile });
      await quit(server);
    }),
  );

  test.concurrent("links of 1 Mbit/s with a short queue", () =>
    inTurn(async () => {
      await using stack = new AsyncDisposableStack();
      const { network, server, seats } = await stage(stack, ["ann", "ben"]);
      for (const host of ["server", "ann", "ben"]) {
        network.limit(host, { kbitPerSecond: 1_000, queueBytes: 12_000 });
      }
      const clients = await startClients(stack, seats);
      await converse(clients, () => [server], { messages: 25, padding: " long".repeat(800) });
      await quit(server);
    }),
  );

  test.concurrent("NATs that are given another address, three times", () =>
    inTurn(async () => {
      await using stack = new AsyncDisposableStack();
      const behindNat = ["ann", "cleo"];
      const { network, server, seats } = await stage(stack, ["ann", "ben", "cleo"], behindNat);
      network.lose(10);
      const clients = await startClients(stack, seats);
      const moving = ["ann", "cleo", "ann"];
      const meanwhile = async (): Promise<void> => {
        for (const host of moving) {
          network.rebind(host);
          await Bun.sleep(300);
        }
      };
      await converse(clients, () => [server], { messages: 50, meanwhile, moves: moving.length });
      await quit(server);
    }),
  );
});
