// Cookies and reset tokens: good for one address, or one session, and for a time.

import { describe, expect, test } from "bun:test";

import { equalSecrets, keyPairFrom } from "../../lib/transport/crypto/keys.ts";
import { COOKIE_ROTATION_MS, CookieJar } from "../../lib/transport/handshake/cookie.ts";
import { Resets } from "../../lib/transport/handshake/resets.ts";
import { equalBytes } from "../../lib/transport/wire/bytes.ts";
import { COOKIE_BYTES, RESET_TOKEN_BYTES } from "../../lib/transport/wire/datagrams.ts";
import { hostile } from "../support/mutate.ts";
import { Prng } from "../support/prng.ts";

const secret = new Uint8Array(32).fill(1);
const otherSecret = new Uint8Array(32).fill(2);
const address = { host: "192.0.2.1", port: 5_555 };

describe("CookieJar", () => {
  test("a cookie is good for its address alone", () => {
    const jar = new CookieJar(secret);
    const cookie = jar.bake(1_000.5, address);
    expect(cookie).toHaveLength(COOKIE_BYTES);
    expect(jar.check(1_000.5, address, cookie)).toBe(true);
    expect(jar.check(1_000.5, { ...address, port: 5_556 }, cookie)).toBe(false);
    expect(jar.check(1_000.5, { ...address, host: "192.0.2.15" }, cookie)).toBe(false);
    expect(new CookieJar(otherSecret).check(1_000.5, address, cookie)).toBe(false);
  });

  test("it is good in its period and the next, and no longer", () => {
    const jar = new CookieJar(secret);
    for (const baked of [0, 1, COOKIE_ROTATION_MS - 0.5, 7.25 * COOKIE_ROTATION_MS]) {
      const cookie = jar.bake(baked, address);
      const period = Math.floor(baked / COOKIE_ROTATION_MS);
      const end = (period + 2) * COOKIE_ROTATION_MS;
      for (const now of [baked, baked + COOKIE_ROTATION_MS, end - 0.5]) {
        expect(jar.check(now, address, cookie)).toBe(true);
      }
      expect(jar.check(end, address, cookie)).toBe(false);
      expect(jar.check(baked + 100 * COOKIE_ROTATION_MS, address, cookie)).toBe(false);
    }
  });

  test("nothing is remembered: another jar of the same secret knows the cookie", () => {
    const cookie = new CookieJar(secret).bake(0, address);
    expect(new CookieJar(secret).check(COOKIE_ROTATION_MS, address, cookie)).toBe(true);
  });

  test("20,000 hostile cookies: none throws, none passes", () => {
    const jar = new CookieJar(secret);
    const cookie = jar.bake(0, address);
    const prng = new Prng(3);
    for (let i = 0; i < 20_000; i++) {
      const forged = hostile(prng, [cookie]);
      expect(jar.check(0, address, forged)).toBe(equalBytes(forged, cookie));
    }
  });
});

test("a reset token is the same again, and another for every index and key", () => {
  const of = (key: Uint8Array, index: number) => new Resets(keyPairFrom(key)).token(index);
  const token = of(secret, 7);
  expect(token).toHaveLength(RESET_TOKEN_BYTES);
  expect(equalSecrets(token, of(secret, 7))).toBe(true);
  expect(equalSecrets(token, of(secret, 8))).toBe(false);
  expect(equalSecrets(token, of(secret, 2 ** 32 - 1))).toBe(false);
  expect(equalSecrets(token, of(otherSecret, 7))).toBe(false);
});

test("secrets of different lengths are different", () => {
  expect(equalSecrets(new Uint8Array(16), new Uint8Array(15))).toBe(false);
  expect(equalSecrets(new Uint8Array(0), new Uint8Array(0))).toBe(true);
});
