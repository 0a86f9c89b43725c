// No text from outside reaches a screen unexamined: hostile texts in every field of every message that a server, a client or
// a peer may send, and everything that is then to be seen: lines, the group in front of them, the prompt, completions, and
// what is said of wrong arguments.

import { describe, expect, test } from "bun:test";

import { lineText } from "../../lib/chat/line.ts";
import type { Message, MessageType } from "../../lib/chat/message.ts";
import { encodeMessage } from "../../lib/chat/message.ts";
import { checkName } from "../../lib/chat/names.ts";
import { parseClientArguments, parseServerArguments } from "../../lib/io/command-line/arguments.ts";
import { ChatScene } from "../support/chat-scene.ts";
import { type Actor, ClientScene } from "../support/client-scene.ts";
import { Speaker } from "../support/speaker.ts";
import vectors from "../vectors/messages.json" with { type: "json" };

/** Stands in each hostile text, and shows that it got to the screen. */
const MARK = "xyzzy";

const range = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, at) => String.fromCodePoint(from + at)).join("");

const HOSTILE: readonly (readonly [what: string, text: string])[] = [
  ["C0", range(0, 0x1f)],
  ["DEL", "\x7f\x7f"],
  ["C1", range(0x80, 0x9f)],
  ["CSI of one byte", "\x9b31m\x9b2J"],
  ["an escape sequence", "\x1b[31m\x1b[2J\x1bc"],
  ["a title, a link, a clipboard", "\x1b]0;own\x07\x1b]8;;http://x\x1b\\\x9d52;c;eA==\x9c"],
  ["a device control string", "\x1bP+q544e\x1b\\\x90x\x9c"],
  ["line ends", "a\r\nb\rc\nd\u2028e\u2029f\x85g\vh\fi"],
  ["bidi controls", `${range(0x202a, 0x202e)}${range(0x2066, 0x2069)}\u200e\u200f\u061c`],
  ["zero width", "a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg\u034fh\u180ei"],
  ["hidden tags", `a\u{e0001}${range(0xe0061, 0xe0069)}\u{e007f}`],
  ["lone surrogates", "a\ud800b\udc00\ud800"],
  ["private use and noncharacters", "\ue000\uf8ff\ufffe\uffff\u{10fffe}"],
  ["a tower of marks", `a${"\u0301".repeat(200)}`],
  ["blank letters", "\u3164\u115f\uffa0\u2800"],
];

const UNSAFE =
  /[\p{Cc}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Noncharacter_Code_Point}\u00ad\u034f\u180e\u200b-\u200d\u2060-\u2064\ufeff\u3164\u115f\u1160\uffa0\u{e0000}-\u{e0fff}]/u;
const TOWER = /\p{M}{9}/u;

const expectSafe = (shown: readonly string[]): void => {
  expect(shown.filter((text) => UNSAFE.test(text) || TOWER.test(text))).toEqual([]);
};

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** The same value with each of its texts replaced, or with one after the other. */
const replaced = (value: Json, text: string): Json => {
  if (typeof value === "string") return text;
  if (Array.isArray(value)) return value.map((item: Json) => replaced(item, text));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, replaced(item, text)]),
  );
};

/** What has to have its shape for the message to be read at all. */
const SHAPED = new Set(["key", "host", "sender", "reason", "request", "epoch"]);

const hostileMessage = (message: Json, text: string): Json => {
  if (typeof message !== "object" || message === null || Array.isArray(message)) {
    return replaced(message, text);
  }
  return Object.fromEntries(
    Object.entries(message).map(([name, item]) => {
      if (name === "type" || SHAPED.has(name)) return [name, item];
      if (Array.isArray(item)) return [name, item.map((one: Json) => hostileMessage(one, text))];
      return [name, hostileMessage(item, text)];
    }),
  );
};

const messages = vectors.messages as readonly { readonly type: MessageType }[];

/** Everything that can be seen of a client now, but for its lines. */
const inSight = ({ machine }: Actor): string[] => [
  machine.prompt,
  ...["", "send ", "s", "join_group ", "dereg "].flatMap((typed) => machine.complete(typed)[0]),
];

/** Runs on, and returns all that was to be seen meanwhile. */
const seen = (scene: ClientScene, actor: Actor): string[] => {
  scene.network.run(50);
  return [...actor.node.takeShown(), ...inSight(actor)];
};

