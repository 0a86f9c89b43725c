// The server among its clients: who is registered, who has which name, what groups say, and the lines it shows.

import { describe, expect, test } from "bun:test";

import { SETTLED_DELAY_MS } from "../../lib/chat/limits.ts";
import { encodeMessage, type Message } from "../../lib/chat/message.ts";
import { ChatScene, SERVER_PORT } from "../support/chat-scene.ts";
import { hostile } from "../support/mutate.ts";
import { Prng } from "../support/prng.ts";
import vectors from "../vectors/messages.json" with { type: "json" };

describe("registration", () => {
  test("is answered with the table, and shown", () => {
    const scene = new ChatScene();
    expect(scene.lines()).toEqual([`>>> [Server started on ${SERVER_PORT}]`]);
    const client = scene.user("client", 5_555);
    scene.run();
    expect(scene.lines()).toEqual([">>> [Server table updated.]"]);
    expect(client.speaker.heard.map(({ type }) => type)).toEqual(["registered", "table"]);
    expect(client.speaker.last("table")?.payload).toMatchObject({
      version: 1,
      users: [{ name: "client", key: client.speaker.key, host: "10.0.0.2", port: 5_555 }],
    });
  });

  test("reaches the others as a change", () => {
    const scene = new ChatScene();
    const client = scene.user("client", 5_555);
    const other = scene.user("client2", 5_556);
    scene.run();
    expect(client.speaker.last("table_changes")?.payload).toMatchObject({
      from: 1,
      to: 2,
      changes: [{ name: "client2", user: { key: other.speaker.key, port: 5_556 } }],
    });
    expect(other.speaker.last("table")?.payload.users.length).toBe(2);
  });

  test("is refused for a name that is taken, in any case, also after the holder was closed hard", () => {
    const scene = new ChatScene();
    const client = scene.user("Client", 5_555);
    client.crash();
    scene.run();
    scene.lines();
    const second = scene.stranger(5_556);
    expect(second.ask("register", { name: "cLIENT", groups: [] })).toMatchObject({
      type: "refused",
      payload: { request: "register", reason: "already_exists" },
    });
    expect(scene.lines()).toEqual([]);
    expect(second.speaker.all("table")).toEqual([]);
  });

  test("is refused for what is no name", () => {
    const scene = new ChatScene();
    const client = scene.stranger(5_555);
    expect(client.ask("register", { name: "a b", groups: [] })).toMatchObject({
      payload: { reason: "invalid_name" },
    });
    expect(client.ask("register", { name: "ab", groups: [] }).type).toBe("registered");
    expect(client.ask("register", { name: "abc", groups: [] })).toMatchObject({
      payload: { reason: "other_name" },
    });
  });

  test("ends 45 s after the last sign of life", () => {
    const scene = new ChatScene();
    const client = scene.user("client", 5_555);
    const other = scene.user("client2", 5_556);
    scene.run();
    client.crash();
    scene.lines();
    scene.run(40_000);
    expect(scene.lines()).toEqual([]);
    scene.run(6_000);
    expect(scene.lines()).toEqual([">>> [Server table updated.]"]);
    expect(other.speaker.last("table_changes")?.payload.changes).toEqual([
      { name: "client", user: null },
    ]);
    scene.run(60_000);
    expect(scene.lines()).toEqual([]);
  });

  test("ends at once for one who says so, and the name is free", () => {
    const scene = new ChatScene();
    const client = scene.user("client", 5_555);
    scene.run();
    scene.lines();
    expect(client.ask("deregister").type).toBe("deregistered");
    expect(scene.lines()).toEqual([">>> [Server table updated. (removed client)]"]);
    expect(client.ask("deregister").type).toBe("deregistered");
    expect(client.ask("list_groups")).toMatchObject({ payload: { reason: "not_registered" } });
    expect(scene.lines()).toEqual([]);
    const next = scene.stranger(5_556);
    expect(next.ask("register", { name: "client", groups: [] }).type).toBe("registered");
  });

  test("of one who is back on a new session changes nothing, unless the address did", () => {
    const scene = new ChatScene();
    const client = scene.user("client", 5_555);
    scene.run();
    scene.lines();
    client.reconnect();
    const known = { epoch: client.speaker.last("table")?.payload.epoch, version: 1 };
    client.speaker.heard.length = 0;
    expect(client.ask("register", { name: "client", groups: [], known }).type).toBe("registered");
    scene.run(60_000);
    expect(scene.lines()).toEqual([]);
    expect(client.speaker.heard.length).toBe(1);
    scene.network.crash(client.node);
    const moved = scene.network.add(6_000, client.speaker, "10.0.0.2");
    scene.network.act(moved, (speaker, now) => speaker.reconnect(now));
    scene.network.act(moved, (speaker, now) => {
      speaker.ask(now, "register", { name: "client", groups: [], known });
    });
    scene.run();
    expect(scene.lines()).toEqual([">>> [Server table updated.]"]);
    expect(client.speaker.last("table_changes")?.payload.changes).toMatchObject([
      { name: "client", user: { port: 6_000 } },
    ]);
  });
});

