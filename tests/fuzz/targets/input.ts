// Bytes from a file or a pipe, cut into lines: however they come in pieces, the lines are the same.

import { LineSplitter } from "../../../lib/io/terminal/input.ts";
import { Prng } from "../../support/prng.ts";
import { anyBytes } from "../draw/bytes.ts";
import { mustEqual } from "../rules.ts";
import { must } from "../target.ts";
import { bytesTarget } from "./plain.ts";

const linesOf = (pieces: readonly Uint8Array[]): string[] => {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (const piece of pieces) splitter.feed(piece);
  splitter.end();
  return lines;
};

export const input = bytesTarget({
  name: "input",
  about: "LineSplitter",
  draw: anyBytes,
  take(bytes) {
    const lines = linesOf([bytes]);
    for (const line of lines) {
      const one = !line.includes("\n") && line.isWellFormed();
      must(one, "a line is one line of text", () => JSON.stringify(line));
    }
    const cuts = new Prng(bytes.length);
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length;) {
      const end = at + cuts.between(1, 5);
      pieces.push(bytes.subarray(at, end));
      at = end;
    }
    mustEqual(linesOf(pieces), lines, "the lines are the same in whatever pieces they come");
  },
});
