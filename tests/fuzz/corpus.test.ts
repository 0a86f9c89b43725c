// The corpus: every case in it breaks no rule, and there is one for every kind of input.

import { describe, expect, test } from "bun:test";

import { COMMANDS } from "../../lib/chat/client/commands.ts";
import { decodeMessage } from "../../lib/chat/message-decode.ts";
import { CLIENT_FLAGS, SERVER_FLAGS } from "../../lib/io/command-line/arguments.ts";
import { decodeDatagram, PacketKind } from "../../lib/transport/wire/datagrams.ts";
import { decodeFrames, FrameKind } from "../../lib/transport/wire/frames.ts";
import vectors from "../vectors/messages.json";
import { casesOf } from "./corpus.ts";
import { FUZZERS } from "./targets/all.ts";
import { readBytes, readUtf8 } from "./targets/plain.ts";

describe("no rule is broken by", () => {
  for (const fuzzer of FUZZERS) {
    const kept = casesOf(fuzzer.name);
    test(`${fuzzer.name}, which has cases`, () => expect(kept.length).toBeGreaterThan(0));
    for (const { name, steps } of kept) {
      test(`${fuzzer.name}: ${name}`, async () => {
        const { failure } = await fuzzer.replay(steps);
        expect(failure).toBeUndefined();
      });
    }
  }
});

describe("there is a case for every", () => {
  const linesOf = (target: string): string[] => casesOf(target).flatMap(({ steps }) => steps);
  const sorted = (items: Iterable<string | number>): (string | number)[] =>
    [...new Set(items)].sort();

  test("packet", () => {
    const kinds = linesOf("packets").flatMap((line) => {
      const packet = decodeDatagram(readBytes(line)!);
      return "kind" in packet ? [packet.kind] : [];
    });
    expect(sorted(kinds)).toEqual(sorted(Object.values(PacketKind)));
  });

  test("frame", () => {
    const kinds = linesOf("frames").flatMap((line) => {
      const frames = decodeFrames(readBytes(line)!);
      return "reason" in frames ? [] : frames.map(({ kind }) => kind);
    });
    expect(sorted(kinds)).toEqual(sorted(Object.values(FrameKind)));
  });

  test("message", () => {
    const types = linesOf("messages").flatMap((line) => {
      const decoded = decodeMessage(readUtf8(line)!);
      return decoded.kind === "message" ? [decoded.message.type] : [];
    });
    expect(sorted(types)).toEqual(sorted(vectors.messages.map(({ type }) => type)));
  });

  test("command", () => {
    const words = linesOf("commands").map((line) => (JSON.parse(line) as string).split(" ")[0]);
    const missing = COMMANDS.map(({ name }) => name).filter((name) => !words.includes(name));
    expect(missing).toEqual([]);
  });

  test.each([
    ["server", SERVER_FLAGS],
    ["client", CLIENT_FLAGS],
  ])("flag of the %s", (program, flags) => {
    const words = linesOf("arguments")
      .map((line) => JSON.parse(line) as string[])
      .filter(([name]) => name === program)
      .flatMap((argv) => argv.map((word) => word.split("=")[0]));
    const missing = Object.keys(flags).filter((name) => !words.includes(`--${name}`));
    expect(missing).toEqual([]);
  });
});
