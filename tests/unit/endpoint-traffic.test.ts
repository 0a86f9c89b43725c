// How much endpoints say where nothing, or nonsense, comes back, and that they fall silent.

import { expect, test } from "bun:test";

import { frameMessage } from "../../lib/transport/framed-message.ts";
import { RECEIVE_WINDOW_BYTES, RESTART_CHECK_AFTER_MS } from "../../lib/transport/limits.ts";
import { GIVE_UP_MS, PROBE_INTERVAL_MAX_MS } from "../../lib/transport/retry.ts";
import { encodeRetry, PacketKind } from "../../lib/transport/wire/datagrams.ts";
import { EndpointWorld } from "../support/endpoint-world.ts";

test("a peer that answers HELLO, and nothing else, is asked no more often than it is probed", () => {
  const world = new EndpointWorld(1);
  const [a, b] = [world.host(1001), world.host(1002)];
  const session = a.endpoint.connect(0, b.address);
  world.runUntil(() => b.events.some(({ type }) => type === "established"));
  world.run(1_000);
  let hellos = 0;
  world.filter = (from, { bytes }) => {
    if (from.port === 1001 && bytes[0] === PacketKind.Hello) hellos++;
    return bytes[0] === PacketKind.Hello || bytes[0] === PacketKind.Retry;
  };
  a.endpoint.send(world.now, session, frameMessage(Uint8Array.of(1)));
  world.run(GIVE_UP_MS);
  expect(a.events.filter(({ type }) => type === "closed")).toEqual([]);
  expect(hellos).toBeWithin(
    20,
    1 + (GIVE_UP_MS - RESTART_CHECK_AFTER_MS) / PROBE_INTERVAL_MAX_MS + 1,
  );
});

test("where nothing comes back, the first probe is one packet, the next ones are two, and one again once nobody waits", () => {
  const world = new EndpointWorld(1);
  const [a, b] = [world.host(1001), world.host(1002)];
  const session = a.endpoint.connect(0, b.address, { expectedKey: b.endpoint.publicKey });
  world.runUntil(() => b.events.some(({ type }) => type === "established"));
  world.run(1_000);
  const sent: number[] = [];
  world.filter = (from) => {
    if (from.port === 1001) sent.push(world.now);
    return false;
  };
  const start = world.now;
  a.endpoint.send(start, session, frameMessage(Uint8Array.of(1)));
  world.run(GIVE_UP_MS + 20_000);
  const packetsAt = sent.map((at) => sent.filter((other) => other === at).length);
  expect(packetsAt.slice(0, 6)).toEqual([1, 1, 2, 2, 2, 2]);
  expect(packetsAt.at(-1)).toBe(1);
});

test("two endpoints are silent once all is delivered, however much that was", () => {
  const world = new EndpointWorld(1);
  const [client, server] = [world.host(1), world.host(2)];
  const session = client.endpoint.connect(world.now, server.address);
  for (let count = 0; count < 3; count++) {
    client.endpoint.send(
      world.now,
      session,
      frameMessage(new Uint8Array(RECEIVE_WINDOW_BYTES / 3)),
    );
  }
  world.runUntil(() =>
    client.events.some((event) => event.type === "delivered" && event.message === 3),
  );
  world.run(1_000);
  const before = client.traffic.datagramsOut + server.traffic.datagramsOut;
  world.run(10_000);
  expect(client.traffic.datagramsOut + server.traffic.datagramsOut).toBe(before);
});

test("forged RETRYs with a key that is none do not keep a session from being established", () => {
  const world = new EndpointWorld(1);
  const [a, b] = [world.host(1001), world.host(1002)];
  let forged = 0;
  world.filter = (from, { bytes }) => {
    if (bytes[0] !== PacketKind.Hello || from.port !== 1001 || forged++ > 0) return true;
    const [publicKey, cookie] = [new Uint8Array(32), new Uint8Array(16)];
    const retry = encodeRetry({ flags: 0, nonce: bytes.slice(2, 10), publicKey, cookie });
    world.inject(b.address, { to: a.address, bytes: retry });
    return true;
  };
  a.endpoint.connect(0, b.address);
  world.runUntil(() => b.events.some(({ type }) => type === "established"));
  expect(forged).toBeGreaterThan(1);
});
