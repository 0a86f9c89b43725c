// The bad link itself: it does what it is told, as often as it is told, and the same again from the same seed.

import { expect, test } from "bun:test";

import { type Arrival, Impairment, type Link } from "../support/impairment.ts";
import { Prng } from "../support/prng.ts";

const DATAGRAMS = 10_000;
const LENGTH = 100;

/** One datagram each ms. */
const through = (link: Link, seed = 1) => {
  const impairment = new Impairment(link, new Prng(seed));
  const arrivals: (Arrival & { readonly sentAt: number })[] = [];
  for (let sentAt = 0; sentAt < DATAGRAMS; sentAt++) {
    const bytes = new Uint8Array(LENGTH);
    for (const arrival of impairment.pass(sentAt, bytes)) arrivals.push({ sentAt, ...arrival });
  }
  return { arrivals, harm: impairment.harm };
};

const NO_HARM = {
  datagrams: DATAGRAMS,
  lost: 0,
  doubled: 0,
  overtaking: 0,
  damaged: 0,
  queueFull: 0,
};

const near = (count: number, share: number): void =>
  expect(count / DATAGRAMS).toBeWithin(share - 0.03, share + 0.03);

test("a good link does nothing", () => {
  const { arrivals, harm } = through({});
  expect(harm).toEqual(NO_HARM);
  expect(arrivals).toHaveLength(DATAGRAMS);
  expect(arrivals.every(({ at, sentAt }) => at === sentAt)).toBe(true);
});

test("loss and doubles", () => {
  const { arrivals, harm } = through({ loss: 0.3, doubled: 0.2 });
  near(harm.lost, 0.3);
  near(harm.doubled, 0.7 * 0.2);
  expect(arrivals).toHaveLength(DATAGRAMS - harm.lost + harm.doubled);
});

test("delay and jitter", () => {
  const { arrivals, harm } = through({ delayMs: 100, jitterMs: 50 });
  const delays = arrivals.map(({ at, sentAt }) => at - sentAt);
  expect(Math.min(...delays)).toBeWithin(50, 55);
  expect(Math.max(...delays)).toBeWithin(145, 150);
  expect(harm.overtaking).toBePositive();
});

test("some are held back, and the others overtake them", () => {
  const { arrivals, harm } = through({ reordered: 0.1, heldMs: 1_000 });
  near(arrivals.filter(({ at, sentAt }) => at > sentAt).length, 0.1);
  expect(harm.overtaking).toBePositive();
});

test("damage changes a copy, never what was sent", () => {
  const impairment = new Impairment({ corrupted: 0.5, truncated: 0.5 }, new Prng(1));
  const bytes = new Uint8Array(LENGTH);
  let damaged = 0;
  for (let count = 0; count < DATAGRAMS; count++) {
    const [arrival] = impairment.pass(count, bytes);
    if (arrival?.bytes.length !== LENGTH || arrival.bytes.some((byte) => byte !== 0)) damaged++;
  }
  expect(bytes).toEqual(new Uint8Array(LENGTH));
  near(damaged, 0.75);
  near(impairment.harm.damaged, 0.75);
});

test("a narrow link carries so much, holds so much, and drops the rest", () => {
  const link = { bytesPerMs: LENGTH / 2, queueBytes: 10 * LENGTH };
  const { arrivals, harm } = through(link);
  near(harm.queueFull, 0.5);
  expect(arrivals).toHaveLength(DATAGRAMS - harm.queueFull);
  const waits = arrivals.map(({ at, sentAt }) => at - sentAt);
  expect(Math.max(...waits)).toBe(link.queueBytes / link.bytesPerMs);
  expect(harm.overtaking).toBe(0);
});

test("the same seed gives the same again, another one does not", () => {
  const link = { loss: 0.3, delayMs: 10, jitterMs: 5, doubled: 0.1, corrupted: 0.1 };
  expect(through(link, 7)).toEqual(through(link, 7));
  expect(through(link, 7).harm).not.toEqual(through(link, 8).harm);
});
