// The server when sessions, answers or its own memory are lost: nothing twice, nothing missing, nothing out of order.

import { describe, expect, test } from "bun:test";

import { REQUESTS_IN_FLIGHT_MAX } from "../../lib/chat/limits.ts";
import type { CommittedEntry, LogEntry } from "../../lib/chat/log.ts";
import type { TablePosition } from "../../lib/chat/message.ts";
import { GIVE_UP_MS } from "../../lib/transport/retry.ts";
import { type Actor, ChatScene } from "../support/chat-scene.ts";
import { FOUL } from "../support/network.ts";

/** Client and client2 in the group g. */
const pair = (scene: ChatScene): [Actor, Actor] => {
  const client = scene.founder("client", 5_555, "g");
  const other = scene.user("client2", 5_556, "g");
  scene.run();
  scene.lines();
  return [client, other];
};

const known = ({ speaker }: Actor): TablePosition => {
  const registered = speaker.last("registered");
  if (registered === undefined) throw new Error("not registered");
  const { epoch, version } = registered.payload;
  return { epoch, version };
};

/** Loses the session and comes back, as a client in the group g. */
const comeBack = (actor: Actor, name: string): void => {
  const position = known(actor);
  actor.reconnect();
  actor.ask("register", { name, groups: ["g"], known: position });
};

describe("a request that is sent again", () => {
  test("is answered again and takes effect once", () => {
    const scene = new ChatScene();
    const [client, other] = pair(scene);
    const created = client.tell("create_group", { group: "h" });
    const sent = client.tell("send_group", { group: "g", text: "once" });
    const listed = client.tell("list_groups");
    scene.run();
    comeBack(client, "client");
    client.speaker.heard.length = 0;
    expect(client.ask("create_group", { group: "h" }, created).type).toBe("group_created");
    expect(client.ask("send_group", { group: "g", text: "once" }, sent).type).toBe("received");
    expect(client.ask("list_groups", {}, listed)).toMatchObject({
      payload: { groups: ["g", "h"] },
    });
    scene.run();
    expect(other.speaker.all("group_message").length).toBe(1);
    expect(scene.lines()).toEqual([
      ">>> [Client client created group `h` successfully!]",
      ">>> [Client client sent group message: once]",
      ">>> [Client client requested listing groups, current groups:]",
      ">>> [g]",
      ">>> [h]",
      ">>> [Client client2 acked group message]",
    ]);
  });

  test("is known also after the registration ended in between", () => {
    const scene = new ChatScene();
    const [client, other] = pair(scene);
    const sent = client.tell("send_group", { group: "g", text: "once" });
    scene.run();
    scene.network.passes = (from, to) => from.port !== 5_555 && to.port !== 5_555;
    scene.run(50_000);
    expect(scene.lines().at(-1)).toBe(">>> [Server table updated.]");
    scene.network.passes = () => true;
    comeBack(client, "client");
    expect(client.ask("send_group", { group: "g", text: "once" }, sent).type).toBe("received");
    scene.run();
    expect(client.speaker.all("removed_from_group").length).toBe(1);
    expect(other.speaker.all("group_message").length).toBe(1);
  });

  test("is refused as stale if it is older than what is remembered", () => {
    const scene = new ChatScene();
    const [client] = pair(scene);
    const first = client.tell("join_group", { group: "g" });
    for (let count = 0; count < 64; count++) client.tell("join_group", { group: "g" });
    scene.run();
    client.speaker.heard.length = 0;
    expect(client.ask("join_group", { group: "g" }, first)).toMatchObject({
      payload: { reason: "stale" },
    });
  });

  test("to leave is answered without a registration", () => {
    const scene = new ChatScene();
    const [client] = pair(scene);
    const asked = client.tell("deregister");
    scene.run();
    scene.lines();
    client.reconnect();
    client.speaker.heard.length = 0;
    expect(client.ask("deregister", {}, asked).type).toBe("deregistered");
    expect(scene.lines()).toEqual([]);
  });
});

