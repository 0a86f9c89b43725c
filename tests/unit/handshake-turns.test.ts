// Handshakes wait behind those who talk: how many one turn makes, and how many may wait.

import { expect, test } from "bun:test";

import type { Address } from "../../lib/transport/address.ts";
import { Connections } from "../../lib/transport/connections.ts";
import { keyPairFrom } from "../../lib/transport/crypto/keys.ts";
import { Endpoint, type SessionId } from "../../lib/transport/endpoint.ts";
import { frameMessage } from "../../lib/transport/framed-message.ts";
import {
  HANDSHAKES_PER_TURN_MAX,
  HANDSHAKES_WAITING_MAX,
  IDLE_TIMEOUT_MS,
  SESSIONS_MAX,
} from "../../lib/transport/limits.ts";
import type { FlushLimits } from "../../lib/transport/turn.ts";
import { PacketKind } from "../../lib/transport/wire/datagrams.ts";
import { Prng } from "../support/prng.ts";

const IN_THREES: FlushLimits = { datagrams: 3, bytes: Infinity };

const SERVER: Address = { host: "192.0.2.1", port: 5_000 };

/** A server, and as many clients as wanted, all in one place: what they send is handed on by the test. */
const scene = () => {
  const random = new Prng(1);
  const endpoint = (): Endpoint =>
    new Endpoint({
      keyPair: keyPairFrom(random.bytes(32)),
      random: (count) => random.bytes(count),
      idleTimeoutMs: IDLE_TIMEOUT_MS,
      // Not what is tested here.
      handshakes: { perSecond: 0, prefixPerSecond: 0 },
    });
  const server = endpoint();
  let clients = 0;
  /** One that has its cookie: its INITIATE, and itself. */
  const client = () => {
    const address: Address = { host: "198.51.100.1", port: 10_000 + clients++ };
    const client = endpoint();
    const session = client.connect(0, SERVER);
    for (const { bytes } of client.flush(0)) server.receive(0, address, bytes);
    for (const { bytes } of server.flush(0)) client.receive(0, SERVER, bytes);
    const [initiate] = client.flush(0);
    return { client, address, session, initiate: initiate!.bytes };
  };
  /** So many whose sessions are there: the server's numbers of these. */
  const talkers = (count: number): SessionId[] => {
    for (let talker = 0; talker < count; talker++) {
      const { client: one, address, session, initiate } = client();
      server.receive(0, address, initiate);
      for (const { bytes } of server.flush(0)) one.receive(0, SERVER, bytes);
      one.send(0, session, frameMessage(new Uint8Array(5)));
      for (const { bytes } of one.flush(0)) server.receive(0, address, bytes);
    }
    const events = server.takeEvents();
    return events.flatMap(({ type, session }) => (type === "established" ? [session] : []));
  };
  return { server, client, talkers };
};

const responds = (server: Endpoint, now: number): number =>
  server.flush(now).filter(({ bytes }) => bytes[0] === PacketKind.Respond).length;

test("a turn makes some, and the next ones the rest, in the order in which they came", () => {
  const { server, client } = scene();
  const clients = Array.from({ length: 2 * HANDSHAKES_PER_TURN_MAX + 3 }, client);
  for (const { address, initiate } of clients) server.receive(7, address, initiate);
  expect(server.nextWakeup()).toBeLessThanOrEqual(7);
  const first = server.flush(7).map(({ to }) => to.port);
  expect(first).toEqual(
    clients.slice(0, HANDSHAKES_PER_TURN_MAX).map(({ address }) => address.port),
  );
  expect(server.nextWakeup()).toBeLessThanOrEqual(7);
  expect([responds(server, 7), responds(server, 7), responds(server, 7)]).toEqual([
    HANDSHAKES_PER_TURN_MAX,
    3,
    0,
  ]);
  expect(server.nextWakeup()).toBeGreaterThan(7);
});

test("a turn with a fan-out in parts makes no more of them", () => {
  const { server, client, talkers } = scene();
  const members = talkers(10);
  const many = Array.from({ length: 3 * HANDSHAKES_PER_TURN_MAX }, client);
  for (const session of members) server.send(1, session, frameMessage(new Uint8Array(5)));
  for (const { address, initiate } of many) server.receive(1, address, initiate);
  const kinds: (number | undefined)[] = [];
  do kinds.push(...server.flush(1, IN_THREES).map(({ bytes }) => bytes[0]));
  while (server.unfinished);
  const count = (kind: number) => kinds.filter((one) => one === kind).length;
  expect(count(PacketKind.Data)).toBe(members.length);
  expect(count(PacketKind.Respond)).toBe(HANDSHAKES_PER_TURN_MAX);
});

test.each(["input", "the clock"])(
  "some come with every turn, also where none ends before %s begins the next one",
  (beginning) => {
    const { server, client, talkers } = scene();
    const sessions = talkers(6);
    const newcomer = client();
    server.receive(1, newcomer.address, newcomer.initiate);
    const kinds: (number | undefined)[] = [];
    for (let turn = 1; turn <= 3; turn++) {
      for (const session of sessions) server.send(turn, session, frameMessage(new Uint8Array(5)));
      kinds.push(...server.flush(turn, IN_THREES).map(({ bytes }) => bytes[0]));
      expect(server.unfinished).toBe(true);
      if (beginning === "input") server.receive(turn, newcomer.address, new Uint8Array(1));
      else server.wake(turn);
    }
    expect(kinds.filter((kind) => kind === PacketKind.Respond)).toHaveLength(1);
  },
);

test("who talks is heard before them, whatever came first", () => {
  const { server, client } = scene();
  const known = client();
  server.receive(0, known.address, known.initiate);
  for (const { bytes } of server.flush(0)) known.client.receive(0, SERVER, bytes);
  known.client.send(0, known.session, frameMessage(new Uint8Array(5)));
  const said = known.client.flush(0);

  const many = Array.from({ length: 3 * HANDSHAKES_PER_TURN_MAX }, client);
  for (const { address, initiate } of many) server.receive(1, address, initiate);
  for (const { bytes } of said) server.receive(1, known.address, bytes);
  const told = server.takeEvents().map(({ type }) => type);
  expect(told).toEqual(["established", "message"]);
});

test("one that is sent again while it waits is one; too many are dropped, and get in later", () => {
  const { server, client } = scene();
  const clients = Array.from({ length: HANDSHAKES_WAITING_MAX + 5 }, client);
  for (const { address, initiate } of clients) {
    server.receive(0, address, initiate);
    server.receive(0, address, initiate);
  }
  let count = 0;
  for (let made = -1; made !== 0; count += made) made = responds(server, 0);
  expect(count).toBe(HANDSHAKES_WAITING_MAX);
  for (const { address, initiate } of clients.slice(-5)) server.receive(1, address, initiate);
  expect(responds(server, 1)).toBe(5);
});

test("those that wait have a place among the sessions that there may be", () => {
  const { server, client } = scene();
  const clients = Array.from({ length: 5 }, client);
  const size = Object.getOwnPropertyDescriptor(Connections.prototype, "size")!;
  Object.defineProperty(Connections.prototype, "size", { get: () => SESSIONS_MAX - 3 });
  try {
    for (const { address, initiate } of clients) server.receive(0, address, initiate);
    expect(responds(server, 0)).toBe(3);
  } finally {
    Object.defineProperty(Connections.prototype, "size", size);
  }
});
