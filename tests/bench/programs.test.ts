// The programs behind the parts at their smallest: that they do what they are ordered to, not how fast.

import { afterEach, expect, test } from "bun:test";

import type { BareOrders } from "./bare-program.ts";
import { startChatServer } from "./chat-server.ts";
import type { CrowdOrders } from "./crowd-program.ts";
import type { DirectOrders } from "./direct-program.ts";
import type { HandshakeOrders } from "./handshake-program.ts";
import { Performer } from "./performer.ts";
import { CLIENT_CORE, SERVER_CORE } from "./processes.ts";

const started: { end(): Promise<void> }[] = [];

afterEach(async () => {
  for (const process of started.splice(0)) await process.end();
});

const server = async (): Promise<number> => {
  const { process, port } = await startChatServer();
  started.push(process);
  return port;
};

test("two clients write to each other, one message at a time and in a stream", async () => {
  const serverPort = await server();
  const receiver = new Performer<DirectOrders>("direct-program.ts", SERVER_CORE);
  const sender = new Performer<DirectOrders>("direct-program.ts", CLIENT_CORE);
  started.push(receiver, sender);
  await receiver.ask("join", { name: "bob", serverPort });
  await sender.ask("join", { name: "alice", serverPort });

  const { medianUs, p99Us } = await sender.ask("roundTrips", { to: "bob", count: 20, text: "x" });
  expect(medianUs).toBeGreaterThan(0);
  expect(p99Us).toBeGreaterThanOrEqual(medianUs);
  expect(await receiver.ask("takeShown", undefined)).toBe(20);
  expect(await sender.ask("stream", { to: "bob", count: 200, text: "x" })).toBeGreaterThan(0);
  expect(await receiver.ask("takeShown", undefined)).toBe(200);
});

test("bare sockets echo and count", async () => {
  const receiver = new Performer<BareOrders>("bare-program.ts", SERVER_CORE);
  const sender = new Performer<BareOrders>("bare-program.ts", CLIENT_CORE);
  started.push(receiver, sender);
  const port = await receiver.ask("port", undefined);
  await receiver.ask("echo", undefined);
  const { medianUs } = await sender.ask("roundTrips", { port, count: 20, bytes: 100 });
  expect(medianUs).toBeGreaterThan(0);
  const counted = receiver.ask("count", { count: 100 });
  await sender.ask("send", { port, count: 100, bytes: 100 });
  expect((await counted).received).toBeGreaterThan(0);
});

test("a crowd of real clients comes and goes", async () => {
  const serverPort = await server();
  const crowd = new Performer<CrowdOrders>("crowd-program.ts", CLIENT_CORE);
  started.push(crowd);
  expect(await crowd.ask("join", { count: 20, serverPort })).toBeGreaterThan(0);
  expect(await crowd.ask("count", undefined)).toMatchObject({ registered: 20, ended: 0 });
  await crowd.ask("leave", undefined);
  expect(await crowd.ask("count", undefined)).toMatchObject({ registered: 20, ended: 20 });
});

test("handshakes in memory and with a server, and their curve operations", async () => {
  const port = await server();
  const performer = new Performer<HandshakeOrders>("handshake-program.ts", CLIENT_CORE);
  started.push(performer);
  expect(await performer.ask("inMemory", { count: 5 })).toBeGreaterThan(0);
  expect(await performer.ask("curve", { keyPairs: 5, secrets: 20 })).toBeGreaterThan(0);
  expect(await performer.ask("overSocket", { port, count: 40, atOnce: 8 })).toBeGreaterThan(0);
});
