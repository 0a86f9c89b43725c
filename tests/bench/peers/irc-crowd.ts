// A crowd that speaks IRC (RFC 2812): everybody in one channel. What is said goes to all others in it.

import { lineFeedAfter } from "./ascii.ts";
import { GROUP, SENDER } from "./peer.ts";
import { type Connection, gatherTcp, type Wire } from "./tcp-crowd.ts";

const CHANNEL = `#${GROUP}`;

const SPACE = 32;
const COLON = ":".charCodeAt(0);

/** First letters of the command: nothing else that a server says begins with PR. */
const LETTER_P = "P".charCodeAt(0);
const LETTER_R = "R".charCodeAt(0);

/** RPL_WELCOME: registered. RPL_ENDOFNAMES: in the channel. */
const WELCOME = "001";
const END_OF_NAMES = "366";

/** Behind the next space; `end` if there is none before it. */
const nextWord = (bytes: Uint8Array, from: number, end: number): number => {
  let at = from;
  while (at < end && bytes[at] !== SPACE) at++;
  return Math.min(at + 1, end);
};

const read: Wire["read"] = (bytes, connection) => {
  let at = 0;
  for (;;) {
    const lineFeed = lineFeedAfter(bytes, at);
    if (lineFeed < 0) return at;
    // :nick!user@host PRIVMSG #channel :text
    const command = bytes[at] === COLON ? nextWord(bytes, at, lineFeed) : at;
    if (bytes[command] === LETTER_P && bytes[command + 1] === LETTER_R) {
      const channel = nextWord(bytes, command, lineFeed);
      connection.delivered(bytes, nextWord(bytes, channel, lineFeed) + 1);
    } else obey(bytes.toString("latin1", command, lineFeed).trimEnd(), connection);
    at = lineFeed + 1;
  }
};

const obey = (line: string, connection: Connection): void => {
  const [command] = line.split(" ", 1);
  if (command === "PING") connection.say(`PONG${line.slice("PING".length)}\r\n`);
  else if (command === WELCOME) connection.say(`JOIN ${CHANNEL}\r\n`);
  else if (command === END_OF_NAMES) connection.joined();
  else if (command === "ERROR" || /^[45][0-9]{2}$/.test(command ?? "")) {
    // 422: there is no message of the day.
    if (command !== "422") connection.fail(line);
  }
};

const nickOf = (member: number): string => (member === SENDER ? "sender" : `m${member}`);

export const ircWire: Wire = {
  greeting: (member) => `NICK ${nickOf(member)}\r\nUSER bench 0 * :bench\r\n`,
  publication: (text) => `PRIVMSG ${CHANNEL} :${text}\r\n`,
  read,
};

export const gatherIrc = gatherTcp(ircWire);
