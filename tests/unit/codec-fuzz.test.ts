// Hostile bytes for every decoder of the transport: a value or a reason, never a throw.

import { describe, expect, test } from "bun:test";

import {
  ByteReader,
  ByteWriter,
  equalBytes,
  fromHex,
  INTEGER_MAX,
} from "../../lib/transport/bytes.ts";
import {
  decodeDatagram,
  decodeInitiatePayload,
  decodeRespondPayload,
} from "../../lib/transport/datagrams.ts";
import { decodeFrames, FrameKind } from "../../lib/transport/frames.ts";
import { hostile } from "../support/mutate.ts";
import { Prng } from "../support/prng.ts";
import { unhex } from "../support/vectors.ts";
import { encodeFrames, encodePacket, frameVector, packetVector } from "../support/wire.ts";
import datagramVectors from "../vectors/datagrams.json";
import frameVectors from "../vectors/frames.json";

const INPUTS = 20_000;
const bytesOf = (vectors: readonly { hex: string }[]): Uint8Array[] =>
  vectors.map(({ hex }) => unhex(hex));

/** Calls `check` with INPUTS hostile inputs; says which one it was when it fails. */
function fuzz(
  seed: number,
  valid: readonly Uint8Array[],
  check: (bytes: Uint8Array) => void,
): void {
  const prng = new Prng(seed);
  for (let i = 0; i < INPUTS; i++) {
    const bytes = hostile(prng, valid);
    try {
      check(bytes);
    } catch (cause) {
      throw new Error(`fuzz: seed ${seed}, input ${i}: ${bytes.toHex()}`, { cause });
    }
  }
}

test("datagrams: what is read means the same when it is written and read again", () => {
  let accepted = 0;
  fuzz(11, bytesOf([...datagramVectors.valid, ...datagramVectors.invalid]), (bytes) => {
    const packet = decodeDatagram(bytes);
    if (!("kind" in packet)) return expect(packet.reason.length).toBeGreaterThan(0);
    accepted++;
    const again = decodeDatagram(encodePacket(packetVector(packet)));
    if (!("kind" in again)) throw new Error(again.reason);
    expect(packetVector(again)).toEqual(packetVector(packet));
  });
  expect(accepted).toBeGreaterThan(INPUTS / 20);
});

test("frames: the same, and every number is in its bounds", () => {
  let accepted = 0;
  fuzz(12, bytesOf([...frameVectors.valid, ...frameVectors.invalid]), (bytes) => {
    const frames = decodeFrames(bytes);
    if ("reason" in frames) return expect(frames.reason.length).toBeGreaterThan(0);
    accepted++;
    for (const frame of frames) {
      if (frame.kind === FrameKind.Stream) {
        expect(frame.offset + frame.data.length).toBeLessThanOrEqual(INTEGER_MAX);
      }
      if (frame.kind !== FrameKind.Ack) continue;
      let below = INTEGER_MAX + 1;
      for (const { smallest, largest } of frame.ranges) {
        if (smallest < 0 || smallest > largest || largest >= below) throw new Error("ACK ranges");
        below = smallest - 1;
      }
    }
    const values = frames.map(frameVector);
    // Replacement characters for bad UTF-8 may make a reason too long to be written again.
    if (values.some((value) => value.kind === "close" && value.reason.includes("\ufffd"))) return;
    const again = decodeFrames(encodeFrames(values));
    if ("reason" in again) throw new Error(again.reason);
    expect(again.map(frameVector)).toEqual(values);
  });
  expect(accepted).toBeGreaterThan(INPUTS / 20);
});

describe("payloads of the handshake", () => {
  test("INITIATE", () => {
    fuzz(13, bytesOf(datagramVectors.payloads), (bytes) => void decodeInitiatePayload(bytes));
  });

  test("RESPOND", () => {
    fuzz(14, bytesOf(datagramVectors.payloads), (bytes) => void decodeRespondPayload(bytes));
  });
});

test("the reader: any calls in any order on any bytes", () => {
  const calls = new Prng(16);
  fuzz(15, [unhex("9d7f3e7d"), unhex("c000000000000001"), unhex("001fffffffffffff")], (bytes) => {
    const reader = new ByteReader(bytes);
    for (let i = 0; i < 6; i++) {
      const n = [
        () => reader.u8(),
        () => reader.u32(),
        () => reader.u64(),
        () => reader.varint(),
        () => reader.zeros(),
        () => reader.bytes(calls.between(-1, 9))?.length ?? -1,
        () => reader.rest().length,
      ][calls.below(7)]!();
      if (!Number.isSafeInteger(n) || n < -1) throw new Error(`reader: ${n}`);
    }
  });
});

test("varints: every number comes back from its shortest form", () => {
  const prng = new Prng(17);
  const writer = new ByteWriter(8);
  for (let i = 0; i < INPUTS; i++) {
    const n = Math.floor(prng.float() * 2 ** prng.between(0, 53));
    writer.reset();
    writer.varint(n);
    expect(new ByteReader(writer.written()).varint()).toBe(n);
  }
});

test("hexadecimal digits", () => {
  const prng = new Prng(18);
  for (let i = 0; i < INPUTS; i++) {
    const bytes = prng.bytes(prng.below(20));
    const text = String.fromCharCode(...bytes);
    fromHex(text);
    const back = fromHex(prng.chance(0.5) ? bytes.toHex() : bytes.toHex().toUpperCase());
    if (back === undefined || !equalBytes(back, bytes)) throw new Error(text);
  }
});
