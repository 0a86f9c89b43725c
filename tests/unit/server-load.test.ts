// The server among clients that ask much, or come and go all the time: what it keeps for them stays bounded, and nobody
// else has to wait for them.

import { describe, expect, test } from "bun:test";

import {
  GROUPS_MAX,
  REQUESTS_IN_FLIGHT_MAX,
  TABLE_PUSH_CROWD_USERS,
  TABLE_PUSH_WINDOW_MS,
  TABLE_PUSHES_BURST,
  TABLE_PUSHES_PER_SECOND,
  UNREGISTERED_MAX_MS,
} from "../../lib/chat/limits.ts";
import { Link } from "../../lib/chat/server/link.ts";
import { keyPairFrom } from "../../lib/transport/crypto/keys.ts";
import { Endpoint } from "../../lib/transport/endpoint.ts";
import { frameMessage } from "../../lib/transport/framed-message.ts";
import { type Actor, ChatScene } from "../support/chat-scene.ts";
import { deafUser } from "../support/deaf-speaker.ts";
import { FullScene } from "../support/full-scene.ts";
import { Prng } from "../support/prng.ts";
import { replace } from "../support/replace.ts";
import { Speaker } from "../support/speaker.ts";

/** A user whose client has crashed, and another one. */
const withOneGone = () => {
  const scene = new ChatScene();
  const client = scene.user("client", 5_555);
  const other = scene.user("client2", 5_556);
  scene.run();
  client.crash();
  return { scene, other, accused: { name: "client", key: client.speaker.key } };
};

