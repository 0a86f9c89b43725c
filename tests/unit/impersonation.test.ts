// Nobody speaks as another, removes another, or takes another's name: tried with every type of message there is, by
// everyone who might, at the server and at a client. Who a message is from is told by the key of its session alone.

import { describe, expect, test } from "bun:test";

import { MESSAGE_TYPES } from "../../lib/chat/message-decode.ts";
import { type MessageType, senderTag } from "../../lib/chat/message.ts";
import { Actor, ChatScene } from "../support/chat-scene.ts";
import { FullScene } from "../support/full-scene.ts";
import { Speaker } from "../support/speaker.ts";

/** What the forger may put into a message. */
interface Forged {
  /** The key of the one it pretends to be. */
  readonly key: string;
  readonly own: string;
}

const HOST = "10.0.0.2";
const user = ({ key }: Forged) => ({ name: "ann", key, host: HOST, port: 7_777 });
const epoch = "forged";

/** What each message would have to say to do harm, were its sender believed. */
const FORGED: Record<MessageType, (forged: Forged) => { payload: object; metadata?: object }> = {
  register: () => ({ payload: { name: "ann", groups: ["g"], known: { epoch, version: 1 } } }),
  deregister: () => ({ payload: {} }),
  create_group: () => ({ payload: { group: "G" } }),
  list_groups: () => ({ payload: {} }),
  join_group: () => ({ payload: { group: "h" } }),
  leave_group: () => ({ payload: { group: "g" } }),
  list_members: () => ({ payload: { group: "g" } }),
  send_group: () => ({ payload: { group: "g", text: "forged" } }),
  report_offline: ({ key }) => ({ payload: { name: "ann", key } }),
  resolve: () => ({ payload: { name: "ann" } }),
  whois: ({ key }) => ({ payload: { key } }),
  table_since: () => ({ payload: { epoch, version: 1 } }),
  registered: () => ({ payload: { name: "ann", epoch, version: 9, settled: 99 } }),
  refused: () => ({
    payload: { request: "register", reason: "already_exists", detail: "forged" },
  }),
  deregistered: () => ({ payload: {} }),
  group_created: () => ({ payload: { group: "forged" } }),
  groups: () => ({ payload: { groups: ["forged"] } }),
  group_joined: () => ({ payload: { group: "forged" } }),
  group_left: () => ({ payload: { group: "g" } }),
  members: () => ({ payload: { group: "g", members: ["forged"] } }),
  received: () => ({ payload: {} }),
  offline_confirmed: () => ({ payload: { name: "ann" } }),
  still_online: () => ({ payload: { name: "ann" } }),
  resolved: (forged) => ({ payload: { user: user(forged) } }),
  table: (forged) => ({
    payload: { epoch, version: 9, users: [{ ...user(forged), key: forged.own }] },
  }),
  table_changes: (forged) => ({
    payload: {
      epoch,
      from: 1,
      to: 9,
      changes: [{ name: "ann", user: { key: forged.own, host: HOST, port: 7_777 } }],
    },
  }),
  table_on_demand: () => ({ payload: { epoch, version: 9 } }),
  group_message: ({ key }) => ({
    payload: { group: "g", from: "ann", text: "forged" },
    metadata: { sender: senderTag(key), number: 1_000 },
  }),
  removed_from_group: () => ({ payload: { group: "g" } }),
  settled: () => ({ payload: { id: 1_000 } }),
  slow_down: () => ({ payload: { wait: 1 } }),
  ping: () => ({ payload: {} }),
  direct_message: () => ({ payload: { text: "forged" }, metadata: { number: 1 } }),
};

const TYPES = Object.keys(FORGED) as MessageType[];

test("every type of message that can be read is tried", () => {
  expect(MESSAGE_TYPES.toSorted()).toEqual(TYPES.toSorted());
});

