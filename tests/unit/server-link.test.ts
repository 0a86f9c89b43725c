// What waits for one client: what is owed, and what has gone out.

import { expect, test } from "bun:test";

import { ANSWERS_MAX_FRAMES } from "../../lib/chat/limits.ts";
import { Link } from "../../lib/chat/server/link.ts";
import type { Endpoint } from "../../lib/transport/endpoint.ts";
import { frameMessage } from "../../lib/transport/framed-message.ts";

test("answers that had to wait and went out do not count as waiting", () => {
  let number = 0;
  let full = false;
  const endpoint = { send: () => (full ? "queue_full" : ++number) } as unknown as Endpoint;
  let ended = 0;
  const link = new Link(endpoint, 1, "key", { host: "10.0.0.1", port: 1 }, () => ended++);
  const frame = frameMessage(Uint8Array.of(1));
  for (let count = 0; count <= ANSWERS_MAX_FRAMES; count++) {
    full = true;
    expect(link.post(0, frame)).toBe(0);
    full = false;
    link.drain(0);
  }
  expect([number, ended]).toEqual([ANSWERS_MAX_FRAMES + 1, 0]);
  full = true;
  for (let count = 0; count <= ANSWERS_MAX_FRAMES; count++) link.post(0, frame);
  expect(ended).toBe(1);
});

test("answers that the client has yet to take are owed, also once it took those before", () => {
  let number = 0;
  const endpoint = { send: () => ++number } as unknown as Endpoint;
  const link = new Link(endpoint, 1, "key", { host: "10.0.0.1", port: 1 }, () => {});
  const frame = frameMessage(new Uint8Array(9));
  for (let count = 0; count < 3; count++) link.post(0, frame, true);
  link.delivered(1);
  expect([link.answersOwed, link.answerBytesOwed]).toEqual([2, 20]);
  link.delivered(3);
  expect([link.answersOwed, link.answerBytesOwed]).toEqual([0, 0]);
});
