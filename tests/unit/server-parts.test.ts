// The small parts of the server by themselves.

import { describe, expect, test } from "bun:test";

import type { ServerEvent } from "../../lib/chat/events.ts";
import {
  DEPARTED_KEPT,
  GROUP_MEMBERS_MAX,
  GROUP_NAMES_MAX_BYTES,
  GROUPS_CLAIMED_MAX,
  PARKED_MAX_MS,
  REVIVAL_MAX_BYTES,
  REVIVAL_MESSAGES_MAX,
  REVIVAL_MS,
  TABLE_CHANGES_KEPT,
} from "../../lib/chat/limits.ts";
import { type CommittedEntry, MemoryLog } from "../../lib/chat/log.ts";
import { encodeMessage } from "../../lib/chat/message.ts";
import { Groups } from "../../lib/chat/server/groups.ts";
import type { User } from "../../lib/chat/server/membership.ts";
import { Parking } from "../../lib/chat/server/parking.ts";
import { Departed, emptyMemory, recall, remember } from "../../lib/chat/server/request-memory.ts";
import { Revivals } from "../../lib/chat/server/revivals.ts";
import { allLimits, countsOf } from "../../lib/chat/server/server-limits.ts";
import { Settlement } from "../../lib/chat/server/settlement.ts";
import { ServerState } from "../../lib/chat/server/state.ts";
import { frameMessage } from "../../lib/transport/framed-message.ts";
import { MESSAGE_MAX_BYTES } from "../../lib/transport/limits.ts";

test("the memory log gives entries their place at once", () => {
  const log = new MemoryLog();
  const seen: CommittedEntry[] = [];
  log.follow((entries) => seen.push(...entries));
  const event: ServerEvent = { type: "opened", epoch: "e" };
  log.append([event, event]);
  log.append([event]);
  expect(seen.map(({ index }) => index)).toEqual([1, 2, 3]);
});

test("the latest verdicts are remembered, also of those who left", () => {
  const memory = emptyMemory();
  const verdict = { ok: true, group: "g" } as const;
  expect(recall(memory, 1)).toBeUndefined();
  for (let id = 1; id <= 100; id++) remember(memory, id, verdict);
  expect(recall(memory, 101)).toBeUndefined();
  expect(recall(memory, 100)).toBe(verdict);
  expect(recall(memory, 36)).toBe("stale");
  const departed = new Departed();
  departed.keep("first", memory);
  expect(departed.take("first")).toBe(memory);
  expect(departed.take("first")).toBeUndefined();
  departed.keep("first", memory);
  for (let at = 0; at < DEPARTED_KEPT; at++) departed.keep(`other${at}`, memory);
  expect(departed.take("first")).toBeUndefined();
});

const MOST = 9;
const someGroups = () => new Groups(() => true);

describe("group messages", () => {
  const group = someGroups().create("g", "key", MOST)!;
  const frame = frameMessage(new Uint8Array(1));

  test("are settled up to the first that is not", () => {
    const settlement = new Settlement();
    const [first, second] = [3, 5].map((id) => settlement.begin("key", [id], group, frame));
    if (!first || !second) throw new Error("none");
    settlement.hold(second);
    settlement.hold(first);
    settlement.release(first);
    settlement.release(second);
    expect(settlement.takeNews()).toEqual([]);
    settlement.release(second);
    expect(settlement.takeNews()).toEqual([{ key: "key", id: 2 }]);
    expect(settlement.settledOf("key", 9)).toBe(2);
    settlement.release(first);
    expect(settlement.takeNews()).toEqual([{ key: "key", id: 5 }]);
    expect(settlement.settledOf("key", 9)).toBe(9);
    expect(settlement.takeNews()).toEqual([]);
  });

  test("are kept while their group comes back, and no longer", () => {
    const settlement = new Settlement();
    const revivals = new Revivals(settlement);
    const say = (id: number) => {
      const sending = settlement.begin("key", [id], group, frame);
      revivals.add(sending);
      settlement.release(sending);
      return sending;
    };
    say(1);
    expect(settlement.takeNews()).toEqual([{ key: "key", id: 1 }]);
    expect(revivals.open(1_000, group, true)).toEqual([]);
    const kept = say(2);
    expect(settlement.takeNews()).toEqual([]);
    expect(revivals.open(2_000, group, false)).toEqual([kept]);
    for (let id = 3; id <= REVIVAL_MESSAGES_MAX + 2; id++) say(id);
    expect(settlement.takeNews()).toEqual([{ key: "key", id: 2 }]);
    expect(revivals.nextWakeup()).toBe(1_000 + REVIVAL_MS);
    revivals.close(999 + REVIVAL_MS);
    expect(settlement.takeNews()).toEqual([]);
    revivals.close(1_000 + REVIVAL_MS);
    expect(settlement.takeNews()).toEqual([{ key: "key", id: REVIVAL_MESSAGES_MAX + 2 }]);
    expect(revivals.nextWakeup()).toBe(Infinity);
    expect(revivals.open(99_000, group, true)).toEqual([]);
  });
});

