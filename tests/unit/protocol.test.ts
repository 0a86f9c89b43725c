// lib/PROTOCOL.md against the program and against the vectors: every example is an entry of a vector file, and every kind,
// type, reason and limit of the program stands in the document's tables with its value.

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import * as chatLimits from "../../lib/chat/limits.ts";
import { decodeMessage, MESSAGE_TYPES } from "../../lib/chat/message-decode.ts";
import { encodeMessage, RefusalReason } from "../../lib/chat/message.ts";
import * as message from "../../lib/chat/message.ts";
import { checkName, foldName } from "../../lib/chat/names.ts";
import { SERVER_LIMITS } from "../../lib/chat/server/server-limits.ts";
import * as aead from "../../lib/transport/crypto/aead.ts";
import * as keys from "../../lib/transport/crypto/keys.ts";
import * as cookie from "../../lib/transport/handshake/cookie.ts";
import * as transportLimits from "../../lib/transport/limits.ts";
import * as retry from "../../lib/transport/retry.ts";
import * as replay from "../../lib/transport/session/replay.ts";
import { INTEGER_MAX } from "../../lib/transport/wire/bytes.ts";
import * as datagrams from "../../lib/transport/wire/datagrams.ts";
import * as frames from "../../lib/transport/wire/frames.ts";
import messageVectors from "../vectors/chat-messages.json";
import datagramVectors from "../vectors/datagrams.json";
import frameVectors from "../vectors/frames.json";
import nameVectors from "../vectors/names.json";
import sessionVectors from "../vectors/session.json";
import varintVectors from "../vectors/varint.json";

const ROOT = join(import.meta.dir, "../..");
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");
const document = read("lib/PROTOCOL.md");
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const squeezed = (text: string): string => text.replaceAll(/\s/g, "");

/** Fenced blocks with a label, which is all that stands behind the opening fence but for its first word. */
function* examples(): Generator<{ label: string; body: string }> {
  for (const [, info = "", body = ""] of document.matchAll(/^```([^\n]*)\n(.*?)^```$/gms)) {
    const label = info.replace(/^\w+ ?/, "");
    if (label !== "") yield { label, body };
  }
}

/** Rows of all tables, cell by cell. */
const rows = document
  .split("\n")
  .filter((line) => line.startsWith("|"))
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

/** The row that begins with this word in code quotes. */
const rowOf = (word: string): string[] | undefined =>
  rows.find(([first]) => first === `\`${word}\``);

/** All examples that there could be, by label. */
function* entries(): Generator<[label: string, text: string]> {
  for (const { name, hex } of datagramVectors.valid) yield [`datagrams: ${name}`, hex];
  for (const { name, hex } of frameVectors.valid) yield [`frames: ${name}`, hex];
  for (const { value, hex } of varintVectors.valid) {
    // Of several forms of a number, the shortest is the first that is not marked.
    if (hex.length === (value < 64 ? 2 : hex.length)) yield [`varint: ${value}`, hex];
  }
  for (const { name, text } of messageVectors.valid) yield [`messages: ${name}`, text];
  for (const session of sessionVectors.sessions) {
    const prefix = `session ${session.name}: `;
    yield [`${prefix}initiator static public`, session.initiator.staticPublic];
    yield [`${prefix}responder static public`, session.responder.staticPublic];
    yield [`${prefix}initiator payload`, session.initiator.payload];
    yield [`${prefix}responder payload`, session.responder.payload];
    yield [`${prefix}handshake hash`, session.handshakeHash];
    yield [`${prefix}key from initiator to responder`, session.initiatorToResponder];
    yield [`${prefix}key from responder to initiator`, session.responderToInitiator];
    yield [`${prefix}chain`, session.chain];
    yield [`${prefix}next key from initiator to responder`, session.next.initiatorToResponder];
    yield [`${prefix}next key from responder to initiator`, session.next.responderToInitiator];
    yield [`${prefix}next chain`, session.next.chain];
    for (const { name, hex, ...rest } of session.datagrams) {
      yield [prefix + name, hex];
      if ("plain" in rest && rest.plain !== undefined)
        yield [`${prefix}plain of ${name}`, rest.plain];
    }
  }
}

