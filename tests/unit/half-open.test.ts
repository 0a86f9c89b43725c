// Handshakes that wait for a first packet: how long, how many, and what is left of those that go.

import { expect, test } from "bun:test";

import { type HalfOpen, HalfOpens } from "../../lib/transport/handshake/half-open.ts";
import { HALF_OPEN_LIFETIME_MS, HALF_OPEN_MAX } from "../../lib/transport/limits.ts";

const halfOpen = (number: number): HalfOpen => ({
  secret: new Uint8Array(32).fill(number),
  peerKey: new Uint8Array(32).fill(number + 1),
  resetToken: new Uint8Array(16).fill(number + 2),
  remoteIndex: 7_000 + number,
  address: { host: "192.0.2.1", port: 1_024 + number },
  ephemeral: `handshake ${number}`,
});

test("one is kept as it was given, but for the secret that was handed over", () => {
  const all = new HalfOpens();
  const given = halfOpen(5);
  all.add(0, 1, given);
  expect(given.secret).toEqual(new Uint8Array(32));
  expect(all.get(1)).toEqual(halfOpen(5));
  expect([all.has(1), all.has(2), all.size]).toEqual([true, false, 1]);
});

test("who goes leaves no secret behind", () => {
  const all = new HalfOpens();
  all.add(0, 1, halfOpen(5));
  const { secret } = all.get(1)!;
  all.forget(1);
  expect(secret).toEqual(new Uint8Array(32));
  expect([all.get(1), all.size, all.nextAt]).toEqual([undefined, 0, Infinity]);
});

test("each has its time, and the same time again when it is renewed", () => {
  const all = new HalfOpens();
  all.add(0, 1, halfOpen(1));
  all.add(1, 2, halfOpen(2));
  all.renew(2, 1);
  expect(all.nextAt).toBeLessThanOrEqual(1 + HALF_OPEN_LIFETIME_MS);
  expect(all.forgetDue(HALF_OPEN_LIFETIME_MS)).toBeUndefined();
  expect(all.forgetDue(1 + HALF_OPEN_LIFETIME_MS)).toBe("handshake 2");
  expect(all.forgetDue(1 + HALF_OPEN_LIFETIME_MS)).toBeUndefined();
  expect(all.get(1)).toEqual(halfOpen(1));
  expect(all.forgetDue(2 + HALF_OPEN_LIFETIME_MS)).toBe("handshake 1");
  expect(all.size).toBe(0);
});

test("the oldest goes for one too many, however often it was renewed", () => {
  const all = new HalfOpens();
  for (let number = 0; number < HALF_OPEN_MAX; number++) {
    expect(all.add(0, number, halfOpen(number))).toBeUndefined();
  }
  all.renew(1, 0);
  expect(all.add(1, HALF_OPEN_MAX, halfOpen(9))).toBe("handshake 0");
  expect([all.has(0), all.has(1), all.size]).toEqual([false, true, HALF_OPEN_MAX]);
});
