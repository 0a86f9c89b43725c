// The client of a server that forgets: it registers again, and what had no answer, or may be lost, is asked again.

import { describe, expect, test } from "bun:test";

import { RequestBook } from "../../lib/chat/client/request-book.ts";
import { REQUESTS_IN_FLIGHT_MAX } from "../../lib/chat/limits.ts";
import { framed, RefusalReason } from "../../lib/chat/message.ts";
import { clientInGroup, ClientScene } from "../support/client-scene.ts";
import type { Asked } from "../support/scripted-server.ts";

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
    server.script = server.obliging;
    client.until(">>> [Group g created by Server.]", 4_000);
    expect(server.asked.map(({ type }) => type)).toEqual(["register", "create_group"]);
    expect(server.of("create_group")[0]?.metadata).toEqual(first[0]!.metadata);
  });

  test("the group that the user is in is named, and so is the table that is known", () => {
    const { scene, client } = clientInGroup();
    const { epoch, version } = scene.server;
    const server = scene.restartServer();
    server.script = server.obliging;
    expect(client.say("send_group hi")).toEqual([">>> (g) [Message received by Server.]"]);
    expect(server.of("register")[0]?.payload).toEqual({
      name: "client",
      groups: ["g"],
      known: { epoch, version },
    });
    expect(client.machine.prompt).toBe(">>> (g) ");
  });

  test("group messages that were taken, but not passed on to all, are sent again in their order", () => {
    const { scene, client } = clientInGroup();
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
    server.script = server.obliging;
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
    const { scene, client } = clientInGroup();
    client.say("send_group 1");
    scene.server.script = () => false;
    client.type("send_group 2");
    scene.network.run(20);
    const server = scene.restartServer(scene.server.epoch);
    server.script = server.obliging;
    client.until(">>> (g) [Message received by Server.]", 4_000);
    expect(server.of("send_group").map(({ payload }) => payload.text)).toEqual(["2"]);
  });

  test("and has other groups: those of the list are completed, and not the ones before", () => {
    const scene = new ClientScene();
    scene.server.script = scene.server.obliging;
    const client = scene.client("client", 5_555);
    const completed = () => client.machine.complete("join_group ")[0];
    client.say("create_group old");
    expect(completed()).toEqual(["old"]);
    const server = scene.restartServer();
    server.script = server.obliging;
    client.say("list_groups");
    expect(completed()).toEqual(["a", "b"]);
  });

  test("the name was taken meanwhile", () => {
    const scene = new ClientScene();
    const client = scene.client("client", 5_555);
    const server = scene.restartServer();
    server.script = (asked) => {
      server.refuse(asked, "already_exists");
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
    server.script = server.obliging;
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
});

test("a server that has forgotten the registration: it registers again, and asks again with the same id", () => {
  const scene = new ClientScene();
  const client = scene.client("client", 5_555);
  const { server } = scene;
  let refused = 0;
  server.script = (asked) => {
    if (asked.message.type !== "list_groups") return false;
    if (refused++ === 0) server.refuse(asked, RefusalReason.NotRegistered);
    else server.reply(asked, { type: "groups", payload: { groups: ["a"] } });
    return true;
  };
  expect(client.say("list_groups")).toEqual([">>> [Available group chats:]", ">>> [a]"]);
  const [first, second, ...more] = server.of("list_groups");
  expect([second?.metadata.id, more.length]).toEqual([first?.metadata.id, 0]);
  expect(server.of("register")).toHaveLength(2);
});

test("what a server has forgotten is given to it again, never more at once than it takes, and in order", () => {
  const { scene, client } = clientInGroup();
  const count = 3 * REQUESTS_IN_FLIGHT_MAX;
  const texts = Array.from({ length: count }, (_, at) => `no. ${at}`);
  client.say(...texts.map((text) => `send_group ${text}`));
  const server = scene.restartServer();
  const waiting: Asked[] = [];
  server.script = (asked) => {
    if (asked.message.type !== "send_group") return server.obliging(asked);
    waiting.push(asked);
    return true;
  };
  client.type("list_members");
  let most = 0;
  while (server.of("send_group").length < count) {
    scene.network.run(500);
    most = Math.max(most, waiting.length);
    scene.onServer(() => {
      for (const asked of waiting.splice(0)) server.reply(asked, { type: "received", payload: {} });
    });
  }
  expect(server.of("send_group").map(({ payload }) => payload.text)).toEqual(texts);
  expect(most).toBe(REQUESTS_IN_FLIGHT_MAX);
});

test("sessions that do not last: who types does not wait for the next try", () => {
  const scene = new ClientScene();
  const client = scene.client("client", 5_555);
  const { server } = scene;
  server.script = ({ session, message }) => {
    if (message.type === "register") server.endpoint.close(session);
    return true;
  };
  scene.onServer(() => {
    for (const session of server.sessions.values()) server.endpoint.close(session);
  });
  // The fifth try is 4 s behind the fourth one.
  scene.network.until(() => server.of("register").length === 5, "the fourth try");
  scene.network.run(200);
  server.script = server.obliging;
  const start = scene.network.now;
  client.say("list_groups");
  expect(scene.network.now - start).toBeLessThan(500);
});

test("a group message that is settled before its answer is here is not given to another server again", () => {
  const book = new RequestBook();
  const bytes = framed({ type: "ping", payload: {}, metadata: {} });
  const [settled, open] = [book.nextId(), book.nextId()];
  for (const id of [settled, open]) {
    const answered = () => {};
    book.add({ id, type: "send_group", bytes, urgent: true, madeAt: 0, watch: 0, answered });
  }
  book.settle(settled);
  for (const id of [settled, open])
    book.answer({ type: "received", payload: {}, metadata: { id } });
  book.repeatUnsettled(0, 0);
  expect(Array.from(book.pending, ({ id }) => id)).toEqual([open]);
});

test("who wants to leave, and has not asked yet, first gives the server what it has forgotten", () => {
  const { scene, client } = clientInGroup();
  const { network } = scene;
  client.say("send_group hello", "leave_group");
  const server = scene.restartServer();
  let closed = 0;
  server.script = (asked) => {
    if (asked.message.type !== "register" || closed === 3) return server.obliging(asked);
    closed++;
    server.endpoint.close(asked.session);
    return true;
  };
  // Nobody types: it finds out with its next sign of life.
  network.until(() => closed === 2, "two sessions that did not last");
  network.run(100);
  client.type("dereg client");
  client.untilEnd();
  expect(client.node.status).toBe(0);
  const types = server.asked.map(({ type }) => type);
  expect(types.slice(-3)).toEqual(["register", "send_group", "deregister"]);
});
