// Who says more than the server takes in a time: it waits and loses nothing, and nobody else notices.

import { describe, expect, test } from "bun:test";

import {
  PACED_ALL_MAX_BYTES,
  PACED_LINES_PER_MINUTE,
  PACED_MAX_BYTES,
  PACED_MAX_REQUESTS,
} from "../../lib/chat/limits.ts";
import { ServerContext } from "../../lib/chat/server/context.ts";
import { Link } from "../../lib/chat/server/link.ts";
import { Pacing } from "../../lib/chat/server/pacing.ts";
import { Quotas } from "../../lib/chat/server/quotas.ts";
import { allLimits, type ServerLimits } from "../../lib/chat/server/server-limits.ts";
import { keyPairFrom } from "../../lib/transport/crypto/keys.ts";
import { Endpoint } from "../../lib/transport/endpoint.ts";
import { type Actor, ChatScene } from "../support/chat-scene.ts";
import { FullScene } from "../support/full-scene.ts";
import { FAIR, FOUL } from "../support/network.ts";
import { Prng } from "../support/prng.ts";

const limited = (limits: Partial<ServerLimits>): ChatScene => new ChatScene(1, FAIR, { limits });

const SLOW = "You are sending faster than the server allows: what you typed waits its turn.";
const SLOW_CLIENT =
  ">>> [Client client is sending faster than allowed, its messages wait their turn]";

/** Ten messages a second, five at once. */
const TEN: Partial<ServerLimits> = { "messages-per-second": 10, "messages-burst": 5 };

/** Client and client2 in the group g; the client has been slow for a while. */
const pair = (scene: ChatScene): [Actor, Actor] => {
  const client = scene.founder("client", 5_555, "g");
  const other = scene.user("client2", 5_556, "g");
  scene.run(60_000);
  scene.lines();
  for (const { speaker } of [client, other]) speaker.heard.length = 0;
  return [client, other];
};

const upTo = (count: number): string[] => Array.from({ length: count }, (_, at) => `${at + 1}`);

const say = (client: Actor, texts: readonly string[]): number[] =>
  texts.map((text) => client.tell("send_group", { group: "g", text }));

