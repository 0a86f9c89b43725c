// A session against a peer that keeps the keys but not the rules.

import { describe, expect, test } from "bun:test";

import type { Address } from "../../lib/transport/address.ts";
import { frameMessage } from "../../lib/transport/framed-message.ts";
import {
  ACK_DELAY_MS,
  ACK_EVERY_PACKETS,
  ACK_RANGES_MAX,
  REJECT_AFTER_MS,
} from "../../lib/transport/limits.ts";
import { ASKED_ACK_DELAY_MS, MAX_ACK_DELAY_MS } from "../../lib/transport/retry.ts";
import { KEY_LIMITS, type KeyLimits } from "../../lib/transport/session/key-phases.ts";
import { Session } from "../../lib/transport/session/session.ts";
import { ByteWriter } from "../../lib/transport/wire/bytes.ts";
import {
  type Frame,
  FrameKind,
  writeAck,
  writeMaxData,
  writePathChallenge,
  writePathResponse,
  writePing,
  writeRekey,
} from "../../lib/transport/wire/frames.ts";
import {
  ELSEWHERE,
  flush,
  halfFill,
  kinds,
  openSession,
  packet,
  PEER,
} from "../support/lone-session.ts";
import { rangeSet, writeStream } from "../support/wire.ts";

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
      received += many.bytes.length;
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

