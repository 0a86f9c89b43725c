// Datagrams against the vectors, written and read; what is refused, and for which reason.

import { describe, expect, test } from "bun:test";

import { ByteWriter, toHex } from "../../lib/transport/wire/bytes.ts";
import {
  DATA_HEADER_BYTES,
  DATA_MIN_BYTES,
  decodeDatagram,
  decodeInitiatePayload,
  decodeRespondPayload,
  encodeInitiatePayload,
  encodeRespondPayload,
  HELLO_BYTES,
  INITIATE_BYTES,
  PacketKind,
  RESET_BYTES,
  RESPOND_BYTES,
  RETRY_BYTES,
  writeDataHeader,
} from "../../lib/transport/wire/datagrams.ts";
import { unhex } from "../support/vectors.ts";
import { encodePacket, type PacketVector, packetVector } from "../support/wire.ts";
import vectors from "../vectors/datagrams.json";

describe("packets", () => {
  for (const { name, packet, hex, ...rest } of vectors.valid) {
    const bytes = unhex(hex);

    test(`${name}: read`, () => {
      const decoded = decodeDatagram(bytes);
      if ("reason" in decoded) throw new Error(decoded.reason);
      expect(packetVector(decoded)).toEqual(packet as PacketVector);
    });

    if ("decodeOnly" in rest) continue;
    test(`${name}: written`, () => {
      expect(toHex(encodePacket(packet as PacketVector))).toBe(toHex(bytes));
    });
  }

  test.each(vectors.invalid)("refused: $name", ({ hex, reason }) => {
    expect(decodeDatagram(unhex(hex))).toEqual({ reason });
  });

  test("what is sealed in DATA follows its header", () => {
    const bytes = unhex(vectors.valid.find(({ packet }) => packet.kind === "data")!.hex);
    const packet = decodeDatagram(bytes);
    if ("reason" in packet || packet.kind !== PacketKind.Data) throw new Error("not DATA");
    const header = new ByteWriter();
    writeDataHeader(header, packet.receiver, packet.packetNumber, packet.phase);
    expect(header.length).toBe(DATA_HEADER_BYTES);
    expect(packet.bytes.subarray(0, DATA_HEADER_BYTES)).toEqual(header.finish());
    expect(packet.bytes).toEqual(bytes);
  });
});

describe("payloads of the handshake", () => {
  for (const { name, payload, hex } of vectors.payloads) {
    const value = { sender: payload.sender, resetToken: unhex(payload.resetToken) };
    const initiate = payload.kind === "initiate";

    test(name, () => {
      const decode = initiate ? decodeInitiatePayload : decodeRespondPayload;
      const encode = initiate ? encodeInitiatePayload : encodeRespondPayload;
      expect(decode(unhex(hex))).toEqual(value);
      expect(encode(value)).toEqual(unhex(hex));
    });
  }

  test.each(vectors.invalidPayloads)("refused: $name", ({ kind, hex, reason }) => {
    const decode = kind === "initiate" ? decodeInitiatePayload : decodeRespondPayload;
    expect(decode(unhex(hex))).toEqual({ reason });
  });
});

test("no answer to a stranger is longer than what it answers", () => {
  expect(RETRY_BYTES).toBeLessThan(HELLO_BYTES);
  expect(RESPOND_BYTES).toBeLessThan(INITIATE_BYTES);
  expect(RESET_BYTES).toBeLessThan(DATA_MIN_BYTES);
});
