// The program that plays the members of a group and a sender: gathers them at a server, has them talk, and measures what
// the deliveries cost. One process for all, on a core of its own.

import { Load, type Pace } from "./load.ts";
import type { Figures } from "./part.ts";
import { peerNamed } from "./peers/all.ts";
import type { Crowd } from "./peers/peer.ts";
import { perform } from "./performer.ts";
import { cpuBetween, cpuTimes, datagramsDropped } from "./usage.ts";

export interface GatherOrder {
  /** The name of a peer. */
  readonly peer: string;
  readonly port: number;
  /** Of the server's process. */
  readonly pid: number;
  readonly members: number;
  /** Groups that each of them is in besides the one that is talked in; only ours can. */
  readonly otherGroups?: number;
}

export interface TalkOrder {
  readonly pace: Pace;
  /** Not counted, in ms. */
  readonly warmUpMs: number;
  readonly countMs: number;
  /** When counting begins, one member in so many closes its socket without a word. */
  readonly oneDeadIn?: number;
  /** Bytes of each text; 100 if left out. */
  readonly textBytes?: number;
}

/** What is measured of each talk. */
export const Figure = {
  /** Of the server, in us. */
  Cpu: "server CPU per delivery",
  /** Per second. */
  Rate: "deliveries",
  /** From the moment a text is published until a member has read it, in ms. */
  Median: "median delay",
  Slowest: "99th percentile",
  /** Pieces of streams that a member was sent though it had them. */
  SentAgain: "sent again",
  /** Datagrams that the kernel had no room for. */
  Dropped: "dropped",
} as const;

export type MembersOrders = {
  gather(order: GatherOrder): Promise<void>;
  talk(order: TalkOrder): Promise<Figures>;
};

const MS_PER_SECOND = 1_000;

let load: Load;
let crowd: Crowd;
let server: GatherOrder;

const gather = async (order: GatherOrder): Promise<void> => {
  server = order;
  load = new Load(order.members);
  const { peer, port, members, otherGroups } = order;
  const gathered = peerNamed(peer).gather(port, members, load, otherGroups);
  crowd = await Promise.race([gathered, load.failure]);
};

const talk = async (order: TalkOrder): Promise<Figures> => {
  const { pace, warmUpMs, countMs, oneDeadIn, textBytes } = order;
  load.start(crowd, pace, textBytes);
  await Promise.race([Bun.sleep(warmUpMs), load.failure]);
  const dead = oneDeadIn === undefined ? [] : everyNth(server.members, oneDeadIn);
  for (const member of dead) {
    crowd.kill?.(member);
    load.leaveOut(member);
  }
  load.reset();
  const { sentAgain } = crowd;
  const dropped = datagramsDropped();
  const cpu = cpuTimes(server.pid);
  const since = performance.now();
  await Promise.race([Bun.sleep(countMs), load.failure]);
  const ms = performance.now() - since;
  const cpuUs = cpuBetween(cpu, cpuTimes(server.pid));
  const { deliveries, delays } = load;
  const figures = {
    [Figure.Cpu]: cpuUs / deliveries,
    [Figure.Rate]: (deliveries * MS_PER_SECOND) / ms,
    [Figure.Median]: delays.percentile(0.5),
    [Figure.Slowest]: delays.percentile(0.99),
    ...(sentAgain === undefined
      ? {}
      : {
          [Figure.SentAgain]: crowd.sentAgain! - sentAgain,
          [Figure.Dropped]: datagramsDropped() - dropped,
        }),
  };
  await load.stop();
  if (dead.length > 0) {
    await crowd.replaceKilled?.();
    for (const member of dead) load.takeIn(member);
  }
  return figures;
};

const everyNth = (count: number, n: number): number[] =>
  Array.from({ length: Math.floor(count / n) }, (_, index) => index * n);

if (import.meta.main) perform({ gather, talk } satisfies MembersOrders);
