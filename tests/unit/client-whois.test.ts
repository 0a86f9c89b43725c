// Whom a client asks its server about without being told to: a few at once, a few a second, and commands before them.

import { describe, expect, test } from "bun:test";

import type { Answered } from "../../lib/chat/client/request-book.ts";
import { Whois } from "../../lib/chat/client/whois.ts";
import {
  PREFIX_STRANGERS_MAX,
  WHOIS_BURST,
  WHOIS_IN_FLIGHT_MAX,
  WHOIS_PER_SECOND,
} from "../../lib/chat/limits.ts";
import type { Message } from "../../lib/chat/message.ts";
import { ClientScene } from "../support/client-scene.ts";
import { FullScene } from "../support/full-scene.ts";
import type { Asked } from "../support/scripted-server.ts";
import { Stranger } from "../support/stranger.ts";

const HELLO: Message = {
  type: "direct_message",
  payload: { text: "hello" },
  metadata: { number: 1 },
};

describe("many who write at once, while the table is on demand", () => {
  /** Bob, whose table is on demand, and new users of whom only the server knows. */
  const scene = (count: number) => {
    const stage = new ClientScene();
    const bob = stage.client("bob", 5_555);
    stage.onServer((server) => {
      for (const session of server.sessions.values()) {
        const payload = { epoch: server.epoch, version: server.version };
        server.say(session, { type: "table_on_demand", payload, metadata: {} });
      }
    });
    stage.network.run(100);
    bob.shown.length = 0;
    const users = Array.from({ length: count }, (_, number) => new Stranger(stage, number));
    const answer = (asked: Asked): void => {
      if (asked.message.type !== "whois") return;
      const { key } = asked.message.payload;
      const number = users.findIndex((one) => one.key === key);
      const user =
        number < 0 ? null : { name: `user${number}`, key, host: "10.0.0.1", port: 6_666 };
      stage.server.reply(asked, { type: "resolved", payload: { user } });
    };
    /** They write, one after the other within a moment. */
    const write = (): void => {
      for (const user of users) {
        user.speakTo(bob)(HELLO);
        stage.network.run(2);
      }
    };
    return { stage, bob, users, answer, write };
  };

  const lines = (count: number): string[] =>
    Array.from({ length: count }, (_, number) => `>>> [user${number}: hello]`);

  test.each([20, PREFIX_STRANGERS_MAX])(
    "%i of them: all are shown within half a second",
    (count) => {
      const { stage, bob, answer, write } = scene(count);
      stage.server.script = (asked) => {
        answer(asked);
        return asked.message.type === "whois";
      };
      write();
      stage.network.run(500);
      expect(bob.shown).toEqual(lines(count));
    },
  );

  test("few are asked for at once, in the order of arrival; all are kept until the server answers", () => {
    const { stage, bob, users, answer, write } = scene(20);
    const waiting: Asked[] = [];
    stage.server.script = (asked) => asked.message.type === "whois" && waiting.push(asked) > 0;
    write();
    stage.network.run(30_000);
    expect(waiting).toHaveLength(WHOIS_IN_FLIGHT_MAX);
    while (waiting.length > 0) {
      stage.onServer(() => waiting.splice(0).forEach(answer));
      stage.network.run(100);
    }
    expect(stage.server.of("whois").map(({ payload }) => payload.key)).toEqual(
      users.map(({ key }) => key),
    );
    expect(bob.shown).toEqual(lines(20));
  });

  test("one of them has room, whoever takes all there is for those of another place", () => {
    const { stage, bob, answer, write } = scene(1);
    const waiting: Asked[] = [];
    stage.server.script = (asked) => asked.message.type === "whois" && waiting.push(asked) > 0;
    for (let number = 1; number <= 200; number++) {
      new Stranger(stage, number, "10.9.0.1").speakTo(bob)(HELLO);
      stage.network.run(5);
    }
    write();
    stage.network.run(100);
    // As slow as the client asks.
    while (waiting.length > 0) {
      stage.onServer(() => waiting.splice(0).forEach(answer));
      stage.network.run(100);
    }
    expect(bob.shown).toEqual(lines(1));
  });

  test("a command goes before those that wait", () => {
    const { stage, bob, write } = scene(20);
    stage.server.script = (asked) => asked.message.type === "whois" || stage.server.obliging(asked);
    write();
    stage.network.run(100);
    expect(bob.say("list_groups")).toEqual([">>> [Available group chats:]", ">>> [a]", ">>> [b]"]);
    expect(stage.server.of("whois")).toHaveLength(WHOIS_IN_FLIGHT_MAX);
  });
});

