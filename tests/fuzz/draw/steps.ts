// The next thing that happens to a machine: mostly what peers with keys say, then what strangers send, now and then time.

import type { Prng } from "../../support/prng.ts";
import type { Arena } from "../world/arena.ts";
import type { MachineStep } from "../world/steps.ts";
import { anyFrames } from "./frames.ts";
import { anyDatagram } from "./packets.ts";

/** Moments at which something is due: acknowledgements, probes, tries, giving up, keep-alives, ends, keys. */
const WAITS_MS: readonly number[] = [
  0, 1, 5, 50, 75, 100, 300, 500, 1_000, 2_500, 3_000, 10_000, 15_000, 45_000, 60_000, 120_000,
  180_000,
];

/** Of the recorded datagrams, those that a stranger looks at. */
const SEEN = 10;

export interface Drawing<A extends Arena> {
  /** Out of ten things, how many are messages of a peer, and acts of the machine's own user. */
  readonly messages: number;
  readonly acts: number;
  readonly message: (
    random: Prng,
    arena: A,
    kept: readonly Uint8Array[],
  ) => {
    readonly peer: number;
    readonly bytes: Uint8Array;
  };
  readonly act: (
    random: Prng,
    arena: A,
    kept: readonly string[],
  ) => {
    readonly what: string;
    readonly text: string;
  };
}

export const drawStep =
  <A extends Arena>({ messages, acts, message, act }: Drawing<A>) =>
  (random: Prng, arena: A, kept: readonly MachineStep[]): MachineStep => {
    const dice = random.float() * 10;
    if (dice < messages) {
      const said = kept.flatMap((step) => (step.do === "say" ? [step.bytes] : []));
      return { do: "say", ...message(random, arena, said) };
    }
    if (dice < messages + acts) {
      const texts = kept.flatMap((step) => (step.do === "act" ? [step.text] : []));
      return { do: "act", ...act(random, arena, texts) };
    }
    return drawWorldly(random, arena, kept);
  };

/** What can happen to every machine. */
const drawWorldly = (random: Prng, arena: Arena, kept: readonly MachineStep[]): MachineStep => {
  const peer = random.below(arena.peers.length);
  const from = random.below(arena.addresses.length);
  const dice = random.below(100);
  if (dice < 12) {
    const ms = random.chance(0.8) ? random.pick(WAITS_MS.slice(0, 10)) : random.pick(WAITS_MS);
    return { do: "wait", ms };
  }
  if (dice < 14) return { do: "shake", peer };
  if (dice < 17) return { do: "answer", peer, from: random.chance(0.5) ? peer : from };
  if (dice < 19) return { do: "deaf", peer };
  if (dice < 21) return { do: "hold" };
  if (dice < 60) {
    const plains = kept.flatMap((step) => (step.do === "sealed" ? [step.bytes] : []));
    const bytes = anyFrames(random, plains, arena.peers[peer]!.nearly);
    const skip = random.chance(0.9)
      ? 0
      : random.pick([-1, 1, 2, 31, 32, 33, 2_047, 2_048, 2 ** 40]);
    const own = random.chance(0.8);
    return { do: "sealed", peer, from: own ? peer : from, skip, bytes };
  }
  const seen = Array.from({ length: Math.min(SEEN, arena.recorded.length) }, () => {
    return random.pick(arena.recorded).bytes;
  });
  const raw = kept.flatMap((step) => (step.do === "raw" ? [step.bytes] : []));
  return { do: "raw", from, bytes: anyDatagram(random, seen, raw) };
};
