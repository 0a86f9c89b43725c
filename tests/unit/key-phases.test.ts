// The keys of two sides of a session, hand to hand: no network, no frames but their bytes.

import { describe, expect, test } from "bun:test";

import {
  OLD_KEY_MS,
  REJECT_AFTER_MS,
  REKEY_AFTER_MS,
  REKEY_INTERVAL_MIN_MS,
  REKEY_SPREAD_MS,
} from "../../lib/transport/limits.ts";
import {
  bytesOf,
  exchange,
  flipPhase,
  NEVER,
  pair,
  repeated,
  Side,
  SOME_KEY,
} from "../support/key-side.ts";
import { unhex } from "../support/vectors.ts";

describe("the bytes", () => {
  test("of two exchanges are those of another library", () => {
    const { a, b } = pair();
    expect(bytesOf(a.seal())).toBe("05b0b1b2b300000000000000007f659e3b3476f4626e7f9e917cfad92a43");
    const { wish, answer } = exchange(REKEY_AFTER_MS, { a, b });
    expect(wish).toEqual({
      phase: 1,
      publicKey: unhex("197fc2c567dc03ee2aadf0ed86681dac24daa76e83ca555875dd3be7376e5306"),
    });
    expect(answer).toEqual({
      phase: 1,
      publicKey: unhex("9a4503a98ab10fe8d354c9c42cbd0c9d7944f52e7d14d8ea59775e7dc9e3bf4b"),
    });
    [a.number, b.number] = [1, 1];
    const first = a.seal();
    expect(bytesOf(first)).toBe("85b0b1b2b30000000000000001b11606dbf53b70bca5f9701d6deb835dcc");
    expect(b.opens(REKEY_AFTER_MS, first)).toBe(true);
    expect(bytesOf(b.seal())).toBe("85a0a1a2a30000000000000001187559fdee56017b0e4a35f6e8ec9e0ae2");

    exchange(2 * REKEY_AFTER_MS, { a, b });
    [a.number, b.number] = [2, 2];
    const second = a.seal();
    expect(bytesOf(second)).toBe("05b0b1b2b300000000000000025836683804625d653e57883d529261e4d8");
    expect(b.opens(2 * REKEY_AFTER_MS, second)).toBe(true);
    expect(bytesOf(b.seal())).toBe("05a0a1a2a300000000000000024d98a1818fc33508be5857ab513dbeea08");
  });

  test("of the secrets drawn are overwritten", () => {
    const { a, b } = pair();
    exchange(REKEY_AFTER_MS, { a, b });
    expect([...a.drawn, ...b.drawn]).toEqual([new Uint8Array(32), new Uint8Array(32)]);
  });
});

describe("a change of keys", () => {
  test("is followed by the responder once the initiator has shown the new ones", () => {
    const { a, b } = pair();
    exchange(0, { a, b });
    expect([a.seal().phase, b.seal().phase]).toEqual([1, 0]);
    expect(a.opens(0, b.seal())).toBe(true);
    expect(b.opens(0, a.seal())).toBe(true);
    expect(b.seal().phase).toBe(1);
    expect(a.opens(0, b.seal())).toBe(true);
  });

  test("lets late packets in for a while, and no longer", () => {
    for (const late of [OLD_KEY_MS - 1, OLD_KEY_MS]) {
      const { a, b } = pair();
      const before = a.seal();
      exchange(0, { a, b });
      // As long as nothing of the new phase has come, there is no hurry.
      b.phases.wake(REJECT_AFTER_MS - 1, b.random);
      const now = REJECT_AFTER_MS - 1;
      expect(b.opens(now, a.seal())).toBe(true);
      expect(b.phases.deadline).toBe(now + OLD_KEY_MS);
      b.phases.wake(now + late, b.random);
      expect(b.opens(now + late, before)).toBe(late < OLD_KEY_MS);
    }
  });

  test("leaves the old keys nothing to seal behind the first packet of the new ones", () => {
    const { a, b } = pair();
    const thief = new Side(true, []);
    exchange(0, { a, b });
    const first = a.seal();
    expect(b.opens(0, first)).toBe(true);
    thief.number = first.packetNumber + 1;
    expect(b.opens(0, thief.seal())).toBe(false);
    thief.number = 0;
    expect(b.opens(0, thief.seal())).toBe(true);
  });

  test("shuts out who has all the keys from before, and listened to the exchange", () => {
    const { a, b } = pair();
    const thief = new Side(false, [0x66]);
    const { wish } = exchange(0, { a, b });
    const sealed = a.seal();
    const old = new Side(true, []).seal();
    expect(thief.opens(0, sealed)).toBe(false);
    expect(thief.opens(0, flipPhase(sealed))).toBe(false);
    // With the public keys alone, all it can do is an exchange of its own.
    expect(thief.take(0, old, wish)).toBeUndefined();
    expect(thief.opens(0, sealed)).toBe(false);
  });

  test("makes keys that do not open what was sealed before", () => {
    const { a, b } = pair();
    const before = a.seal();
    exchange(0, { a, b });
    expect(b.opens(0, flipPhase(before))).toBe(false);
    expect(b.opens(0, before)).toBe(true);
  });

  test("of which packets with a wrong phase bit know nothing", () => {
    const { a, b } = pair();
    for (let i = 0; i < 10; i++) expect(b.opens(0, flipPhase(a.seal()))).toBe(false);
    exchange(0, { a, b });
    const inNew = a.seal();
    expect(b.opens(0, flipPhase(inNew))).toBe(false);
    expect(b.seal().phase).toBe(0);
    expect(b.phases.deadline).toBe(NEVER);
    expect(b.opens(0, inNew)).toBe(true);
    expect([a.drawn.length, b.drawn.length]).toEqual([1, 1]);
  });

  test("changes nothing a second time, whichever REKEY comes again", () => {
    const { a, b } = pair();
    const carrier = a.seal();
    const { wish, answer } = exchange(0, { a, b });
    expect(b.take(0, carrier, wish)).toBeUndefined();
    expect(b.phases.rekeyDue).toBe(false);
    expect(b.opens(0, a.seal())).toBe(true);
    expect(b.take(0, carrier, wish)).toBeUndefined();
    expect(a.take(0, carrier, answer)).toBeUndefined();
    expect(a.opens(0, b.seal())).toBe(true);
    expect(b.opens(0, a.seal())).toBe(true);
    expect(b.drawn).toHaveLength(1);
  });

  test("cannot be begun with keys of the phase before", () => {
    const { a, b } = pair();
    const thief = new Side(true, []);
    exchange(0, { a, b });
    expect(b.opens(0, a.seal())).toBe(true);
    expect(b.take(0, thief.seal(), { phase: 2, publicKey: SOME_KEY })).toBeUndefined();
    expect(b.drawn).toHaveLength(1);
  });
});

