// What peers leave unfinished is kept up to a bound for all sessions together, and who keeps its word does not notice.

import { describe, expect, test } from "bun:test";

import type { Address, Datagram } from "../../lib/transport/address.ts";
import { keyPairFrom } from "../../lib/transport/crypto/keys.ts";
import { Endpoint, type SessionId, type TransportEvent } from "../../lib/transport/endpoint.ts";
import { frameMessage } from "../../lib/transport/framed-message.ts";
import {
  IDLE_TIMEOUT_MS,
  RECEIVE_TOTAL_MAX_BYTES,
  RECEIVE_WINDOW_BYTES,
} from "../../lib/transport/limits.ts";
import { ReceiveStream } from "../../lib/transport/session/receive-stream.ts";
import { ByteWriter } from "../../lib/transport/wire/bytes.ts";
import { KeyedPeer } from "../fuzz/world/keyed-peer.ts";
import { Prng } from "../support/prng.ts";
import { writeStream } from "../support/wire.ts";

const SERVER: Address = { host: "192.0.2.1", port: 5000 };
/** A datagram may be longer than ours are: fewer of them fill a window. */
const PIECE_BYTES = 60_000;

const endpointOf = (key: number) => {
  const random = new Prng(key);
  return new Endpoint({
    keyPair: keyPairFrom(new Uint8Array(32).fill(key)),
    random: (count) => random.bytes(count),
    idleTimeoutMs: IDLE_TIMEOUT_MS,
    asksAtOnce: true,
    handshakes: { perSecond: 0, prefixPerSecond: 0 },
  });
};

/** An endpoint, one honest client of it, and hostile peers that have the keys. Datagrams take no time. */
class Scene {
  now = 0;
  readonly server = endpointOf(1);
  readonly events: TransportEvent[] = [];
  readonly client = endpointOf(2);
  readonly clientEvents: TransportEvent[] = [];
  readonly #clientAt: Address = { host: "192.0.2.2", port: 5555 };
  readonly #peers = new Map<number, KeyedPeer>();
  readonly #random = new Prng(3);
  readonly #session = this.client.connect(0, SERVER);

