// The client and its server: every command ends in its line, whatever becomes of sessions, answers and servers.

import { describe, expect, test } from "bun:test";

import { ClientScene } from "../support/client-scene.ts";
import type { Asked } from "../support/scripted-server.ts";

const NOT_RESPONDING = [
  ">>> [Server not responding]",
  ">>> [Exiting]",
  ">>> [stopping client-server listener]",
];

/** Answers group requests the way a server does that has every group. */
const obliging =
  (scene: ClientScene) =>
  (asked: Asked): boolean => {
    const { message } = asked;
    const { server } = scene;
    switch (message.type) {
      case "create_group":
        server.reply(asked, { type: "group_created", payload: { group: message.payload.group } });
        return true;
      case "join_group":
        server.reply(asked, { type: "group_joined", payload: { group: message.payload.group } });
        return true;
      case "leave_group":
        server.reply(asked, { type: "group_left", payload: { group: message.payload.group } });
        return true;
      case "send_group":
        server.reply(asked, { type: "received", payload: {} });
        return true;
      case "list_groups":
        server.reply(asked, { type: "groups", payload: { groups: ["a", "b"] } });
        return true;
      case "deregister":
        server.reply(asked, { type: "deregistered", payload: {} });
        return true;
      default:
        return false;
    }
  };

const inGroup = (seed = 1) => {
  const scene = new ClientScene(seed);
  scene.server.script = obliging(scene);
  const client = scene.client("client", 5_555);
  expect(client.say("join_group g")).toEqual([">>> [Entered group g successfully!]"]);
  return { scene, client };
};

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
      const payload = {
        request: "register",
        reason: "server_full",
        detail: "The server is full.",
      } as const;
      scene.server.reply(asked, { type: "refused", payload });
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
    scene.server.script = obliging(scene);
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
      const { scene, client } = inGroup();
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

describe("a server that restarted", () => {
  test("while nothing was asked: registered again, without a word but for the table", () => {
    const scene = new ClientScene();
    const client = scene.client("client", 5_555);
    const server = scene.restartServer();
    scene.network.until(() => server.of("register").length > 0, "registration", 60_000);
    scene.network.run(1_000);
    expect(client.shown).toEqual([]);
    expect(client.say("send client hi")).toHaveLength(2);
  });

  test("the request that was on its way is sent again, with its id, behind the registration", () => {
    const scene = new ClientScene();
    const client = scene.client("client", 5_555);
    client.type("create_group g");
    scene.network.run(50);
    const first = scene.server.of("create_group");
    expect(first).toHaveLength(1);
    const server = scene.restartServer();
    server.script = obliging(scene);
    client.until(">>> [Group g created by Server.]", 4_000);
    expect(server.asked.map(({ type }) => type)).toEqual(["register", "create_group"]);
    expect(server.of("create_group")[0]?.metadata).toEqual(first[0]!.metadata);
  });

  test("the group that the user is in is named, and so is the table that is known", () => {
    const { scene, client } = inGroup();
    const { epoch, version } = scene.server;
    const server = scene.restartServer();
    server.script = obliging(scene);
    expect(client.say("send_group hi")).toEqual([">>> (g) [Message received by Server.]"]);
    expect(server.of("register")[0]?.payload).toEqual({
      name: "client",
      groups: ["g"],
      known: { epoch, version },
    });
    expect(client.machine.prompt).toBe(">>> (g) ");
  });

  test("group messages that were taken, but not passed on to all, are sent again in their order", () => {
    const { scene, client } = inGroup();
    expect(client.say("send_group 1", "send_group 2", "send_group 3")).toHaveLength(3);
    const ids = scene.server.of("send_group").map(({ metadata }) => metadata.id);
    for (const session of scene.server.sessions.values()) {
      scene.server.say(session, { type: "settled", payload: { id: ids[0]! }, metadata: {} });
    }
    scene.network.run(20);
    scene.server.script = () => false;
    client.type("send_group 4");
    scene.network.run(20);
    const server = scene.restartServer();
    server.script = obliging(scene);
    client.until(">>> (g) [Message received by Server.]", 4_000);
    scene.network.run(500);
    expect(server.of("send_group").map(({ payload }) => payload.text)).toEqual(["2", "3", "4"]);
    expect(server.of("send_group").map(({ metadata }) => metadata.id)).toEqual([
      ...ids.slice(1),
      ids[2]! + 1,
    ]);
    expect(client.shown.filter((line) => line.includes("Message received by Server"))).toHaveLength(
      1,
    );
  });

  test("in the same epoch only what has no answer is sent again", () => {
    const { scene, client } = inGroup();
    client.say("send_group 1");
    scene.server.script = () => false;
    client.type("send_group 2");
    scene.network.run(20);
    const server = scene.restartServer(scene.server.epoch);
    server.script = obliging(scene);
    client.until(">>> (g) [Message received by Server.]", 4_000);
    expect(server.of("send_group").map(({ payload }) => payload.text)).toEqual(["2"]);
  });

  test("the name was taken meanwhile", () => {
    const scene = new ClientScene();
    const client = scene.client("client", 5_555);
    const server = scene.restartServer();
    server.script = (asked) => {
      const payload = { request: "register", reason: "already_exists", detail: "" } as const;
      server.reply(asked, { type: "refused", payload });
      return true;
    };
    client.untilEnd(60_000);
    expect(client.shown).toEqual([
      ">>> [`client` already exists!]",
      ">>> [stopping client-server listener]",
    ]);
    expect(client.node.status).toBe(1);
  });

  test("who has asked to leave asks again, and does not register before", () => {
    const scene = new ClientScene();
    const client = scene.client("client", 5_555);
    client.type("dereg client");
    scene.network.run(50);
    const server = scene.restartServer();
    server.script = obliging(scene);
    client.untilEnd(4_000);
    expect(server.asked.map(({ type }) => type)).toEqual(["deregister"]);
    expect(client.shown).toEqual([
      ">>> [You are Offline. Bye.]",
      ">>> [stopping client-server listener]",
    ]);
    expect(client.node.status).toBe(0);
  });
});

describe("a registration that ended", () => {
  test("is told by the table: the client registers again", () => {
    const scene = new ClientScene();
    const client = scene.client("client", 5_555);
    scene.onServer(() => {
      scene.server.users.length = 0;
      scene.server.pushTable();
    });
    scene.network.run(200);
    expect(scene.server.of("register")).toHaveLength(2);
    expect(client.shown).toEqual([">>> [Client table updated.]", ">>> [Client table updated.]"]);
  });

  test("is told by a refusal: the client registers again and asks again", () => {
    const scene = new ClientScene();
    const client = scene.client("client", 5_555);
    let refused = 0;
    scene.server.script = (asked) => {
      if (asked.message.type !== "register" && refused++ < 3) {
        const payload = {
          request: asked.message.type,
          reason: "not_registered",
          detail: "",
        } as const;
        scene.server.reply(asked, { type: "refused", payload });
        return true;
      }
      return obliging(scene)(asked);
    };
    expect(client.say("list_groups")).toEqual([
      ">>> [Available group chats:]",
      ">>> [a]",
      ">>> [b]",
    ]);
  });
});

describe("the end of input", () => {
  test("what was typed runs to its end, then the client leaves the group and the table", () => {
    const { client } = inGroup();
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
    scene.server.script = obliging(scene);
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
    const { scene, client } = inGroup();
    const open = new Set<number>();
    let most = 0;
    const waiting: Asked[] = [];
    scene.server.script = (asked) => {
      if (asked.message.type !== "send_group") return obliging(scene)(asked);
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
