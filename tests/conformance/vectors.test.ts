// The vectors, read and written by a peer that was written from lib/PROTOCOL.md alone.

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { importsOf, tokensOf } from "../support/source-tokens.ts";
import frameVectors from "../vectors/frames.json";
import vectors from "../vectors/session.json";
import {
  FIRST_MESSAGE,
  PSK_HEX,
  recordSession,
  SECOND_MESSAGE,
  secretsOf,
} from "./session-vectors.ts";
import {
  bytesOf,
  hex,
  nextKeys,
  Noise,
  openPacket,
  pairOf,
  readFrames,
  writeFrame,
} from "./wire.ts";

const plainHex = (spaced: string): string => spaced.replaceAll(" ", "");

test("the conforming peer is made of the document alone", () => {
  const imports = ["peer.ts", "session.ts", "wire.ts"].flatMap((file) =>
    importsOf(tokensOf(readFileSync(join(import.meta.dir, file), "utf8"))),
  );
  expect([...new Set(imports)].sort()).toEqual(["./session.ts", "./wire.ts", "node:crypto"]);
});

describe.each(vectors.sessions)("the recorded session $name", (session) => {
  const psk = session.psk === undefined ? undefined : bytesOf(session.psk);
  const datagram = (name: string) =>
    bytesOf(session.datagrams.find((recorded) => recorded.name === name)!.hex);
  const initiate = datagram("INITIATE").subarray(17);
  const respond = datagram("RESPOND").subarray(5);
  const initiator = pairOf(bytesOf(session.initiator.staticSecret));
  const responder = pairOf(bytesOf(session.responder.staticSecret));
  const ephemeral = pairOf(bytesOf(session.initiator.ephemeralSecret));

  test("is what the transport says, byte for byte", () => {
    expect(recordSession(psk !== undefined)).toEqual(
      session.datagrams.map(({ from, hex: spaced }) => ({
        from: from as "initiator" | "responder",
        hex: plainHex(spaced),
      })),
    );
    expect(session.initiator).toMatchObject({
      staticSecret: secretsOf("initiator").static,
      ephemeralSecret: secretsOf("initiator").ephemeral,
      rekeySecret: secretsOf("initiator").rekey,
    });
    if (psk !== undefined) expect(hex(psk)).toBe(PSK_HEX);
  });

  test("is read by its responder", () => {
    const noise = new Noise(responder.public, psk);
    const first = noise.readFirst(responder, initiate);
    expect(hex(first.static)).toBe(session.initiator.staticPublic);
    expect(hex(first.ephemeral)).toBe(session.initiator.ephemeralPublic);
    expect(hex(first.payload)).toBe(plainHex(session.initiator.payload));
    const answer = bytesOf(session.responder.payload);
    const own = pairOf(bytesOf(session.responder.ephemeralSecret));
    expect(hex(noise.writeSecond(first, own, answer))).toBe(hex(respond));
    expect(hex(noise.hash)).toBe(session.handshakeHash);
  });

  test("is read by its initiator", () => {
    const noise = new Noise(responder.public, psk);
    const payload = bytesOf(session.initiator.payload);
    const written = noise.writeFirst(initiator, ephemeral, responder.public, payload);
    expect(hex(written)).toBe(hex(initiate));
    const answer = noise.readSecond(initiator, ephemeral, respond);
    expect(hex(answer)).toBe(plainHex(session.responder.payload));
    expect(noise.split().map(hex)).toEqual([
      session.initiatorToResponder,
      session.responderToInitiator,
      session.chain,
    ]);
  });

  test("gets new keys from both sides of its REKEY", () => {
    const own = [session.initiator.rekeySecret, session.responder.rekeySecret].map((secret) =>
      pairOf(bytesOf(secret)),
    );
    const { chain, initiatorToResponder, responderToInitiator } = session.next;
    for (const [side, other] of [own, own.toReversed()]) {
      const next = nextKeys(bytesOf(session.chain), side!, other!.public);
      expect(next.map(hex)).toEqual([chain, initiatorToResponder, responderToInitiator]);
    }
    const said = session.datagrams.flatMap(({ plain = "", packetNumber }) =>
      packetNumber === undefined
        ? []
        : readFrames(bytesOf(plain)).flatMap((frame) => (frame.kind === "REKEY" ? [frame] : [])),
    );
    expect(said).toEqual(own.map((pair) => ({ kind: "REKEY", phase: 1, key: pair.public })));
  });

  test("opens, packet by packet", () => {
    const said: unknown[] = [];
    for (const { name, from, hex: spaced, ...rest } of session.datagrams) {
      if (!("plain" in rest)) continue;
      const keys = rest.phase === 0 ? session : session.next;
      const forward = from === "initiator";
      const key = bytesOf(forward ? keys.initiatorToResponder : keys.responderToInitiator);
      const packet = openPacket(key, bytesOf(spaced));
      expect({ name, number: packet.number, plain: hex(packet.plain) }).toEqual({
        name,
        number: rest.packetNumber!,
        plain: rest.plain!,
      });
      for (const frame of packet.frames) {
        if (frame.kind !== "STREAM") continue;
        // Both messages are longer than 63 and shorter than 16,384 bytes: their length takes two.
        said.push(JSON.parse(Buffer.from(frame.data.subarray(2)).toString()));
      }
    }
    expect(said).toEqual([FIRST_MESSAGE, SECOND_MESSAGE]);
  });

  test("ends with the token of RESPOND in RESET", () => {
    expect(hex(datagram("RESET").subarray(5))).toBe(session.responder.payload.split(" ")[1]!);
  });
});

test("frames of the vectors are read and written alike", () => {
  for (const { name, frames, hex: spaced, ...rest } of frameVectors.valid) {
    const read = readFrames(bytesOf(spaced));
    const kinds = read.map(({ kind }) => kind.toLowerCase()).filter((kind) => kind !== "padding");
    expect({ name, kinds }).toEqual({
      name,
      kinds: frames.map(({ kind }) => kind).filter((kind) => kind !== "padding"),
    });
    if ("decodeOnly" in rest) continue;
    const written = read.map((frame) => hex(writeFrame(frame))).join("");
    expect({ name, written }).toEqual({ name, written: plainHex(spaced) });
  }
  const tooLong = /unknown frame|cut short|no frames|too large|below 0|more than/;
  for (const { name, hex: spaced } of frameVectors.invalid) {
    // A receiver may take a long reason, and an offset that it could never reach.
    if (/129 bytes|largest offset/.test(name)) continue;
    expect(() => readFrames(bytesOf(spaced)), name).toThrow(tooLong);
  }
});
