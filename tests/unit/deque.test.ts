// Queues: in order, and nothing of what was taken is kept, also where one that never runs empty goes on for ever.

import { expect, test } from "bun:test";

import { Deque } from "../../lib/transport/deque.ts";
import { type FramedMessage } from "../../lib/transport/framed-message.ts";
import { SendStream } from "../../lib/transport/session/send-stream.ts";

const COUNT = 200;

/** How many of these are still in memory. What the stack still names may be among them. */
const alive = async (refs: readonly WeakRef<object>[]): Promise<number> => {
  // In the job in which it was made, a reference keeps its target.
  await Bun.sleep(0);
  Bun.gc(true);
  return refs.filter((ref) => ref.deref() !== undefined).length;
};

test("a deque gives back in order what it was given", () => {
  const deque = new Deque<number>();
  let out = 0;
  for (let at = 0; at < 5_000; at++) {
    deque.push(at);
    if (at % 3 !== 0) expect(deque.shift()).toBe(out++);
  }
  expect(deque.at(1)).toBe(out + 1);
  deque.keep((item) => item % 2 === 0);
  const rest = [...deque];
  expect(rest.every((item, at) => item % 2 === 0 && item >= (rest[at - 1] ?? out))).toBe(true);
  while (deque.length > 0) deque.shift();
  expect(deque.shift()).toBeUndefined();
});

test("a deque keeps nothing that was taken", async () => {
  const deque = new Deque<object>();
  const refs: WeakRef<object>[] = [];
  deque.push({});
  for (let i = 0; i < COUNT; i++) {
    const item = { i };
    refs.push(new WeakRef(item));
    deque.push(item);
    deque.shift();
  }
  expect(await alive(refs)).toBeLessThan(COUNT / 10);
  expect(deque.length).toBe(1);
});

test("a stream keeps no message that was delivered", async () => {
  const stream = new SendStream(Infinity);
  const refs: WeakRef<object>[] = [];
  let end = 1;
  stream.push(0, new Uint8Array(1) as FramedMessage);
  for (let i = 0; i < COUNT; i++) {
    const message = new Uint8Array(100) as FramedMessage;
    refs.push(new WeakRef(message));
    stream.push(0, message);
    stream.take(Infinity);
    stream.onAcked(0, end);
    end += message.length;
  }
  expect(await alive(refs)).toBeLessThan(COUNT / 10);
  expect(stream.undelivered).toBe(1);
});