describe("questions", () => {
  test("of one who does not take the answers are refused, before anything is shown", () => {
    const scene = new ChatScene();
    const client = scene.founder("client", 5_555, "g");
    scene.run();
    scene.lines();
    scene.network.passes = (_, to) => to.port !== 5_555;
    const asked = Array.from({ length: 200 }, () => client.tell("list_groups"));
    scene.run(20);
    const shown = scene.lines().filter((line) => line === ">>> [g]").length;
    expect(shown).toBeGreaterThanOrEqual(REQUESTS_IN_FLIGHT_MAX);
    expect(shown).toBeLessThan(REQUESTS_IN_FLIGHT_MAX + 5);
    scene.network.passes = () => true;
    scene.network.until(() => client.speaker.answers(asked.at(-1)!).length > 0, "all answers");
    expect(client.speaker.answers(asked[0]!)).toMatchObject([{ type: "groups" }]);
    expect(client.speaker.answers(asked.at(-1)!)).toMatchObject([{ payload: { reason: "busy" } }]);
    expect(client.ask("list_groups").type).toBe("groups");
  });

  test("for long lists bring no more of them than one who takes nothing can be sent", () => {
    // One client makes all the groups that there may be, one after the other.
    const limits = { "groups-per-minute": 0, "messages-per-second": 0 };
    const scene = new ChatScene(1, undefined, { limits });
    const client = scene.founder("client", 5_555, "g");
    for (let at = 1; at < GROUPS_MAX; at++) {
      client.tell("create_group", { group: `${at}${"𠀀".repeat(28)}` });
      if (at % 50 === 0) scene.run(20);
    }
    scene.run();
    const { actor, machine } = deafUser(scene, "deaf", 6_000, "g");
    machine.deaf = true;
    scene.lines();
    scene.network.act(actor.node, (speaker, now) => {
      for (let at = 0; at < 64; at++) speaker.ask(now, "list_groups");
    });
    scene.run(200);
    const lists = scene.lines().filter((line) => line.includes("requested listing groups")).length;
    expect(lists).toBeWithin(2, 5);
    machine.deaf = false;
    scene.network.until(() => machine.all("refused").length === 64 - lists, "all answers");
    expect(machine.all("groups")).toHaveLength(lists);
    expect(actor.ask("list_groups").type).toBe("groups");
  });

  test("for long lists cost what their answers do", () => {
    const scene = new ChatScene(1, undefined, {
      limits: { "bytes-per-second": 65_536, "bytes-burst": 65_536, "users-per-address": 0 },
    });
    const client = scene.founder("client", 5_555, "g");
    for (let at = 0; at < 55; at++)
      client.tell("create_group", { group: `${at}${"𠀀".repeat(28)}` });
    scene.run(60_000);
    client.speaker.heard.length = 0;
    // Each answer is some seven thousand bytes; none of these waits for its number.
    for (let at = 0; at < 60; at++) client.tell("list_groups");
    scene.run(1_000);
    expect(client.speaker.all("groups").length).toBeWithin(10, 25);
    scene.run(10_000);
    expect(client.speaker.all("groups")).toHaveLength(60);
  });

  test("for the whole table cost what the table does, and are not answered to one who takes nothing", () => {
    const scene = new ChatScene(1, undefined, { limits: { "messages-per-second": 0 } });
    for (let at = 0; at < 100; at++) scene.user(`client${at}`, 7_000 + at);
    scene.run(1_000);
    const { actor, machine } = deafUser(scene, "deaf", 6_000, "g");
    machine.deaf = true;
    for (let at = 0; at < 200; at++) {
      actor.tell("table_since", { epoch: "none", version: 0 });
      scene.run(10);
    }
    machine.deaf = false;
    scene.run(5_000);
    // One table of so many is some 13,000 bytes: of a mebibyte, and one more.
    expect(machine.all("table").length).toBeWithin(60, 100);
    expect(machine.all("refused").length).toBeGreaterThan(100);
  });

  test("in numbers end the session of one who is alive and takes nothing", () => {
    // More than anybody may ask in a short time.
    const scene = new ChatScene(1, undefined, { limits: { "messages-per-second": 0 } });
    scene.founder("client", 5_555, "g");
    const { actor, machine } = deafUser(scene, "deaf", 6_000, "g");
    machine.deaf = true;
    scene.lines();
    for (let round = 0; round < 400 && machine.closed.length === 0; round++) {
      scene.network.act(actor.node, (speaker, now) => {
        for (let at = 0; at < 200; at++) speaker.ask(now, "whois", { key: machine.key });
      });
      scene.run(20);
    }
    expect(machine.closed).toContain("reset");
  });

  test("behind a leave of the same client are answered: it is not registered", () => {
    const scene = new ChatScene(1, undefined, { log: "outside" });
    const { network } = scene;
    scene.commitAtOnce();
    const client = scene.user("client", 5_555);
    let asked = 0;
    network.act(client.node, (speaker, now) => {
      speaker.ask(now, "deregister");
      asked = speaker.ask(now, "list_groups");
    });
    network.until(() => client.speaker.answers(asked).length > 0, "an answer");
    expect(client.speaker.answers(asked)).toMatchObject([
      { payload: { reason: "not_registered" } },
    ]);
  });

  test("about the same user by the same client are all answered", () => {
    const { scene, other, accused } = withOneGone();
    const asked = [other.tell("report_offline", accused), other.tell("report_offline", accused)];
    other.tell("report_offline", accused, asked[0]);
    scene.run(5_000);
    for (const id of asked) {
      expect(other.speaker.answers(id)).toMatchObject([{ type: "offline_confirmed" }]);
    }
  });

  test("about users are limited in number while they have no answer", () => {
    const { scene, other, accused } = withOneGone();
    const asked = Array.from({ length: 70 }, () => other.tell("report_offline", accused));
    scene.run();
    expect(other.speaker.answers(asked.at(-1)!)).toMatchObject([{ payload: { reason: "busy" } }]);
    scene.run(5_000);
    expect(other.speaker.all("offline_confirmed")).toHaveLength(REQUESTS_IN_FLIGHT_MAX);
  });
});