describe.each(HOSTILE)("at a client: %s", (_what, hostile) => {
  const name = `${MARK}${hostile}`.slice(0, 200);
  const text = `${MARK}${hostile}`;

  test("in every message of its server, in a group and outside", () => {
    for (const inside of [false, true]) {
      const scene = new ClientScene(3);
      const client = scene.client("client", 5_555);
      if (inside) {
        scene.server.script = (asked) => {
          if (asked.message.type !== "join_group") return false;
          scene.server.reply(asked, { type: "group_joined", payload: { group: "group-name" } });
          return true;
        };
        client.say("join_group group-name");
      }
      for (const message of messages) {
        // It would end the client, and has a test of its own.
        if (message.type === "refused") continue;
        scene.onServer((server) => {
          for (const session of server.sessions.values()) {
            server.say(session, hostileMessage(message as Json, name) as unknown as Message);
          }
        });
        expectSafe(seen(scene, client));
      }
      expect(client.node.status).toBeUndefined();
    }
  });

  test("in the answers to everything that a user may ask", () => {
    const scene = new ClientScene(4);
    const { server } = scene;
    const client = scene.client("client", 5_555);
    const key = "ab".repeat(32);
    let refuses = false;
    server.script = (asked) => {
      const { message } = asked;
      const { type } = message;
      if (type === "register") return false;
      if (refuses) {
        server.refuse(asked, "group_full", text.slice(0, 1_024));
      } else if (type === "create_group") {
        server.reply(asked, { type: "group_created", payload: { group: name } });
      } else if (type === "list_groups") {
        server.reply(asked, { type: "groups", payload: { groups: [name] } });
      } else if (type === "join_group") {
        server.reply(asked, { type: "group_joined", payload: { group: name } });
      } else if (type === "list_members") {
        server.reply(asked, { type: "members", payload: { group: name, members: [name] } });
      } else if (type === "send_group") {
        server.reply(asked, { type: "received", payload: {} });
      } else if (type === "leave_group") {
        server.reply(asked, { type: "group_left", payload: { group: name } });
      } else if (type === "resolve") {
        const user = { name, key, host: "10.0.0.9", port: 9_999 };
        server.reply(asked, { type: "resolved", payload: { user } });
      } else if (type === "report_offline") {
        server.reply(asked, { type: "still_online", payload: { name } });
      }
      return true;
    };
    const asked: string[] = [];
    const ask = (...lines: string[]): void => {
      for (const line of lines) {
        const shown = client.say(line);
        expectSafe([...shown, ...inSight(client)]);
        expect({ line, marked: shown.some((one) => one.includes(MARK)) }).toEqual({
          line,
          marked: true,
        });
        asked.push(line.split(" ")[0]!);
      }
    };
    refuses = true;
    ask("create_group g");
    client.say("join_group g");
    refuses = false;
    ask("create_group g", "list_groups", "join_group g");
    expect(client.machine.prompt).toContain(MARK);
    ask("list_members", "send_group hello");
    scene.onServer(({ sessions }) => {
      for (const session of sessions.values()) {
        const metadata = { sender: "ab".repeat(8), number: 5 };
        const payload = { group: name, from: name, text };
        server.say(session, { type: "group_message", payload, metadata });
        server.say(session, { type: "slow_down", payload: { wait: 1 }, metadata: {} });
        server.say(session, { type: "removed_from_group", payload: { group: name }, metadata: {} });
      }
    });
    const said = seen(scene, client);
    expectSafe(said);
    expect(said.filter((line) => line.includes(MARK)).length).toBeGreaterThanOrEqual(3);
    ask("join_group g", "leave_group");
    // Somebody who is not there, found by a question.
    scene.onServer(({ sessions, epoch }) => {
      for (const session of sessions.values()) {
        server.say(session, {
          type: "table_on_demand",
          payload: { epoch, version: 9 },
          metadata: {},
        });
      }
    });
    scene.network.run(50);
    ask("send somebody hello");
    expect(new Set(asked).size).toBe(7);
  });

  test("in its own name as registered, and in a refusal to register", () => {
    const scene = new ClientScene(5);
    scene.server.script = (asked) => {
      if (asked.message.type !== "register") return false;
      const payload = { name, epoch: "e", version: 1, settled: 0 };
      scene.server.reply(asked, { type: "registered", payload });
      scene.server.say(asked.session, {
        type: "table",
        payload: { epoch: "e", version: 1, users: [] },
        metadata: {},
      });
      return true;
    };
    const client = scene.client("client", 5_555, false);
    client.until(">>> [Client table updated.]");
    // A name is one word as it is typed.
    const typed = name.replaceAll(/[ \t]/g, "");
    expectSafe([...client.say(`send ${typed} hello`, `dereg ${typed}x`), ...inSight(client)]);
    scene.server.script = (asked) => {
      const detail = text.slice(0, 1_024);
      const payload = { request: "register", reason: "server_full", detail } as const;
      scene.server.reply(asked, { type: "refused", payload });
      return true;
    };
    const other = scene.client("other", 5_556, false);
    other.untilEnd();
    expectSafe(other.shown);
    expect(other.shown[0]).toContain(MARK);
  });

  test("in what a peer says, and in its name, at once and from the inbox", () => {
    const scene = new ClientScene(6);
    const { network, server } = scene;
    const client = scene.client("client", 5_555);
    const peer = network.add(6_000, new Speaker(network.now, 77, client.node.address), "10.0.0.9");
    server.users.push({ name, key: peer.machine.key, host: "10.0.0.9", port: 6_000 });
    scene.onServer((one) => one.pushTable());
    network.run(100);
    client.node.takeShown();
    server.script = (asked) => {
      if (asked.message.type !== "join_group") return false;
      server.reply(asked, { type: "group_joined", payload: { group: "g" } });
      return true;
    };
    let number = 0;
    const say = (): void => {
      network.act(peer, (speaker, now) => {
        const metadata = { number: ++number };
        speaker.say(now, { type: "direct_message", payload: { text }, metadata });
        for (const message of messages) {
          // Who asks to be registered has no session any more, and that has a test of its own.
          if (message.type === "direct_message" || message.type === "register") continue;
          const bytes = encodeMessage(hostileMessage(message as Json, name) as unknown as Message);
          speaker.sayBytes(now, bytes);
        }
      });
      network.run(500);
    };
    say();
    const shown = client.node.takeShown();
    expectSafe([...shown, ...inSight(client)]);
    expect(shown.length).toBe(1);
    expect(shown[0]).toContain(`: ${MARK}`);
    client.say("join_group g");
    say();
    client.interrupt();
    const mail = client.node.takeShown();
    expectSafe(mail);
    expect(mail.filter((line) => line.startsWith(">>> [>>> "))).toHaveLength(1);
    expect(mail[0]).toContain(`: ${MARK}`);
  });
});