describe("groups", () => {
  test("are created, listed, joined and left, with the lines for each", () => {
    const scene = new ChatScene();
    const client = scene.user("client", 5_555);
    const other = scene.user("client2", 5_556);
    scene.run();
    scene.lines();
    expect(client.ask("create_group", { group: "group-name" })).toMatchObject({
      type: "group_created",
      payload: { group: "group-name" },
    });
    expect(client.ask("create_group", { group: "Group-Name" })).toMatchObject({
      payload: { reason: "already_exists" },
    });
    expect(client.ask("list_groups")).toMatchObject({ payload: { groups: ["group-name"] } });
    expect(client.ask("join_group", { group: "GROUP-NAME" })).toMatchObject({
      type: "group_joined",
      payload: { group: "group-name" },
    });
    other.ask("join_group", { group: "nowhere\u001b[2J" });
    other.ask("join_group", { group: "group-name" });
    expect(other.ask("list_members", { group: "group-name" })).toMatchObject({
      payload: { group: "group-name", members: ["client", "client2"] },
    });
    expect(other.ask("list_members", { group: "nowhere" })).toMatchObject({
      payload: { reason: "does_not_exist" },
    });
    client.ask("leave_group", { group: "group-name" });
    expect(client.ask("leave_group", { group: "group-name" })).toMatchObject({
      payload: { reason: "not_a_member" },
    });
    expect(scene.lines()).toEqual([
      ">>> [Client client created group `group-name` successfully!]",
      ">>> [Client client creating group `Group-Name` failed, group already exists]",
      ">>> [Client client requested listing groups, current groups:]",
      ">>> [group-name]",
      ">>> [Client client joined group `group-name`]",
      ">>> [Client client2 joining group `nowhere␛[2J` failed, group does not exist]",
      ">>> [Client client2 joined group `group-name`]",
      ">>> [Client client2 requested listing members of group group-name]",
      ">>> [client]",
      ">>> [client2]",
      ">>> [Client client left group group-name]",
    ]);
  });

  test("carry messages to all but the sender, each acknowledged", () => {
    const scene = new ChatScene();
    const client = scene.founder("client", 5_555, "g");
    const members = [scene.user("client2", 5_556, "g"), scene.user("client3", 5_557, "g")];
    const outsider = scene.user("client4", 5_558);
    scene.run();
    scene.lines();
    expect(client.ask("send_group", { group: "g", text: "hey  there :)" }).type).toBe("received");
    scene.run();
    expect(scene.lines()).toEqual([
      ">>> [Client client sent group message: hey  there :)]",
      ">>> [Client client2 acked group message]",
      ">>> [Client client3 acked group message]",
    ]);
    for (const member of members) expect(member.texts()).toEqual(["hey  there :)"]);
    for (const silent of [client, outsider]) expect(silent.texts()).toEqual([]);
    scene.run(SETTLED_DELAY_MS);
    expect(client.speaker.last("settled")?.payload.id).toBe(4);
    expect(outsider.ask("send_group", { group: "g", text: "?" })).toMatchObject({
      payload: { reason: "not_a_member" },
    });
    expect(scene.lines()).toEqual([]);
  });

  test("lose a member that does not answer, once, and it is told when it is back", () => {
    const scene = new ChatScene();
    const client = scene.founder("client", 5_555, "g");
    const other = scene.user("client2", 5_556, "g");
    scene.run();
    scene.lines();
    scene.network.passes = (from, to) => from.port !== 5_556 && to.port !== 5_556;
    client.ask("send_group", { group: "g", text: "one" });
    client.ask("send_group", { group: "g", text: "two" });
    scene.run(2_400);
    expect(scene.lines()).toEqual([
      ">>> [Client client sent group message: one]",
      ">>> [Client client sent group message: two]",
    ]);
    scene.run(200);
    expect(scene.lines()).toEqual([">>> [Client client2 not responsive, removed from group g]"]);
    scene.run(SETTLED_DELAY_MS);
    expect(client.speaker.last("settled")?.payload.id).toBe(5);
    client.ask("send_group", { group: "g", text: "three" });
    scene.lines();
    scene.network.passes = () => true;
    scene.run(10_000);
    expect(scene.lines()).toEqual([]);
    expect(other.texts()).toEqual(["one", "two"]);
    expect(other.speaker.last("removed_from_group")?.payload.group).toBe("g");
    expect(client.speaker.last("table_changes")?.payload.to).toBe(2);
  });

  test("are left by one who leaves the server", () => {
    const scene = new ChatScene();
    const client = scene.founder("client", 5_555, "g");
    scene.lines();
    client.ask("deregister");
    expect(scene.lines()).toEqual([
      ">>> [Client client left group g]",
      ">>> [Server table updated. (removed client)]",
    ]);
  });
});