describe("one who is too fast", () => {
  test("waits, in order, and loses nothing", () => {
    const scene = limited(TEN);
    const [client, other] = pair(scene);
    say(client, upTo(40));
    scene.run(50);
    expect(other.texts()).toEqual(upTo(5));
    scene.run(1_000);
    expect(other.texts()).toEqual(upTo(15));
    scene.run(2_500);
    expect(other.texts()).toEqual(upTo(40));
    expect(client.speaker.all("received")).toHaveLength(40);
  });

  test("is told once for each time, and so is the server's user", () => {
    const scene = limited(TEN);
    const [client] = pair(scene);
    for (const texts of [upTo(20), upTo(20)]) {
      say(client, texts);
      scene.run(100);
      expect(client.speaker.all("slow_down")).toMatchObject([{ payload: { wait: 100 } }]);
      // Almost all of it has passed, but it has not rested since.
      scene.run(1_300);
      say(client, upTo(20));
      scene.run(5_000);
      expect(client.speaker.all("slow_down")).toHaveLength(1);
      expect(scene.lines().filter((line) => line === SLOW_CLIENT)).toHaveLength(1);
      client.speaker.heard.length = 0;
    }
  });

  test("does not flood the server's user in the place of others", () => {
    const scene = limited({ "messages-per-second": 10, "messages-burst": 1 });
    const count = PACED_LINES_PER_MINUTE + 10;
    for (let at = 0; at < count; at++) {
      const client = scene.user(`client${at}`, 6_000 + at);
      for (let asked = 0; asked < 5; asked++) client.tell("list_members", { group: "none" });
    }
    scene.run(1_000);
    const shown = scene.lines().filter((line) => line.includes("faster than allowed"));
    expect(shown).toHaveLength(PACED_LINES_PER_MINUTE);
  });

  test("in bytes waits too, and the longest message passes", () => {
    const scene = limited({ "bytes-per-second": 100_000, "bytes-burst": 50_000 });
    const [client, other] = pair(scene);
    say(client, ["x".repeat(400_000), "y", "z"]);
    scene.run(1_000);
    expect(other.texts()).toHaveLength(1);
    scene.run(2_000);
    expect(other.texts()).toHaveLength(1);
    scene.run(1_000);
    expect(other.texts().slice(1)).toEqual(["y", "z"]);
  });

  test("does not keep others waiting", () => {
    const scene = limited(TEN);
    const [client, other] = pair(scene);
    say(client, upTo(60));
    scene.run(20);
    const start = scene.network.now;
    expect(other.ask("send_group", { group: "g", text: "hello" }).type).toBe("received");
    expect(scene.network.now - start).toBeLessThan(50);
  });

  test("shows all the time that it is there: that counts as nothing, and waits for nothing", () => {
    const scene = limited({ "messages-per-second": 1, "messages-burst": 1 });
    const [client] = pair(scene);
    const asked = say(client, upTo(3));
    for (let at = 0; at < 30; at++) {
      scene.network.act(client.node, (speaker, now) => {
        speaker.say(now, { type: "ping", payload: {}, metadata: {} });
      });
      scene.run(100);
    }
    for (const id of asked) expect(client.speaker.answers(id)).toHaveLength(1);
  });

  test("leaves the group, and the server, behind what it said before", () => {
    const scene = limited(TEN);
    const [client, other] = pair(scene);
    say(client, upTo(20));
    client.tell("leave_group", { group: "g" });
    const left = client.tell("deregister");
    scene.run(5_000);
    expect(other.texts()).toEqual(upTo(20));
    expect(client.speaker.answers(left)).toMatchObject([{ type: "deregistered" }]);
    expect(client.speaker.all("refused")).toEqual([]);
  });

  test("gains nothing by another session, nor by leaving and coming back", () => {
    const scene = limited(TEN);
    const [client, other] = pair(scene);
    for (let at = 0; at < 10; at++) {
      say(client, upTo(30));
      client.reconnect();
      client.tell("register", { name: "client", groups: ["g"] });
      scene.run(50);
    }
    // The burst, what half a second gives, and what was let through at the very moment of each turn.
    expect(other.speaker.all("group_message").length).toBeLessThan(15);
    const again = limited({ ...TEN, "messages-burst": 10 });
    const [leaver] = pair(again);
    const start = again.network.now;
    for (let at = 0; at < 20; at++) {
      leaver.ask("deregister");
      leaver.ask("register", { name: "client", groups: [] });
    }
    expect(again.network.now - start).toBeGreaterThan(2_500);
  });

  test("asks again what waited when its session ended, and it takes effect once", () => {
    const scene = limited(TEN);
    const [client, other] = pair(scene);
    const ids = say(client, upTo(30));
    scene.run(300);
    expect(other.texts().length).toBeLessThan(10);
    client.reconnect();
    client.ask("register", { name: "client", groups: ["g"] });
    scene.run(5_000);
    expect(other.texts().length).toBeLessThan(10);
    for (const [at, id] of ids.entries()) {
      client.tell("send_group", { group: "g", text: `${at + 1}` }, id);
    }
    scene.run(10_000);
    expect(other.speaker.all("group_message").map(({ payload }) => payload.text)).toEqual(upTo(30));
    for (const id of ids) expect(client.speaker.answers(id).at(-1)?.type).toBe("received");
  });

  const WRONG = new TextEncoder().encode('{"type":"resolve","payload":{},"metadata":{"id":7}}');
  const sayWrong = (scene: ChatScene, client: Actor, times: number): void =>
    scene.network.act(client.node, (speaker, now) => {
      for (let at = 0; at < times; at++) speaker.sayBytes(now, WRONG);
    });

  test("is refused what cannot be read at once, and pays for it", () => {
    const scene = limited(TEN);
    const [client] = pair(scene);
    sayWrong(scene, client, 5);
    scene.run(50);
    expect(client.speaker.all("refused")).toHaveLength(5);
    const start = scene.network.now;
    client.ask("list_groups");
    expect(scene.network.now - start).toBeGreaterThan(40);
  });

  test("and says more of what cannot be read has no session any more", () => {
    const scene = limited(TEN);
    const [client, other] = pair(scene);
    sayWrong(scene, client, 15);
    scene.network.until(() => client.speaker.closed.includes("reset"), "reset");
    expect(other.ask("list_groups").type).toBe("groups");
  });
});

