// Whoever records all that two endpoints say to each other, and says it again, from wherever and whenever: nothing comes of it.

import { expect, test } from "bun:test";

import type { Address, Datagram } from "../../lib/transport/address.ts";
import { frameMessage } from "../../lib/transport/framed-message.ts";
import { PacketKind } from "../../lib/transport/wire/datagrams.ts";
import { EndpointWorld, type Host } from "../support/endpoint-world.ts";

const KINDS = Object.values(PacketKind);
/** Highest bit of DATA: keys of an odd phase. */
const ODD_PHASE = 0x80 | PacketKind.Data;

interface Recorded {
  readonly from: Address;
  readonly datagram: Datagram;
}

/** Two endpoints that echo what they hear, and all that they have said to each other. */
class Scene {
  readonly world = new EndpointWorld(21);
  readonly a = this.world.host(1001, { keepAliveMs: 15_000 });
  readonly b = this.world.host(1002);
  readonly recorded: Recorded[] = [];
  #session = 0;

  constructor() {
    this.b.onEvent = (event) => {
      if (event.type !== "message") return;
      this.b.endpoint.send(this.world.now, event.session, frameMessage(event.bytes));
    };
    this.record();
  }

  record(): void {
    this.world.filter = (from, datagram) => this.recorded.push({ from, datagram }) > 0;
  }

  connect(): void {
    this.#session = this.a.endpoint.connect(this.world.now, this.b.address);
  }

  say(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.a.endpoint.send(this.world.now, this.#session, frameMessage(bytes));
  }

  /** Says something, and waits for the echo. */
  echo(text: string): void {
    this.say(text);
    this.world.runUntil(() => said(this.a).at(-1) === text, 5_000);
  }

  close(): void {
    this.a.endpoint.close(this.#session);
    this.world.run(100);
  }
}

const said = ({ events }: Host): string[] =>
  events.flatMap((event) =>
    event.type === "message" ? [new TextDecoder().decode(event.bytes)] : [],
  );

/** What happened, in words; that something was delivered left out. */
const story = (host: Host): string[] =>
  host.events.flatMap((event) => {
    if (event.type === "message") return new TextDecoder().decode(event.bytes);
    if (event.type === "closed") return event.reason;
    return event.type === "delivered" ? [] : event.type;
  });

/**
 * Says everything again to both, from where it came and from elsewhere, while nothing that they say arrives. Returns what
 * was answered to elsewhere.
 */
function replay({ world, a, b, recorded }: Scene): { in: number; out: number; datagrams: number } {
  const elsewhere = { host: "10.0.0.9", port: 6666 };
  const sum = { in: 0, out: 0, datagrams: 0 };
  world.filter = (_, { to, bytes }) => {
    sum.datagrams++;
    if (to.port === elsewhere.port) sum.out += bytes.length;
    return false;
  };
  for (const { from, datagram } of recorded) {
    const host = datagram.to.port === b.address.port ? b : a;
    world.inject(from, { to: host.address, bytes: datagram.bytes });
    world.inject(elsewhere, { to: host.address, bytes: datagram.bytes });
    sum.in += datagram.bytes.length;
  }
  world.run(1_000);
  return sum;
}

test("in every state of a session, all that was said before changes nothing", () => {
  const scene = new Scene();
  const { world, a, b, recorded } = scene;
  const steps: [what: string, run: () => void][] = [
    ["HELLO is answered", () => (scene.connect(), world.run(12))],
    ["the handshake is done", () => world.run(13)],
    ["something was said", () => scene.echo("one")],
    ["a long message was said", () => scene.echo("x".repeat(50_000))],
    ["the keys are new", () => (world.run(130_000), scene.echo("two"))],
    ["the peer has moved", () => ((a.address = { ...a.address, port: 1003 }), scene.echo("three"))],
    ["it is over", () => scene.close()],
    ["a late packet was answered with RESET", () => late(scene)],
    ["another session is there", () => (scene.connect(), scene.echo("four"))],
  ];
  for (const [what, run] of steps) {
    scene.record();
    run();
    const before = [story(a), story(b)];
    const sum = replay(scene);
    expect({ what, now: [story(a), story(b)] }).toEqual({ what, now: before });
    expect(sum.out).toBeLessThanOrEqual(sum.in);
    // One for each of what was said again twice, at the very most; and what both try in a second of silence.
    expect(sum.datagrams).toBeLessThanOrEqual(2 * recorded.length + 60);
  }
  const kinds = new Set(recorded.map(({ datagram }) => datagram.bytes[0]!));
  expect([...kinds].sort()).toEqual([...KINDS, ODD_PHASE].sort());
  scene.record();
  scene.echo("five");
  expect(said(b)).toEqual(["one", "x".repeat(50_000), "two", "three", "four", "five"]);
  expect(said(a)).toEqual(said(b));
});

test("and at every moment of a later session, all that was said in an earlier one", () => {
  const scene = new Scene();
  const { world, a, b, recorded } = scene;
  scene.connect();
  for (const text of ["one", "two", "three"]) scene.echo(text);
  scene.close();
  late(scene);
  const before = [story(a).length, story(b).length];
  scene.connect();
  scene.say("four");
  for (let moment = 0; moment < 60; moment++) {
    const host = moment % 2 === 0 ? a : b;
    for (const { from, datagram } of recorded) {
      if (datagram.to.port !== host.address.port) continue;
      host.endpoint.receive(world.now, from, datagram.bytes);
    }
    world.run(1);
  }
  scene.echo("five");
  expect(story(a).slice(before[0])).toEqual(["established", "four", "five"]);
  expect(story(b).slice(before[1])).toEqual(["established", "four", "five"]);
});

/** A packet of the session that is over comes late. */
function late({ world, recorded, b }: Scene): void {
  const data = recorded.findLast(
    ({ datagram: { to, bytes } }) => to.port === b.address.port && bytes[0] === PacketKind.Data,
  )!;
  world.inject(data.from, data.datagram);
  world.run(100);
}
