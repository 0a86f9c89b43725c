// What is under all decoders of bytes: the reader, any calls in any order; numbers and hexadecimal digits, written and read
// again. The first byte of an input chooses the calls, the rest is what is read.

import { ByteReader, ByteWriter, equalBytes, fromHex } from "../../../lib/transport/wire/bytes.ts";
import { Prng } from "../../support/prng.ts";
import { anyBytes } from "../draw/bytes.ts";
import { must } from "../target.ts";
import { bytesTarget } from "./plain.ts";

const CALLS = 8;

export const reader = bytesTarget({
  name: "reader",
  about: "ByteReader, varints, hexadecimal digits",
  draw: anyBytes,
  take(bytes) {
    checkDigits(bytes);
    const calls = new Prng(bytes[0] ?? 0);
    const read = new ByteReader(bytes.subarray(1));
    for (let count = CALLS; count > 0; count--) {
      const before = read.remaining;
      const [name, call] = calls.pick<[string, () => number]>([
        ["u8", () => read.u8()],
        ["u32", () => read.u32()],
        ["u64", () => read.u64()],
        ["varint", () => read.varint()],
        ["zeros", () => read.zeros()],
        ["bytes", () => read.bytes(calls.between(-1, 9))?.length ?? -1],
        ["rest", () => read.rest().length],
      ]);
      const found = call();
      must(Number.isSafeInteger(found) && found >= -1, "numbers are exact or -1", () => {
        return `${name}: ${found}`;
      });
      if (found === -1) return; // the caller refuses the whole buffer
      if (name === "varint") checkVarint(found);
      must(read.remaining >= 0 && read.remaining <= before, "reading goes forward", () => {
        return `${name}: ${before} bytes were left, and then ${read.remaining}`;
      });
    }
  },
});

const checkVarint = (number: number): void => {
  const writer = new ByteWriter(1);
  writer.varint(number);
  const again = new ByteReader(writer.written()).varint();
  must(again === number, "a number comes back from its shortest form", () => `${number}: ${again}`);
};

const checkDigits = (bytes: Uint8Array): void => {
  const upper = bytes.length % 2 === 0;
  const digits = upper ? bytes.toHex().toUpperCase() : bytes.toHex();
  const back = fromHex(digits);
  must(back !== undefined && equalBytes(back, bytes), "digits stand for their bytes", () => digits);
  // Text of any kind: bytes or nothing, and never a throw.
  fromHex(String.fromCharCode(...bytes));
};