describe.each(HOSTILE)("at the server: %s", (_what, hostile) => {
  test("in every message, of a user and of a stranger", () => {
    const scene = new ChatScene(7);
    const client = scene.user("client", 5_555);
    client.ask("create_group", { group: "group-name" });
    client.ask("join_group", { group: "group-name" });
    const stranger = scene.stranger(5_556);
    const text = `${MARK}${hostile}`;
    for (const { node } of [stranger, client]) {
      for (const message of messages) {
        // With the names of groups and users as they are, and with hostile ones.
        for (const name of [undefined, text.slice(0, 200)]) {
          const said = hostileMessage(message as Json, name ?? text) as { payload: Json };
          const payload =
            name === undefined
              ? { ...(said.payload as object), group: "group-name" }
              : said.payload;
          const { type } = message;
          if (type === "deregister") continue;
          scene.network.act(node, (speaker, now) => void speaker.ask(now, type, payload as object));
        }
      }
      scene.run(500);
    }
    client.ask("join_group", { group: "group-name" });
    client.ask("send_group", { group: "group-name", text });
    const shown = scene.lines();
    expectSafe(shown);
    expect(shown.some((line) => line.includes(`sent group message: ${MARK}`))).toBe(true);
    expect(shown.some((line) => line.includes("joining group `xyzzy"))).toBe(true);
    // What a server repeats in a refusal was a name before.
    for (const { node } of [stranger, client]) {
      const details = node.machine.all("refused").map(({ payload }) => payload.detail);
      expectSafe(details);
    }
  });
});

test("at the server: a name that is allowed and has a tower of marks", () => {
  const tower = `क${"\u093e".repeat(8)}`;
  expect(checkName(tower).ok).toBe(true);
  const scene = new ChatScene();
  const client = scene.user(tower, 5_555);
  client.ask("create_group", { group: tower });
  client.ask("create_group", { group: tower });
  client.ask("join_group", { group: tower });
  client.ask("list_groups");
  client.ask("list_members", { group: tower });
  client.ask("send_group", { group: tower, text: "hello" });
  client.ask("leave_group", { group: tower });
  client.ask("deregister");
  const shown = scene.lines();
  expect(shown.length).toBeGreaterThan(10);
  expectSafe(shown);
});

test("ten thousand marks on one letter are one short line, and an emoji stays whole", () => {
  const scene = new ChatScene();
  const client = scene.founder("client", 5_555, "g");
  scene.lines();
  client.ask("send_group", { group: "g", text: `a${"\u0301".repeat(10_000)}b` });
  client.ask("send_group", { group: "g", text: "👨‍👩‍👧 🏳️‍🌈" });
  const [tower, emoji] = scene.lines();
  expectSafe([tower!]);
  expect(tower!.length).toBeLessThan(80);
  expect(emoji).toBe(">>> [Client client sent group message: 👨‍👩‍👧 🏳️‍🌈]");
});

test.each(HOSTILE)("what is said of wrong arguments: %s", (_what, hostile) => {
  const text = `${MARK}${hostile}`;
  const flags = ["--", "--users=", "--key=", "--password="].map((flag) => `${flag}${text}`);
  const wrong = [
    ...[[text], ["5000", text], ...flags.map((flag) => [flag, flag])].map(parseServerArguments),
    ...[text, ...flags].flatMap((word) =>
      [0, 1, 2, 3, 4].map((at) => {
        const words = ["client", "0.0.0.0", "5000", "5555"];
        words[at] = word;
        return parseClientArguments(words);
      }),
    ),
  ];
  const said = wrong.flatMap((one) => (one.kind === "error" ? [one.message] : []));
  expect(said.length).toBeGreaterThan(8);
  expectSafe(said);
});

test("a line is what it says and nothing else: its text and the group in front of it", () => {
  expect(lineText({ text: "[a]", kind: "status", scope: "g" })).toBe(">>> (g) [a]");
});
