// AES-256-GCM: the vectors, and that nothing opens but what was sealed.

import { describe, expect, test } from "bun:test";

import {
  aeadKey,
  open,
  openPacket,
  seal,
  sealPacket,
  TAG_BYTES,
} from "../../lib/transport/crypto/aead.ts";
import { toHex } from "../../lib/transport/wire/bytes.ts";
import { hostile } from "../support/mutate.ts";
import { Prng } from "../support/prng.ts";
import { unhex } from "../support/vectors.ts";

const NOTHING = new Uint8Array(0);

// The first is test case 14 of the GCM specification; the others were made with another library.
const vectors = [
  {
    name: "test case 14",
    key: "00".repeat(32),
    counter: 0,
    ad: "",
    plaintext: "00".repeat(16),
    sealed: "cea7403d4d606b6e074ec5d3baf39d18 d0d1c8a799996bf0265b98b5d48ab919",
  },
  {
    name: "a counter of 49 bits",
    key: "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
    counter: 0x1_0203_0405_060,
    ad: "05000000070001020304050607",
    plaintext: "686579207468657265203a29",
    sealed: "2fdd4f0f725668db414537bd bd71b358f7b475d8cac77edf7af93f9a",
  },
  {
    name: "the largest counter",
    key: "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
    counter: Number.MAX_SAFE_INTEGER,
    ad: "05000000070001020304050607",
    plaintext: "686579207468657265203a29",
    sealed: "89733c47f0f29b545584c021 6687270d8e32759355f1f6a51e3c39de",
  },
].map(({ name, counter, key, ad, plaintext, sealed }) => ({
  name,
  counter,
  key: aeadKey(unhex(key)),
  ad: unhex(ad),
  plaintext: unhex(plaintext),
  sealed: unhex(sealed),
}));

describe("vectors", () => {
  test.each(vectors)("$name", ({ key, counter, ad, plaintext, sealed }) => {
    expect(toHex(seal(key, counter, ad, plaintext))).toBe(toHex(sealed));
    expect(toHex(sealPacket(key, counter, ad, plaintext))).toBe(toHex(ad) + toHex(sealed));
    expect(toHex(open(key, counter, ad, sealed)!)).toBe(toHex(plaintext));
  });
});

test("the bytes of a key are taken over", () => {
  const secret = unhex("01".repeat(32));
  aeadKey(secret);
  expect(secret).toEqual(new Uint8Array(32));
});

describe("open", () => {
  const { key, counter, ad, plaintext, sealed } = vectors[1]!;

  test("refuses another key, counter or associated data", () => {
    expect(open(vectors[0]!.key, counter, ad, sealed)).toBeUndefined();
    expect(open(key, counter + 1, ad, sealed)).toBeUndefined();
    expect(open(key, counter + 2 ** 32, ad, sealed)).toBeUndefined();
    expect(open(key, counter, NOTHING, sealed)).toBeUndefined();
  });

  test("refuses every single flipped bit", () => {
    for (let bit = 0; bit < 8 * sealed.length; bit++) {
      const damaged = sealed.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      expect(open(key, counter, ad, damaged)).toBeUndefined();
    }
  });

  test("refuses every other length", () => {
    for (let length = 0; length < sealed.length; length++) {
      expect(open(key, counter, ad, sealed.subarray(0, length))).toBeUndefined();
    }
    expect(open(key, counter, ad, Uint8Array.of(...sealed, 0))).toBeUndefined();
  });

  test("an empty plaintext is a tag alone", () => {
    const tag = seal(key, 1, ad, NOTHING);
    expect(tag).toHaveLength(TAG_BYTES);
    expect(open(key, 1, ad, tag)).toHaveLength(0);
  });

  test("takes a whole packet as sealPacket made it, of any length, and nothing else", () => {
    for (const length of [0, 1, 1_200, 65_000, 70_000]) {
      const frames = new Uint8Array(length).fill(7);
      const packet = sealPacket(key, counter, ad, frames);
      expect(openPacket(key, counter, packet, ad.length)).toEqual(Buffer.from(frames));
      expect(openPacket(key, counter, packet.subarray(0, -1), ad.length)).toBeUndefined();
      expect(openPacket(key, counter, packet, ad.length + 1)).toBeUndefined();
    }
    expect(openPacket(key, counter, new Uint8Array(TAG_BYTES), 1)).toBeUndefined();
  });

  test("20,000 hostile inputs: none throws, none opens but what was sealed", () => {
    const prng = new Prng(2);
    for (let i = 0; i < 20_000; i++) {
      const opened = open(key, counter, ad, hostile(prng, [sealed]));
      if (opened !== undefined) expect(toHex(opened)).toBe(toHex(plaintext));
    }
  });
});
