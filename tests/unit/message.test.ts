// The wire messages against their vectors, and against bytes that nobody should send.

import { expect, test } from "bun:test";

import { hasMoreParts } from "../../lib/chat/json-parts.ts";
import { decodeMessage } from "../../lib/chat/message-decode.ts";
import { encodedTextBytes, encodeMessage, type Message } from "../../lib/chat/message.ts";
import { MESSAGE_MAX_BYTES } from "../../lib/transport/limits.ts";
import { hostile } from "../support/mutate.ts";
import { Prng } from "../support/prng.ts";
import vectors from "../vectors/messages.json" with { type: "json" };

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const messages = vectors.messages as unknown as Message[];

test("every message is read as it was written", () => {
  for (const message of messages) {
    expect(decodeMessage(encodeMessage(message))).toEqual({ kind: "message", message });
    expect(decodeMessage(utf8(JSON.stringify(message, null, "\t")))).toEqual({
      kind: "message",
      message,
    });
  }
});

test("fields that are not known are left out", () => {
  for (const { type, payload, metadata } of messages) {
    const more = {
      type,
      payload: { ...payload, more: 1 },
      metadata: { ...metadata, more: 1 },
      more: 1,
    };
    expect(decodeMessage(utf8(JSON.stringify(more)))).toEqual({
      kind: "message",
      message: { type, payload, metadata } as Message,
    });
  }
});

test("a type that is not known is told apart from a wrong message", () => {
  for (const type of ["shout", "__proto__", "constructor", ""]) {
    expect(decodeMessage(utf8(JSON.stringify({ type })))).toEqual({ kind: "unknown", type });
  }
});

test("what is wrong has a reason", () => {
  for (const { json, reason } of vectors.invalid) {
    const decoded = decodeMessage(utf8(json));
    expect(decoded).toMatchObject({ kind: "invalid", reason });
  }
  expect(decodeMessage(new Uint8Array([0x22, 0xff, 0x22]))).toMatchObject({ kind: "invalid" });
  expect(decodeMessage(new Uint8Array(MESSAGE_MAX_BYTES + 1))).toMatchObject({ kind: "invalid" });
  expect(decodeMessage(utf8("[".repeat(MESSAGE_MAX_BYTES)))).toMatchObject({ kind: "invalid" });
});

test("a wrong request can be refused by its type and id", () => {
  const wrong = { type: "resolve", payload: {}, metadata: { id: 12 } };
  expect(decodeMessage(utf8(JSON.stringify(wrong)))).toMatchObject({ request: "resolve", id: 12 });
});

test("a list has an end", () => {
  const many = { name: "a", groups: Array.from({ length: 17 }, () => "g") };
  const message = { type: "register", payload: many, metadata: { id: 1 } };
  expect(decodeMessage(utf8(JSON.stringify(message)))).toMatchObject({
    reason: "groups: more than 16",
  });
});

test("no bytes make it throw", () => {
  const random = new Prng(1);
  const valid = messages.map((message) => encodeMessage(message));
  for (let round = 0; round < 20_000; round++) {
    const decoded = decodeMessage(hostile(random, valid));
    expect(["message", "unknown", "invalid"]).toContain(decoded.kind);
  }
});

test("a text is measured as it is written", () => {
  expect(encodedTextBytes("")).toBe(2);
  expect(encodedTextBytes("ab")).toBe(4);
  expect(encodedTextBytes("\n\u0001é😀")).toBe(2 + 2 + 6 + 2 + 4);
});

test("a message of as many bytes as allowed is read", () => {
  const empty = '{"type":"ping","payload":{},"metadata":{},"x":""}';
  const longest = empty.replace('""', `"${"x".repeat(MESSAGE_MAX_BYTES - empty.length)}"`);
  expect(longest.length).toBe(MESSAGE_MAX_BYTES);
  expect(decodeMessage(utf8(longest))).toMatchObject({ kind: "message" });
});

test("as many parts as allowed are not too many", () => {
  expect(hasMoreParts(utf8('{"a":[1,2]}'), 3)).toBe(false);
  expect(hasMoreParts(utf8('{"a":[1,2]}'), 2)).toBe(true);
});