describe("a report of an offline user", () => {
  test("is confirmed after the table, if the accused does not answer", () => {
    const scene = new ChatScene();
    const client = scene.user("client", 5_555);
    const other = scene.user("client2", 5_556);
    scene.run();
    const { key } = client.speaker;
    client.crash();
    other.speaker.heard.length = 0;
    scene.lines();
    expect(other.ask("report_offline", { name: "client", key })).toMatchObject({
      type: "offline_confirmed",
      payload: { name: "client" },
    });
    expect(other.speaker.heard.map(({ type }) => type)).toEqual([
      "table_changes",
      "offline_confirmed",
    ]);
    expect(scene.lines()).toEqual([">>> [Server table updated.]"]);
    expect(other.ask("report_offline", { name: "client", key }).type).toBe("offline_confirmed");
    expect(scene.lines()).toEqual([]);
  });

  test("is not, if it does; several who ask share one question", () => {
    const scene = new ChatScene();
    const [client, second, third] = ["client", "client2", "client3"].map((name, at) =>
      scene.user(name, 5_555 + at),
    );
    if (!client || !second || !third) throw new Error("no clients");
    scene.run();
    scene.lines();
    const accused = { name: "client", key: client.speaker.key };
    const asked = second.tell("report_offline", accused);
    third.ask("report_offline", accused);
    scene.run();
    expect(second.speaker.answers(asked)).toMatchObject([{ type: "still_online" }]);
    expect(third.speaker.last("still_online")?.payload.name).toBe("client");
    expect(client.speaker.all("ping").length).toBe(1);
    expect(scene.lines()).toEqual([]);
  });

  test("of one who is gone and alive all the same lets it come back", () => {
    const scene = new ChatScene();
    const client = scene.founder("client", 5_555, "g");
    const other = scene.user("client2", 5_556);
    scene.run();
    const known = { epoch: client.speaker.last("table")?.payload.epoch, version: 2 };
    scene.network.passes = (from, to) => from.port !== 5_555 && to.port !== 5_555;
    other.ask("report_offline", { name: "client", key: client.speaker.key });
    scene.lines();
    scene.network.passes = () => true;
    client.tell("list_groups");
    scene.network.until(() => client.speaker.closed.includes("reset"), "reset");
    client.reconnect();
    client.speaker.heard.length = 0;
    client.ask("register", { name: "client", groups: ["g"], known });
    scene.run();
    expect(client.speaker.heard.map(({ type }) => type)).toEqual([
      "registered",
      "removed_from_group",
      "table_changes",
    ]);
    expect(scene.lines()).toEqual([">>> [Server table updated.]"]);
  });
});