describe("the examples", () => {
  const known = new Map(entries());

  test.each([...examples()])("$label", ({ label, body }) => {
    const entry = known.get(label);
    expect(entry, "an entry of a vector file").toBeDefined();
    if (label.startsWith("messages: ")) expect(body.trim()).toBe(entry!);
    else expect(squeezed(body)).toBe(squeezed(entry!));
  });

  test("have labels of their own, and show whole sessions", () => {
    const labels = [...examples()].map(({ label }) => label);
    expect(new Set(labels).size).toBe(labels.length);
    expect(labels.filter((label) => label.startsWith("session")).length).toBeGreaterThan(15);
  });

  test("of secrets are those of the session", () => {
    const [session] = sessionVectors.sessions;
    const repeated = (secret: string) => `32 times \`${secret.slice(0, 2)}\``;
    for (const part of ["staticSecret", "ephemeralSecret", "rekeySecret"] as const) {
      const cells = [repeated(session!.initiator[part]), repeated(session!.responder[part])];
      expect(rows.some((row) => row[1] === cells[0]! && row[2] === cells[1]!)).toBe(true);
    }
  });
});

/** HELLO, PathChallenge -> HELLO, PATH_CHALLENGE. */
const loud = (name: string): string => name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();

describe("the tables", () => {
  test.each(Object.entries(datagrams.PacketKind))("have the datagram %s, %i", (name, value) => {
    expect(rowOf(loud(name))?.[1]).toBe(`${value}`);
  });

  test("have the length of each datagram", () => {
    const lengths = {
      HELLO: `${datagrams.HELLO_BYTES} or more`,
      RETRY: `${datagrams.RETRY_BYTES}`,
      INITIATE: `${datagrams.INITIATE_BYTES}`,
      RESPOND: `${datagrams.RESPOND_BYTES}`,
      DATA: `${datagrams.DATA_MIN_BYTES} or more`,
      RESET: `${datagrams.RESET_BYTES}`,
    };
    for (const [name, length] of Object.entries(lengths)) expect(rowOf(name)?.[2]).toBe(length);
  });

  test.each(Object.entries(frames.FrameKind))("have the frame %s, %i", (name, value) => {
    expect(rowOf(loud(name))?.[1]).toBe(`0x${value.toString(16).padStart(2, "0")}`);
  });

  test("know every type of message, and have an example of it", () => {
    const typesOfVectors = messageVectors.valid.map(({ message: { type } }) => type);
    expect([...new Set(typesOfVectors)].sort()).toEqual(MESSAGE_TYPES.toSorted());
    for (const type of MESSAGE_TYPES)
      expect({ type, row: rowOf(type)?.[0] }).toEqual({ type, row: `\`${type}\`` });
  });

  test("name every field of every message in its row", () => {
    for (const { name, message: said } of messageVectors.valid) {
      const row = rowOf(said.type)!.join(" ");
      const fields = [...Object.keys(said.payload), ...Object.keys(said.metadata)];
      // An id is that of the request, as said above the tables.
      const missing = fields.filter((field) => field !== "id" && !row.includes(`\`${field}\``));
      expect({ name, missing }).toEqual({ name, missing: [] });
    }
  });

  test("have every reason of a refusal", () => {
    for (const reason of Object.values(RefusalReason)) {
      expect({ reason, known: rowOf(reason) !== undefined }).toEqual({ reason, known: true });
    }
  });

  const modules = [
    aead,
    chatLimits,
    cookie,
    datagrams,
    frames,
    keys,
    message,
    replay,
    retry,
    transportLimits,
    { INTEGER_MAX },
  ];
  const constants = modules.flatMap((exported) =>
    Object.entries(exported).filter(
      (entry): entry is [string, number] =>
        /^[A-Z][A-Z0-9_]+$/.test(entry[0]) && typeof entry[1] === "number",
    ),
  );

  test.each(constants)("have %s", (name, value) => {
    expect(rowOf(name)?.[1]?.split(" ")[0]).toBe(grouped(value));
  });

  test.each(SERVER_LIMITS)("have the flag --$flag", ({ flag, default: value, unit }) => {
    expect(rowOf(`--${flag}`)?.[1]).toBe(`${grouped(value)} ${unit}`);
  });

  test("have the unit of each limit that has one", () => {
    const units: [ending: RegExp, unit: string][] = [
      [/_MS$/, "ms"],
      [/_BYTES$/, "bytes"],
      [/_UNITS$/, "UTF-16 units"],
      [/_CHARACTERS$/, "characters"],
    ];
    for (const [name] of constants) {
      const unit = units.find(([ending]) => ending.test(name))?.[1];
      if (unit === undefined) continue;
      const cell = rowOf(name)?.[1];
      expect({ name, unit: cell?.slice(cell.indexOf(" ") + 1) }).toEqual({ name, unit });
    }
  });

  test("have no limit that the program does not have", () => {
    const named = rows.flatMap(
      ([first = ""]) => /^`([A-Z][A-Z0-9]*_[A-Z0-9_]+)`$/.exec(first)?.[1] ?? [],
    );
    const known = new Set([
      ...constants.map(([name]) => name),
      ...Object.keys(frames.FrameKind).map(loud),
    ]);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
});

function grouped(n: number): string {
  return `${n}`.replaceAll(/\B(?=(\d{3})+$)/g, ",");
}

test("the prologue and the labels stand in the document", () => {
  const prologue = new TextDecoder().decode(datagrams.PROLOGUE);
  for (const label of [prologue, "ChatApp/1 reset secret", "ChatApp/1 reset "]) {
    expect(document).toContain(`"${label}"`);
  }
  const code = read("lib/transport/handshake/resets.ts");
  for (const label of ["ChatApp/1 reset secret", "ChatApp/1 reset "]) {
    expect(code).toContain(`"${label}"`);
  }
});

test("every link inside the document has a heading", () => {
  const headings = [...document.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^a-z0-9 -]/g, "")
      .replaceAll(" ", "-"),
  );
  const links = [...document.matchAll(/\]\(#([^)]+)\)/g)].map(([, link]) => link!);
  expect(links.filter((link) => !headings.includes(link))).toEqual([]);
});

describe("chat messages of the vectors", () => {
  test.each(messageVectors.valid)("$name", ({ message: said, text }) => {
    expect(JSON.parse(text)).toEqual(said);
    expect(new TextDecoder().decode(encodeMessage(said as never))).toBe(text);
    expect(decodeMessage(utf8(text))).toEqual({ kind: "message", message: said as never });
  });

  test.each(messageVectors.decodeOnly)("$name", ({ message: said, text }) => {
    expect(decodeMessage(utf8(text))).toEqual({ kind: "message", message: said as never });
  });

  test.each(messageVectors.invalid)("refused: $name", ({ text, request, id }) => {
    expect(decodeMessage(utf8(text))).toMatchObject({ kind: "invalid", request, id });
  });

  test.each(messageVectors.unknown)("ignored: $name", ({ text, type }) => {
    expect(decodeMessage(utf8(text))).toEqual({ kind: "unknown", type });
  });
});

describe("names of the vectors", () => {
  test.each(nameVectors.allowed)("$name is allowed", ({ typed, name }) => {
    expect(checkName(typed)).toEqual({ ok: true, value: name });
  });

  test.each(nameVectors.refused)("refused: $why", ({ typed }) => {
    expect(checkName(typed).ok).toBe(false);
  });

  test.each(nameVectors.same as [string, string][])("%s is %s", (one, other) => {
    expect(foldName(one)).toBe(foldName(other));
  });

  test.each(nameVectors.different as [string, string][])("%s is not %s", (one, other) => {
    expect(foldName(one)).not.toBe(foldName(other));
  });
});
