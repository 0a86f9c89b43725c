// The initiator's side of a handshake over a path that loses nearly everything.

import { expect, test } from "bun:test";

import { PacketKind } from "../../lib/transport/datagrams.ts";
import { Initiation } from "../../lib/transport/initiation.ts";
import { keyPairFrom } from "../../lib/transport/keys.ts";
import { INITIATE_TRIES_PER_COOKIE } from "../../lib/transport/limits.ts";
import { GIVE_UP_MS } from "../../lib/transport/retry.ts";
import { Prng } from "../support/prng.ts";

const { Hello: HELLO, Initiate: INITIATE } = PacketKind;

const begun = () => {
  const random = new Prng(1);
  const nonce = random.bytes(8);
  const initiation = new Initiation(0, nonce, {
    keyPair: keyPairFrom(random.bytes(32)),
    psk: undefined,
    expectedKey: undefined,
    localIndex: 1,
    resetToken: random.bytes(16),
    random: (count) => random.bytes(count),
  });
  const { publicKey } = keyPairFrom(random.bytes(32));
  const retry = () =>
    ({ kind: PacketKind.Retry, nonce, publicKey, cookie: random.bytes(16) }) as const;
  return { initiation, retry };
};

/** What goes out from `from` until `to` if nothing comes back, by kind. */
const tries = (initiation: Initiation, from: number, to: number): number[][] => {
  const kinds: number[][] = [];
  for (let now = from; now < to; now = initiation.nextTryAt) {
    kinds.push(initiation.poll(now).map((datagram) => datagram[0]!));
  }
  return kinds;
};

test("without a cookie, every try asks for one", () => {
  const { initiation } = begun();
  const kinds = tries(initiation, 0, GIVE_UP_MS);
  expect(kinds).toEqual(kinds.map(() => [HELLO]));
});

test("a cookie that may be out of date is tried beside the question for another one", () => {
  const { initiation, retry } = begun();
  initiation.poll(0);
  expect(initiation.onRetry(0, retry())).toBe(true);
  const kinds = tries(initiation, 0, GIVE_UP_MS);
  const fresh = kinds.splice(0, INITIATE_TRIES_PER_COOKIE);
  expect(fresh).toEqual(fresh.map(() => [INITIATE]));
  expect(kinds.length).toBeGreaterThan(10);
  expect(kinds).toEqual(kinds.map(() => [INITIATE, HELLO]));
});

test("another cookie is tried at once, and as often as the first one", () => {
  const { initiation, retry } = begun();
  initiation.poll(0);
  initiation.onRetry(0, retry());
  expect(initiation.onRetry(0, retry())).toBe(false);
  tries(initiation, 0, 1_000);
  expect(initiation.onRetry(1_000, retry())).toBe(true);
  const kinds = tries(initiation, 1_000, GIVE_UP_MS);
  expect(kinds[INITIATE_TRIES_PER_COOKIE - 1]).toEqual([INITIATE]);
  expect(kinds[INITIATE_TRIES_PER_COOKIE]).toEqual([INITIATE, HELLO]);
});
