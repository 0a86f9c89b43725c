// The client's table of users: what counts as a change, and who can be found, also after the server lost its memory.

import { describe, expect, test } from "bun:test";

import { UserTable } from "../../lib/chat/client/user-table.ts";
import { REGISTRATION_IDLE_MS, RESOLVED_MAX } from "../../lib/chat/limits.ts";
import { RefusalReason, type TableChange, type TableEntry } from "../../lib/chat/message.ts";
import { ClientScene } from "../support/client-scene.ts";
import { Stranger } from "../support/stranger.ts";

const NOW = 1_000;

const user = (name: string, digit: string, port = 5_555): TableEntry => ({
  name,
  key: digit.repeat(64),
  host: "10.0.0.1",
  port,
});

const whole = (version: number, users: readonly TableEntry[], epoch = "e") =>
  ({ type: "table", payload: { epoch, version, users }, metadata: {} }) as const;

const changes = (from: number, to: number, list: readonly TableChange[], epoch = "e") =>
  ({ type: "table_changes", payload: { epoch, from, to, changes: list }, metadata: {} }) as const;

const put = ({ name, ...rest }: TableEntry): TableChange => ({ name, user: rest });
const gone = (name: string): TableChange => ({ name, user: null });

const filled = (): UserTable => {
  const table = new UserTable();
  table.replace(NOW, whole(2, [user("Ann", "a"), user("bob", "b")]));
  return table;
};

describe("what counts as a change", () => {
  test("the first table, also an empty one", () => {
    expect(new UserTable().replace(NOW, whole(0, []))).toBe("changed");
  });

  test("a whole table only if it differs", () => {
    const table = filled();
    expect(table.replace(NOW, whole(9, [user("bob", "b"), user("Ann", "a")], "f"))).toBe("same");
    expect(table.position).toEqual({ epoch: "f", version: 9 });
    expect(table.replace(NOW, whole(10, [user("bob", "b")], "f"))).toBe("changed");
    expect(table.replace(NOW, whole(11, [user("bob", "b", 6_000)], "f"))).toBe("changed");
  });

  test("changes that follow on", () => {
    const table = filled();
    expect(table.change(changes(2, 3, [put(user("eve", "c"))]))).toBe("changed");
    expect(table.find(NOW, "EVE")?.port).toBe(5_555);
    expect(table.change(changes(3, 4, [put(user("eve", "c", 7_000))]))).toBe("changed");
    expect(table.change(changes(4, 5, [gone("eve")]))).toBe("changed");
    expect(table.find(NOW, "eve")).toBeUndefined();
    expect(table.change(changes(5, 6, [gone("nobody")]))).toBe("same");
    expect(table.position).toEqual({ epoch: "e", version: 6 });
  });

  test("old news and gaps", () => {
    const table = filled();
    expect(table.change(changes(1, 2, [gone("bob")]))).toBe("same");
    expect(table.change(changes(3, 4, [gone("bob")]))).toBe("gap");
    expect(table.change(changes(2, 3, [gone("bob")], "f"))).toBe("gap");
    expect(new UserTable().change(changes(0, 1, [gone("bob")]))).toBe("gap");
    expect(table.find(NOW, "bob")?.name).toBe("bob");
  });
});

describe("a server that lost its memory", () => {
  const another = (version: number, users: readonly TableEntry[]) => whole(version, users, "f");

  test("has not seen everybody yet: they are where they were", () => {
    const table = filled();
    expect(table.replace(NOW, another(1, [user("bob", "b")]))).toBe("changed");
    expect(table.find(NOW, "ann")).toEqual(user("Ann", "a"));
    expect(table.names()).toEqual(["bob"]);
    expect(table.has("a".repeat(64))).toBe(false);
    table.replace(NOW, whole(1, [], "g"));
    expect(table.find(NOW, "ann")).toEqual(user("Ann", "a"));
    expect(table.find(NOW, "bob")).toEqual(user("bob", "b"));
  });

  test("whoever is back, or has the name now, is found as the table has it", () => {
    const table = filled();
    table.replace(NOW, another(1, []));
    table.change(changes(1, 2, [put(user("Ann", "a", 7_000)), put(user("bob", "d"))], "f"));
    expect(table.find(NOW, "ann")?.port).toBe(7_000);
    expect(table.find(NOW, "bob")?.key).toBe("d".repeat(64));
    table.change(changes(2, 3, [gone("ann"), gone("bob")], "f"));
    expect(table.find(NOW, "ann")).toBeUndefined();
    expect(table.find(NOW, "bob")).toBeUndefined();
  });

  test("who does not answer is not found again", () => {
    const table = filled();
    table.replace(NOW, another(1, [user("bob", "b")]));
    table.forget("ANN");
    expect(table.find(NOW, "ann")).toBeUndefined();
  });

  test("within one epoch, who is not in the table is gone", () => {
    const table = filled();
    table.replace(NOW, another(1, [user("bob", "b")]));
    table.replace(NOW, another(2, []));
    expect(table.find(NOW, "bob")).toBeUndefined();
  });
});