describe("a new path", () => {
  test("is not measured by what was sent on the one before", () => {
    const session = openSession({ mayGrow: () => true });
    let [sent, heard] = [0, 0];
    const flushed = (now: number) => {
      const packets = flush(session, now);
      sent += packets.length;
      return packets;
    };
    const say = (now: number, bytes: number): number[] => {
      session.send(now, frameMessage(new Uint8Array(bytes)));
      return flushed(now).map(({ size }) => size);
    };
    const hear = (now: number, from: Address, write: (frames: ByteWriter) => void) =>
      session.receive(now, from, packet(heard++, write));
    const acknowledge = (now: number, from: Address, first: number, last: number) =>
      hear(now, from, (frames) => writeAck(frames, rangeSet([[first, last]]), 0));

    expect(Math.max(...say(0, 3_000))).toBe(1_452);
    acknowledge(10, PEER, 0, sent - 1);
    const late = sent;
    const [first, second] = say(10, 2_000);
    expect([first, second! < 1_200]).toEqual([1_452, true]);
    acknowledge(20, PEER, sent - 1, sent - 1);
    hear(20, ELSEWHERE, (frames) => frames.zeros(100));
    const challenge = flushed(20).flatMap(({ frames }) => frames)[0]!;
    if (challenge.kind !== FrameKind.PathChallenge) throw new Error("no challenge");
    hear(21, ELSEWHERE, (frames) => writePathResponse(frames, challenge.data));
    expect(session.address).toEqual(ELSEWHERE);
    // Its own probe is under way when an acknowledgement comes late of what the old path carried.
    expect(say(21, 3_000).filter((size) => size > 1_200)).toEqual([1_452]);
    acknowledge(22, ELSEWHERE, late, late + 1);
    expect(Math.max(...say(22, 3_000))).toBe(1_200);
    acknowledge(30, ELSEWHERE, late, sent - 1);
    expect(say(30, 3_000)[0]).toBe(1_452);
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
    halfFill(session);
    expect(kinds(flush(session, 1))).toEqual([[FrameKind.Ack, FrameKind.MaxData]]);
    const now = session.deadline(1);
    session.wake(now);
    expect(kinds(flush(session, now))[0]).toContain(FrameKind.MaxData);
  });

  test("whose acknowledgement shows that a limit was lost, and nothing else is under way, is told it again", () => {
    const session = openSession();
    const number = halfFill(session);
    flush(session, 1);
    for (let pings = 0; pings < 3; pings++) {
      session.ping();
      flush(session, 2);
    }
    const shows = packet(number, (frames) => writeAck(frames, rangeSet([[1, 3]]), 0));
    expect(session.receive(3, PEER, shows)?.calm).toBe(false);
    expect(kinds(flush(session, 3))).toEqual([[FrameKind.Ack, FrameKind.MaxData]]);
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

  test("that breaks the protocol is not read any further", () => {
    let drawn = 0;
    const random = (count: number): Uint8Array => {
      drawn++;
      return new Uint8Array(count).fill(1);
    };
    const session = openSession({ random });
    const rekeys = packet(0, (frames) => {
      // Of low order: each would cost a key pair and a multiplication.
      for (let i = 0; i < 30; i++) writeRekey(frames, 1, new Uint8Array(32));
    });
    expect(session.receive(1, PEER, rekeys)?.over).toBe("violation");
    expect(drawn).toBe(1);
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

describe("an acknowledgement", () => {
  const message = (offset: number) => (frames: ByteWriter) =>
    writeStream(frames, offset, frameMessage(Uint8Array.of(1, 2)));
  const MESSAGE_BYTES = frameMessage(Uint8Array.of(1, 2)).length;
  const acked = (packets: { frames: Frame[] }[]) =>
    packets.flatMap(({ frames }) => frames).filter(({ kind }) => kind === FrameKind.Ack).length;

  test("waits for company, and no longer than it may", () => {
    const session = openSession();
    session.receive(100, PEER, packet(0, message(0)));
    expect(flush(session, 100)).toEqual([]);
    expect(session.deadline(100)).toBe(100 + ACK_DELAY_MS);
    session.receive(110, PEER, packet(1, message(MESSAGE_BYTES)));
    expect(flush(session, 100 + ACK_DELAY_MS - 1)).toEqual([]);
    expect(acked(flush(session, 100 + ACK_DELAY_MS))).toBe(1);
    expect(session.deadline(200)).toBeGreaterThan(200 + ACK_DELAY_MS);
  });

  test("rides along with what goes out anyway", () => {
    const session = openSession();
    session.receive(100, PEER, packet(0, message(0)));
    session.send(101, frameMessage(Uint8Array.of(7)));
    const [sent, ...more] = flush(session, 101);
    expect(kinds([sent!])).toEqual([[FrameKind.Ack, FrameKind.Stream]]);
    expect(more).toEqual([]);
    expect(flush(session, 100 + ACK_DELAY_MS)).toEqual([]);
  });

  test("comes at once when PING asks for it", () => {
    const session = openSession();
    session.receive(
      100,
      PEER,
      packet(0, (frames) => {
        message(0)(frames);
        writePing(frames);
      }),
    );
    expect(acked(flush(session, 100))).toBe(1);
  });

  test("comes at once when a packet is missing, or comes late", () => {
    const session = openSession();
    session.receive(100, PEER, packet(0, writePing));
    flush(session, 100);
    session.receive(101, PEER, packet(2, message(MESSAGE_BYTES)));
    expect(acked(flush(session, 101))).toBe(1);
    session.receive(102, PEER, packet(1, message(0)));
    expect(acked(flush(session, 102))).toBe(1);
    session.receive(103, PEER, packet(3, message(2 * MESSAGE_BYTES)));
    expect(flush(session, 103)).toEqual([]);
  });

  test("comes at once for many packets", () => {
    const session = openSession();
    for (let number = 0; number < ACK_EVERY_PACKETS; number++) {
      expect(flush(session, 100)).toEqual([]);
      session.receive(100, PEER, packet(number, message(number * MESSAGE_BYTES)));
    }
    expect(acked(flush(session, 100))).toBe(1);
  });

  test("is asked for by a sender with no room for more, and by one for whom somebody waits", () => {
    const asking = (session: Session, bytes: number) => {
      session.send(100, frameMessage(new Uint8Array(bytes)));
      return kinds(flush(session, 100)).map((packet) => packet.includes(FrameKind.Ping));
    };
    expect(asking(openSession(), 3_000)).toEqual([false, false, false]);
    expect(asking(openSession(), 100_000).lastIndexOf(true)).toBe(9);
    expect(asking(openSession(), 100_000).indexOf(true)).toBe(9);
    expect(asking(openSession({ asksAtOnce: true }), 3_000)).toEqual([false, false, true]);
  });

  test("is asked for however little is left that finds no room", () => {
    let left = 0;
    for (let bytes = 11_600; bytes < 11_800; bytes++) {
      const session = openSession();
      session.receive(0, PEER, packet(0, writePing));
      session.send(0, frameMessage(new Uint8Array(bytes)));
      const asks = kinds(flush(session, 0)).at(-1)!.includes(FrameKind.Ping);
      if (!session.stream.sendable) continue;
      left++;
      expect(asks).toBe(true);
    }
    expect(left).toBeGreaterThan(0);
  });

  test("is waited for as long as it may take where there was no room to ask for it", () => {
    const [rtt, deviation] = [10, 5];
    let crowded = 0;
    for (let bytes = 1_100; bytes < 1_200; bytes++) {
      const session = openSession({ asksAtOnce: true });
      session.send(0, frameMessage(Uint8Array.of(1)));
      flush(session, 0);
      session.receive(
        rtt,
        PEER,
        packet(0, (frames) => writeAck(frames, rangeSet([[0, 0]]), 0)),
      );
      session.send(rtt, frameMessage(new Uint8Array(bytes)));
      const packets = flush(session, rtt);
      const asks = packets.at(-1)!.frames.some(({ kind }) => kind === FrameKind.Ping);
      const ackDelayMs = asks ? ASKED_ACK_DELAY_MS : MAX_ACK_DELAY_MS;
      expect(session.deadline(rtt)).toBe(rtt + rtt + 4 * deviation + ackDelayMs);
      if (!asks) crowded++;
    }
    expect(crowded).toBeGreaterThan(0);
  });
});

describe("a peer that acknowledges, and takes no part in new keys", () => {
  /** When the session was over, and when it had sent REKEY until then, in ms. */
  function live(keyLimits: KeyLimits): { over: string; at: number; asked: number[] } {
    const session = openSession({ keepAliveMs: 7_000, keyLimits }, true);
    session.send(0, frameMessage(new Uint8Array(10)));
    const asked: number[] = [];
    for (let now = 0, sent = 0, turn = 0; turn < 1_000; turn++) {
      for (const { frames } of flush(session, now)) {
        for (const { kind } of frames) if (kind === FrameKind.Rekey) asked.push(Math.round(now));
        const seen = rangeSet([[0, sent]]);
        const answer = packet(sent++, (writer) => writeAck(writer, seen, 0));
        expect(session.receive(now, PEER, answer)?.over).toBeUndefined();
      }
      now = Math.max(now, session.deadline(now));
      const over = session.wake(now);
      if (over !== undefined) return { over, at: now, asked };
    }
    throw new Error("the session never ends");
  }

  test("loses the session when the keys are too old", () => {
    const limits = { ...KEY_LIMITS, rekeyAfterMs: 10_000, rejectAfterMs: 60_000 };
    expect(live(limits)).toEqual({ over: "expired", at: 60_000, asked: [10_000] });
  });

  test("loses it when the keys have sealed too much", () => {
    const limits = { ...KEY_LIMITS, rekeyAfterPackets: 10, rejectAfterPackets: 40 };
    const { over, at, asked } = live(limits);
    expect(over).toBe("expired");
    expect(at).toBeLessThan(REJECT_AFTER_MS);
    expect(asked).toHaveLength(1);
  });
});
