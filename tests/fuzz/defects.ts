// Deliberate defects, one for each target: a fuzzer that does not find them proves nothing. Decoders are wrapped; methods
// of the product are replaced for as long as the test runs.

import { parseLine } from "../../lib/chat/client/commands.ts";
import { Screen } from "../../lib/chat/client/screen.ts";
import { decodeMessage } from "../../lib/chat/message-decode.ts";
import { printable } from "../../lib/chat/printable.ts";
import { Groups } from "../../lib/chat/server/groups.ts";
import { LineSplitter } from "../../lib/io/terminal/input.ts";
import { KeyFilter } from "../../lib/io/terminal/key-filter.ts";
import { Responder } from "../../lib/transport/handshake/responder.ts";
import { Liveness } from "../../lib/transport/session/liveness.ts";
import { PathValidation } from "../../lib/transport/session/path-validation.ts";
import { ReceiveStream } from "../../lib/transport/session/receive-stream.ts";
import { ByteReader } from "../../lib/transport/wire/bytes.ts";
import { decodeDatagram } from "../../lib/transport/wire/datagrams.ts";
import { decodeFrames, FrameKind } from "../../lib/transport/wire/frames.ts";
import { replace } from "../support/replace.ts";
import { type Fuzzer, fuzzer } from "./fuzzer.ts";
import { fuzzerOf } from "./targets/all.ts";
import { commands } from "./targets/commands.ts";
import { frames } from "./targets/frames.ts";
import { messages } from "./targets/messages.ts";
import { packets } from "./targets/packets.ts";
import { texts } from "./targets/texts.ts";

export interface Defect {
  readonly name: string;
  readonly fuzzer: Fuzzer;
  /** Switches the defect on, and returns what switches it off again. */
  readonly apply: () => () => void;
  /** The rule that it breaks: its beginning. */
  readonly rule: string;
  /** The smallest case there is; where there are several, what all of them are like. */
  readonly smallest: readonly string[] | RegExp;
}

const nothing = (): (() => void) => () => {};

const text = new TextDecoder();

