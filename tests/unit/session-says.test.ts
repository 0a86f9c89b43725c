// What a session says once, in time, and to whom: limits, probes of the path, challenges.

import { describe, expect, test } from "bun:test";

import type { Address } from "../../lib/transport/address.ts";
import { frameMessage } from "../../lib/transport/framed-message.ts";
import {
  FrameKind,
  writePathChallenge,
  writePathResponse,
  writePing,
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

const NOWHERE: Address = { host: "7.7.7.7", port: 7 };

describe("the peer", () => {
  test("is told a new flow control limit once, unless it is lost", () => {
    const session = openSession();
    const number = halfFill(session);
    expect(kinds(flush(session, 1))).toEqual([[FrameKind.Ack, FrameKind.MaxData]]);
    expect(flush(session, 2)).toEqual([]);
    session.receive(3, PEER, packet(number, writePing));
    expect(kinds(flush(session, 3))).toEqual([[FrameKind.Ack]]);
  });

  test("gets a probe of the path that says nothing but PING and PADDING", () => {
    const session = openSession({ mayGrow: () => true });
    session.send(0, frameMessage(new Uint8Array(3_000)));
    const [probe] = flush(session, 0).filter(({ size }) => size === 1_452);
    expect(kinds([probe!])).toEqual([[FrameKind.Ping, FrameKind.Padding]]);
  });
});

describe("an address that is not proven", () => {
  test("is challenged again as soon as it may be: every 50 ms", () => {
    const session = openSession();
    const challengedAt: number[] = [];
    for (let now = 0; now <= 200; now += 5) {
      session.receive(
        now,
        ELSEWHERE,
        packet(now, (frames) => frames.zeros(100)),
      );
      if (flush(session, now).some(({ to }) => to === ELSEWHERE)) challengedAt.push(now);
    }
    expect(challengedAt).toEqual([0, 50, 100, 150, 200]);
  });

  test("is sent nothing for what came from another one", () => {
    const session = openSession();
    session.receive(
      1,
      ELSEWHERE,
      packet(5, (frames) => frames.zeros(1_000)),
    );
    flush(session, 1);
    session.receive(
      2,
      NOWHERE,
      packet(3, (frames) => writePathChallenge(frames, new Uint8Array(8))),
    );
    expect(flush(session, 2).filter(({ to }) => to === NOWHERE)).toEqual([]);
  });

  test("is not proven by an answer from another one", () => {
    const session = openSession();
    session.receive(
      1,
      ELSEWHERE,
      packet(5, (frames) => frames.zeros(100)),
    );
    const [challenge] = flush(session, 1).flatMap(({ frames }) => frames);
    if (challenge?.kind !== FrameKind.PathChallenge) throw new Error("no challenge");
    const answer = (number: number) =>
      packet(number, (frames) => writePathResponse(frames, challenge.data));
    for (const [number, from] of [
      [1, PEER],
      [2, NOWHERE],
    ] as const) {
      session.receive(2, from, answer(number));
      expect(session.address).toEqual(PEER);
    }
    session.receive(3, ELSEWHERE, answer(6));
    expect(session.address).toEqual(ELSEWHERE);
  });
});