  /** Begins a session as a peer that does as it likes. */
  peer(): KeyedPeer {
    const port = 1_024 + this.#peers.size;
    const peer = new KeyedPeer(this.#random, { host: "198.51.100.1", port });
    this.#peers.set(port, peer);
    this.#hear(peer, peer.hello());
    this.settle();
    return peer;
  }

  /** Stream bytes of a peer, in a packet of their own. */
  pieces(peer: KeyedPeer, offset: number, bytes: Uint8Array): void {
    const frames = new ByteWriter(bytes.length + 16);
    writeStream(frames, offset, bytes);
    this.#hear(peer, peer.seal(frames.written())!);
  }

  /** Leaves the first byte out, and sends all behind it as far as the window goes. */
  fill(peer: KeyedPeer): void {
    const zeros = new Uint8Array(PIECE_BYTES);
    for (let at = 1; at < RECEIVE_WINDOW_BYTES; at += PIECE_BYTES) {
      this.pieces(peer, at, zeros.subarray(0, Math.min(PIECE_BYTES, RECEIVE_WINDOW_BYTES - at)));
    }
    peer.mute = true;
    this.settle();
  }

  /** The honest client says something. Returns whether it is delivered at once. */
  say(bytes: number): boolean {
    const message = frameMessage(new Uint8Array(bytes).fill(0x61));
    const number = this.client.send(this.now, this.#session, message);
    this.settle();
    const last = this.clientEvents.findLast(({ type }) => type === "delivered");
    return last?.type === "delivered" && last.message === number;
  }

  /** Until nobody has anything to say, timers included. */
  settle(): void {
    for (let turn = 0; turn < 10_000; turn++) {
      this.events.push(...this.server.takeEvents());
      this.clientEvents.push(...this.client.takeEvents());
      const fromServer = this.server.flush(this.now);
      const fromClient = this.client.flush(this.now);
      if (fromServer.length + fromClient.length === 0) return;
      for (const { bytes } of fromClient) this.server.receive(this.now, this.#clientAt, bytes);
      for (const datagram of fromServer) this.#deliver(datagram);
    }
    throw new Error("they do not stop talking");
  }

  /** The server's newest session. */
  newest(): SessionId {
    return this.events.findLast(({ type }) => type === "established")!.session;
  }

  /** Reasons for which sessions of the server ended. */
  ended(): string[] {
    return this.events.flatMap((event) => (event.type === "closed" ? [event.reason] : []));
  }

  #deliver({ to, bytes }: Datagram): void {
    if (to.host === this.#clientAt.host) return this.client.receive(this.now, SERVER, bytes);
    const peer = this.#peers.get(to.port);
    if (peer === undefined) return;
    for (const reply of peer.receive(this.now, peer.address, bytes)) this.#hear(peer, reply.bytes);
  }

  #hear(peer: KeyedPeer, bytes: Uint8Array): void {
    this.server.receive(this.now, peer.address, bytes);
  }
}

describe("an endpoint", () => {
  test("with many sessions that fill their windows and finish nothing keeps up to a bound, and serves others", () => {
    const scene = new Scene();
    expect(scene.say(100)).toBe(true);
    const fits = Math.floor(RECEIVE_TOTAL_MAX_BYTES / RECEIVE_WINDOW_BYTES);
    const sessions = 4 * fits;
    for (let count = 1; count <= sessions; count++) {
      scene.fill(scene.peer());
      expect(scene.say(100)).toBe(true);
      if (count % 20 === 0) expect(scene.say(1_000_000)).toBe(true);
      // A piece costs a little more than its bytes, so one less than the windows alone would fit.
      if (count === fits - 1) expect(scene.ended()).toEqual([]);
    }
    const ended = scene.ended();
    expect(new Set(ended)).toEqual(new Set(["no_room"]));
    expect(sessions - ended.length).toBeLessThanOrEqual(fits);
    expect(scene.clientEvents.filter(({ type }) => type === "closed")).toEqual([]);
  });

  test("takes no peer for young that leaves a gap and finishes small messages in front of it", () => {
    const scene = new Scene();
    expect(scene.say(1)).toBe(true);
    const old = scene.peer();
    const oldest = scene.newest();
    const young = scene.peer();
    // Empty messages in front, one by one, and after 1,000 of them a gap.
    const afterGap = 1_000;
    scene.pieces(old, afterGap, new Uint8Array(PIECE_BYTES));
    for (let at = 0; at < 100; at++) scene.pieces(old, at, new Uint8Array(1));
    scene.pieces(young, 1, new Uint8Array(PIECE_BYTES));
    for (let at = 100; at < 200; at++) scene.pieces(old, at, new Uint8Array(1));
    while (scene.ended().length === 0) scene.fill(scene.peer());
    expect(scene.events.find(({ type }) => type === "closed")?.session).toBe(oldest);
  });

  test("forgets what a session kept when it ends", () => {
    const scene = new Scene();
    expect(scene.say(1)).toBe(true);
    for (let round = 0; round < 150; round++) {
      scene.fill(scene.peer());
      scene.server.close(scene.newest());
    }
    expect(scene.ended()).toEqual([]);
  });
});

describe("what a stream keeps", () => {
  const kept = (stream: ReceiveStream) => ({
    held: stream.heldBytes,
    deliveredTo: stream.deliveredTo,
    keptTo: stream.keptTo,
  });
  const OVERHEAD = 160;

  test("is the start of a message, and pieces beyond a gap", () => {
    const stream = new ReceiveStream();
    const messages: Uint8Array[] = [];
    const { bytes } = { bytes: new Uint8Array(11).fill(0x61) };
    bytes[0] = 10;
    expect(kept(stream)).toEqual({ held: 0, deliveredTo: 0, keptTo: 0 });
    stream.accept(0, bytes, messages);
    expect(kept(stream)).toEqual({ held: 0, deliveredTo: 11, keptTo: 11 });
    stream.accept(11, bytes.subarray(0, 4), messages);
    expect(kept(stream)).toEqual({ held: 4, deliveredTo: 11, keptTo: 15 });
    stream.accept(18, bytes.subarray(7), messages);
    stream.accept(18, bytes.subarray(7, 9), messages);
    expect(kept(stream)).toEqual({ held: 8 + OVERHEAD, deliveredTo: 11, keptTo: 22 });
    stream.accept(15, bytes.subarray(4), messages);
    expect(kept(stream)).toEqual({ held: 0, deliveredTo: 22, keptTo: 22 });
    expect(messages.length).toBe(2);
  });

  test("is as much as its pieces take, whatever comes in whatever order", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = new Prng(seed);
      const stream = new ReceiveStream();
      const bytes = frameMessage(random.bytes(2_000));
      const have = new Set<number>();
      const messages: Uint8Array[] = [];
      while (messages.length === 0) {
        const start = random.below(bytes.length);
        const end = Math.min(bytes.length, start + random.between(1, 300));
        stream.accept(start, bytes.subarray(start, end), messages);
        for (let at = start; at < end; at++) have.add(at);
        if (messages.length > 0) break;
        // The start of the message may be in a buffer of twice its size.
        const started = Array.from(bytes.keys()).findIndex((at) => !have.has(at));
        const beyond = (stream.heldBytes - have.size) % OVERHEAD;
        expect(stream.heldBytes).toBeGreaterThanOrEqual(have.size);
        if (started === 0) expect(beyond).toBe(0);
        expect(stream.heldBytes).toBeLessThanOrEqual(have.size + started + OVERHEAD * have.size);
        expect(stream.keptTo).toBe(Math.max(...have) + 1);
      }
      expect(stream.heldBytes).toBe(0);
    }
  });
});
