// X25519 and the hash functions against published vectors.

import { describe, expect, test } from "bun:test";

import {
  ephemeralKeyPair,
  hkdf,
  hmacSha256,
  keyPairFrom,
  publicKeyFrom,
  sha256,
  sharedSecret,
} from "../../lib/transport/crypto/keys.ts";
import { toHex } from "../../lib/transport/wire/bytes.ts";
import { unhex } from "../support/vectors.ts";

describe("X25519", () => {
  // RFC 7748 section 6.1.
  const alice = {
    secret: "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
    publicKey: "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
  };
  const bob = {
    secret: "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
    publicKey: "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
  };
  const shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";

  test("the public key of a secret", () => {
    for (const { secret, publicKey } of [alice, bob]) {
      expect(toHex(keyPairFrom(unhex(secret)).publicKey)).toBe(publicKey);
    }
  });

  test("both sides find the same secret", () => {
    for (const [own, other] of [[alice, bob] as const, [bob, alice] as const]) {
      const remote = publicKeyFrom(unhex(other.publicKey))!;
      const secret = sharedSecret(keyPairFrom(unhex(own.secret)), remote);
      expect(toHex(secret!)).toBe(shared);
    }
  });

  // Points of order 1, 2, 4 and 8 (RFC 7748 section 7), and forms of them beyond 2^255 - 19.
  test.each([
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  ])("no secret with the low-order point %s", (point) => {
    const remote = publicKeyFrom(unhex(point))!;
    expect(sharedSecret(keyPairFrom(unhex(alice.secret)), remote)).toBeUndefined();
  });

  test("no public key has another length", () => {
    for (const length of [0, 31, 33]) {
      expect(publicKeyFrom(new Uint8Array(length))).toBeUndefined();
    }
  });

  test("an ephemeral key pair leaves no secret behind", () => {
    const drawn = unhex(alice.secret);
    expect(toHex(ephemeralKeyPair(() => drawn).publicKey)).toBe(alice.publicKey);
    expect(drawn).toEqual(new Uint8Array(32));
  });
});

describe("hash functions", () => {
  test("SHA-256 of parts is that of the whole (FIPS 180-2 appendix B.1)", () => {
    const digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    expect(toHex(sha256("abc"))).toBe(digest);
    expect(toHex(sha256("a", unhex(""), unhex("6263")))).toBe(digest);
  });

  test("HMAC-SHA256 (RFC 4231 section 4.2)", () => {
    const key = new Uint8Array(20).fill(0x0b);
    const mac = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7";
    expect(toHex(hmacSha256(key, "Hi There"))).toBe(mac);
    expect(toHex(hmacSha256(key, "Hi ", "There"))).toBe(mac);
  });

  test("HKDF of Noise is that of RFC 5869 without info (appendix A.3)", () => {
    const input = new Uint8Array(22).fill(0x0b);
    const output =
      "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8";
    const [first, second] = hkdf(new Uint8Array(0), input, 2);
    expect(toHex(first) + toHex(second).slice(0, 20)).toBe(output);
    const three = hkdf(new Uint8Array(0), input, 3);
    expect(three).toHaveLength(3);
    expect(toHex(three[0]) + toHex(three[1]).slice(0, 20)).toBe(output);
  });
});