describe("names of keys", () => {
  test("stay known after their user left, until somebody else takes the name", () => {
    const table = filled();
    table.change(changes(2, 3, [gone("Ann")]));
    expect(table.nameOf("a".repeat(64))).toBe("Ann");
    expect(table.has("a".repeat(64))).toBe(false);
    table.change(changes(3, 4, [put(user("ANN", "d"))]));
    expect(table.nameOf("a".repeat(64))).toBeUndefined();
    expect(table.nameOf("d".repeat(64))).toBe("ANN");
  });

  test("go at once when another key takes the name", () => {
    const table = filled();
    table.change(changes(2, 3, [put(user("bob", "d"))]));
    expect(table.nameOf("b".repeat(64))).toBeUndefined();
    expect(table.find(NOW, "bob")?.key).toBe("d".repeat(64));
  });

  test("follow a key that comes back under another name", () => {
    const table = filled();
    table.change(changes(2, 3, [gone("bob"), put(user("rob", "b"))]));
    expect(table.nameOf("b".repeat(64))).toBe("rob");
  });
});

test("on demand: what was known goes, what is asked for is kept", () => {
  const table = filled();
  const demand = { epoch: "e", version: 3 };
  const message = { type: "table_on_demand", payload: demand, metadata: {} } as const;
  expect(table.demand(NOW, message)).toBe("changed");
  expect(table.demand(NOW, message)).toBe("same");
  expect(table.find(NOW, "bob")).toBeUndefined();
  expect(table.nameOf("b".repeat(64))).toBe("bob");
  table.learn(user("bob", "c"));
  expect(table.find(NOW, "BOB")?.key).toBe("c".repeat(64));
  expect(table.nameOf("b".repeat(64))).toBeUndefined();
  table.forget("Bob");
  expect(table.find(NOW, "bob")).toBeUndefined();
  expect(table.replace(NOW, whole(4, [user("bob", "c")]))).toBe("changed");
  expect(table.onDemand).toBe(false);
});

test("after it was on demand, the table comes back as all that changed since the epoch began", () => {
  const table = filled();
  table.demand(NOW, { type: "table_on_demand", payload: { epoch: "e", version: 9 }, metadata: {} });
  expect(table.change(changes(9, 10, [gone("bob")]))).toBe("gap");
  expect(table.position).toEqual({ epoch: "e", version: 0 });
  expect(table.change(changes(0, 10, [put(user("Ann", "a"))]))).toBe("changed");
  expect(table.onDemand).toBe(false);
  expect(table.names()).toEqual(["Ann"]);
});

describe("users of an epoch that is over", () => {
  const restarted = (): UserTable => {
    const table = filled();
    expect(table.replace(NOW, whole(1, [user("Ann", "a")], "f"))).toBe("changed");
    return table;
  };

  test("can be found until the last of them has noticed, but are in no list", () => {
    const table = restarted();
    expect(table.names()).toEqual(["Ann"]);
    expect(table.find(NOW + REGISTRATION_IDLE_MS - 1, "BOB")?.key).toBe("b".repeat(64));
    expect(table.find(NOW + REGISTRATION_IDLE_MS, "bob")).toBeUndefined();
  });

  test("go when another takes the name, when they leave, and when they turn out to be gone", () => {
    const taken = restarted();
    taken.change(changes(1, 2, [put(user("bob", "d"))], "f"));
    expect(taken.find(NOW, "bob")?.key).toBe("d".repeat(64));
    taken.change(changes(2, 4, [gone("bob"), gone("Ann")], "f"));
    expect(taken.find(NOW, "bob")).toBeUndefined();
    expect(taken.find(NOW, "ann")).toBeUndefined();
    const reported = restarted();
    reported.forget("bob");
    expect(reported.find(NOW, "bob")).toBeUndefined();
  });

  test("of the same epoch are gone at once", () => {
    const table = filled();
    table.replace(NOW, whole(3, [user("Ann", "a")]));
    expect(table.find(NOW, "bob")).toBeUndefined();
  });
});

