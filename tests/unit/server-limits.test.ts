// What a server limits in number: who asks for too much is told so in one clear line, and nobody else notices.

import { describe, expect, test } from "bun:test";

import { GROUPS_CLAIMED_MAX } from "../../lib/chat/limits.ts";
import {
  allLimits,
  SERVER_LIMITS,
  type ServerLimits,
} from "../../lib/chat/server/server-limits.ts";
import { type Actor, ChatScene } from "../support/chat-scene.ts";
import { FullScene } from "../support/full-scene.ts";
import { FAIR } from "../support/network.ts";

const limited = (limits: Partial<ServerLimits>): ChatScene => new ChatScene(1, FAIR, { limits });

const refusal = (answer: ReturnType<Actor["ask"]>) =>
  answer.type === "refused" ? [answer.payload.reason, answer.payload.detail] : answer.type;

describe("counts", () => {
  test("of users, whatever their address, but for one who is here already", () => {
    const scene = limited({ users: 2 });
    const first = scene.user("client", 5_555);
    scene.user("client2", 5_556);
    const third = scene.stranger(5_557);
    const register = { name: "client3", groups: [] };
    expect(refusal(third.ask("register", register))).toEqual([
      "server_full",
      "The server is full: it has as many users as it takes, 2.",
    ]);
    first.reconnect();
    expect(first.ask("register", { name: "client", groups: [] }).type).toBe("registered");
    first.ask("deregister");
    expect(third.ask("register", register).type).toBe("registered");
  });

  test("of users at one address, wherever they go from there", () => {
    const scene = limited({ "users-per-address": 2 });
    const first = scene.user("client", 5_555);
    scene.user("client2", 5_556);
    const third = scene.stranger(5_557);
    const register = { name: "client3", groups: [] };
    expect(refusal(third.ask("register", register))).toEqual([
      "address_full",
      "Your address has as many users as the server takes from one, 2.",
    ]);
    // The same key again is the same user.
    first.reconnect();
    expect(first.ask("register", { name: "client", groups: [] }).type).toBe("registered");
    scene.network.crash(first.node);
    const moved = scene.network.add(5_555, first.speaker, "10.0.0.7");
    scene.network.act(moved, (speaker, now) => {
      speaker.reconnect(now);
      speaker.ask(now, "register", { name: "client", groups: [] });
    });
    scene.run();
    expect(third.ask("register", register).type).toBe("registered");
  });

  test("of groups", () => {
    const scene = limited({ groups: 1 });
    const client = scene.user("client", 5_555);
    expect(client.ask("create_group", { group: "g" }).type).toBe("group_created");
    expect(refusal(client.ask("create_group", { group: "G" }))[0]).toBe("already_exists");
    expect(refusal(client.ask("create_group", { group: "h" }))).toEqual([
      "too_many_groups",
      "The server has as many groups as it takes, 1.",
    ]);
  });

  test("of groups, of which the forsaken make room", () => {
    const scene = limited({ groups: 2 });
    const gone = scene.user("gone", 5_555);
    gone.ask("create_group", { group: "first" });
    gone.ask("deregister");
    const member = scene.founder("member", 5_556, "second");
    const client = scene.user("client", 5_557);
    const create = (group: string) => client.ask("create_group", { group }).type;
    expect([create("third"), create("fourth")]).toEqual(["group_created", "refused"]);
    const answer = client.ask("list_groups");
    expect(answer.type === "groups" && answer.payload.groups).toEqual(["second", "third"]);
    // Somebody is in it, or its founder is here.
    member.ask("leave_group", { group: "second" });
    expect(create("fourth")).toBe("refused");
    member.ask("deregister");
    expect(create("fourth")).toBe("group_created");
  });

  test("of members, but for one who is in the group already", () => {
    const scene = limited({ "group-members": 1 });
    const client = scene.founder("client", 5_555, "g");
    const other = scene.user("client2", 5_556);
    expect(refusal(other.ask("join_group", { group: "g" }))).toEqual([
      "group_full",
      "The group is full: it has as many members as it takes, 1.",
    ]);
    expect(client.ask("join_group", { group: "g" }).type).toBe("group_joined");
    client.ask("leave_group", { group: "g" });
    expect(other.ask("join_group", { group: "g" }).type).toBe("group_joined");
  });

  test("stay what they were for what is in the log already", () => {
    const scene = new ChatScene(1, FAIR, { log: "outside" });
    const entries = scene.commitAtOnce();
    const clients = ["client", "client2"].map((name, at) => scene.user(name, 5_555 + at));
    for (const client of clients) {
      client.ask("create_group", { group: `of-${client.node.address.port}` });
      client.ask("join_group", { group: "of-5555" });
    }
    scene.restart({
      log: "outside",
      limits: { users: 1, groups: 1, "group-members": 1, "users-per-address": 1 },
    });
    scene.server.machine.restore(scene.network.now, entries);
    scene.commitAtOnce(entries);
    for (const [at, client] of clients.entries()) {
      client.reconnect();
      client.speaker.heard.length = 0;
      const name = at === 0 ? "client" : "client2";
      const known = { epoch: "e", version: 0 };
      expect(client.ask("register", { name, groups: ["of-5555"], known }).type).toBe("registered");
    }
    expect(clients[0]!.ask("list_members", { group: "of-5555" })).toMatchObject({
      payload: { members: ["client", "client2"] },
    });
    expect(clients[0]!.ask("list_groups")).toMatchObject({
      payload: { groups: ["of-5555", "of-5556"] },
    });
  });
});

