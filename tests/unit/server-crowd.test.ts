// A server with more users than it pushes the table for.

import { expect, test } from "bun:test";

import {
  TABLE_PUSH_AGAIN_USERS,
  TABLE_PUSH_CROWD_USERS,
  TABLE_PUSH_MAX_USERS,
  TABLE_PUSH_WINDOW_MS,
} from "../../lib/chat/limits.ts";
import type { CommittedEntry } from "../../lib/chat/log.ts";
import { decodeMessage } from "../../lib/chat/message-decode.ts";
import { ServerContext } from "../../lib/chat/server/context.ts";
import type { Link } from "../../lib/chat/server/link.ts";
import { NO_MEMBERSHIPS, type User } from "../../lib/chat/server/membership.ts";
import { Presence } from "../../lib/chat/server/presence.ts";
import { Meter, Quotas } from "../../lib/chat/server/quotas.ts";
import { emptyMemory } from "../../lib/chat/server/request-memory.ts";
import { allLimits, countsOf } from "../../lib/chat/server/server-limits.ts";
import { TablePush } from "../../lib/chat/server/table-push.ts";
import type { Endpoint } from "../../lib/transport/endpoint.ts";
import type { FramedMessage } from "../../lib/transport/framed-message.ts";
import { ByteReader } from "../../lib/transport/wire/bytes.ts";
import { ChatScene } from "../support/chat-scene.ts";

/** A server with so many users, none of them here. */
function crowded(users: number): ChatScene {
  const scene = new ChatScene(1, undefined, { log: "outside" });
  const entries: CommittedEntry[] = [{ index: 1, event: { type: "opened", epoch: "e" } }];
  // All at one address.
  const most = countsOf(allLimits({ "users-per-address": 0 }));
  for (let index = 2; index <= users + 1; index++) {
    const origin = { key: index.toString(16).padStart(64, "0"), id: 1 };
    const at = { host: "10.1.1.1", port: 1_024 + index };
    entries.push({
      index,
      event: {
        type: "registered",
        origin,
        name: `user${index}`,
        ...at,
        groups: [],
        revives: 0,
        epoch: "",
        most,
      },
    });
  }
  scene.restart({ log: "outside" });
  scene.server.machine.restore(scene.network.now, entries);
  scene.commitAtOnce(entries);
  return scene;
}

test("a table of more than 1,000 users is not pushed, one of 900 is again", () => {
  const scene = crowded(1_000);
  const client = scene.stranger(5_555);
  client.ask("register", { name: "client", groups: [] });
  scene.run(1_000);
  expect(client.speaker.heard.map(({ type }) => type)).toEqual(["registered", "table_on_demand"]);
  expect(client.ask("resolve", { name: "USER500" })).toMatchObject({
    payload: { user: { name: "user500" } },
  });
  client.speaker.heard.length = 0;
  scene.run(50_000);
  expect(client.speaker.heard.map(({ type }) => type)).toEqual(["table"]);
  expect(client.speaker.last("table")?.payload.users.length).toBe(1);
});

test("who comes as the 1,001st while the news waits is told once that the table is not pushed", () => {
  const scene = crowded(998);
  const clients = [5_555, 5_556, 5_557].map((port) => scene.stranger(port));
  for (const [place, client] of clients.entries()) {
    client.ask("register", { name: `client${place}`, groups: [] });
  }
  scene.run(1_000);
  for (const { speaker } of clients) expect(speaker.all("table_on_demand")).toHaveLength(1);
});

test("a crowd that comes is told to the others twice in a moment, not again and again", () => {
  const scene = new ChatScene();
  const other = scene.user("other", 5_555);
  const guests = Array.from({ length: 10 * TABLE_PUSH_CROWD_USERS }, (_, at) =>
    scene.stranger(6_000 + at),
  );
  scene.run(3_000);
  other.speaker.heard.length = 0;
  for (const [at, guest] of guests.entries()) {
    guest.tell("register", { name: `guest${at}`, groups: [] });
    scene.run(TABLE_PUSH_WINDOW_MS / guests.length);
  }
  scene.run(TABLE_PUSH_WINDOW_MS);
  const pushed = other.speaker.all("table_changes");
  expect(pushed.flatMap(({ payload }) => payload.changes)).toHaveLength(guests.length);
  expect(pushed.length).toBeLessThanOrEqual(4);
});

test("the table is on demand above as many users as can be told, and told again a little below that", () => {
  const context = new ServerContext({} as Endpoint, () => {});
  const push = new TablePush(context, new Quotas(allLimits({})));
  const { table } = context.state;
  const users: User[] = [];
  const grow = (to: number): void => {
    while (users.length < to) {
      const number = users.length;
      const user = {
        ...{ key: `${number}`.padStart(64, "0"), name: `u${number}`, number, registration: number },
        ...{ host: "10.0.0.1", port: 1, memberships: NO_MEMBERSHIPS, removedFrom: undefined },
        memory: emptyMemory(),
      };
      users.push(user);
      table.add(user);
    }
    while (users.length > to) table.remove(users.pop()!);
  };
  let told = "";
  const post = (_: number, frame: FramedMessage) => {
    const reader = new ByteReader(frame);
    const decoded = decodeMessage(reader.copy(reader.varint())!);
    if (decoded.kind === "message") told = decoded.message.type;
  };
  grow(1);
  const presence = new Presence(users[0]!, 0);
  presence.link = { post, meter: new Meter() } as unknown as Link;
  const toldAt = (size: number): string => {
    grow(size);
    push.asked(presence, { epoch: "another", version: 0 });
    push.flush();
    return told;
  };
  expect(toldAt(TABLE_PUSH_MAX_USERS)).toBe("table");
  expect(toldAt(TABLE_PUSH_MAX_USERS + 1)).toBe("table_on_demand");
  expect(toldAt(TABLE_PUSH_AGAIN_USERS + 1)).toBe("table_on_demand");
  expect(toldAt(TABLE_PUSH_AGAIN_USERS)).toBe("table");
  expect(toldAt(TABLE_PUSH_MAX_USERS)).toBe("table");
});