describe("the server", () => {
  test("refuses what it cannot read, and what is not for strangers", () => {
    const scene = new ChatScene();
    const client = scene.stranger(5_555);
    scene.network.act(client.node, (speaker, now) => {
      speaker.sayBytes(now, new Uint8Array([255]));
      speaker.sayBytes(now, new TextEncoder().encode('{"type":"unheard_of"}'));
      speaker.sayBytes(now, new TextEncoder().encode('{"type":"register","payload":{}}'));
      speaker.ask(now, "list_groups", {});
      speaker.ask(now, "settled", { id: 5 });
    });
    scene.run();
    expect(client.speaker.heard).toMatchObject([
      { type: "refused", payload: { request: "", reason: "invalid_message" }, metadata: { id: 0 } },
      { payload: { request: "register", reason: "invalid_message" } },
      { payload: { request: "list_groups", reason: "not_registered" }, metadata: { id: 1 } },
    ]);
  });

  test("lives through anything that is said to it", () => {
    const scene = new ChatScene();
    const random = new Prng(7);
    const valid = vectors.messages.map((message) => encodeMessage(message as unknown as Message));
    const client = scene.user("client", 5_555);
    const stranger = scene.stranger(5_556);
    for (let round = 0; round < 200; round++) {
      for (const { node } of [client, stranger]) {
        scene.network.act(node, (speaker, now) => {
          // Too much of it ends the session.
          if (speaker.closed.length > 0) speaker.reconnect(now);
          speaker.closed.length = 0;
          for (let count = 0; count < 20; count++) speaker.sayBytes(now, hostile(random, valid));
          speaker.heard.length = 0;
        });
      }
      scene.run(10);
    }
    const other = scene.stranger(5_557);
    expect(other.ask("register", { name: "alive", groups: [] }).type).toBe("registered");
  });

  test("resolves names and keys, and tells what changed since", () => {
    const scene = new ChatScene();
    const client = scene.user("client", 5_555);
    const other = scene.user("client2", 5_556);
    scene.run();
    const { key } = other.speaker;
    const user = { name: "client2", key, host: "10.0.0.2", port: 5_556 };
    expect(client.ask("resolve", { name: "CLIENT2" })).toMatchObject({ payload: { user } });
    expect(client.ask("whois", { key })).toMatchObject({ payload: { user } });
    expect(client.ask("resolve", { name: "bob" })).toMatchObject({ payload: { user: null } });
    const epoch = client.speaker.last("table")?.payload.epoch ?? "";
    client.speaker.heard.length = 0;
    client.tell("table_since", { epoch, version: 2 });
    client.tell("table_since", { epoch: "other", version: 2 });
    scene.run();
    expect(client.speaker.heard).toMatchObject([
      { type: "table", payload: { version: 2, users: [{ name: "client" }, { name: "client2" }] } },
    ]);
    client.speaker.heard.length = 0;
    client.tell("table_since", { epoch, version: 1 });
    scene.run();
    expect(client.speaker.heard).toMatchObject([
      { type: "table_changes", payload: { from: 1, to: 2, changes: [{ name: "client2" }] } },
    ]);
  });

  test("sends all that it has to say before it ends", () => {
    const scene = new ChatScene();
    const founder = scene.founder("founder", 5_000, "g");
    const members = Array.from({ length: 70 }, (_, at) => scene.user(`m${at}`, 6_000 + at, "g"));
    scene.run(2_000);
    const { machine } = scene.server;
    const receive = machine.receive.bind(machine);
    machine.receive = (now, from, datagram) => {
      receive(now, from, datagram);
      machine.interrupt(now);
    };
    founder.tell("send_group", { group: "g", text: "hello" });
    scene.run(1_000);
    expect(scene.server.status).toBe(0);
    expect(members.filter((member) => member.texts().length === 1)).toHaveLength(70);
  });

  test("says goodbye when it is interrupted, and nothing to anyone", () => {
    const scene = new ChatScene();
    const client = scene.user("client", 5_555);
    scene.run();
    scene.lines();
    scene.network.act(scene.server, (server, now) => server.interrupt(now));
    expect(scene.lines()).toEqual([">>> [Quitting.]"]);
    expect(scene.server.status).toBe(0);
    scene.run(1_000);
    expect(client.speaker.closed).toEqual([]);
  });
});