describe("a member that loses its session", () => {
  test("gets what it missed, in order, when it is back in time", () => {
    const scene = new ChatScene();
    const [client, other] = pair(scene);
    client.ask("send_group", { group: "g", text: "0" });
    scene.run();
    scene.network.passes = (from, to) => from.port !== 5_556 && to.port !== 5_556;
    for (const text of ["1", "2"]) client.ask("send_group", { group: "g", text });
    scene.run(1_000);
    scene.network.passes = () => true;
    comeBack(other, "client2");
    client.ask("send_group", { group: "g", text: "3" });
    scene.run(5_000);
    expect(other.texts()).toEqual(["0", "1", "2", "3"]);
    expect(scene.lines().filter((line) => line.includes("acked")).length).toBe(4);
    expect(client.speaker.last("settled")?.payload.id).toBe(7);
  });

  test("is removed after 2,500 ms without one", () => {
    const scene = new ChatScene();
    const [client, other] = pair(scene);
    scene.network.act(other.node, (speaker) => speaker.close());
    scene.run(3_000);
    client.ask("send_group", { group: "g", text: "1" });
    scene.run(2_400);
    expect(scene.lines()).toEqual([">>> [Client client sent group message: 1]"]);
    scene.run(200);
    expect(scene.lines()).toEqual([">>> [Client client2 not responsive, removed from group g]"]);
    other.reconnect();
    other.ask("register", { name: "client2", groups: ["g"], known: known(other) });
    scene.run();
    expect(other.speaker.last("removed_from_group")?.payload.group).toBe("g");
    scene.run(60_000);
    expect(scene.lines()).toEqual([]);
  });

  test("is not told that it was removed from a group that it left", () => {
    const scene = new ChatScene();
    const [, other] = pair(scene);
    const left = other.tell("leave_group", { group: "g" });
    scene.run();
    comeBack(other, "client2");
    other.speaker.heard.length = 0;
    expect(other.ask("leave_group", { group: "g" }, left).type).toBe("group_left");
    expect(other.speaker.all("removed_from_group")).toEqual([]);
  });

  test("is gone after 45 s without one", () => {
    const scene = new ChatScene();
    const [, other] = pair(scene);
    scene.network.act(other.node, (speaker) => speaker.close());
    scene.run(44_000);
    expect(scene.lines()).toEqual([]);
    scene.run(1_500);
    expect(scene.lines()).toEqual([">>> [Server table updated.]"]);
  });

  test("is judged after 2,500 ms without one, if it is reported", () => {
    const scene = new ChatScene();
    const [client, other] = pair(scene);
    scene.network.act(other.node, (speaker) => speaker.close());
    scene.run(100);
    const report = { name: "client2", key: other.speaker.key };
    const asked = client.tell("report_offline", report);
    scene.run(2_000);
    expect(client.speaker.answers(asked)).toEqual([]);
    comeBack(other, "client2");
    expect(client.speaker.answers(asked)).toMatchObject([{ type: "still_online" }]);
    scene.network.act(other.node, (speaker) => speaker.close());
    scene.run(10_000);
    expect(client.ask("report_offline", report).type).toBe("offline_confirmed");
  });
});

test("an answer that finds nobody is one less that is owed", () => {
  const scene = new ChatScene();
  const [client, other] = pair(scene);
  scene.network.act(other.node, (speaker) => speaker.close());
  scene.run(100);
  const report = { name: "client2", key: other.speaker.key };
  for (let at = 0; at < REQUESTS_IN_FLIGHT_MAX; at++) client.tell("report_offline", report);
  scene.run(100);
  scene.network.act(client.node, (speaker) => speaker.close());
  scene.run(10_000);
  comeBack(client, "client");
  expect(client.ask("send_group", { group: "g", text: "hello" }).type).toBe("received");
});