describe("REKEY", () => {
  test("is due again when it may be lost, until it no longer matters", () => {
    const { a, b } = pair();
    a.phases.onLost();
    expect(a.phases.rekeyDue).toBe(false);
    a.phases.onUsed(0);
    a.phases.wake(REKEY_AFTER_MS, a.random);
    const wish = a.phases.takeRekey()!;
    expect(a.phases.takeRekey()).toBeUndefined();
    a.phases.onLost();
    expect(a.phases.takeRekey()).toEqual(wish);
    b.take(0, a.seal(), wish);
    const answer = b.phases.takeRekey()!;
    b.phases.onLost();
    expect(b.phases.takeRekey()).toEqual(answer);
    a.take(0, b.seal(), answer);
    a.phases.onLost();
    expect(a.phases.rekeyDue).toBe(false);
    expect(b.opens(0, a.seal())).toBe(true);
    b.phases.onLost();
    expect(b.phases.rekeyDue).toBe(false);
  });

  test.each([
    {
      name: "of a phase to come, to the responder",
      initiator: false,
      phase: 2,
      publicKey: SOME_KEY,
    },
    {
      name: "of a phase to come, to the initiator",
      initiator: true,
      phase: 2,
      publicKey: SOME_KEY,
    },
    { name: "that answers nothing", initiator: true, phase: 1, publicKey: SOME_KEY },
    { name: "with a key of low order", initiator: false, phase: 1, publicKey: repeated(0) },
  ])("$name is a violation", ({ initiator, phase, publicKey }) => {
    const side = new Side(initiator, [0x23]);
    const carrier = new Side(!initiator, []).seal();
    expect(side.take(0, carrier, { phase, publicKey })).toBe("violation");
  });

  test("that answers with a key of low order is a violation", () => {
    const { a, b } = pair();
    a.phases.onUsed(0);
    a.phases.wake(REKEY_AFTER_MS, a.random);
    const answer = { phase: 1, publicKey: repeated(0) };
    expect(a.take(0, b.seal(), answer)).toBe("violation");
  });

  test("costs a responder no more than one exchange in a while", () => {
    const { a, b } = pair();
    exchange(0, { a, b });
    const carrier = a.seal();
    expect(b.opens(0, carrier)).toBe(true);
    const wish = { phase: 2, publicKey: SOME_KEY };
    const soon = REKEY_INTERVAL_MIN_MS / 2;
    expect(b.take(soon - 1, carrier, wish)).toBe("no_room");
    expect(b.drawn).toHaveLength(1);
    expect(b.take(soon, carrier, wish)).toBeUndefined();
    expect(b.drawn).toHaveLength(2);
  });
});