/** Who it says it is stands in every place where somebody might look for it. */
const bytesOf = (type: MessageType, forged: Forged, id: number): Uint8Array => {
  const { payload, metadata } = FORGED[type](forged);
  const claims = { from: "ann", sender: senderTag(forged.key), user: "ann", key: forged.key };
  const said = {
    ...claims,
    type,
    payload: { ...claims, name: "ann", ...payload },
    metadata: { ...claims, id, ...metadata },
  };
  return new TextEncoder().encode(JSON.stringify(said));
};

type Forger =
  "one under another name" | "a member under another name" | "a stranger" | "a namesake";

const FORGERS: readonly Forger[] = [
  "one under another name",
  "a member under another name",
  "a stranger",
  // It had the name before, and still has the session of that time.
  "a namesake",
];

describe.each(FORGERS)("at the server, %s", (kind) => {
  const stage = () => {
    const scene = new ChatScene();
    let forger = scene.stranger(6_000);
    if (kind === "a namesake") {
      forger.ask("register", { name: "ann", groups: [] });
      forger.ask("deregister");
    }
    const ann = scene.founder("ann", 5_555, "g");
    ann.ask("create_group", { group: "h" });
    const bob = scene.user("bob", 5_556, "g");
    if (kind === "one under another name") forger.ask("register", { name: "eve", groups: [] });
    if (kind === "a member under another name") {
      forger.crash();
      forger = scene.user("eve", 6_001, "g");
    }
    scene.run(1_000);
    return { scene, forger, ann, bob };
  };

  /** What must be the same before and after: who ann is, who is in her groups. Others may come and go as themselves. */
  const known = (bob: Actor) => ({
    ann: bob.ask("resolve", { name: "ann" }).payload,
    bob: bob.ask("resolve", { name: "bob" }).payload,
    groups: bob.ask("list_groups").payload,
    inG: namesOf(bob.ask("list_members", { group: "g" })),
    inH: namesOf(bob.ask("list_members", { group: "h" })),
  });

  const namesOf = (answer: ReturnType<Actor["ask"]>): string[] =>
    answer.type === "members" ? answer.payload.members.filter((name) => name !== "eve") : [];

  test.each(TYPES)("with %s", (type) => {
    const { scene, forger, ann, bob } = stage();
    const before = known(bob);
    for (const { speaker } of [ann, bob, forger]) speaker.heard.length = 0;
    scene.lines();
    // Ids that ann has used, one that she uses next, and one far beyond.
    for (const id of [1, 2, 3, 4, 5, 1_000]) {
      scene.network.act(forger.node, (speaker, now) => {
        const forged = { key: ann.speaker.key, own: speaker.key };
        speaker.sayBytes(now, bytesOf(type, forged, id));
      });
      scene.run(100);
    }
    scene.run(5_000);
    // She takes what others say in their own names, and they may ask who is in her group.
    const done = scene
      .lines()
      .filter((line) => !/ acked group message\]$|^>>> \[ann\]$/.test(line));
    expect(done.filter((line) => /\bann\b/.test(line))).toEqual([]);
    expect(known(bob)).toEqual(before);
    const heardAs = [...ann.speaker.all("group_message"), ...bob.speaker.all("group_message")];
    const tag = senderTag(ann.speaker.key);
    expect(
      heardAs.filter(({ payload, metadata }) => payload.from === "ann" || metadata.sender === tag),
    ).toEqual([]);
    // Ann is still there, is nobody's suspect, and everything is hers to do, under the ids that were tried.
    expect(ann.speaker.closed).toEqual([]);
    expect(ann.speaker.all("removed_from_group")).toEqual([]);
    expect(ann.ask("send_group", { group: "g", text: "it is me" }).type).toBe("received");
    expect(ann.ask("leave_group", { group: "g" }).type).toBe("group_left");
    scene.run();
    expect(bob.speaker.all("group_message").at(-1)).toMatchObject({
      payload: { from: "ann", text: "it is me" },
      metadata: { sender: tag },
    });
    expect(ann.ask("deregister").type).toBe("deregistered");
  });

  test("asks for the name in every way it could be written, and does not get it", () => {
    const { scene, forger, ann } = stage();
    for (const name of ["ann", "ANN", "Ａｎｎ", "ａｎｎ", "𝐚𝐧𝐧"]) {
      const answer = forger.ask("register", { name, groups: ["g"] });
      expect(answer).toMatchObject({ type: "refused", payload: { request: "register" } });
      const { reason } = answer.type === "refused" ? answer.payload : { reason: "" };
      expect(["already_exists", "other_name"]).toContain(reason);
    }
    expect(ann.ask("whois", { key: ann.speaker.key })).toMatchObject({
      payload: { user: { name: "ann", key: ann.speaker.key } },
    });
    expect(scene.lines().filter((line) => line.includes("removed"))).toEqual(
      kind === "a namesake" ? [">>> [Server table updated. (removed ann)]"] : [],
    );
  });
});

