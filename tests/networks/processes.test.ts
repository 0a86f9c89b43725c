// Processes that end without a word or stand still in the middle of a stream of messages.

import { expect, setDefaultTimeout, test } from "bun:test";

import {
  converse,
  directAcks,
  directNumbers,
  GROUP,
  groupAcks,
  groupNumbers,
  quit,
  type Seat,
  shown,
  speak,
  startClient,
  startClients,
  startServer,
  upTo,
} from "../support/conversation.ts";
import { freePort } from "../support/ports.ts";
import type { Program } from "../support/programs.ts";
import { Relay } from "../support/relay.ts";
import { turns } from "../support/turns.ts";

setDefaultTimeout(180_000);

/** Something is always on its way. */
const LINK = { delayMs: 10, jitterMs: 5, loss: 0.05 };

const MESSAGES = 100;

/** Four programs each. */
const inTurn = turns(2);

const STANDSTILL_MS = 2_000;

const stage = async (stack: AsyncDisposableStack, names: readonly string[]) => {
  const port = await freePort();
  const server = await startServer(stack, port);
  const seats: Seat[] = [];
  for (const [at, name] of names.entries()) {
    const relay = stack.use(await Relay.open(port, LINK, at + 1));
    const serverPort = relay.port;
    seats.push({ name, serverHost: "127.0.0.1", serverPort, port: await freePort() });
  }
  return { port, server, seats };
};

const kill = async (program: Program): Promise<void> => {
  program.signal("SIGKILL");
  await program.exited();
};

test.concurrent("the server is killed, and started again", () =>
  inTurn(async () => {
    await using stack = new AsyncDisposableStack();
    const { port, server, seats } = await stage(stack, ["ann", "ben", "cleo"]);
    const servers = [server];
    const clients = await startClients(stack, seats);
    const meanwhile = async (): Promise<void> => {
      await kill(server);
      servers.push(await startServer(stack, port));
    };
    await converse(clients, () => servers, { messages: MESSAGES / 2, meanwhile });
    await quit(servers.at(-1)!);
  }),
);

/** What a sender saw acknowledged was shown; what was shown was shown once, in order, with nothing left out. */
const expectNothingLost = (acknowledged: number, shownNumbers: readonly number[]): void => {
  expect(shownNumbers).toEqual(upTo(shownNumbers.length));
  expect(shownNumbers.length).toBeGreaterThanOrEqual(acknowledged);
};

test.concurrent("a client is killed that sends and receives", () =>
  inTurn(async () => {
    await using stack = new AsyncDisposableStack();
    const { server, seats } = await stage(stack, ["ann", "ben", "cleo"]);
    const clients = await startClients(stack, seats);
    const [ann, ben, cleo] = clients as [Program, Program, Program];
    const speaking = [
      speak(ann, "ben", { messages: MESSAGES }),
      speak(ben, "cleo", { messages: MESSAGES }),
      speak(cleo, "ann", { messages: MESSAGES }),
    ];
    await shown(ben, "ann", MESSAGES / 4);
    await kill(ben);

    await server.until(`[Client ben not responsive, removed from group ${GROUP}]`);
    await ann.until("[No ACK from ben, message not delivered]");
    await ann.until("[Auto-deregistered ben since they were offline.]");
    await Promise.all(speaking);
    await shown(ann, "cleo", MESSAGES);
    await shown(cleo, "ann", MESSAGES);
    for (const one of [ann, cleo]) {
      one.type("leave_group");
      await one.until(`[Leave group chat ${GROUP}]`);
    }
    await ann.when(() => directNumbers(ann, "cleo").length >= MESSAGES, "all that cleo said");

    expect(groupNumbers(ann, "cleo")).toEqual(upTo(MESSAGES));
    expect(groupNumbers(cleo, "ann")).toEqual(upTo(MESSAGES));
    expect(directNumbers(ann, "cleo")).toEqual(upTo(MESSAGES));
    for (const one of [ann, cleo]) {
      expectNothingLost(groupAcks(ben), groupNumbers(one, "ben"));
      expect(groupNumbers(ben, one.name)).toEqual(upTo(groupNumbers(ben, one.name).length));
    }
    expectNothingLost(directAcks(ben, "cleo"), directNumbers(cleo, "ben"));
    expect(directAcks(ann, "ben")).toBeLessThan(MESSAGES);
    expect(server.lines.filter((line) => /not responsive/.test(line))).toHaveLength(1);

    // The name is free again, and its new holder's messages are not taken for those of the old one.
    const again = await startClient(stack, { ...seats[1]!, port: await freePort() });
    again.type("leave_group");
    again.type("send ann in private 1");
    await again.until("[Message received by ann]");
    await ann.until("[ben: in private 1]");
    for (const one of [ann, cleo, again]) {
      one.type(`dereg ${one.name}`);
      expect(await one.exited()).toBe(0);
    }
    await quit(server);
  }),
);

// Elsewhere no process can be told to stand still.
test.concurrent.skipIf(process.platform === "win32")(
  "a client stands still for two seconds, then the server",
  () =>
    inTurn(async () => {
      await using stack = new AsyncDisposableStack();
      const { server, seats } = await stage(stack, ["ann", "ben", "cleo"]);
      const clients = await startClients(stack, seats);
      const meanwhile = async (): Promise<void> => {
        for (const program of [clients[1]!, server]) {
          program.signal("SIGSTOP");
          await Bun.sleep(STANDSTILL_MS);
          program.signal("SIGCONT");
          await Bun.sleep(200);
        }
      };
      await converse(clients, () => [server], { messages: MESSAGES / 2, meanwhile });
      await quit(server);
    }),
);