describe("creations and joins in a minute", () => {
  test("are limited, with the time to wait", () => {
    const scene = limited({ "groups-per-minute": 2, "joins-per-minute": 1 });
    const client = scene.user("client", 5_555);
    for (const group of ["a", "b"]) {
      expect(client.ask("create_group", { group }).type).toBe("group_created");
    }
    expect(refusal(client.ask("create_group", { group: "c" }))).toEqual([
      "too_soon",
      "You have created too many groups in a short time. Try again in 30 s.",
    ]);
    expect(client.ask("join_group", { group: "a" }).type).toBe("group_joined");
    expect(refusal(client.ask("join_group", { group: "b" }))).toEqual([
      "too_soon",
      "You have entered too many groups in a short time. Try again in 60 s.",
    ]);
    scene.run(30_000);
    expect(client.ask("create_group", { group: "c" }).type).toBe("group_created");
    scene.run(30_000);
    expect(client.ask("join_group", { group: "b" }).type).toBe("group_joined");
  });

  test("do not count what changes nothing, nor what was answered before", () => {
    const scene = limited({ "groups-per-minute": 1, "joins-per-minute": 1 });
    const client = scene.user("client", 5_555);
    const created = client.tell("create_group", { group: "a" });
    const joined = client.tell("join_group", { group: "a" });
    scene.run();
    client.speaker.heard.length = 0;
    expect(client.ask("create_group", { group: "a" }, created).type).toBe("group_created");
    expect(client.ask("join_group", { group: "a" }, joined).type).toBe("group_joined");
    expect(client.ask("join_group", { group: "A" }).type).toBe("group_joined");
    expect(refusal(client.ask("create_group", { group: "A" }))[0]).toBe("already_exists");
    expect(refusal(client.ask("join_group", { group: "none" }))[0]).toBe("does_not_exist");
  });

  test("do not count what is refused, since it is full", () => {
    const scene = limited({
      groups: 1,
      "groups-per-minute": 2,
      "group-members": 1,
      "joins-per-minute": 1,
    });
    scene.founder("founder", 5_555, "full");
    const client = scene.user("client", 5_556);
    for (const group of ["a", "b", "c"]) {
      expect(refusal(client.ask("create_group", { group }))[0]).toBe("too_many_groups");
      expect(refusal(client.ask("join_group", { group: "full" }))[0]).toBe("group_full");
    }
  });

  test("do not count the groups that a client brings back", () => {
    const scene = limited({ "groups-per-minute": 1, "joins-per-minute": 1 });
    const client = scene.stranger(5_555);
    const groups = ["a", "b", "c"];
    client.ask("register", { name: "client", groups, known: { epoch: "another", version: 1 } });
    expect(client.speaker.all("removed_from_group")).toEqual([]);
    expect(client.ask("create_group", { group: "d" }).type).toBe("group_created");
    expect(client.ask("join_group", { group: "d" }).type).toBe("group_joined");
  });
});

test("groups do not come back with one client again and again", () => {
  const scene = limited({});
  const client = scene.stranger(5_555);
  const known = { epoch: "another", version: 1 };
  const claim = (round: number): void => {
    const groups = Array.from({ length: GROUPS_CLAIMED_MAX }, (_, at) => `g${round}-${at}`);
    client.ask("register", { name: "client", groups, known });
    scene.run();
    client.ask("deregister");
  };
  for (let round = 0; round < 5; round++) claim(round);
  expect(client.speaker.all("removed_from_group")).toHaveLength(4 * GROUPS_CLAIMED_MAX);
  const answer = scene.user("other", 5_556).ask("list_groups");
  expect(answer.type === "groups" && answer.payload.groups).toHaveLength(GROUPS_CLAIMED_MAX);
});

