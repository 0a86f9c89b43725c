// The plaintext of a packet: read into frames, written and read again, and read by the decoder that was written from the
// protocol's document alone.

import { INTEGER_MAX } from "../../../lib/transport/wire/bytes.ts";
import { decodeFrames, type Frame, FrameKind } from "../../../lib/transport/wire/frames.ts";
import { readFrames } from "../../conformance/wire.ts";
import { encodeFrames, frameVector } from "../../support/wire.ts";
import { anyFrames } from "../draw/frames.ts";
import { mustEqual } from "../rules.ts";
import { must, Violation } from "../target.ts";
import { bytesTarget } from "./plain.ts";

const SAME = "what is read means the same when it is written and read again";
const BOUNDS = "numbers are within their bounds";

/** `decode`: the decoder under test. */
export const frames = (decode = decodeFrames) =>
  bytesTarget({
    name: "frames",
    about: "decodeFrames",
    draw: anyFrames,
    take(bytes) {
      const read = decode(bytes);
      mustAgree(bytes, read);
      if ("reason" in read) {
        must(read.reason !== "", "a refusal has a reason", () => "none");
        return;
      }
      for (const frame of read) checkBounds(frame);
      const values = read.map(frameVector);
      // Replacement characters for bad UTF-8 may make a reason too long to be written again.
      if (values.some((value) => value.kind === "close" && value.reason.includes("\ufffd"))) return;
      const again = decode(encodeFrames(values));
      if ("reason" in again) throw new Violation(SAME, again.reason);
      mustEqual(again.map(frameVector), values, SAME);
    },
  });

const checkBounds = (frame: Frame): void => {
  if (frame.kind === FrameKind.Stream) {
    const end = frame.offset + frame.data.length;
    must(end <= INTEGER_MAX, BOUNDS, () => `STREAM up to ${end}`);
  }
  if (frame.kind !== FrameKind.Ack) return;
  let below = INTEGER_MAX + 1;
  for (const { smallest, largest } of frame.ranges) {
    const right = smallest >= 0 && smallest <= largest && largest < below;
    must(right, BOUNDS, () => `ACK of ${smallest} to ${largest}, below ${below}`);
    below = smallest - 1;
  }
};

/** Both take it, and read the same kinds; or both refuse it. */
const mustAgree = (bytes: Uint8Array, read: ReturnType<typeof decodeFrames>): void => {
  let kinds: string[] | undefined;
  try {
    // A run of zero bytes is one frame here, and as many as there are bytes there.
    kinds = readFrames(bytes)
      .map(({ kind }) => kind)
      .filter((kind) => kind !== "PADDING");
  } catch {
    kinds = undefined;
  }
  const ours =
    "reason" in read
      ? undefined
      : read.map(({ kind }) => NAMES.get(kind) ?? "?").filter((kind) => kind !== "PADDING");
  mustEqual(ours, kinds, "the document and the program read the same frames");
};

/** By first byte, in the document's writing: `MaxData` is MAX_DATA. */
const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(FrameKind).map(([name, kind]) => [
    kind,
    name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase(),
  ]),
);