type Peer = "a client under another name" | "a stranger" | "a namesake";

describe.each(["a client under another name", "a stranger", "a namesake"] as const)(
  "at a client, %s",
  (kind: Peer) => {
    /** The forger's key registers at the server from one socket, and speaks to bob from another. */
    const stage = () => {
      const scene = new FullScene(4);
      const { network } = scene;
      const seed = 31_337;
      const register = (name: string): Actor => {
        const speaker = new Speaker(network.now, seed, scene.server.address);
        const actor = new Actor(network, network.add(6_000, speaker, HOST));
        actor.ask("register", { name, groups: [] });
        return actor;
      };
      if (kind === "a namesake") register("ann").ask("deregister");
      const ann = scene.client("ann", 5_555);
      const bob = scene.client("bob", 5_556);
      ann.say("create_group g", "join_group g");
      bob.say("join_group g");
      if (kind === "a client under another name") register("eve");
      network.run(1_000);
      const speaker = new Speaker(network.now, seed, bob.node.address);
      const forger = new Actor(network, network.add(6_001, speaker, HOST));
      return { scene, forger, ann, bob };
    };

    test.each(TYPES)("with %s", (type) => {
      const { scene, forger, ann, bob } = stage();
      const { network } = scene;
      const annKey = (): string => {
        const asker = new Actor(
          network,
          network.add(6_002, new Speaker(network.now, 99, scene.server.address), HOST),
        );
        asker.ask("register", { name: "asker", groups: [] });
        const answer = asker.ask("resolve", { name: "ann" });
        return answer.type === "resolved" ? (answer.payload.user?.key ?? "") : "";
      };
      const forged = { key: annKey(), own: forger.speaker.key };
      network.run(500);
      bob.node.takeShown();
      for (const id of [1, 2, 1_000]) {
        network.act(forger.node, (speaker, now) => {
          // Who asks a client to register has no session with it any more.
          if (speaker.closed.length > 0) speaker.reconnect(now);
          speaker.sayBytes(now, bytesOf(type, forged, id));
        });
        network.run(300);
      }
      network.run(3_000);
      // In the group, direct messages wait: nothing of all this is to be seen, and bob is where he was.
      expect(bob.node.takeShown()).toEqual([]);
      expect(bob.machine.prompt).toBe(">>> (g) ");
      expect(bob.machine.complete("send a")[0].toSorted()).toEqual(["ann ", "asker "]);
      expect(bob.node.status).toBeUndefined();
      // What ann says is still new to him, and hers.
      ann.say("send bob it is me");
      expect(bob.say("list_members", "leave_group")).toEqual([
        ">>> (g) [Members in the group g:]",
        ">>> (g) ann",
        ">>> (g) bob",
        ">>> [Leave group chat g]",
        ...(type === "direct_message" && kind === "a client under another name"
          ? [">>> [>>> eve: forged]"]
          : []),
        ">>> [>>> ann: it is me]",
      ]);
      expect(bob.say("send ann hello")).toEqual([">>> [Message received by ann]"]);
    });
  },
);