test("what is kept for groups that come back is bounded in bytes, for all of them together", () => {
  const settlement = new Settlement();
  const revivals = new Revivals(settlement);
  const groups = someGroups();
  const [one, other] = [groups.create("one", "key", MOST)!, groups.create("other", "key", MOST)!];
  for (const group of [one, other]) revivals.open(1_000, group, true);
  const frame = frameMessage(new Uint8Array(1_000_000));
  const count = 2 * Math.floor(REVIVAL_MAX_BYTES / frame.length);
  for (let id = 1; id <= count; id++) {
    const sending = settlement.begin("key", [id], id % 2 === 0 ? one : other, frame);
    revivals.add(sending);
    settlement.release(sending);
  }
  const kept = [one, other].flatMap((group) =>
    revivals.open(2_000, group, false).flatMap(({ ids }) => ids),
  );
  expect(kept.length).toBe(count / 2);
  expect(Math.min(...kept)).toBe(count / 2 + 1);
  expect(settlement.takeNews()).toEqual([{ key: "key", id: count / 2 }]);
  revivals.close(1_000 + REVIVAL_MS);
  expect(settlement.takeNews()).toEqual([{ key: "key", id: count }]);
});

test.each([
  ["of the longest names there are", "\u{10437}".repeat(32), GROUP_NAMES_MAX_BYTES / 131],
  ["of short ones", "", GROUP_MEMBERS_MAX],
])("the list of the members of a full group fits in one message: %s", (_, name, most) => {
  const groups = someGroups();
  const group = groups.create("g", "key", MOST)!;
  const member = (number: number): User => ({
    key: "key",
    name: name === "" ? `m${number}` : name,
    number,
    registration: number,
    host: "10.0.0.1",
    port: 1,
    memberships: new Map(),
    removedFrom: undefined,
    memory: emptyMemory(),
  });
  let number = 0;
  for (let one = member(0); groups.hasRoom(group, one, GROUP_MEMBERS_MAX); one = member(number)) {
    groups.join(one, group, number++);
  }
  expect(number).toBe(Math.floor(most));
  const members = Array.from(group.members.values(), ({ user }) => user.name);
  const list = encodeMessage({
    type: "members",
    payload: { group: "g".repeat(32), members },
    metadata: { id: Number.MAX_SAFE_INTEGER },
  });
  expect(list.length).toBeLessThanOrEqual(MESSAGE_MAX_BYTES);
  groups.leave(group.members.get(0)!);
  expect(groups.hasRoom(group, member(0), GROUP_MEMBERS_MAX)).toBe(true);
});

test("the oldest forsaken group makes room, and is looked for again only when somebody has left", () => {
  const gone = new Set<string>();
  let asked = 0;
  const groups = new Groups((founder) => {
    asked++;
    return !gone.has(founder);
  });
  for (const name of ["a", "b", "c"]) groups.create(name, `founder of ${name}`, 3);
  const mayGrow = (): boolean => {
    asked = 0;
    return groups.mayGrow(3);
  };
  const leaves = (name: string): void => {
    gone.add(`founder of ${name}`);
    groups.leaveAll({ memberships: new Map() } as User);
  };
  expect([mayGrow(), asked]).toEqual([false, 3]);
  expect([mayGrow(), asked]).toEqual([false, 0]);
  expect(groups.create("d", "founder of d", 3)).toBeUndefined();
  leaves("c");
  expect([mayGrow(), asked]).toEqual([true, 3]);
  expect([mayGrow(), asked]).toEqual([true, 1]);
  leaves("b");
  expect(groups.create("d", "founder of d", 3)?.name).toBe("d");
  expect(groups.names()).toEqual(["a", "c", "d"]);
  expect(mayGrow()).toBe(true);
  // The one that was found has its founder again.
  gone.delete("founder of c");
  expect(mayGrow()).toBe(false);
});

