import { describe, expect, test } from "bun:test";
import { UserTable } from "../../lib/chat/client-table.ts";
import type { TableChange, TableEntry } from "../../lib/chat/message.ts";

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
  table.replace(whole(2, [user("Ann", "a"), user("bob", "b")]));
  return table;
};

describe("what counts as a change", () => {
  test("the first table, also an empty one", () => {
    expect(new UserTable().replace(whole(0, []))).toBe("changed");
  });

  test("a whole table only if it differs", () => {
    const table = filled();
    expect(table.replace(whole(9, [user("bob", "b"), user("Ann", "a")], "f"))).toBe("same");
    expect(table.position).toEqual({ epoch: "f", version: 9 });
    expect(table.replace(whole(10, [user("bob", "b")], "f"))).toBe("changed");
    expect(table.replace(whole(11, [user("bob", "b", 6_000)], "f"))).toBe("changed");
  });

  test("changes that follow on", () => {
    const table = filled();
    expect(table.change(changes(2, 3, [put(user("eve", "c"))]))).toBe("changed");
    expect(table.find("EVE")?.port).toBe(5_555);
    expect(table.change(changes(3, 4, [put(user("eve", "c", 7_000))]))).toBe("changed");
    expect(table.change(changes(4, 5, [gone("eve")]))).toBe("changed");
    expect(table.find("eve")).toBeUndefined();
    expect(table.change(changes(5, 6, [gone("nobody")]))).toBe("same");
    expect(table.position).toEqual({ epoch: "e", version: 6 });
  });

  test("old news and gaps", () => {
    const table = filled();
    expect(table.change(changes(1, 2, [gone("bob")]))).toBe("same");
    expect(table.change(changes(3, 4, [gone("bob")]))).toBe("gap");
    expect(table.change(changes(2, 3, [gone("bob")], "f"))).toBe("gap");
    expect(new UserTable().change(changes(0, 1, [gone("bob")]))).toBe("gap");
    expect(table.find("bob")?.name).toBe("bob");
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
    expect(table.find("bob")?.key).toBe("d".repeat(64));
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
  expect(table.demand(message)).toBe("changed");
  expect(table.demand(message)).toBe("same");
  expect(table.find("bob")).toBeUndefined();
  expect(table.nameOf("b".repeat(64))).toBe("bob");
  table.learn(user("bob", "c"));
  expect(table.find("BOB")?.key).toBe("c".repeat(64));
  expect(table.nameOf("b".repeat(64))).toBeUndefined();
  table.forget("Bob");
  expect(table.find("bob")).toBeUndefined();
  expect(table.replace(whole(4, [user("bob", "c")]))).toBe("changed");
  expect(table.onDemand).toBe(false);
});
