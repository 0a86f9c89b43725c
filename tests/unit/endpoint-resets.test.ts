// RESET finds the session that it is about, whatever indexes the peers have drawn.

import { describe, expect, test } from "bun:test";

import type { SessionId } from "../../lib/transport/endpoint.ts";
import { frameMessage } from "../../lib/transport/framed-message.ts";
import { encodeReset, PacketKind } from "../../lib/transport/wire/datagrams.ts";
import { EndpointWorld, type Host } from "../support/endpoint-world.ts";
import { Prng } from "../support/prng.ts";

const MESSAGE = frameMessage(new TextEncoder().encode("are you there?"));

const sessionsOf = ({ events }: Host): SessionId[] =>
  events.flatMap((event) => (event.type === "established" ? [event.session] : []));
const ended = ({ events }: Host) => events.filter(({ type }) => type === "closed");

/** What makes hosts draw the same indexes, and secrets of their own. */
const drawing = (host: number) => {
  const [indexes, secrets] = [new Prng(5), new Prng(host)];
  return { random: (count: number) => (count === 32 ? secrets : indexes).bytes(count) };
};

describe.each([0, 1])("of two peers that drew the same index, number %i", (which) => {
  test("ends its session, and no other, when it has forgotten it", () => {
    const world = new EndpointWorld(1);
    const server = world.host(1000);
    const indexes = new Set<string>();
    world.filter = (_, { bytes }) => {
      if (bytes[0] === PacketKind.Respond) indexes.add(bytes.subarray(1, 5).toHex());
      return true;
    };
    const peers = [1, 2].map((n) => world.host(1000 + n, drawing(n)));
    for (const peer of peers) {
      peer.endpoint.connect(world.now, server.address);
      world.run(100);
    }
    expect(indexes.size).toBe(1);
    const sessions = sessionsOf(server);
    const gone = peers[which]!;
    world.remove(gone);
    world.host(gone.address.port);
    for (const session of sessions) server.endpoint.send(world.now, session, MESSAGE);
    world.run(100);
    expect(ended(server)).toMatchObject([{ session: sessions[which]!, reason: "reset" }]);
  });

  test("is asked at once whether it has restarted, when its RESET proves nothing", () => {
    const world = new EndpointWorld(1);
    const client = world.host(1000);
    const peers = [1, 2].map((n) => world.host(1000 + n, drawing(n)));
    const sessions = peers.map((peer) => {
      const session = client.endpoint.connect(world.now, peer.address);
      world.run(100);
      return session;
    });
    const gone = peers[which]!;
    world.remove(gone);
    world.host(gone.address.port, {}, 77);
    const at = world.now;
    for (const session of sessions) client.endpoint.send(at, session, MESSAGE);
    world.runUntil(() => ended(client).length > 0);
    expect(ended(client)).toMatchObject([{ session: sessions[which]!, reason: "reset" }]);
    // DATA and RESET, and HELLO and RETRY twice, 5 ms each way; not only after 300 ms of silence.
    expect(world.now - at).toBe(30);
  });
});

test("RESET with a token that is not the peer's, or for an index that is not its, ends nothing", () => {
  const world = new EndpointWorld(1);
  const [a, b] = [world.host(1001), world.host(1002)];
  const recorded: Uint8Array[] = [];
  world.filter = (_, { bytes }) => recorded.push(bytes) > 0;
  const session = a.endpoint.connect(0, b.address);
  world.run(100);
  world.remove(b);
  const again = world.host(1002);
  a.endpoint.send(world.now, session, MESSAGE);
  let genuine: Uint8Array | undefined;
  world.filter = (_, { bytes }) => {
    if (bytes[0] === PacketKind.Reset) genuine ??= bytes;
    return bytes[0] !== PacketKind.Reset;
  };
  world.run(100);
  const index = new DataView(genuine!.buffer, genuine!.byteOffset).getUint32(1);
  const token = genuine!.slice(5);
  for (let bit = 0; bit < 8 * token.length; bit++) {
    const other = token.slice();
    other[bit >> 3]! ^= 1 << (bit & 7);
    world.inject(again.address, { to: a.address, bytes: encodeReset(index, other) });
  }
  world.inject(again.address, { to: a.address, bytes: encodeReset((index ^ 1) >>> 0, token) });
  world.run(100);
  expect(ended(a)).toEqual([]);
  world.inject({ host: "203.0.113.9", port: 9 }, { to: a.address, bytes: genuine! });
  world.run(100);
  expect(ended(a)).toMatchObject([{ session, reason: "reset" }]);
});
