// Frames from their structure (lib/PROTOCOL.md, "Frames"): each kind with numbers at the edges, some of them wrong. What
// is sealed in a packet is drawn here, so that it gets as far as a peer with the right keys can bring it.

import { FrameKind } from "../../../lib/transport/wire/frames.ts";
import type { Prng } from "../../support/prng.ts";
import { anyBytes, joined } from "./bytes.ts";
import { anyVarint, edgyNumber } from "./numbers.ts";

const KINDS: readonly number[] = Object.values(FrameKind);

const FRAMES_MAX = 6;

/** What one side of a session knows of it, so that its numbers can be nearly right. */
export interface Nearly {
  /** Packet numbers that the other side has sent are below it. */
  readonly sent: number;
  /** Bytes of the stream so far. */
  readonly offset: number;
  /** The data of the newest PATH_CHALLENGE. */
  readonly challenge: Uint8Array;
}

const NOTHING: Nearly = { sent: 0, offset: 0, challenge: new Uint8Array(8) };

/** The plaintext of a packet. `kept` are plaintexts to take pieces of. */
export const anyFrames = (
  random: Prng,
  kept: readonly Uint8Array[],
  nearly: Nearly = NOTHING,
): Uint8Array => {
  const parts: Uint8Array[] = [];
  for (let count = random.between(1, FRAMES_MAX); count > 0; count--) {
    parts.push(random.chance(0.8) ? anyFrame(random, nearly) : anyBytes(random, kept));
  }
  const frames = joined(...parts);
  return random.chance(0.15) ? anyBytes(random, [frames, ...kept]) : frames;
};

const anyFrame = (random: Prng, nearly: Nearly): Uint8Array => {
  const number = (near: number): Uint8Array =>
    anyVarint(
      random,
      random.chance(0.7) ? BigInt(Math.max(0, near + random.between(-3, 3))) : edgyNumber(random),
    );
  const kind = random.pick(KINDS);
  const first = Uint8Array.of(kind);
  switch (kind) {
    case FrameKind.Padding:
      return new Uint8Array(random.between(1, 30));
    case FrameKind.Ack: {
      const more = random.below(4);
      const parts = [first, number(nearly.sent - 1), number(100), anyVarint(random, BigInt(more))];
      parts.push(number(random.chance(0.5) ? 0 : nearly.sent - 1));
      for (let count = more; count > 0; count--) parts.push(number(0), number(1));
      return joined(...parts);
    }
    case FrameKind.Stream: {
      const data = random.bytes(random.below(40));
      // A message with its length in front, or bytes that are none.
      if (random.chance(0.5) && data.length > 0) data[0] = data.length - 1;
      return joined(first, number(nearly.offset), number(data.length), data);
    }
    case FrameKind.MaxData:
      return joined(first, number(2_097_152));
    case FrameKind.Close: {
      const reason = random.bytes(random.pick([0, 3, 127, 128, 129]));
      return joined(first, number(0), number(reason.length), reason);
    }
    case FrameKind.PathChallenge:
      return joined(first, random.bytes(8));
    case FrameKind.PathResponse:
      return joined(first, random.chance(0.7) ? nearly.challenge : random.bytes(8));
    default: // a kind that only the corpus knows more of
      return joined(first, random.bytes(random.pick([0, 1, 8, 32, 33])));
  }
};
