// The initiator's side of a handshake over a path that loses nearly everything.

import { expect, test } from "bun:test";

import { keyPairFrom } from "../../lib/transport/crypto/keys.ts";
import { InitiatorHandshake } from "../../lib/transport/crypto/noise.ts";
import { Initiation } from "../../lib/transport/handshake/initiation.ts";
import { INITIATE_TRIES_PER_COOKIE } from "../../lib/transport/limits.ts";
import { GIVE_UP_MS } from "../../lib/transport/retry.ts";
import { PacketKind } from "../../lib/transport/wire/datagrams.ts";
import { Prng } from "../support/prng.ts";
import { replace } from "../support/replace.ts";

const { Hello: HELLO, Initiate: INITIATE } = PacketKind;

const begun = () => {
  const random = new Prng(1);
  const initiation = new Initiation(0, {
    keyPair: keyPairFrom(random.bytes(32)),
    psk: undefined,
    expectedKey: undefined,
    strict: false,
    localIndex: 1,
    resetToken: random.bytes(16),
    random: (count) => random.bytes(count),
  });
  const keyOfPeer = keyPairFrom(random.bytes(32)).publicKey;
  const [first] = initiation.poll(0);
  /** An answer to this HELLO. */
  const retry = (hello = first, publicKey = keyOfPeer) =>
    ({
      kind: PacketKind.Retry,
      flags: 0,
      nonce: hello!.slice(2, 10),
      publicKey,
      cookie: random.bytes(16),
    }) as const;
  return { initiation, retry, first };
};

/** What goes out from `from` until `to` if nothing comes back, by kind. */
const tries = (initiation: Initiation, from: number, to: number): number[][] =>
  sent(initiation, from, to).map((datagrams) => datagrams.map((datagram) => datagram[0]!));

const sent = (initiation: Initiation, from: number, to: number): (readonly Uint8Array[])[] => {
  const all: (readonly Uint8Array[])[] = [];
  for (let now = from; now < to; now = initiation.nextTryAt) all.push(initiation.poll(now));
  return all;
};

test("without a cookie, every try asks for one", () => {
  const { initiation } = begun();
  const kinds = tries(initiation, initiation.nextTryAt, GIVE_UP_MS);
  expect(kinds.length).toBeGreaterThan(30);
  expect(kinds).toEqual(kinds.map(() => [HELLO]));
});

test("a cookie that may be out of date is tried beside the question for another one", () => {
  const { initiation, retry } = begun();
  expect(initiation.onRetry(0, retry())).toBe("on");
  const kinds = tries(initiation, 0, GIVE_UP_MS);
  const fresh = kinds.splice(0, INITIATE_TRIES_PER_COOKIE);
  expect(fresh).toEqual(fresh.map(() => [INITIATE]));
  expect(kinds.length).toBeGreaterThan(10);
  expect(kinds).toEqual(kinds.map(() => [INITIATE, HELLO]));
});

test("another cookie is tried at once, and as often as the first one", () => {
  const { initiation, retry } = begun();
  initiation.onRetry(0, retry());
  const hello = sent(initiation, 0, 1_000).at(-1)!.at(-1)!;
  expect(initiation.onRetry(1_000, retry())).toBeUndefined();
  expect(initiation.onRetry(1_000, retry(hello))).toBe("on");
  const kinds = tries(initiation, 1_000, GIVE_UP_MS);
  expect(kinds[INITIATE_TRIES_PER_COOKIE - 1]).toEqual([INITIATE]);
  expect(kinds[INITIATE_TRIES_PER_COOKIE]).toEqual([INITIATE, HELLO]);
});

test("a RETRY whose key is none is of no use, and the next one is", () => {
  const { initiation, retry, first } = begun();
  expect(initiation.onRetry(0, retry(first, new Uint8Array(32)))).toBeUndefined();
  const [second] = initiation.poll(initiation.nextTryAt);
  expect(initiation.onRetry(200, retry(second))).toBe("on");
});

test("of every attempt the secrets are overwritten as soon as it cannot be answered any more", () => {
  const [made, wiped] = [new Set<unknown>(), new Set<unknown>()];
  const undo = [
    replace(
      InitiatorHandshake,
      "writeInitiate",
      (right) =>
        function (...args) {
          made.add(this);
          return right.apply(this, args);
        },
    ),
    replace(
      InitiatorHandshake,
      "wipe",
      (right) =>
        function () {
          wiped.add(this);
          right.call(this);
        },
    ),
  ];
  try {
    const { initiation, retry, first } = begun();
    expect(initiation.onRetry(0, retry(first))).toBe("on");
    let now = initiation.nextTryAt;
    for (let answers = 1; answers < 4; answers++) {
      let hello: Uint8Array | undefined;
      for (; hello === undefined; now = initiation.nextTryAt) {
        hello = initiation.poll(now).find(([kind]) => kind === HELLO);
      }
      // Another key each time: the attempt before is of no use for it.
      const { publicKey } = keyPairFrom(new Uint8Array(32).fill(answers));
      expect(initiation.onRetry(now, retry(hello, publicKey))).toBe("on");
    }
    // The newest one, and the one before: their answers may still come.
    expect([made.size, wiped.size]).toEqual([4, 2]);
    initiation.wipe();
    expect(wiped).toEqual(made);
  } finally {
    for (const putBack of undo) putBack();
  }
});