describe("what waits is bounded", () => {
  /** A pacing that lets nothing through after the first request of each session. */
  const pacing = () => {
    const random = new Prng(3);
    const endpoint = new Endpoint({
      keyPair: keyPairFrom(random.bytes(32)),
      random: (count) => random.bytes(count),
      idleTimeoutMs: 45_000,
    });
    const context = new ServerContext(endpoint, () => {});
    context.now = 1_000;
    const quotas = new Quotas(allLimits({ "messages-per-second": 1, "messages-burst": 1 }));
    let passed = 0;
    const queue = new Pacing(context, quotas, () => passed++);
    const ended: Link[] = [];
    const link = (): Link => {
      const address = { host: "10.0.0.1", port: 5_000 };
      const session = endpoint.connect(0, address);
      const one = new Link(endpoint, session, "", address, (over) => ended.push(over));
      admit(one, 1, 10);
      return one;
    };
    const admit = (one: Link, id: number, bytes: number): void => {
      const message = { type: "list_groups", payload: {}, metadata: { id } } as const;
      queue.admit(one, { message, bytes });
    };
    return { context, queue, link, admit, ended, passed: () => passed };
  };

  const MEBIBYTE = 1_048_576;

  test("in number, for each session", () => {
    const { context, queue, link, admit, ended, passed } = pacing();
    const one = link();
    const other = link();
    admit(other, 2, 10);
    for (let id = 2; id < PACED_MAX_REQUESTS + 2; id++) admit(one, id, 10);
    expect(ended).toEqual([]);
    admit(one, 1_000, 10);
    expect(ended).toEqual([one]);
    // Nothing of it passes any more, and the other one has its turn.
    context.now = 1e9;
    queue.wake();
    expect(passed()).toBe(3);
  });

  test("in bytes, for each session", () => {
    const { link, admit, ended } = pacing();
    const one = link();
    for (let id = 2; id < 2 + PACED_MAX_BYTES / MEBIBYTE; id++) admit(one, id, MEBIBYTE);
    expect(ended).toEqual([]);
    admit(one, 1_000, 1);
    expect(ended).toEqual([one]);
  });

  test("in bytes for all together: the one with most of it goes, whoever came last", () => {
    const { link, admit, ended } = pacing();
    const small = link();
    admit(small, 2, 1_000);
    const large = link();
    for (let id = 2; id < 2 + PACED_MAX_BYTES / MEBIBYTE; id++) admit(large, id, MEBIBYTE);
    const other = link();
    const rest = PACED_ALL_MAX_BYTES - PACED_MAX_BYTES - MEBIBYTE;
    for (let id = 2; id < 2 + rest / MEBIBYTE; id++) admit(other, id, MEBIBYTE);
    expect(ended).toEqual([]);
    admit(small, 3, MEBIBYTE);
    expect(ended).toEqual([large]);
    // What it left behind is room for others.
    for (let id = 4; id < 40; id++) admit(small, id, MEBIBYTE);
    expect(ended).toEqual([large]);
  });

  test("and gone with its session", () => {
    const { context, queue, link, admit, passed } = pacing();
    const one = link();
    admit(one, 2, 10);
    queue.lost(one);
    expect(queue.nextWakeup()).toBe(Infinity);
    context.now = 1e9;
    queue.wake();
    expect(passed()).toBe(1);
  });
});

