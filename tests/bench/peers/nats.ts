// NATS core: publish and subscribe over TCP, at most once. A member that is too slow is cut off.
// https://docs.nats.io/reference/reference-protocols/nats-protocol

import { join } from "node:path";

import { decimalAt, LINE_END_BYTES, lineFeedAfter, wordBefore } from "./ascii.ts";
import { GROUP, type Peer, SENDER } from "./peer.ts";
import { gatherTcp, type Wire } from "./tcp-crowd.ts";
import { serveTcp } from "./tcp-server.ts";

/** Nobody is asked for signs of life, and nobody is cut off. */
const CONFIGURATION = `
max_connections: 100000
ping_interval: "1h"
write_deadline: "60s"
`;

const CONNECT = JSON.stringify({ verbose: false, pedantic: false, tls_required: false });

const LETTER_M = "M".charCodeAt(0);

/** Lines; `MSG subject sid length` is followed by so many bytes and a line end. No other line begins with M. */
const read: Wire["read"] = (bytes, connection) => {
  let at = 0;
  for (;;) {
    const lineFeed = lineFeedAfter(bytes, at);
    if (lineFeed < 0) return at;
    if (bytes[at] === LETTER_M) {
      const lineEnd = lineFeed - 1;
      const length = decimalAt(bytes, wordBefore(bytes, lineEnd), lineEnd);
      const end = lineFeed + 1 + length + LINE_END_BYTES;
      if (end > bytes.length) return at;
      connection.delivered(bytes, lineFeed + 1);
      at = end;
      continue;
    }
    const line = bytes.toString("latin1", at, lineFeed).trimEnd();
    if (line === "PING") connection.say("PONG\r\n");
    else if (line === "PONG") connection.joined();
    else if (line.startsWith("-ERR")) connection.fail(line);
    at = lineFeed + 1;
  }
};

export const natsWire: Wire = {
  greeting: (member) =>
    `CONNECT ${CONNECT}\r\n${member === SENDER ? "" : `SUB ${GROUP} 1\r\n`}PING\r\n`,
  publication: (text) => `PUB ${GROUP} ${text.length}\r\n${text}\r\n`,
  read,
};

export const nats: Peer = {
  name: "NATS core",
  needs: "nats-server",
  serve: (folder) =>
    serveTcp(async (port) => {
      const file = join(folder, "nats.conf");
      await Bun.write(file, CONFIGURATION);
      return ["nats-server", "-c", file, "-a", "127.0.0.1", "-p", `${port}`];
    }),
  gather: gatherTcp(natsWire),
};