describe("a server that lost its memory", () => {
  test("gets groups and unsettled messages back from its clients, whoever returns first", () => {
    const scene = new ChatScene();
    const [client, other] = pair(scene);
    scene.network.passes = (from, to) => from.port !== 5_556 && to.port !== 5_556;
    const ids = ["1", "2"].map((text) => client.tell("send_group", { group: "g", text }));
    scene.run(300);
    expect(client.speaker.all("received").length).toBe(2);
    expect(client.speaker.all("settled")).toEqual([]);
    scene.restart();
    scene.network.passes = () => true;
    client.speaker.heard.length = 0;
    client.reconnect();
    client.ask("register", { name: "client", groups: ["g"], known: { epoch: "old", version: 7 } });
    expect(client.speaker.last("registered")?.payload.settled).toBe(0);
    client.ask("send_group", { group: "g", text: "1" }, ids[0]);
    client.ask("send_group", { group: "g", text: "2" }, ids[1]);
    client.ask("send_group", { group: "g", text: "3" });
    scene.run(10_000);
    expect(client.speaker.all("settled")).toEqual([]);
    comeBack(other, "client2");
    scene.run(1_000);
    expect(other.texts()).toEqual(["1", "2", "3"]);
    expect(scene.lines()).toEqual([
      ">>> [Server table updated.]",
      ">>> [Client client created group `g` successfully!]",
      ">>> [Client client joined group `g`]",
      ">>> [Client client sent group message: 1]",
      ">>> [Client client sent group message: 2]",
      ">>> [Client client sent group message: 3]",
      ">>> [Server table updated.]",
      ">>> [Client client2 joined group `g`]",
      ...Array.from({ length: 3 }, () => ">>> [Client client2 acked group message]"),
    ]);
    scene.run(60_000);
    expect(client.speaker.last("settled")?.payload.id).toBeGreaterThan(ids[1] ?? 0);
  });
});

describe("a member that is slow", () => {
  test("slows the senders down, and misses nothing", () => {
    const scene = new ChatScene();
    const [client, other] = pair(scene);
    const total = 1_400;
    scene.network.passes = (from, to) => from.port !== 5_556 && to.port !== 5_556;
    let sent = 0;
    const more = (): boolean => {
      while (sent < total && sent - client.speaker.all("received").length < 64) {
        client.tell("send_group", { group: "g", text: String(sent++) });
      }
      return client.speaker.all("received").length >= total;
    };
    const end = scene.network.now + 1_500;
    scene.network.until(() => more() || scene.network.now >= end, "backlog");
    const before = client.speaker.all("received").length;
    expect(before).toBeGreaterThanOrEqual(1_024);
    expect(before).toBeLessThan(1_100);
    expect(client.ask("send_group", { group: "g", text: "too many" })).toMatchObject({
      payload: { reason: "busy" },
    });
    scene.network.passes = () => true;
    scene.network.until(more, "all received");
    scene.run(2_000);
    expect(other.texts()).toEqual(Array.from({ length: total }, (_, at) => String(at)));
  });
});

describe("a log that is elsewhere", () => {
  /** Gives entries their place after some time, and keeps them. */
  const outside = (delayMs: number) => {
    const scene = new ChatScene(1, FOUL, { log: "outside" });
    const entries: CommittedEntry[] = [];
    const waiting: { at: number; events: readonly LogEntry[] }[] = [];
    scene.server.onOutput = ({ appends }, now) => {
      if (appends !== undefined) waiting.push({ at: now + delayMs, events: appends });
    };
    const run = (ms: number): void => {
      const end = scene.network.now + ms;
      while (scene.network.now < end) {
        scene.run(5);
        while (waiting[0] !== undefined && waiting[0].at <= scene.network.now) {
          const committed = waiting.shift()!.events.map((event) => {
            const entry = { index: entries.length + 1, event };
            entries.push(entry);
            return entry;
          });
          scene.network.act(scene.server, (server, now) => server.committed(now, committed));
          scene.network.act(scene.server, (server, now) => server.committed(now, committed));
        }
      }
    };
    // What the server appended before anyone looked.
    waiting.push({ at: 0, events: [{ type: "opened", epoch: "e" }] });
    return { scene, entries, run };
  };

  test("decides who gets a name, and holds questions until then", () => {
    const { scene, run } = outside(50);
    const clients = [scene.stranger(5_555), scene.stranger(5_556)];
    for (const client of clients) client.tell("register", { name: "client", groups: [] });
    run(3_000);
    const answers = clients.map(({ speaker }) => speaker.heard[0]?.type);
    expect(answers.toSorted()).toEqual(["refused", "registered"]);
    const winner = clients.find(({ speaker }) => speaker.last("registered") !== undefined)!;
    winner.tell("create_group", { group: "g" });
    winner.tell("list_groups");
    run(3_000);
    expect(winner.speaker.last("groups")?.payload.groups).toEqual(["g"]);
  });

  test("brings the state back, and those who do not return are gone after 45 s", () => {
    const { scene, entries, run } = outside(0);
    const client = scene.stranger(5_555);
    const other = scene.stranger(5_556);
    client.tell("register", { name: "client", groups: [] });
    other.tell("register", { name: "client2", groups: [] });
    run(3_000);
    client.tell("create_group", { group: "g" });
    client.tell("join_group", { group: "g" });
    run(3_000);
    const position = known(client);
    scene.restart({ log: "outside" });
    scene.server.machine.restore(scene.network.now, entries);
    scene.commitAtOnce(entries);
    client.reconnect();
    client.speaker.heard.length = 0;
    client.tell("register", { name: "client", groups: ["g"], known: position });
    run(3_000);
    client.tell("list_members", { group: "g" });
    run(3_000);
    expect(client.speaker.last("registered")?.payload.epoch).toBe(position.epoch);
    expect(client.speaker.last("members")?.payload.members).toEqual(["client"]);
    scene.lines();
    run(50_000);
    expect(scene.lines()).toEqual([">>> [Server table updated.]"]);
  });
});

