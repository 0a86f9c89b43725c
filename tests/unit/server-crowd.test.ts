// A server with more users than it pushes the table for.

import { expect, test } from "bun:test";

import type { CommittedEntry } from "../../lib/chat/log.ts";
import { allLimits, countsOf } from "../../lib/chat/server/server-limits.ts";
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