test("strangers without end do not use up what a client may ask of its server", () => {
  // A server that lets each client ask 50 times a second: fewer than strangers come.
  const scene = new FullScene(1, undefined, {
    limits: { "messages-per-second": 50, "messages-burst": 100 },
  });
  const bob = scene.client("bob", 5_555);
  bob.say("create_group g", "join_group g");
  bob.node.takeShown();
  const place = { network: scene.network, onServer() {} };
  const took: number[] = [];
  for (let number = 0; number < 400; number++) {
    new Stranger(place, number).speakTo(bob)(HELLO);
    scene.network.run(10);
    if (number % 100 < 99) continue;
    const before = scene.network.now;
    expect(bob.say("send_group hello")).toEqual([">>> (g) [Message received by Server.]"]);
    took.push(scene.network.now - before);
  }
  expect(Math.max(...took)).toBeLessThan(20);
  expect(bob.shown).toEqual([]);
});

describe("the questions", () => {
  const asking = () => {
    const asked: { readonly key: string; readonly answered: Answered }[] = [];
    const told: string[] = [];
    const server: ConstructorParameters<typeof Whois>[0] = {
      ask(_now, ask, urgent, answered) {
        if (ask.type !== "whois" || urgent) throw new Error(`asked for ${ask.type}`);
        asked.push({ key: ask.payload.key, answered });
      },
    };
    return { asked, told, whois: new Whois(server, (key) => told.push(key)) };
  };

  const NOBODY = { type: "resolved", payload: { user: null }, metadata: { id: 9 } } as const;

  test("are as many at once as can wait, then so many a second", () => {
    const { asked, told, whois } = asking();
    const answerAll = (now: number): void => {
      for (let at = told.length; at < asked.length; at++) asked[at]!.answered(now, NOBODY);
    };
    for (let number = 0; number < 300; number++) whois.ask(1_000, `key ${number}`);
    expect(asked).toHaveLength(WHOIS_IN_FLIGHT_MAX);
    answerAll(1_000);
    expect(asked).toHaveLength(WHOIS_BURST);
    let wakeups = 0;
    for (let now = whois.nextWakeup(); now <= 4_000; now = whois.nextWakeup()) {
      wakeups++;
      whois.wake(now);
      answerAll(now);
    }
    expect(wakeups).toBe(3 * WHOIS_PER_SECOND);
    expect(asked).toHaveLength(WHOIS_BURST + 3 * WHOIS_PER_SECOND);
    expect(told).toEqual(Array.from(told, (_, number) => `key ${number}`));
  });

  test("about one key are one, until there is an answer", () => {
    const { asked, told, whois } = asking();
    for (let count = 0; count < 10; count++) whois.ask(0, "a");
    expect(asked).toHaveLength(1);
    asked[0]!.answered(0, NOBODY);
    expect(told).toEqual(["a"]);
    whois.ask(0, "a");
    expect(asked).toHaveLength(2);
  });

  test("that nobody answers make room for the next ones", () => {
    const { asked, told, whois } = asking();
    for (const key of ["a", "b", "c", "d", "e"]) whois.ask(0, key);
    expect(asked).toHaveLength(4);
    expect(whois.nextWakeup()).toBe(Infinity);
    asked[0]!.answered(2_500, undefined);
    expect(asked.map(({ key }) => key)).toEqual(["a", "b", "c", "d", "e"]);
    expect(told).toEqual([]);
  });

  test("that nobody wants an answer to are not asked", () => {
    const { asked, whois } = asking();
    for (const key of ["a", "b", "c", "d", "e", "f"]) whois.ask(0, key);
    whois.drop("e");
    asked[0]!.answered(0, NOBODY);
    expect(asked.map(({ key }) => key)).toEqual(["a", "b", "c", "d", "f"]);
  });
});
