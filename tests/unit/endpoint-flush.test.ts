// One turn's output of an endpoint with several sessions: in parts, and when something goes wrong with one of them.

import { expect, test } from "bun:test";

import type { SessionId } from "../../lib/transport/endpoint.ts";
import { frameMessage } from "../../lib/transport/framed-message.ts";
import { PacketKind } from "../../lib/transport/wire/datagrams.ts";
import { EndpointWorld, type Host } from "../support/endpoint-world.ts";

const established = ({ events }: Host): SessionId[] =>
  events.filter(({ type }) => type === "established").map(({ session }) => session);

const hasMessage = ({ events }: Host): boolean => events.some(({ type }) => type === "message");

test.each([
  ["of so many datagrams", { datagrams: 3, bytes: Infinity }, [3, 3, 1]],
  ["of so many bytes", { datagrams: Infinity, bytes: 100 }, [2, 2, 2, 1]],
])("a flush goes in parts %s, each session in one of them", (_, limits, lengths) => {
  const world = new EndpointWorld(3);
  const server = world.host(1000);
  const clients = Array.from({ length: 7 }, (_, at) => world.host(1001 + at));
  for (const { endpoint } of clients) endpoint.connect(0, server.address);
  world.runUntil(() => established(server).length === clients.length);
  for (const session of established(server)) {
    server.endpoint.send(world.now, session, frameMessage(new Uint8Array(40)));
  }
  const parts: number[][] = [];
  do {
    const datagrams = server.endpoint.flush(world.now, limits);
    parts.push(datagrams.map(({ to }) => to.port));
  } while (server.endpoint.unfinished);
  expect(parts.map(({ length }) => length)).toEqual(lengths);
  const ports = clients.map(({ address }) => address.port);
  expect(parts.flat().toSorted()).toEqual(ports);
  expect(server.endpoint.flush(world.now)).toEqual([]);
});

test("answers to strangers take nothing of a flush away from sessions", () => {
  const world = new EndpointWorld(5);
  const server = world.host(1000);
  const client = world.host(1001);
  client.endpoint.connect(0, server.address);
  world.runUntil(() => established(server).length === 1);
  const [session] = established(server);
  server.endpoint.send(world.now, session!, frameMessage(new Uint8Array(40)));
  const data = new Uint8Array(30);
  data[0] = PacketKind.Data;
  const stranger = { host: "203.0.113.1", port: 1 };
  for (let count = 0; count < 50; count++) server.endpoint.receive(world.now, stranger, data);
  const datagrams = server.endpoint.flush(world.now, { datagrams: 3, bytes: Infinity });
  expect(datagrams.filter(({ to }) => to.port === stranger.port)).toHaveLength(50);
  expect(datagrams.filter(({ to }) => to.port === client.address.port)).toHaveLength(1);
});

test("a fault of ours with one session leaves the others to be looked after", () => {
  const world = new EndpointWorld(4);
  let faults = 0;
  const mayGrow = (): boolean => {
    if (faults++ > 0) return false;
    throw new Error("a fault");
  };
  const server = world.host(1000, { mayGrow });
  const clients = Array.from({ length: 3 }, (_, at) => world.host(1001 + at));
  for (const { endpoint } of clients) endpoint.connect(0, server.address);
  world.runUntil(() => established(server).length === clients.length);
  for (const session of established(server)) {
    // More than one datagram, so that the size of the path is of interest.
    server.endpoint.send(world.now, session, frameMessage(new Uint8Array(3_000)));
  }
  expect(() => server.endpoint.flush(world.now)).toThrow("a fault");
  world.runUntil(() => clients.every(hasMessage));
});