test("a text that was answered on the next session does not count as unanswered for ever", () => {
  const scene = new ChatScene(1, undefined, { log: "outside" });
  const entries = scene.commitAtOnce();
  const ann = scene.founder("ann", 5_555, "g");
  const waiting: LogEntry[] = [];
  const commit = (): void => {
    const index = entries.length + 1;
    const committed = waiting.splice(0).map((event, at) => ({ index: index + at, event }));
    entries.push(...committed);
    scene.network.act(scene.server, (machine, now) => machine.committed(now, committed));
    scene.run();
  };
  scene.server.onOutput = ({ appends = [] }) => void waiting.push(...appends);
  for (let times = 0; times <= REQUESTS_IN_FLIGHT_MAX; times++) {
    ann.tell("send_group", { group: "g", text: "hello" });
    scene.run();
    ann.reconnect();
    ann.tell("register", { name: "ann", groups: ["g"] });
    scene.run();
    expect(waiting.map(({ type }) => type)).toEqual(["group_message", "registered"]);
    commit();
  }
  const asked = ann.tell("send_group", { group: "g", text: "hello" });
  scene.run();
  commit();
  expect(ann.speaker.answers(asked)).toMatchObject([{ type: "received" }]);
});

describe("one who is reported and away", () => {
  /** Reports client2, whose session ends so many ms before or after. Returns what was answered, and after how many ms. */
  const report = (endsAfterMs: number) => {
    const scene = new ChatScene();
    const { network } = scene;
    const client = scene.user("client", 5_555);
    const other = scene.user("client2", 5_556);
    scene.run();
    // It is asked, and takes nothing; it lives until it says that it leaves.
    const end = () => {
      network.act(other.node, (speaker) => speaker.close());
      network.passes = () => true;
    };
    if (endsAfterMs < 0) {
      end();
      scene.run(-endsAfterMs);
    }
    network.passes = (_, to) => to.port !== 5_556;
    const from = network.now;
    const asked = client.tell("report_offline", { name: "client2", key: other.speaker.key });
    if (endsAfterMs >= 0) {
      scene.run(endsAfterMs);
      end();
    }
    network.until(() => client.speaker.answers(asked).length > 0, "the answer");
    return { answer: client.speaker.answers(asked)[0]!.type, afterMs: network.now - from };
  };

  test("has the time of one question to come back, from when its session ended", () => {
    const { answer, afterMs } = report(1_000);
    expect(answer).toBe("offline_confirmed");
    expect(afterMs).toBeWithin(1_000 + GIVE_UP_MS, 1_000 + GIVE_UP_MS + 100);
  });

  test("has it also if it was away before", () => {
    const { answer, afterMs } = report(-1_000);
    expect(answer).toBe("offline_confirmed");
    expect(afterMs).toBeWithin(GIVE_UP_MS - 1_000, GIVE_UP_MS - 1_000 + 100);
  });
});
