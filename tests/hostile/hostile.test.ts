// A small attack, and all that has to hold beside it but the times: `bun run hostile` is the whole of it.

import { expect, setDefaultTimeout, test } from "bun:test";

import { attack, MEMORY_BACK_BYTES } from "./attack.ts";

setDefaultTimeout(300_000);

const DATAGRAMS = 100_000;
const HANDSHAKES = 2_000;

const MEMORY_GROWTH_MAX_BYTES = 32 * 1_048_576;

test("a conversation goes on, and the server's memory comes back", async () => {
  const { differences, counts, repeated, loaded, memory } = await attack({
    datagrams: DATAGRAMS,
    handshakes: HANDSHAKES,
    addresses: 200,
    perSecond: 10_000,
    warmUp: 0,
    quietMs: 500,
    restMs: 60_000,
  });
  expect(differences).toEqual([]);
  expect(loaded.group.length).toBeGreaterThan(0);
  expect(loaded.direct.length).toBeGreaterThan(0);
  // It was an attack: all was sent, cookies were given, handshakes answered and some of them completed.
  expect(counts.garbage + counts.replayed + counts.spoofed).toBe(DATAGRAMS);
  expect(repeated).toBeGreaterThan(0);
  expect(counts.handshakes).toBe(HANDSHAKES);
  expect(counts.responds).toBeGreaterThan(HANDSHAKES / 4);
  expect(counts.established).toBeGreaterThan(0);
  // To all strangers together it said less than they did.
  expect(counts.bytesIn).toBeLessThan(counts.bytesOut);
  expect(memory.peak - memory.peakBefore).toBeLessThan(MEMORY_GROWTH_MAX_BYTES);
  expect(memory.rest - memory.restBefore).toBeLessThanOrEqual(MEMORY_BACK_BYTES);
});
