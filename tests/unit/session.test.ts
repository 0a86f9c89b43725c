// A session against a peer that keeps the keys but not the rules.

import { describe, expect, test } from "bun:test";

import type { Address, Datagram } from "../../lib/transport/address.ts";
import { aeadKey, open, sealInto } from "../../lib/transport/aead.ts";
import { ByteWriter } from "../../lib/transport/bytes.ts";
import {
  type DataPacket,
  decodeDatagram,
  PacketKind,
  writeDataHeader,
} from "../../lib/transport/datagrams.ts";
import {
  decodeFrames,
  type Frame,
  FrameKind,
  writeMaxData,
  writePathChallenge,
  writePing,
  writeStream,
} from "../../lib/transport/frames.ts";
import { ACK_RANGES_MAX, RECEIVE_WINDOW_BYTES } from "../../lib/transport/limits.ts";
import { frameMessage } from "../../lib/transport/send-stream.ts";
import { Session } from "../../lib/transport/session.ts";
import { Prng } from "../support/prng.ts";

const KEY = aeadKey(new Uint8Array(32).fill(1));
const PEER: Address = { host: "10.0.0.2", port: 2 };
const ELSEWHERE: Address = { host: "6.6.6.6", port: 6 };

function openSession(): Session {
  const random = new Prng(1);
  const session = new Session(0, 7, PEER, {
    random: (count) => random.bytes(count),
    idleTimeoutMs: 45_000,
    keepAliveMs: undefined,
  });
  session.open(0, { send: KEY, receive: KEY, remoteIndex: 7, resetToken: new Uint8Array(16) });
  return session;
}

/** A packet of the peer with what `write` puts in it. */
function packet(number: number, write: (frames: ByteWriter) => void): DataPacket {
  const header = new ByteWriter();
  writeDataHeader(header, 7, number);
  const frames = new ByteWriter();
  write(frames);
  const decoded = decodeDatagram(sealInto(KEY, number, header.finish(), frames.finish()));
  if ("reason" in decoded || decoded.kind !== PacketKind.Data) throw new Error("not DATA");
  return decoded;
}

function flush(session: Session, now: number): { to: Address; size: number; frames: Frame[] }[] {
  const out: Datagram[] = [];
  session.flush(now, out);
  return out.map(({ to, bytes }) => {
    const decoded = decodeDatagram(bytes);
    if ("reason" in decoded || decoded.kind !== PacketKind.Data) throw new Error("not DATA");
    const plain = open(KEY, decoded.packetNumber, decoded.header, decoded.sealed)!;
    const frames = decodeFrames(plain);
    if (!Array.isArray(frames)) throw new Error(frames.reason);
    return { to, size: bytes.length, frames };
  });
}

const kinds = (packets: { frames: Frame[] }[]) =>
  packets.map(({ frames }) => frames.map((frame) => frame.kind));

describe("an address that is not proven", () => {
  test("gets no more bytes than it sent, whatever it asks", () => {
    const session = openSession();
    let received = 0;
    let sent = 0;
    for (let number = 0; number < 50; number++) {
      const many = packet(number, (frames) => {
        for (let i = 0; i < (number % 2 === 0 ? 1 : 100); i++) {
          writePathChallenge(frames, new Uint8Array(8).fill(i));
        }
      });
      received += many.header.length + many.sealed.length;
      session.receive(number * 100, ELSEWHERE, many);
      for (const { to, size } of flush(session, number * 100)) if (to === ELSEWHERE) sent += size;
      expect(sent).toBeLessThanOrEqual(received);
    }
    expect(sent).toBeGreaterThan(0);
  });

  test("does not take over the session without the answer to its challenge", () => {
    const session = openSession();
    session.receive(
      1,
      ELSEWHERE,
      packet(0, (frames) => frames.zeros(100)),
    );
    expect(kinds(flush(session, 1))).toEqual([[FrameKind.PathChallenge]]);
    session.receive(
      2,
      ELSEWHERE,
      packet(1, (frames) => {
        frames.u8(FrameKind.PathResponse);
        frames.zeros(8);
      }),
    );
    expect(session.address).toEqual(PEER);
  });
});

describe("a peer", () => {
  test("that skips packet numbers does not make the acknowledgements grow", () => {
    const session = openSession();
    for (let number = 0; number < 4_000; number += 2) {
      session.receive(number, PEER, packet(number, writePing));
      const [answer] = flush(session, number);
      const ack = answer!.frames[0]!;
      expect(ack.kind === FrameKind.Ack && ack.ranges.length).toBeLessThanOrEqual(ACK_RANGES_MAX);
    }
  });

  test("is told a lost flow control limit again by the next probe", () => {
    const session = openSession();
    const half = frameMessage(new Uint8Array(RECEIVE_WINDOW_BYTES / 2));
    for (let at = 0, number = 0; at < half.length; at += 60_000, number++) {
      const piece = half.subarray(at, at + 60_000);
      session.receive(
        1,
        PEER,
        packet(number, (frames) => writeStream(frames, at, piece)),
      );
    }
    expect(kinds(flush(session, 1))).toEqual([[FrameKind.Ack, FrameKind.MaxData]]);
    const now = session.deadline(1);
    session.wake(now);
    expect(kinds(flush(session, now))[0]).toContain(FrameKind.MaxData);
  });

  test("that acknowledges what was never sent ends the session", () => {
    const session = openSession();
    const received = session.receive(
      1,
      PEER,
      packet(0, (frames) => {
        for (const byte of [FrameKind.Ack, 5, 0, 0, 0]) frames.u8(byte);
      }),
    );
    expect(received?.over).toBe("violation");
  });

  test("whose limit says nothing new changes nothing", () => {
    const session = openSession();
    session.receive(
      1,
      PEER,
      packet(0, (frames) => writeMaxData(frames, 0)),
    );
    session.send(1, frameMessage(new Uint8Array(100)));
    expect(kinds(flush(session, 1))).toEqual([[FrameKind.Ack, FrameKind.Stream]]);
  });
});