export const DEFECTS: readonly Defect[] = [
  {
    name: "takes a DATA of any length",
    fuzzer: fuzzer(
      packets((bytes) => {
        const packet = decodeDatagram(bytes);
        if ("kind" in packet || bytes[0] !== 5 || bytes.length < 6) return packet;
        throw new RangeError("beyond the end");
      }),
    ),
    apply: nothing,
    rule: "throws RangeError: beyond the end",
    smallest: ["050000000000"],
  },
  {
    name: "does not look at the end of a STREAM",
    fuzzer: fuzzer(
      frames((bytes) => {
        const read = decodeFrames(bytes);
        if ("reason" in read && read.reason.startsWith("stream data beyond")) return [];
        return read;
      }),
    ),
    apply: nothing,
    rule: "the document and the program read the same frames",
    // Its kind, an offset or a length of eight bytes, and the other one of a single byte.
    smallest: /^03[0-9a-f]{18}$/,
  },
  {
    name: "takes a frame of an unknown kind for PING",
    fuzzer: fuzzer(
      frames((bytes) => {
        const read = decodeFrames(bytes);
        if ("reason" in read && bytes.length === 1) return [{ kind: FrameKind.Ping }];
        return read;
      }),
    ),
    apply: nothing,
    rule: "the document and the program read the same frames",
    // One byte, and none of those with which a frame begins that needs no more.
    smallest: /^(?!00|01)[0-9a-f]{2}$/,
  },
  {
    name: "reads a byte string of -1 bytes",
    fuzzer: fuzzerOf("reader"),
    apply: () =>
      replace(
        ByteReader,
        "bytes",
        (right) =>
          function (count) {
            if (count === -1) throw new RangeError("a length of -1");
            return right.call(this, count);
          },
      ),
    rule: "throws RangeError: a length of -N",
    smallest: /^[0-9a-f]{2,16}$/,
  },
  {
    name: "throws on a payload that is null",
    fuzzer: fuzzer(
      messages((bytes) => {
        const decoded = decodeMessage(bytes);
        if (decoded.kind !== "invalid" || !decoded.reason.startsWith("payload")) return decoded;
        throw new TypeError(text.decode(bytes).slice(0, 0));
      }),
    ),
    apply: nothing,
    rule: "throws TypeError",
    smallest: /^"\{\\"type\\":\\"[a-z_]+\\"\}"$/,
  },
  {
    name: "lets text be turned around",
    fuzzer: fuzzer(texts((shown) => (shown.includes("\u202e") ? shown : printable(shown)))),
    apply: nothing,
    rule: "lines are printable",
    smallest: ['"\\u202e"'],
  },
  {
    name: "cannot split a line at a tab",
    fuzzer: fuzzer(
      commands((line, mode) => {
        const parsed = parseLine(line, mode);
        const split = parsed.kind === "command" && line.includes("\t");
        return split ? { ...parsed, words: parsed.words.slice(1) } : parsed;
      }),
    ),
    apply: nothing,
    rule: "a command has its words",
    smallest: /^"(send a|create_group|join_group|send_group|dereg)[ \\t]+a?[ \\t]*a?"$/,
  },
  {
    name: "loses a line end that comes alone",
    fuzzer: fuzzerOf("input"),
    apply: () =>
      replace(
        LineSplitter,
        "feed",
        (right) =>
          function (bytes) {
            if (bytes.length !== 1 || bytes[0] !== 0x0a) right.call(this, bytes);
          },
      ),
    rule: "the lines are the same",
    smallest: /^(00)*0a(00)*$/,
  },
  {
    name: "lets a control of eight bits through to the line",
    fuzzer: fuzzerOf("typing"),
    apply: () =>
      replace(
        KeyFilter,
        "feed",
        (right) =>
          function (bytes, now) {
            const pieces = right.call(this, bytes, now);
            return bytes.includes(0x9b) ? [...pieces, "\x9b"] : pieces;
          },
      ),
    rule: "a typed line has no controls",
    smallest: ["9b"],
  },
  {
    name: "answers HELLO with more than it brought",
    fuzzer: fuzzerOf("endpoint"),
    apply: () =>
      replace(
        Responder,
        "onHello",
        (right) =>
          function (...args) {
            const retry = right.apply(this, args);
            const longer = new Uint8Array(200);
            longer.set(retry);
            return longer;
          },
      ),
    rule: "an address without proof",
    smallest: /^(raw \d+ 0101[0-9a-f]{156,}|shake \d+)$/,
  },
  {
    name: "challenges an address without end",
    fuzzer: fuzzerOf("endpoint"),
    apply: () => replace(PathValidation, "spend", () => () => true),
    rule: "an address without proof",
    smallest: /^sealed \d \d+ 0 00$/,
  },
  {
    name: "wants to be woken at a moment that is over",
    fuzzer: fuzzerOf("endpoint"),
    apply: () => replace(Liveness, "keepAliveAt", () => () => 2_000),
    rule: "a wake-up leads onward",
    smallest: /^wait \d+$/,
  },
  {
    name: "throws on an empty piece of the stream",
    fuzzer: fuzzerOf("endpoint"),
    apply: () =>
      replace(
        ReceiveStream,
        "accept",
        (right) =>
          function (start, bytes, taken) {
            if (bytes.length === 0) throw new RangeError("nothing to read");
            return right.call(this, start, bytes, taken);
          },
      ),
    rule: "throws RangeError: nothing to read",
    smallest: /^sealed \d \d+ 0 030000$/,
  },
  {
    name: "throws everybody out of a group that somebody leaves",
    fuzzer: fuzzerOf("server"),
    apply: () =>
      replace(
        Groups,
        "leave",
        (right) =>
          function (membership) {
            right.call(this, membership);
            for (const one of [...membership.group.members.values()]) right.call(this, one);
          },
      ),
    rule: "honest users lose",
    smallest: /^[^\n]+\n(.+\n)?act converse ""$/,
  },
  {
    name: "shows a wrong command as it was typed",
    fuzzer: fuzzerOf("client"),
    apply: () =>
      replace(
        Screen,
        "take",
        (right) =>
          function () {
            return right.call(this).map((line) => {
              if (!line.text.startsWith("[Invalid command:")) return line;
              return { ...line, text: line.text.replace("\u241b", "\x1b") };
            });
          },
      ),
    rule: "lines are printable",
    smallest: ['act type "\\u001b"'],
  },
];
