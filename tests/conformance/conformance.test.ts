// Conversations of the real endpoint, the real server and the real client with a peer that was written from
// lib/PROTOCOL.md alone.

import { describe, expect, test } from "bun:test";

import type { Machine, Output } from "../../lib/chat/machine.ts";
import type { Address } from "../../lib/transport/address.ts";
import { keyPairFrom } from "../../lib/transport/crypto/keys.ts";
import { Endpoint, type TransportEvent } from "../../lib/transport/endpoint.ts";
import { frameMessage } from "../../lib/transport/framed-message.ts";
import { FullScene } from "../support/full-scene.ts";
import { FAIR, FOUL, MachineNetwork, type Node } from "../support/network.ts";
import { Prng } from "../support/prng.ts";
import { ConformancePeer } from "./peer.ts";
import { PSK_HEX } from "./session-vectors.ts";
import type { ConformanceSession } from "./session.ts";
import { bytesOf, hex } from "./wire.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The conforming peer at its place in the network. */
class PeerMachine implements Machine {
  readonly peer: ConformancePeer;
  readonly #network: MachineNetwork;

  constructor(network: MachineNetwork, seed: number, psk?: Uint8Array) {
    const random = new Prng(seed);
    this.#network = network;
    this.peer = new ConformancePeer({
      secret: random.bytes(32),
      random: (count) => random.bytes(count),
      ...(psk === undefined ? {} : { psk }),
    });
  }

  receive(now: number, from: Address, datagram: Uint8Array): void {
    this.peer.receive(now, from, datagram);
  }

  wake(): void {}

  nextWakeup(): number {
    return Math.max(this.#network.now, this.peer.nextWakeup());
  }

  flush(now: number): Output {
    return { lines: [], datagrams: this.peer.flush(now) };
  }
}

/** The real endpoint, that says "echo" and what it heard to all that is said to it. */
class EchoMachine implements Machine {
  readonly endpoint: Endpoint;
  readonly events: TransportEvent[] = [];

  constructor(seed: number, psk?: Uint8Array) {
    const random = new Prng(seed);
    this.endpoint = new Endpoint({
      keyPair: keyPairFrom(random.bytes(32)),
      random: (count) => random.bytes(count),
      idleTimeoutMs: 45_000,
      keepAliveMs: 15_000,
      ...(psk === undefined ? {} : { psk }),
    });
  }

  receive(now: number, from: Address, datagram: Uint8Array): void {
    this.endpoint.receive(now, from, datagram);
  }

  wake(now: number): void {
    this.endpoint.wake(now);
  }

  nextWakeup(): number {
    return this.endpoint.nextWakeup();
  }

  flush(now: number): Output {
    for (const event of this.endpoint.takeEvents()) {
      this.events.push(event);
      if (event.type !== "message") continue;
      const { said } = JSON.parse(new TextDecoder().decode(event.bytes));
      const answer = { type: "echo", payload: { said }, metadata: {} };
      this.endpoint.send(now, event.session, frameMessage(utf8(JSON.stringify(answer))));
    }
    return { lines: [], datagrams: this.endpoint.flush(now) };
  }

