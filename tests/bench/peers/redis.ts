// Redis pub/sub over TCP, at most once.
// https://redis.io/docs/latest/develop/reference/protocol-spec/

import { decimalAt, LINE_END_BYTES, lineFeedAfter } from "./ascii.ts";
import { GROUP, type Peer, SENDER } from "./peer.ts";
import { gatherTcp, type Wire } from "./tcp-crowd.ts";
import { serveTcp } from "./tcp-server.ts";

/** Nothing is kept on disk, nobody is cut off. */
const SETTINGS = {
  bind: "127.0.0.1",
  save: "",
  appendonly: "no",
  maxclients: "100000",
  "tcp-backlog": "1024",
  "client-output-buffer-limit": "pubsub 0 0 0",
  loglevel: "warning",
};

const ARRAY = "*".charCodeAt(0);
const BULK = "$".charCodeAt(0);
const ERROR = "-".charCodeAt(0);
const LETTER_M = "m".charCodeAt(0);

/** Where the items of the array at `at` begin: for a push `message`, the group, the text. Nothing outlives a call. */
const items: number[] = [];

/** The end of the array whose first line ends at `lineFeed`; -1 if it is yet to come. Fills `items`. */
const arrayEnd = (bytes: Uint8Array, from: number, lineFeed: number): number => {
  const count = decimalAt(bytes, from + 1, lineFeed - 1);
  let at = lineFeed + 1;
  for (let item = 0; item < count; item++) {
    const end = lineFeedAfter(bytes, at);
    if (end < 0) return -1;
    items[item] = end + 1;
    const isBulk = bytes[at] === BULK;
    at = isBulk ? end + 1 + decimalAt(bytes, at + 1, end - 1) + LINE_END_BYTES : end + 1;
    if (at > bytes.length) return -1;
  }
  return at;
};

/** A member reads arrays alone: one that says that it is in the group, then one for each text. */
const read: Wire["read"] = (bytes, connection) => {
  let at = 0;
  for (;;) {
    const lineFeed = lineFeedAfter(bytes, at);
    if (lineFeed < 0) return at;
    if (bytes[at] === ARRAY) {
      const end = arrayEnd(bytes, at, lineFeed);
      if (end < 0) return at;
      if (bytes[items[0]!] === LETTER_M) connection.delivered(bytes, items[2]!);
      else connection.joined();
      at = end;
      continue;
    }
    if (bytes[at] === ERROR) connection.fail(bytes.toString("latin1", at, lineFeed - 1));
    // To the sender: PONG, then how many members each text went to.
    else connection.joined();
    at = lineFeed + 1;
  }
};

/** A command is an array of bulk strings. */
const command = (...words: readonly string[]): string =>
  `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;

export const redisWire: Wire = {
  greeting: (member) => (member === SENDER ? command("PING") : command("SUBSCRIBE", GROUP)),
  publication: (text) => command("PUBLISH", GROUP, text),
  read,
};

export const redis: Peer = {
  name: "Redis pub/sub",
  needs: "redis-server",
  serve: (folder) =>
    serveTcp(async (port) => [
      "redis-server",
      ...Object.entries({ ...SETTINGS, dir: folder, port }).flatMap(([name, value]) => [
        `--${name}`,
        `${value}`,
      ]),
    ]),
  gather: gatherTcp(redisWire),
};
