// The client and its server: every command ends in its line, whether or not it is answered, and so does the client.

import { describe, expect, test } from "bun:test";

import { SESSIONS_LOST_MAX } from "../../lib/chat/limits.ts";
import { clientInGroup, clientPair, ClientScene } from "../support/client-scene.ts";
import type { Asked } from "../support/scripted-server.ts";

const NOT_RESPONDING = [
  ">>> [Server not responding]",
  ">>> [Exiting]",
  ">>> [stopping client-server listener]",
];

describe("registration", () => {
  test("without a server: given up after five tries of 500 ms", () => {
    const scene = new ClientScene();
    scene.stopServer();
    const client = scene.client("client", 5_555, false);
    const took = client.untilEnd();
    expect(client.shown).toEqual(NOT_RESPONDING);
    expect(client.node.status).toBe(1);
    expect(took).toBeGreaterThanOrEqual(2_500);
    expect(took).toBeLessThan(2_600);
  });

  test("refused for another reason: one line says which", () => {
    const scene = new ClientScene();
    scene.server.script = (asked) => {
      scene.server.refuse(asked, "server_full", "The server is full.");
      return true;
    };
    const client = scene.client("client", 5_555, false);
    client.untilEnd();
    expect(client.shown).toEqual([
      ">>> [Registration refused: The server is full.]",
      ">>> [stopping client-server listener]",
    ]);
    expect(client.node.status).toBe(1);
  });

  test("lines typed before it is done wait for it, and run in order", () => {
    const scene = new ClientScene();
    scene.server.script = scene.server.obliging;
    const client = scene.client("client", 5_555, false);
    client.type("list_groups", "send client hi", "nonsense");
    client.until(">>> [Invalid command: nonsense]");
    expect(client.shown).toEqual([
      ">>> [Welcome, You are registered.]",
      ">>> [Client table updated.]",
      ">>> [Available group chats:]",
      ">>> [a]",
      ">>> [b]",
      ">>> [client: hi]",
      ">>> [Message received by client]",
      ">>> [Invalid command: nonsense]",
    ]);
  });

  test("taken but not answered, by a server that dies: given up", () => {
    const scene = new ClientScene();
    scene.server.script = () => true;
    const client = scene.client("client", 5_555, false);
    scene.network.run(300);
    scene.stopServer();
    client.untilEnd(4_000);
    expect(client.shown).toEqual(NOT_RESPONDING);
  });

  test("alive, but never registering anyone: given up in the end", () => {
    const scene = new ClientScene();
    scene.server.script = () => true;
    const client = scene.client("client", 5_555, false);
    client.untilEnd(70_000);
    expect(client.shown).toEqual(NOT_RESPONDING);
  });

  test("another client instead of a server: given up within some seconds, and the other one is none the worse", () => {
    const { scene, ann, bob } = clientPair();
    const lost = scene.client("lost", 5_557, false, bob.node.address);
    lost.untilEnd(10_000);
    expect(lost.shown).toEqual(NOT_RESPONDING);
    expect(ann.say("send bob hello")).toEqual([">>> [Message received by bob]"]);
    expect(bob.shown).toEqual([">>> [ann: hello]"]);
  });

  test("a server that ends each session: given up with the last that it may end", () => {
    const scene = new ClientScene();
    let ended = 0;
    scene.server.script = ({ session }) => {
      ended++;
      scene.server.endpoint.close(session);
      return true;
    };
    const client = scene.client("client", 5_555, false);
    client.untilEnd(20_000);
    expect(client.shown).toEqual(NOT_RESPONDING);
    expect(ended).toBe(SESSIONS_LOST_MAX);
  });

  test("a server that dies between the welcome and the table: given up", () => {
    const scene = new ClientScene();
    scene.server.script = (asked) => {
      const payload = { name: "client", epoch: "e", version: 1, settled: 0 };
      scene.server.reply(asked, { type: "registered", payload });
      return true;
    };
    const client = scene.client("client", 5_555, false);
    client.type("list_groups");
    client.until(">>> [Welcome, You are registered.]");
    scene.stopServer();
    client.untilEnd(4_000);
    expect(client.shown).toEqual([">>> [Welcome, You are registered.]", ...NOT_RESPONDING]);
  });
});