describe("the client's user", () => {
  const full = (limits: Partial<ServerLimits>, weather = FAIR): FullScene =>
    new FullScene(3, weather, { limits });

  test("is told once that what is typed waits, in a group and outside", () => {
    const scene = full(TEN);
    const ann = scene.client("ann", 5_555);
    const bob = scene.client("bob", 5_556);
    ann.say("create_group g", "join_group g");
    bob.say("join_group g");
    scene.network.run(60_000);
    const lines = upTo(100).map((text) => `send_group ${text}`);
    const shown = ann.say(...lines);
    expect(shown.filter((line) => line.includes("faster"))).toEqual([`>>> (g) [${SLOW}]`]);
    expect(shown.filter((line) => line === ">>> (g) [Message received by Server.]")).toHaveLength(
      100,
    );
    expect(bob.shown.filter((line) => line.includes("Group_Message"))).toEqual(
      upTo(100).map((text) => `>>> (g) Group_Message ann: ${text}`),
    );
    scene.network.run(60_000);
    ann.say("leave_group");
    expect(ann.say(...Array<string>(20).fill("list_groups"))).toContain(`>>> [${SLOW}]`);
  });

  test("sees thousands of lines arrive, in order and once, whatever the network and the server do", () => {
    const count = 3_000;
    const limits = { "messages-per-second": 500, "messages-burst": 100 };
    const scene = full(limits, { ...FOUL, loss: 0.05 });
    const ann = scene.client("ann", 5_555);
    const bob = scene.client("bob", 5_556);
    ann.say("create_group g", "join_group g");
    bob.say("join_group g");
    ann.type(...upTo(count).map((text) => `send_group ${text}`), "list_members");
    scene.network.run(4_000);
    scene.restartServer();
    // Who asks something notices at once that the server is another one.
    bob.type("list_members");
    scene.network.until(
      () => ann.shown.some((line) => line.includes("Members in the group")),
      "the end",
    );
    scene.network.run(2_000);
    expect(bob.shown.filter((line) => line.includes("Group_Message"))).toEqual(
      upTo(count).map((text) => `>>> (g) Group_Message ann: ${text}`),
    );
    const received = ann.shown.filter((line) => line.includes("Message received by Server."));
    expect(received).toHaveLength(count);
  });

  test("does not take the server for gone while it waits for minutes", () => {
    // The slowest that can be asked for.
    const scene = full({ "bytes-per-second": 65_536, "bytes-burst": 1 });
    const ann = scene.client("ann", 5_555);
    ann.say("create_group g", "join_group g");
    const lines = Array.from({ length: 10 }, () => `send_group ${"x".repeat(1_000_000)}`);
    ann.type(...lines, "list_members");
    scene.network.until(
      () => ann.shown.some((line) => line.includes("Members in the group")),
      "the end",
      600_000,
    );
    expect(ann.node.status).toBeUndefined();
  });
});

test("what has had its turn makes room for what comes behind it, in bytes too", () => {
  const endpoint = {} as Endpoint;
  const context = new ServerContext(endpoint, () => {});
  context.now = 1_000;
  const quotas = new Quotas(
    allLimits({ "messages-per-second": 1, "messages-burst": 1, "bytes-per-second": 0 }),
  );
  const queue = new Pacing(context, quotas, () => {});
  let ended = 0;
  context.post = () => 0;
  const link = new Link(endpoint, 1, "", { host: "10.0.0.1", port: 5_000 }, () => ended++);
  const half = PACED_MAX_BYTES / 2;
  for (let id = 1; id <= 20; id++) {
    queue.admit(link, {
      message: { type: "list_groups", payload: {}, metadata: { id } },
      bytes: half,
    });
    if (id < 3) continue;
    context.now = queue.nextWakeup();
    queue.wake();
  }
  expect(ended).toBe(0);
});