test("what is missing is asked for again, if the server was too busy to tell it", () => {
  const scene = new ClientScene();
  scene.client("client", 5_555);
  const { server, network } = scene;
  server.script = (asked) => {
    if (asked.message.type !== "table_since") return false;
    server.refuse(asked, RefusalReason.Busy);
    return true;
  };
  const [session] = server.sessions.values();
  for (const version of [7, 8]) {
    scene.onServer(() => server.say(session!, changes(version, version + 1, [], server.epoch)));
    network.run(200);
    expect(server.of("table_since")).toHaveLength(version - 6);
  }
});

test("while the table is on demand, the server is asked once for a name, and its key has that name from then on", () => {
  const scene = new ClientScene();
  const ann = scene.client("ann", 5_555);
  const { server, network } = scene;
  const eve = new Stranger(scene);
  scene.onServer(() => {
    for (const session of server.sessions.values()) {
      const payload = { epoch: server.epoch, version: server.version };
      server.say(session, { type: "table_on_demand", payload, metadata: {} });
    }
  });
  network.run(100);
  ann.shown.length = 0;
  const user = { name: "eve", key: eve.key, host: "10.0.0.1", port: 6_666 };
  server.answer("resolve", { type: "resolved", payload: { user } });
  for (let at = 0; at < 3; at++) {
    expect(ann.say("send EVE hello")).toEqual([">>> [Message received by eve]"]);
  }
  expect(server.of("resolve")).toHaveLength(1);
  eve.speakTo(ann)({ type: "direct_message", payload: { text: "hi" }, metadata: { number: 1 } });
  ann.until(">>> [eve: hi]");
  expect(server.of("whois")).toEqual([]);
});

test("of users that were asked for while the table is on demand, the latest are remembered", () => {
  const table = new UserTable();
  table.demand(0, { type: "table_on_demand", payload: { epoch: "e", version: 0 }, metadata: {} });
  for (let at = 0; at <= RESOLVED_MAX; at++) {
    table.learn({ name: `u${at}`, key: `${at}`.padStart(64, "0"), host: "10.0.0.1", port: 1 });
  }
  expect(table.find(0, "u0")).toBeUndefined();
  expect(table.find(0, "u1")?.name).toBe("u1");
  expect(table.find(0, `u${RESOLVED_MAX}`)?.name).toBe(`u${RESOLVED_MAX}`);
});

test("what was resolved is asked for again when the server says again that the table is on demand", () => {
  const table = new UserTable();
  const demand = {
    type: "table_on_demand",
    payload: { epoch: "e", version: 0 },
    metadata: {},
  } as const;
  table.demand(0, demand);
  table.learn({ name: "eve", key: "e".repeat(64), host: "10.0.0.1", port: 1 });
  expect(table.find(0, "eve")?.name).toBe("eve");
  expect(table.demand(0, demand)).toBe("same");
  expect(table.find(0, "eve")).toBeUndefined();
  expect(table.nameOf("e".repeat(64))).toBe("eve");
});

test("who was asked for by key is named, and found only where the table is on demand", () => {
  const eve = { name: "eve", key: "e".repeat(64), host: "10.0.0.1", port: 5_555 };
  const table = new UserTable();
  table.replace(0, { type: "table", payload: { epoch: "e", version: 1, users: [] }, metadata: {} });
  table.learn(eve);
  expect(table.nameOf(eve.key)).toBe("eve");
  expect(table.find(0, "eve")).toBeUndefined();
  table.demand(0, { type: "table_on_demand", payload: { epoch: "e", version: 2 }, metadata: {} });
  table.learn(eve);
  expect(table.find(0, "eve")).toEqual(eve);
});
