// How the size of datagrams grows by probes, and what happens when the path becomes narrower.

import { describe, expect, test } from "bun:test";

import { DATAGRAM_MAX_BYTES } from "../../lib/transport/limits.ts";
import { PathMtu, PROBE_SIZES_BYTES } from "../../lib/transport/session/path-mtu.ts";

const RAISE_AFTER_MS = 600_000;

/** Probes as long as one is due, over a path that carries so much. */
const probe = (mtu: PathMtu, now: number, carries: number): number[] => {
  const sizes: number[] = [];
  for (let size = mtu.probeDue(now); size !== undefined; size = mtu.probeDue(now)) {
    sizes.push(size);
    mtu.onProbeSent();
    expect(mtu.probeDue(now)).toBeUndefined();
    if (size <= carries) mtu.onProbeAcked(size);
    else mtu.onProbeLost(now, size);
  }
  return sizes;
};

describe("the size of datagrams (RFC 8899)", () => {
  test("begins with what every path carries, and grows by probes to what this one does", () => {
    const mtu = new PathMtu();
    expect(mtu.sizeBytes).toBe(DATAGRAM_MAX_BYTES);
    expect(probe(mtu, 0, 65_507)).toEqual([...PROBE_SIZES_BYTES]);
    expect(mtu.sizeBytes).toBe(PROBE_SIZES_BYTES.at(-1)!);
    expect(mtu.probeDue(RAISE_AFTER_MS * 2)).toBeUndefined();
  });

  test("a size that is lost three times is left alone for ten minutes", () => {
    const mtu = new PathMtu();
    expect(probe(mtu, 5, 1_500)).toEqual([1_452, 8_952, 8_952, 8_952]);
    expect(mtu.sizeBytes).toBe(1_452);
    expect(mtu.probeDue(5 + RAISE_AFTER_MS - 1)).toBeUndefined();
    expect(probe(mtu, 5 + RAISE_AFTER_MS, 9_000).slice(0, 2)).toEqual([8_952, 32_768]);
    expect(mtu.sizeBytes).toBe(8_952);
  });

  test("a size is lost three times however often one begins anew below it", () => {
    const mtu = new PathMtu();
    const sizes: number[] = [];
    for (let now = 0; now < 10; now++) {
      for (let step = 0; step < 2; step++) {
        const size = mtu.probeDue(now);
        if (size === undefined) continue;
        sizes.push(size);
        mtu.onProbeSent();
        if (size === 1_452) mtu.onProbeAcked(size);
        else mtu.onProbeLost(now, size);
      }
      mtu.onTimeout();
    }
    expect(sizes.filter((size) => size === 8_952)).toHaveLength(3);
    expect(sizes.at(-1)).toBe(1_452);
  });

  test("a single lost probe is tried again", () => {
    const mtu = new PathMtu();
    mtu.onProbeSent();
    mtu.onProbeLost(0, 1_452);
    expect(mtu.probeDue(0)).toBe(1_452);
  });

  test("nothing acknowledged any more: back at once, and up again by probes", () => {
    const mtu = new PathMtu();
    probe(mtu, 0, 65_507);
    mtu.onTimeout();
    expect(mtu.sizeBytes).toBe(DATAGRAM_MAX_BYTES);
    expect(probe(mtu, 1, 65_507)).toEqual([...PROBE_SIZES_BYTES]);
  });

  test("a false alarm is over as soon as what was thought lost arrives", () => {
    const mtu = new PathMtu();
    probe(mtu, 0, 9_000);
    mtu.onTimeout();
    mtu.onAcked(8_952);
    expect(mtu.sizeBytes).toBe(8_952);
  });

  test("a black hole for long packets alone is found, and that size not tried again soon", () => {
    const mtu = new PathMtu();
    probe(mtu, 0, 9_000);
    mtu.onLost(1, 8_952);
    mtu.onAcked(8_952);
    for (const bytes of [8_952, 300, 8_952, 1_200]) mtu.onLost(2, bytes);
    expect(mtu.sizeBytes).toBe(8_952);
    mtu.onAcked(300);
    mtu.onLost(3, 8_000);
    expect(mtu.sizeBytes).toBe(DATAGRAM_MAX_BYTES);
    // What was under way as well is no further news.
    for (let i = 0; i < 9; i++) mtu.onLost(3, 8_952);
    expect(probe(mtu, 4, 1_500)).toEqual([1_452]);
    expect(probe(mtu, 3 + RAISE_AFTER_MS, 9_000)[0]).toBe(8_952);
  });
});