  ended(): string[] {
    return this.events.flatMap((event) => (event.type === "closed" ? [event.reason] : []));
  }
}

const PSK = bytesOf(PSK_HEX);

/** Says something in the session, as bytes of JSON that are no chat message. */
function echo(
  network: MachineNetwork,
  node: Node<PeerMachine>,
  session: ConformanceSession,
  said: unknown,
) {
  network.act(node, () => session.sayBytes(utf8(JSON.stringify({ said }))));
}

const echoed = (session: ConformanceSession): unknown[] =>
  session.all("echo").map(({ payload }) => payload["said"]);

describe.each([
  { name: "IK", psk: undefined },
  { name: "IKpsk2", psk: PSK },
])("with the real endpoint, $name", ({ psk }) => {
  test("a session that the conforming peer begins, on a bad network", () => {
    const network = new MachineNetwork(3, FOUL);
    const real = network.add(5_000, new EchoMachine(1, psk));
    const node = network.add(5_555, new PeerMachine(network, 2, psk));
    const session = node.machine.peer.connect(real.address);
    const said = Array.from({ length: 40 }, (_, number) => number);
    network.act(node, () => {});
    for (const number of said) echo(network, node, session, number);
    network.until(() => echoed(session).length >= said.length, "all echoes");
    expect(echoed(session)).toEqual(said);
    expect(real.machine.events[0]).toMatchObject({ type: "established", initiator: false });
    expect(session.key).toBe(hex(real.machine.endpoint.publicKey));
  });

  test("a session that the real endpoint begins", () => {
    const network = new MachineNetwork(4, FOUL);
    const node = network.add(5_555, new PeerMachine(network, 2, psk));
    const real = network.add(5_000, new EchoMachine(1, psk));
    const key = bytesOf(node.machine.peer.key);
    const opening = { type: "hello", payload: {}, metadata: {} };
    network.act(real, ({ endpoint }, now) => {
      const session = endpoint.connect(now, node.address, { expectedKey: key });
      endpoint.send(now, session, frameMessage(utf8(JSON.stringify(opening))));
    });
    network.until(() => node.machine.peer.sessions[0]?.heard.length === 1, "the opening");
    const session = node.machine.peer.sessions[0]!;
    expect(session.heard).toEqual([opening]);
    expect(session.key).toBe(hex(real.machine.endpoint.publicKey));
    echo(network, node, session, "yes");
    network.until(() => echoed(session).length === 1, "the echo");
  });
});

describe("with the real endpoint", () => {
  const meet = (seed = 5) => {
    const network = new MachineNetwork(seed);
    const real = network.add(5_000, new EchoMachine(1));
    const node = network.add(5_555, new PeerMachine(network, 2));
    const session = node.machine.peer.connect(real.address);
    echo(network, node, session, "first");
    network.until(() => echoed(session).length === 1, "the first echo");
    return { network, real, node, session };
  };

  test("another secret, or none, makes no session", () => {
    const network = new MachineNetwork(6);
    const real = network.add(5_000, new EchoMachine(1, PSK));
    const node = network.add(5_555, new PeerMachine(network, 2));
    node.machine.peer.connect(real.address);
    network.act(node, () => {});
    network.run(2_000);
    expect(real.machine.events).toEqual([]);
  });

  test("messages longer than a window go both ways", () => {
    const { network, node, session } = meet();
    const long = Array.from({ length: 3 }, (_, number) => `${number}`.repeat(900_000));
    for (const text of long) echo(network, node, session, text);
    network.until(() => echoed(session).length === 4, "the long echoes");
    expect(echoed(session).slice(1)).toEqual(long);
  });

  test("the conforming initiator changes the keys, again and again", () => {
    const { network, real, node, session } = meet();
    for (let phase = 1; phase <= 3; phase++) {
      network.run(125_000);
      expect(session.phase).toBe(phase);
      echo(network, node, session, phase);
      network.until(() => echoed(session).length === phase + 1, "the echo");
    }
    expect(real.machine.ended()).toEqual([]);
  });

  test("it changes the keys of a session that it began", () => {
    const network = new MachineNetwork(7);
    const node = network.add(5_555, new PeerMachine(network, 2));
    const real = network.add(5_000, new EchoMachine(1));
    network.act(real, ({ endpoint }, now) => {
      const opening = frameMessage(utf8(JSON.stringify({ type: "hello" })));
      endpoint.send(now, endpoint.connect(now, node.address), opening);
    });
    network.until(() => node.machine.peer.sessions[0]?.heard.length === 1, "the opening");
    const session = node.machine.peer.sessions[0]!;
    for (let phase = 1; phase <= 3; phase++) {
      network.run(125_000);
      expect(session.phase).toBe(phase);
      echo(network, node, session, phase);
      network.until(() => echoed(session).length === phase, "the echo");
    }
    expect(real.machine.ended()).toEqual([]);
  });

  test("CLOSE ends it, and a packet after that is answered with RESET", () => {
    const { network, real, node, session } = meet();
    const { index, remoteIndex, remoteToken } = session;
    network.act(node, ({ peer }) => peer.close(session));
    network.run(100);
    expect(real.machine.ended()).toEqual(["peer"]);
    // As if CLOSE had not been sent: a session that only one side knows.
    network.act(node, ({ peer }) => {
      peer.sessions.push(Object.assign(session, { open: true, waiting: [], closed: undefined }));
      session.sayBytes(utf8("lost"));
    });
    network.until(() => session.closed !== undefined, "the RESET");
    expect({ closed: session.closed, index, remoteIndex, remoteToken }).toEqual({
      closed: "RESET",
      index: session.index,
      remoteIndex: session.remoteIndex,
      remoteToken: session.remoteToken,
    });
  });

  test("a forgotten session ends by the RESET of the conforming peer", () => {
    const { network, real, node } = meet();
    network.act(node, ({ peer }) => peer.sessions.splice(0));
    const [established] = real.machine.events;
    if (established?.type !== "established") throw new Error("not established");
    network.act(real, ({ endpoint }, now) => {
      endpoint.send(now, established.session, frameMessage(utf8("{}")));
    });
    network.until(() => real.machine.ended().length > 0, "the end");
    expect(real.machine.ended()).toEqual(["reset"]);
  });

  test("it follows to a new address that answers its challenge", () => {
    const { network, real, node, session } = meet();
    network.crash(node);
    const moved = network.add(5_556, node.machine);
    echo(network, moved, session, "second");
    network.until(() => echoed(session).length === 2, "the second echo");
    network.until(() => real.machine.events.some(({ type }) => type === "moved"), "the move");
    const event = real.machine.events.find(({ type }) => type === "moved");
    expect(event).toMatchObject({ address: moved.address });
  });

  test("bytes beyond the limit are a violation", () => {
    const { network, real, node, session } = meet();
    network.act(node, () => {
      const beyond = { kind: "STREAM", offset: 2 ** 40, data: new Uint8Array(1) } as const;
      session.waiting.push(beyond);
      session.limit = 2 ** 50;
    });
    network.until(() => session.closed !== undefined, "the end");
    expect(session.closed).toBe("CLOSE");
    expect(real.machine.ended()).toEqual(["violation"]);
  });
});

describe("with the real server", () => {
  /** The conforming peer as a client of chat: asks, and waits for the answer. */
  const chatter = (scene: FullScene, port: number, seed: number) => {
    const { network, server } = scene;
    const node = network.add(port, new PeerMachine(network, seed), "10.0.0.2");
    const session = node.machine.peer.connect(server.address);
    let id = 0;
    const ask = (type: string, payload: Record<string, unknown> = {}) => {
      const metadata = { id: ++id };
      network.act(node, () => session.say({ type, payload, metadata }));
      const answer = () => session.heard.find((said) => said.metadata["id"] === metadata.id);
      network.until(() => answer() !== undefined, `the answer to ${type}`);
      const { type: answered, payload: told } = answer()!;
      return [answered, told] as const;
    };
    return { node, session, ask };
  };

  test.each([FAIR, FOUL])("registers, and uses groups, in weather %o", (weather) => {
    const scene = new FullScene(1, weather);
    const client = chatter(scene, 5_555, 11);
    expect(client.ask("list_groups")).toMatchObject(["refused", { reason: "not_registered" }]);
    const [type, registered] = client.ask("register", { name: "client", groups: [] });
    expect([type, registered["name"], registered["version"]]).toEqual(["registered", "client", 1]);
    expect(client.ask("list_groups")).toEqual(["groups", { groups: [] }]);
    expect(client.ask("create_group", { group: "group-name" })).toEqual([
      "group_created",
      { group: "group-name" },
    ]);
    expect(client.ask("list_groups")).toEqual(["groups", { groups: ["group-name"] }]);
    expect(client.ask("join_group", { group: "GROUP-name" })).toEqual([
      "group_joined",
      { group: "group-name" },
    ]);
    const other = chatter(scene, 5_556, 12);
    expect(other.ask("register", { name: "Client", groups: [] })).toMatchObject([
      "refused",
      { request: "register", reason: "already_exists" },
    ]);
    expect(other.ask("register", { name: "client2", groups: [] })[0]).toBe("registered");
    expect(other.ask("join_group", { group: "group-name" })[0]).toBe("group_joined");
    expect(other.ask("list_members", { group: "group-name" })).toEqual([
      "members",
      { group: "group-name", members: ["client", "client2"] },
    ]);
    expect(client.ask("send_group", { group: "group-name", text: "hey there :)" })).toEqual([
      "received",
      {},
    ]);
    scene.network.until(() => other.session.all("group_message").length === 1, "the message");
    expect(other.session.all("group_message")).toEqual([
      {
        type: "group_message",
        payload: { group: "group-name", from: "client", text: "hey there :)" },
        metadata: { sender: client.node.machine.peer.key.slice(0, 16), number: 7 },
      },
    ]);
    scene.network.until(() => client.session.all("settled").length > 0, "that it is settled");
    expect(client.session.all("settled").at(-1)?.payload).toEqual({ id: 7 });
    expect(
      client.ask("report_offline", { name: "client2", key: other.node.machine.peer.key }),
    ).toEqual(["still_online", { name: "client2" }]);
    // Twice the idle time: a peer that keeps its session alive is still registered after it.
    scene.network.run(90_000);
    expect(client.ask("list_members", { group: "group-name" })).toMatchObject([
      "members",
      { members: ["client", "client2"] },
    ]);
    expect(client.ask("deregister")).toEqual(["deregistered", {}]);
  });

  test("talks to a real client, both ways", () => {
    const scene = new FullScene(2);
    const alice = scene.client("alice", 6_001);
    const bob = chatter(scene, 6_002, 13);
    bob.ask("register", { name: "bob", groups: [] });
    scene.network.until(() => bob.session.all("table").length > 0, "the table");
    const [table] = bob.session.all("table");
    const users = table?.payload["users"] as {
      name: string;
      key: string;
      host: string;
      port: number;
    }[];
    const entry = users.find(({ name }) => name === "alice")!;

    const { peer } = bob.node.machine;
    const direct = peer.connect({ host: entry.host, port: entry.port }, entry.key);
    const say = (text: string, number: number) =>
      scene.network.act(bob.node, () =>
        direct.say({ type: "direct_message", payload: { text }, metadata: { number } }),
      );
    say("hello there :)", 1);
    alice.until(">>> [bob: hello there :)]");
    say("twice", 1);
    say("again", 2);
    alice.until(">>> [bob: again]");
    expect(alice.node.shown).not.toContain(">>> [bob: twice]");

    alice.type("send bob and back");
    alice.until(">>> [Message received by bob]");
    const heard = peer.sessions.flatMap((session) => session.all("direct_message"));
    expect(heard).toEqual([
      { type: "direct_message", payload: { text: "and back" }, metadata: { number: 1 } },
    ]);
  });
});