test("what waits for a session is counted in bytes and in frames, deliveries apart", () => {
  const random = new Prng(3);
  const endpoint = new Endpoint({
    keyPair: keyPairFrom(random.bytes(32)),
    random: (count) => random.bytes(count),
    idleTimeoutMs: 45_000,
  });
  const overflowing = (bytes: number): number => {
    const address = { host: "10.0.0.1", port: 5_000 };
    let overflowed = false;
    const session = endpoint.connect(0, address);
    const link = new Link(endpoint, session, "", address, () => (overflowed = true));
    const frame = frameMessage(new Uint8Array(bytes));
    let count = 0;
    while (!overflowed) {
      link.post(0, frame, true);
      count++;
    }
    expect(link.answersOwed).toBe(count);
    return count;
  };
  const mebibytes = 20;
  expect(overflowing(1_000_000)).toBeLessThan(mebibytes + 5);
  expect(overflowing(1_000_000)).toBeGreaterThan(mebibytes - 5);
  expect(overflowing(300)).toBeGreaterThan(16_384);
});

/** The names in the table, as this speaker was told. */
const known = ({ speaker }: Actor): string[] => {
  const names = new Set<string>();
  for (const message of speaker.heard) {
    if (message.type === "table") {
      names.clear();
      for (const { name } of message.payload.users) names.add(name);
    } else if (message.type === "table_changes") {
      for (const { name, user } of message.payload.changes) {
        if (user === null) names.delete(name);
        else names.add(name);
      }
    }
  }
  return [...names].toSorted();
};

describe("one who comes and goes all the time", () => {
  test("does not keep all others busy with the table, nor fill their screens", () => {
    const scene = new ChatScene();
    const other = scene.user("other", 5_555);
    const client = scene.user("client", 5_556);
    scene.run(1_000);
    other.speaker.heard.length = 0;
    const SECONDS = 30;
    const since = scene.network.now;
    while (scene.network.now - since < 1_000 * SECONDS) {
      if (client.speaker.closed.length > 0) client.reconnect();
      client.speaker.closed.length = 0;
      client.tell("register", { name: "client", groups: [] });
      scene.run(50);
      if (client.speaker.closed.length === 0) client.tell("deregister");
      scene.run(50);
    }
    if (client.speaker.closed.length > 0) client.reconnect();
    client.tell("register", { name: "client", groups: [] });
    scene.run(2_000);
    const pushed = other.speaker.heard.filter(({ type }) => type.startsWith("table"));
    const most = TABLE_PUSHES_BURST + TABLE_PUSHES_PER_SECOND * (SECONDS + 2);
    expect(pushed.length).toBeLessThanOrEqual(most + 1);
    expect(pushed.length).toBeGreaterThan(TABLE_PUSHES_BURST);
    expect(known(other)).toEqual(["client", "other"]);
  });

  test("does not keep a crowd that comes from being told at once", () => {
    const scene = new ChatScene();
    const other = scene.user("other", 5_555);
    const client = scene.user("client", 5_556);
    scene.run(1_000);
    for (let at = 0; at < TABLE_PUSHES_BURST; at++) {
      client.tell("deregister");
      scene.run(5);
      client.tell("register", { name: "client", groups: [] });
      scene.run(5);
    }
    const names = Array.from({ length: TABLE_PUSH_CROWD_USERS }, (_, at) => `guest${at}`);
    const guests = names.map((_, at) => scene.stranger(6_000 + at));
    for (const [at, guest] of guests.entries()) {
      guest.tell("register", { name: names[at]!, groups: [] });
    }
    scene.run(TABLE_PUSH_WINDOW_MS + 50);
    expect(known(other)).toEqual(expect.arrayContaining(names));
  });

  test("does not bring an answer in front of the table that it speaks of", () => {
    const scene = new ChatScene();
    const other = scene.user("other", 5_555);
    const client = scene.user("client", 5_556);
    scene.run(1_000);
    const { key } = client.speaker;
    for (let at = 0; at < 5; at++) {
      client.tell("deregister");
      client.tell("register", { name: "client", groups: [] });
      scene.run(2);
    }
    client.tell("deregister");
    scene.run(2);
    other.ask("report_offline", { name: "client", key });
    expect(known(other)).toEqual(["other"]);
    expect(other.speaker.heard.at(-1)?.type).toBe("offline_confirmed");
  });
});