describe("the state", () => {
  const key = (number: number) => String(number).padStart(64, "0");
  /** Thousands are to be at one address. */
  const most = countsOf(allLimits({ "users-per-address": 0 }));
  const register = (number: number, name: string): ServerEvent => ({
    type: "registered",
    origin: { key: key(number), id: 1 },
    name,
    host: "10.0.0.1",
    port: 1_024 + number,
    groups: [],
    revives: 0,
    epoch: "",
    most,
  });
  const after = (...events: ServerEvent[]) => {
    const state = new ServerState();
    const outcomes = events.map((event, at) => state.apply(at + 1, event));
    return { state, outcomes };
  };

  test("settles who gets a name by the order of the log", () => {
    const { outcomes } = after(register(1, "Bob"), register(2, "BOB"), register(1, "bob"));
    expect(outcomes.map(({ type }) => type)).toEqual([
      "registered",
      "not_registered",
      "registered",
    ]);
  });

  test("keeps the epoch that came first", () => {
    expect(after({ type: "opened", epoch: "a" }, { type: "opened", epoch: "b" }).state.epoch).toBe(
      "a",
    );
  });

  test("does not end a registration for what happened to the one before", () => {
    const expired: ServerEvent = { type: "expired", key: key(1), registration: 1 };
    const { state, outcomes } = after(register(1, "bob"), register(1, "bob"), expired);
    expect(outcomes[2]).toEqual({ type: "none" });
    expect(state.table.size).toBe(1);
  });

  test("does not end a membership for what happened to the one before", () => {
    const origin = (id: number) => ({ key: key(1), id });
    const ask = (type: "group_created" | "group_joined", id: number): ServerEvent => ({
      type,
      origin: origin(id),
      group: "g",
      most,
    });
    const removed: ServerEvent = { type: "member_removed", key: key(1), group: "g", membership: 3 };
    const left: ServerEvent = { type: "group_left", origin: origin(3), group: "g" };
    const events = [register(1, "bob"), ask("group_created", 1), ask("group_joined", 2)];
    expect(after(...events, removed).outcomes[3]?.type).toBe("member_removed");
    const again = [left, ask("group_joined", 4), removed];
    expect(after(...events, ...again).outcomes[5]?.type).toBe("none");
  });

  test("remembers the latest changes of the table", () => {
    const count = TABLE_CHANGES_KEPT + 10;
    const { state } = after(
      ...Array.from({ length: count }, (_, at) => register(at + 1, `u${at}`)),
    );
    const { table } = state;
    expect(table.version).toBe(count);
    expect(table.changesSince(count)).toEqual([]);
    expect(table.changesSince(count - 2)?.map(({ name }) => name)).toEqual([
      `u${count - 2}`,
      `u${count - 1}`,
    ]);
    expect(table.changesSince(10)?.length).toBe(TABLE_CHANGES_KEPT);
    expect(table.changesSince(9)).toBeUndefined();
    expect(table.changesSince(count + 1)).toBeUndefined();
  });
});

test("the groups that a user was removed from are remembered up to as many as a client may claim", () => {
  const state = new ServerState();
  const origin = (id: number) => ({ key: "key", id });
  const most = countsOf(allLimits());
  const events: ServerEvent[] = [
    { type: "opened", epoch: "e" },
    {
      type: "registered",
      origin: origin(1),
      name: "ann",
      host: "10.0.0.1",
      port: 1,
      groups: [],
      revives: 0,
      epoch: "",
      most,
    },
  ];
  const names = Array.from({ length: GROUPS_CLAIMED_MAX + 3 }, (_, at) => `g${at}`);
  let index = 0;
  for (const event of events) state.apply(++index, event);
  for (const group of names) {
    state.apply(++index, { type: "group_created", origin: origin(index), group, most });
    state.apply(++index, { type: "group_joined", origin: origin(index), group, most });
    state.apply(++index, { type: "member_removed", key: "key", group, membership: index - 1 });
  }
  expect([...state.table.byKey("key")!.removedFrom!]).toEqual(names.slice(3));
});

test("an answer that is held back wants to be looked at when it has waited for long enough", () => {
  const parking = new Parking();
  const group = someGroups().create("g", "key", MOST)!;
  expect(parking.nextWakeup()).toBe(Infinity);
  parking.hold(1_000, group, { key: "key", id: 1 });
  parking.hold(2_000, group, { key: "key", id: 2 });
  const at = parking.nextWakeup();
  expect(at).toBe(1_000 + PARKED_MAX_MS);
  expect(parking.takeDue(at - 1)).toEqual([]);
  expect(parking.takeDue(at).map(({ id }) => id)).toEqual([1, 2]);
  expect(parking.nextWakeup()).toBe(Infinity);
});