describe("the initiator begins", () => {
  test("so long after stream bytes first went, and somewhat sooner by chance", () => {
    for (const chance of [0, 0.5, 0.999]) {
      const a = new Side(true, [], {}, chance);
      const at = 5_000 + REKEY_AFTER_MS - chance * REKEY_SPREAD_MS;
      expect(a.phases.deadline).toBe(NEVER);
      a.phases.onUsed(5_000);
      a.phases.onUsed(6_000);
      expect(a.phases.deadline).toBe(at);
      expect(a.phases.wake(at - 1, a.random)).toBe(false);
      expect(a.phases.wake(at, a.random)).toBe(true);
      expect(a.phases.wake(at + 1, a.random)).toBe(false);
    }
  });

  test("not while nothing but signs of life was sent, however long", () => {
    const { a, b } = pair();
    for (let number = 0; number < 1_000; number++) expect(b.opens(0, a.seal())).toBe(true);
    expect(a.phases.deadline).toBe(NEVER);
    expect(a.phases.wake(1e9, a.random)).toBe(false);
  });

  test("after so many packets of both sides", () => {
    const { a, b } = pair({ rekeyAfterPackets: 10 });
    for (let number = 0; number < 9; number++) {
      if (number % 2 === 0) a.seal();
      else expect(a.opens(0, b.seal())).toBe(true);
    }
    expect(a.phases.wake(0, a.random)).toBe(false);
    expect(a.opens(0, b.seal())).toBe(true);
    expect(a.phases.wake(0, a.random)).toBe(true);
  });

  test("not again at once, however many packets there are", () => {
    const { a, b } = pair({ rekeyAfterPackets: 3 });
    const now = REKEY_AFTER_MS;
    exchange(now, { a, b });
    for (let number = 0; number < 10; number++) a.seal();
    expect(a.phases.wake(now + REKEY_INTERVAL_MIN_MS - 1, a.random)).toBe(false);
    expect(a.phases.deadline).toBe(now + REKEY_INTERVAL_MIN_MS);
    expect(a.phases.wake(now + REKEY_INTERVAL_MIN_MS, a.random)).toBe(true);
  });

  test("and the responder never", () => {
    const b = new Side(false, [], { rekeyAfterPackets: 1 });
    b.phases.onUsed(0);
    b.seal();
    expect(b.phases.wake(REJECT_AFTER_MS - 1, b.random)).toBe(false);
  });
});

describe("keys that nobody replaces", () => {
  test("open nothing once they are too old, used or not by whoever looks", () => {
    const { a, b } = pair();
    const packet = a.seal();
    b.phases.onUsed(1_000);
    const end = 1_000 + REJECT_AFTER_MS;
    expect(b.phases.expiresAt).toBe(end);
    expect(b.phases.deadline).toBe(end);
    expect(b.opens(end, packet)).toBe(false);
    expect(b.opens(end - 1, packet)).toBe(true);
  });

  test("are not made old by stream bytes that come late, in the keys before them", () => {
    const { a, b } = pair();
    const late = a.seal();
    exchange(0, { a, b });
    expect(b.opens(0, a.seal())).toBe(true);
    expect(b.opens(1, late)).toBe(true);
    b.phases.onUsed(1, late.phase);
    expect(b.phases.expiresAt).toBe(NEVER);
    b.phases.onUsed(2, a.seal().phase);
    expect(b.phases.expiresAt).toBe(2 + REJECT_AFTER_MS);
  });

  test("are over after so many packets", () => {
    const { a, b } = pair({ rejectAfterPackets: 4 });
    for (let number = 0; number < 4; number++) {
      expect(b.phases.expiresAt).toBe(NEVER);
      expect(b.opens(0, a.seal())).toBe(true);
    }
    expect(b.opens(0, a.seal())).toBe(false);
    expect(b.phases.deadline).toBe(Number.NEGATIVE_INFINITY);
  });

  test("are counted anew in each phase", () => {
    const { a, b } = pair({ rejectAfterPackets: 6 });
    for (let phase = 1; phase < 5; phase++) {
      exchange(phase * REKEY_AFTER_MS, { a, b });
      expect(b.opens(phase * REKEY_AFTER_MS, a.seal())).toBe(true);
      expect(a.opens(phase * REKEY_AFTER_MS, b.seal())).toBe(true);
    }
    expect(a.phases.expiresAt).toBe(NEVER);
  });
});

test("a change of keys is not begun, nor answered, by a REKEY of the phase that is there already", () => {
  const { a, b } = pair();
  const { wish, answer } = exchange(0, { a, b });
  expect(b.opens(0, a.seal())).toBe(true);
  const [ofA, ofB] = [a.seal(), b.seal()];
  expect([ofA.phase, ofB.phase]).toEqual([1, 1]);
  const later = REKEY_INTERVAL_MIN_MS;
  expect(a.opens(later, ofB)).toBe(true);
  expect(a.take(later, ofB, answer)).toBeUndefined();
  expect(b.opens(later, ofA)).toBe(true);
  expect(b.take(later, ofA, wish)).toBeUndefined();
  expect([a.phases.rekeyDue, b.phases.rekeyDue]).toEqual([false, false]);
  expect(b.opens(later, a.seal())).toBe(true);
  expect(a.opens(later, b.seal())).toBe(true);
});
