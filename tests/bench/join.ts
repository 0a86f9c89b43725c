// Part `join`: many real clients that come at once, what their coming costs the server, and what they cost it when they
// are idle. There is no yardstick beside it: the goals are numbers.

import { join as pathOf } from "node:path";

import { type ChatServer, startChatServer } from "./chat-server.ts";
import type { CrowdOrders } from "./crowd-program.ts";
import type { BenchOptions, Case, Figures, Part } from "./part.ts";
import { Performer } from "./performer.ts";
import { CLIENT_CORE } from "./processes.ts";
import { cpuBetween, cpuTimes, datagramsDropped, residentBytes } from "./usage.ts";

/** Come and go before the others: what the engine compiles and keeps for them is no price of those. */
const FIRST_CLIENTS = 100;

const CLIENTS = { quick: [100, 1_000], full: [1_000, 10_000] };

/** What an idle client may cost is a goal for so many. */
const MANY_CLIENTS = 10_000;

/** Longer than any goal, so that a miss has a number. */
const JOIN_MAX_MS = 180_000;

/** What the coming has left to do is done after this. */
const SETTLE_MS = { quick: 2_000, full: 5_000 };

/** Idle clients are watched for so long: each gives a sign of life every 12 to 15 s. */
const IDLE_MS = { quick: 4_000, full: 20_000 };

const BYTES_PER_KIB = 1_024;
const US_PER_MS = 1_000;
const MS_PER_S = 1_000;

const HEAP_PROBE = pathOf(import.meta.dir, "heap-probe.ts");

/** A server that tells how much is on its heap. */
interface ProbedServer {
  readonly server: ChatServer;
  readonly pid: number;
  /** After a collection: bytes on the heap, with those that its objects hold outside of it. */
  heapBytes(): Promise<number>;
}

const startProbedServer = async (): Promise<ProbedServer> => {
  let tell: (bytes: number) => void = () => {};
  const server = await startChatServer({
    runtimeFlags: ["--preload", HEAP_PROBE],
    limited: true,
    onMessage: (bytes) => tell(bytes as number),
  });
  const { child, pid } = server.process;
  const heapBytes = (): Promise<number> => {
    const { promise, resolve } = Promise.withResolvers<number>();
    tell = resolve;
    child.send("heap");
    return promise;
  };
  return { server, pid, heapBytes };
};

const measure = async (
  count: number,
  { quick }: BenchOptions,
  progress: (word: string) => void,
) => {
  const probed = await startProbedServer();
  const crowd = new Performer<CrowdOrders>("crowd-program.ts", CLIENT_CORE);
  try {
    return await measureWith(probed, crowd, count, quick, progress);
  } finally {
    await Promise.all([probed.server.process.end(), crowd.end()]);
  }
};

const measureWith = async (
  { pid, server, heapBytes }: ProbedServer,
  crowd: Performer<CrowdOrders>,
  count: number,
  quick: boolean,
  progress: (word: string) => void,
): Promise<Figures> => {
  const serverPort = server.port;
  progress("the first clients");
  await crowd.ask("join", { count: FIRST_CLIENTS, serverPort });
  await crowd.ask("leave", undefined);
  await Bun.sleep(SETTLE_MS.quick);
  const first = await crowd.ask("count", undefined);
  const firstHeap = await heapBytes();
  const firstResident = residentBytes(pid);
  const droppedBefore = datagramsDropped();
  const cpuBefore = cpuTimes(pid);

  progress("registering");
  const ms = await crowd.ask("join", { count, serverPort }, JOIN_MAX_MS);
  const joinCpu = cpuBetween(cpuBefore, cpuTimes(pid));
  const { bytes, registered, errors } = await crowd.ask("count", undefined);
  const joined = registered - first.registered;
  if (joined === 0) throw new Error(`nobody is in: ${errors.join(" ")}`);

  progress("settling");
  await Bun.sleep(quick ? SETTLE_MS.quick : SETTLE_MS.full);
  progress("idle");
  const idleMs = quick ? IDLE_MS.quick : IDLE_MS.full;
  const idleBefore = cpuTimes(pid);
  await Bun.sleep(idleMs);
  const idleCpu = cpuBetween(idleBefore, cpuTimes(pid));
  const resident = residentBytes(pid) - firstResident;
  const heap = (await heapBytes()) - firstHeap;
  const { ended } = await crowd.ask("count", undefined);
  return {
    "all in": ms / MS_PER_S,
    "not in or lost": Math.max(count - joined, ended - first.ended),
    sent: (bytes - first.bytes) / joined / BYTES_PER_KIB,
    dropped: datagramsDropped() - droppedBefore,
    "CPU to join": joinCpu / joined,
    "idle CPU": (idleCpu / US_PER_MS / idleMs) * 100,
    resident: resident / joined / BYTES_PER_KIB,
    heap: heap / joined / BYTES_PER_KIB,
  };
};

const joining = (count: number, options: BenchOptions): Case => ({
  name: `${count} clients at once`,
  contenders: [
    { name: "ChatApp", measure: (_round, progress) => measure(count, options, progress) },
  ],
  figures: [
    { name: "all in", unit: "s", better: "less" },
    { name: "not in or lost", unit: "clients", better: "less" },
    { name: "sent", unit: "KiB/client", better: "less" },
    { name: "dropped", unit: "datagrams", better: "less" },
    { name: "CPU to join", unit: "us/client", better: "less" },
    { name: "idle CPU", unit: "% of a core", better: "less" },
    { name: "resident", unit: "KiB/client", better: "less" },
    { name: "heap", unit: "KiB/client", better: "less" },
  ],
  goals: [
    { figure: "all in", against: "", atMost: 60 },
    { figure: "not in or lost", against: "", atMost: 0 },
    { figure: "idle CPU", against: "", atMost: 10 },
    // In a small crowd most of it is what the engine has compiled.
    ...(count < MANY_CLIENTS ? [] : [{ figure: "resident", against: "", atMost: 4 }]),
  ],
});

export const join: Part = {
  name: "join",
  about: "many clients that come at once, and then are idle",
  async *cases(options) {
    for (const count of options.quick ? CLIENTS.quick : CLIENTS.full) yield joining(count, options);
  },
};