test("a table that is told again after it was on demand reaches every client", () => {
  // So that all can come at one moment: none of them is ever sent a table of hundreds.
  const limits = {
    "handshakes-per-second": 0,
    "prefix-per-second": 0,
    "users-per-address": 0,
  };
  const scene = new FullScene(3, undefined, { limits });
  const { network } = scene;
  const ann = scene.client("ann", 5_555);
  const many = Array.from({ length: 1_001 }, (_, at) => {
    const speaker = new Speaker(network.now, 100_000 + at, scene.server.address);
    const node = network.add(10_000 + at, speaker, "10.0.0.9");
    network.act(node, (one, now) => one.ask(now, "register", { name: `u${at}`, groups: [] }));
    return node;
  });
  network.run(1_000);
  expect(ann.machine.complete("send u")[0]).toEqual([]);
  for (const [at, node] of many.slice(100).entries()) {
    network.act(node, (one, now) => one.ask(now, "deregister"));
    if (at % 100 === 99) network.run(100);
  }
  network.run(1_000);
  expect(ann.machine.complete("send u")[0]).toHaveLength(100);
});

test("a session that is no registered user's has a short time", () => {
  const scene = new ChatScene();
  const user = scene.user("client", 5_555);
  const leaver = scene.user("leaver", 5_556);
  scene.run(UNREGISTERED_MAX_MS * 2);
  leaver.ask("deregister");
  const stranger = scene.stranger(5_557);
  const late = scene.stranger(5_558);
  const all = [user, leaver, stranger, late];
  const ping = (): void => {
    for (const { node } of all) {
      scene.network.act(node, (speaker, now) => {
        if (speaker.closed.length > 0) return;
        speaker.say(now, { type: "ping", payload: {}, metadata: {} });
      });
    }
  };
  const closed = () => all.map(({ speaker }) => speaker.closed);
  for (let at = 0; at < 9; at++) {
    ping();
    scene.run(1_000);
  }
  expect(closed()).toEqual([[], [], [], []]);
  late.ask("register", { name: "late", groups: [] });
  scene.run(2_000);
  ping();
  scene.run(1_000);
  expect(closed()).toEqual([[], ["reset"], ["reset"], []]);
});

test("goodbye is the last line, whatever happens in the same turn", () => {
  const scene = new ChatScene();
  const client = scene.user("client", 5_555);
  scene.run();
  scene.lines();
  const { network, server } = scene;
  const { machine } = server;
  let last: string[] = [];
  server.onOutput = ({ exit, lines }) => {
    if (exit !== undefined) last = lines.map(({ text }) => text);
  };
  const receive = machine.receive.bind(machine);
  machine.receive = (now, from, datagram) => {
    receive(now, from, datagram);
    machine.interrupt(now);
  };
  client.tell("create_group", { group: "g" });
  network.until(() => server.status !== undefined, "the end");
  expect(last).toEqual(["[Client client created group `g` successfully!]", "[Quitting.]"]);
});

test("of sessions that are over nothing is kept", async () => {
  const links: WeakRef<Link>[] = [];
  const undo = replace(
    Link,
    "mayHear",
    (right) =>
      function (bytes) {
        if (!links.some((one) => one.deref() === this)) links.push(new WeakRef(this));
        return right.call(this, bytes);
      },
  );
  try {
    const scene = new ChatScene();
    const client = scene.user("client", 5_555);
    for (let at = 0; at < 100; at++) {
      client.reconnect();
      client.ask("register", { name: "client", groups: [] });
    }
    scene.run(15_000);
    await Bun.sleep(0);
    Bun.gc(true);
    expect(links.length).toBe(101);
    expect(links.filter((one) => one.deref() !== undefined).length).toBeLessThan(10);
    expect(client.ask("list_groups").type).toBe("groups");
  } finally {
    undo();
  }
});
