// Numbers and bytes written and read, whatever the buffer they stand in.

import { describe, expect, test } from "bun:test";

import { Scratch } from "../../lib/transport/scratch.ts";
import {
  ByteReader,
  ByteWriter,
  equalBytes,
  fromHex,
  INTEGER_MAX,
  toHex,
  varintSize,
} from "../../lib/transport/wire/bytes.ts";
import { unhex } from "../support/vectors.ts";
import vectors from "../vectors/varint.json";

describe("varint", () => {
  for (const { hex, value, ...rest } of vectors.valid) {
    test(`${hex} is ${value}`, () => {
      const reader = new ByteReader(unhex(hex));
      expect(reader.varint()).toBe(value);
      expect(reader.remaining).toBe(0);
      if ("decodeOnly" in rest) return;
      const writer = new ByteWriter();
      writer.varint(value);
      expect(toHex(writer.finish())).toBe(hex);
      expect(varintSize(value)).toBe(hex.length / 2);
    });
  }

  test.each(vectors.invalid)("refused: $name", ({ hex }) => {
    expect(new ByteReader(unhex(hex)).varint()).toBe(-1);
  });
});

describe("ByteWriter", () => {
  test("big endian, growing from nothing", () => {
    const writer = new ByteWriter(0);
    writer.u8(0x01);
    writer.u32(0xdead_beef);
    writer.u64(INTEGER_MAX);
    writer.bytes(Uint8Array.of(7, 8));
    writer.zeros(3);
    expect(writer.length).toBe(18);
    expect(toHex(writer.finish())).toBe("01deadbeef001fffffffffffff0708000000");
  });

  test("what it gives is a copy from finish, a view from written", () => {
    const writer = new ByteWriter(4);
    writer.u8(1);
    const copy = writer.finish();
    const view = writer.written();
    writer.reset();
    expect(writer.length).toBe(0);
    writer.u8(2);
    expect(toHex(copy)).toBe("01");
    expect(toHex(view)).toBe("02");
  });

  test("zeros are zero in a buffer used before", () => {
    const writer = new ByteWriter(4);
    writer.u32(0xffff_ffff);
    writer.reset();
    writer.zeros(4);
    expect(toHex(writer.finish())).toBe("00000000");
  });
});

describe("ByteReader", () => {
  test("reads what a writer wrote, from a view into a larger buffer", () => {
    const whole = unhex("ffff 01 deadbeef 001fffffffffffff 0708 0000 05 ffff");
    const reader = new ByteReader(whole.subarray(2, -2));
    expect(reader.u8()).toBe(1);
    expect(reader.u32()).toBe(0xdead_beef);
    expect(reader.u64()).toBe(INTEGER_MAX);
    expect(toHex(reader.bytes(2)!)).toBe("0708");
    expect(reader.zeros()).toBe(2);
    expect(reader.remaining).toBe(1);
    expect(toHex(reader.rest())).toBe("05");
    expect(reader.remaining).toBe(0);
  });

  test("what it gives is a plain view, also into a Buffer", () => {
    const reader = new ByteReader(Buffer.from([1, 2, 3]));
    for (const view of [reader.bytes(1)!, reader.rest()]) {
      expect(view.constructor).toBe(Uint8Array);
      expect(view.slice().buffer).not.toBe(view.buffer);
    }
  });

  test("a copy stays as it is, also one of a Buffer", () => {
    for (const bytes of [Uint8Array.of(1, 2, 3), Buffer.from([1, 2, 3])]) {
      const copy = new ByteReader(bytes).copy(2)!;
      bytes.fill(9);
      expect([...copy]).toEqual([1, 2]);
    }
  });

  test("what is cut short is -1 or undefined", () => {
    const short = unhex("010203");
    expect(new ByteReader(unhex("")).u8()).toBe(-1);
    expect(new ByteReader(short).u32()).toBe(-1);
    expect(new ByteReader(short).u64()).toBe(-1);
    expect(new ByteReader(short).bytes(4)).toBeUndefined();
    expect(new ByteReader(short).bytes(INTEGER_MAX)).toBeUndefined();
    expect(new ByteReader(short).bytes(-1)).toBeUndefined();
    expect(new ByteReader(short).copy(4)).toBeUndefined();
    expect(new ByteReader(short).copy(-1)).toBeUndefined();
  });

  test("a 64-bit number beyond 2^53 - 1 is -1", () => {
    expect(new ByteReader(unhex("0020000000000000")).u64()).toBe(-1);
    expect(new ByteReader(unhex("ffffffffffffffff")).u64()).toBe(-1);
  });

  test("rest is empty past the end", () => {
    const reader = new ByteReader(unhex(""));
    reader.u8();
    expect(reader.rest().length).toBe(0);
  });
});

test("a scratch holds the bytes of one call, and leaves alone what does not fit", () => {
  const scratch = new Scratch(4);
  const first = scratch.copy(Uint8Array.of(1, 2, 3));
  expect([...first]).toEqual([1, 2, 3]);
  expect([...scratch.copy(Uint8Array.of(4))]).toEqual([4]);
  expect([...first]).toEqual([4, 2, 3]);
  const long = Uint8Array.of(1, 2, 3, 4, 5);
  expect(scratch.load(long)).toBe(long);
  expect([...scratch.copy(long)]).toEqual([...long]);
});

test("hexadecimal", () => {
  expect(toHex(Uint8Array.of(0, 15, 255))).toBe("000fff");
  expect(fromHex("000FfF")).toEqual(Uint8Array.of(0, 15, 255));
  expect(fromHex("")).toEqual(new Uint8Array(0));
  for (const none of ["0", "0g", "0x00", " 00", "00 "]) expect(fromHex(none)).toBeUndefined();
});

test("equal bytes", () => {
  expect(equalBytes(unhex("0102"), unhex("0102"))).toBe(true);
  expect(equalBytes(unhex("0102"), unhex("0103"))).toBe(false);
  expect(equalBytes(unhex("0102"), unhex("010200"))).toBe(false);
});