describe("a server that does not answer", () => {
  test.each(["create_group g", "list_groups", "join_group g", "dereg client"])("%s", (line) => {
    const scene = new ClientScene();
    const client = scene.client("client", 5_555);
    scene.stopServer();
    client.type(line);
    const took = client.untilEnd();
    expect(client.shown).toEqual(NOT_RESPONDING);
    expect(client.node.status).toBe(1);
    expect(took).toBeLessThan(2_600);
  });

  test.each(["send_group hi", "list_members", "leave_group", "dereg client"])(
    "%s in a group",
    (line) => {
      const { scene, client } = clientInGroup();
      scene.stopServer();
      client.type(line);
      client.untilEnd(2_600);
      expect(client.shown).toEqual(NOT_RESPONDING);
    },
  );

  test("dead for long: nothing is said until a command needs it, and then it takes no longer", () => {
    for (const wait of [10_000, 44_000, 45_500, 46_000, 47_000, 60_000, 91_000, 600_000]) {
      const scene = new ClientScene();
      const client = scene.client("client", 5_555);
      scene.stopServer();
      scene.network.run(wait);
      expect(client.shown).toEqual([]);
      client.type("list_groups");
      const took = client.untilEnd();
      expect(client.shown).toEqual(NOT_RESPONDING);
      expect(took).toBeLessThan(2_700);
    }
  });

  test("a request that was taken, but not answered before the server died", () => {
    const scene = new ClientScene();
    const client = scene.client("client", 5_555);
    client.type("list_groups");
    scene.network.run(100);
    expect(scene.server.of("list_groups")).toHaveLength(1);
    scene.stopServer();
    client.untilEnd(4_000);
    expect(client.shown).toEqual(NOT_RESPONDING);
  });

  test("alive, but never answering: given up in the end", () => {
    const scene = new ClientScene();
    const client = scene.client("client", 5_555);
    client.type("list_groups");
    scene.network.run(30_000);
    expect(client.node.status).toBeUndefined();
    client.untilEnd(40_000);
    expect(client.shown).toEqual(NOT_RESPONDING);
  });

  test("late, but alive: the answer counts", () => {
    const scene = new ClientScene();
    const client = scene.client("client", 5_555);
    let asked: Asked | undefined;
    scene.server.script = (one) => {
      asked = one;
      return true;
    };
    client.type("list_groups");
    scene.network.run(20_000);
    scene.onServer(
      () => asked && scene.server.reply(asked, { type: "groups", payload: { groups: [] } }),
    );
    scene.network.run(100);
    expect(client.shown).toEqual([">>> [Available group chats:]"]);
  });
});

describe("the end of input", () => {
  test("what was typed runs to its end, then the client leaves the group and the table", () => {
    const { client } = clientInGroup();
    client.shown.length = 0;
    client.type("send_group a", "send_group b");
    client.endInput();
    client.untilEnd();
    expect(client.shown).toEqual([
      ">>> (g) [Message received by Server.]",
      ">>> (g) [Message received by Server.]",
      ">>> [Leave group chat g]",
      ">>> [You are Offline. Bye.]",
      ">>> [stopping client-server listener]",
    ]);
    expect(client.node.status).toBe(0);
  });

  test("before anything was typed, and before the client is registered", () => {
    const scene = new ClientScene();
    scene.server.script = scene.server.obliging;
    const client = scene.client("client", 5_555, false);
    client.endInput();
    client.untilEnd();
    expect(client.shown).toEqual([
      ">>> [Welcome, You are registered.]",
      ">>> [Client table updated.]",
      ">>> [You are Offline. Bye.]",
      ">>> [stopping client-server listener]",
    ]);
  });

  test("of a long file: at most 64 requests without an answer, all in order", () => {
    const { scene, client } = clientInGroup();
    const open = new Set<number>();
    let most = 0;
    const waiting: Asked[] = [];
    scene.server.script = (asked) => {
      if (asked.message.type !== "send_group") return scene.server.obliging(asked);
      open.add(asked.message.metadata.id);
      most = Math.max(most, open.size);
      waiting.push(asked);
      return true;
    };
    client.shown.length = 0;
    const texts = Array.from({ length: 1_000 }, (_, index) => `line ${index}`);
    client.type(...texts.map((text) => `send_group ${text}`));
    client.endInput();
    while (client.node.status === undefined) {
      scene.network.run(20);
      scene.onServer(() => {
        for (const asked of waiting.splice(0)) {
          open.delete(asked.message.metadata.id);
          scene.server.reply(asked, { type: "received", payload: {} });
        }
      });
    }
    expect(most).toBe(64);
    expect(scene.server.of("send_group").map(({ payload }) => payload.text)).toEqual(texts);
    expect(
      client.shown.filter((line) => line === ">>> (g) [Message received by Server.]"),
    ).toHaveLength(1_000);
  });
});

test("an interrupt says one line, ends with 130, and sends nothing", () => {
  const scene = new ClientScene();
  const client = scene.client("client", 5_555);
  client.type("list_groups");
  const before = client.sent;
  client.interrupt();
  expect(client.shown).toEqual([">>> [stopping client-server listener]"]);
  expect(client.node.status).toBe(130);
  expect(client.sent).toBe(before);
});

test("a server that is given up while a direct message is on its way is given up once", () => {
  const { scene, ann } = clientPair();
  const { network, server } = scene;
  server.script = server.obliging;
  ann.say("join_group g");
  network.passes = () => false;
  // The session ends for silence at 45 s, with a command that waits.
  network.run(44_000);
  ann.type("send_group hello");
  network.run(600);
  ann.type("send bob hello");
  let wakes = 0;
  const wake = ann.machine.wake.bind(ann.machine);
  ann.machine.wake = (now) => {
    if (++wakes > 1_000) throw new Error("it is woken all the time");
    wake(now);
  };
  ann.untilEnd(10_000);
  expect(ann.shown.slice(-4)).toEqual([
    ">>> [No ACK from bob, message not delivered]",
    ">>> [Server not responding]",
    ">>> [Exiting]",
    ">>> [stopping client-server listener]",
  ]);
});