describe("the client's user", () => {
  const full = (limits: Partial<ServerLimits>): FullScene => new FullScene(3, FAIR, { limits });

  test("is told what is full, and what is too soon", () => {
    const scene = full({
      groups: 2,
      "groups-per-minute": 1,
      "joins-per-minute": 1,
      "group-members": 1,
    });
    const ann = scene.client("ann", 5_555);
    const bob = scene.client("bob", 5_556);
    expect(bob.say("create_group g", "create_group h")).toEqual([
      ">>> [Group g created by Server.]",
      ">>> [Group `h` not created: You have created too many groups in a short time. Try again in 60 s.]",
    ]);
    const lines = ann.say("create_group h", "create_group i", "join_group g", "leave_group");
    expect([...lines, ...ann.say("join_group h")]).toEqual([
      ">>> [Group h created by Server.]",
      ">>> [Group `i` not created: The server has as many groups as it takes, 2.]",
      ">>> [Entered group g successfully!]",
      ">>> [Leave group chat g]",
      ">>> [Group `h` not entered: You have entered too many groups in a short time. Try again in 60 s.]",
    ]);
    bob.say("join_group g");
    scene.network.run(60_000);
    expect(ann.say("join_group g")).toEqual([
      ">>> [Group `g` not entered: The group is full: it has as many members as it takes, 1.]",
    ]);
  });

  test.each([
    [{ users: 1 }, "The server is full: it has as many users as it takes, 1."],
    [{ "users-per-address": 1 }, "Your address has as many users as the server takes from one, 1."],
  ])("who cannot be registered with %j is told why, and the client ends", (limits, why) => {
    const scene = full(limits);
    scene.client("ann", 5_555);
    const bob = scene.stranger("bob", 5_556);
    bob.untilEnd();
    expect(bob.shown).toEqual([
      `>>> [Registration refused: ${why}]`,
      ">>> [stopping client-server listener]",
    ]);
    expect(bob.node.status).toBe(1);
  });
});

test("the table of limits says of each whether it is a rate, and how many there can be at all", () => {
  const flags = SERVER_LIMITS.map(({ flag }) => flag);
  expect(new Set(flags).size).toBe(flags.length);
  expect(allLimits()["messages-per-second"]).toBe(100);
  expect(allLimits({ "messages-per-second": 0, users: 0, groups: 7 })).toMatchObject({
    "messages-per-second": 0,
    users: 65_536,
    groups: 7,
  });
});

test("who is too fast in bytes is told once for each time", () => {
  const limits = { "bytes-per-second": 100_000, "bytes-burst": 50_000 };
  const scene = new ChatScene(1, undefined, { limits });
  const client = scene.founder("client", 5_555, "g");
  const say = () => {
    for (let at = 0; at < 3; at++) {
      client.tell("send_group", { group: "g", text: "x".repeat(50_000) });
    }
  };
  say();
  scene.run(1_300);
  expect(client.speaker.all("slow_down")).toHaveLength(1);
  // All of it has passed, but it has not rested since.
  expect(client.speaker.all("received")).toHaveLength(3);
  say();
  scene.run(5_000);
  expect(client.speaker.all("slow_down")).toHaveLength(1);
  say();
  scene.run(1_000);
  expect(client.speaker.all("slow_down")).toHaveLength(2);
});

test("a table that is asked for counts as if the client had sent it", () => {
  const limits = { "bytes-per-second": 65_536, "bytes-burst": 65_536 };
  const scene = new ChatScene(1, undefined, { limits });
  const client = scene.user("client", 5_555);
  for (let at = 0; at < 99; at++) scene.user(`u${at}`, 6_000 + at);
  scene.run(5_000);
  const start = scene.network.now;
  client.speaker.heard.length = 0;
  // Those that come in one turn have one answer.
  for (let at = 0; at < 30; at++) {
    client.tell("table_since", { epoch: "another", version: 0 });
    scene.run(10);
  }
  scene.network.until(() => client.speaker.all("table").length === 30, "the tables");
  const bytes = client.speaker
    .all("table")
    .reduce((sum, one) => sum + JSON.stringify(one).length, 0);
  expect(bytes).toBeGreaterThan(5 * 65_536);
  expect(scene.network.now - start).toBeGreaterThan(2_000);
});
