// Server and clients as they are, in a network that loses a fifth of everything each way: every message shown once, in
// order, also when the server's process is replaced by another one that knows nothing.

import { describe, expect, test } from "bun:test";

import { ClientMachine } from "../../lib/chat/client/client-machine.ts";
import { keyPairFrom } from "../../lib/transport/crypto/keys.ts";
import { ChatScene } from "../support/chat-scene.ts";
import { FOUL, type Node } from "../support/network.ts";
import { Prng } from "../support/prng.ts";

const NAMES = ["ann", "bob", "cat"];
const EACH = 40;

const start = (scene: ChatScene, name: string, port: number): Node<ClientMachine> => {
  const random = new Prng(port);
  const machine = new ClientMachine({
    name,
    server: scene.server.address,
    keyPair: keyPairFrom(random.bytes(32)),
    random: (count) => random.bytes(count),
  });
  return scene.network.add(port, machine, "10.0.0.3");
};

/** Three clients in one group. */
const gather = (scene: ChatScene): Node<ClientMachine>[] => {
  const clients = NAMES.map((name, at) => start(scene, name, 5_555 + at));
  const type = (at: number, text: string, answer: string) => {
    const node = clients[at]!;
    scene.network.act(node, (client, now) => client.line(now, text));
    scene.network.until(() => node.shown.some((line) => line.includes(answer)), text);
  };
  type(0, "create_group g", "created by Server");
  for (const at of clients.keys()) type(at, "join_group g", "Entered group");
  return clients;
};

const sendAll = (
  scene: ChatScene,
  clients: Node<ClientMachine>[],
  from: number,
  to: number,
): void => {
  for (const [at, node] of clients.entries()) {
    scene.network.act(node, (client, now) => {
      for (let count = from; count < to; count++)
        client.line(now, `send_group ${NAMES[at]} ${count}`);
    });
  }
};

const received = ({ shown }: Node): number =>
  shown.filter((line) => line.includes("[Message received by Server.]")).length;

/** What a client was shown of another one's messages. */
const shownFrom = ({ shown }: Node, name: string): string[] => {
  const head = `>>> (g) Group_Message ${name}: `;
  return shown.filter((line) => line.startsWith(head)).map((line) => line.slice(head.length));
};

const expectAll = (clients: Node<ClientMachine>[]): void => {
  for (const [at, node] of clients.entries()) {
    expect(received(node)).toBe(EACH);
    for (const [from, name] of NAMES.entries()) {
      const expected =
        from === at ? [] : Array.from({ length: EACH }, (_, count) => `${name} ${count}`);
      expect(shownFrom(node, name)).toEqual(expected);
    }
  }
};

describe.each([1, 2, 3, 4, 5])("seed %i", (seed) => {
  test("a group that talks all at once", () => {
    const scene = new ChatScene(seed, FOUL);
    const clients = gather(scene);
    sendAll(scene, clients, 0, EACH);
    scene.network.until(() => clients.every((node) => received(node) === EACH), "answers");
    scene.run(5_000);
    expectAll(clients);
    const acked = scene.server.shown.filter((line) => line.endsWith("acked group message]"));
    expect(acked.length).toBe(EACH * NAMES.length * (NAMES.length - 1));
  });

  test("a server that is replaced in the middle of it", () => {
    const scene = new ChatScene(seed, FOUL);
    const clients = gather(scene);
    sendAll(scene, clients, 0, EACH / 2);
    const random = new Prng(seed);
    scene.run(random.between(1, 200));
    scene.restart();
    scene.run(random.between(1, 500));
    sendAll(scene, clients, EACH / 2, EACH);
    scene.network.until(() => clients.every((node) => received(node) === EACH), "answers");
    scene.run(100_000);
    expectAll(clients);
  });
});
