// The whole of it: a real server, two real clients that talk, a third one whose datagrams are recorded on their way and sent
// again, and a thread full of strangers. Says what was lost, how long messages took, and what the server's memory did.

import { readFileSync } from "node:fs";

import { decodeDatagram, encodeHello, PacketKind } from "../../lib/transport/wire/datagrams.ts";
import { pipedClient, pipedServer } from "../support/piped-programs.ts";
import { Prng } from "../support/prng.ts";
import { freePort } from "../support/programs.ts";
import { Relay } from "../support/relay.ts";
import { Conversation, type Times } from "./conversation.ts";
import type { LoadCounts, LoadPlan, LoadReport } from "./load.ts";

export interface AttackOptions {
  readonly datagrams: number;
  readonly handshakes: number;
  readonly addresses: number;
  /** Datagrams and handshakes together. */
  readonly perSecond: number;
  /** Handshakes that the server has seen before. */
  readonly warmUp: number;
  /** How long they talk before it begins. */
  readonly quietMs: number;
  /** The server's memory may take so long to come back. */
  readonly restMs: number;
  readonly onProgress?: (text: string) => void;
}

export interface AttackResult {
  /** What is not as it was said; nothing, if nothing was lost, doubled or reordered and nobody was thrown out. */
  readonly differences: readonly string[];
  readonly quiet: Times;
  readonly loaded: Times;
  readonly seconds: number;
  /** Time of one processor that the server took meanwhile. */
  readonly cpuSeconds: number;
  readonly counts: LoadCounts;
  /** Sent again from the very address of the session they were recorded in. */
  readonly repeated: number;
  /** Resident memory of the server before and under attack, in bytes: the most there was, and at rest. */
  readonly memory: {
    readonly peakBefore: number;
    readonly peak: number;
    readonly restBefore: number;
    readonly rest: number;
  };
}

/** It has come back when it is so near to what it was. */
export const MEMORY_BACK_BYTES = 8 * 1_048_576;

/** On every Linux, whatever its own clock does (`USER_HZ`). */
const TICKS_PER_SECOND = 100;

const MEMORY_EVERY_MS = 250;

/** Datagrams recorded in each direction, at most. */
const RECORDED_MAX = 2_000;

/** So many of them are sent again every few ms, out of their own addresses. */
const REPEATED_AT_ONCE = 5;
const REPEATED_EVERY_MS = 10;

const HOST = "127.0.0.1";

export const attack = async (options: AttackOptions): Promise<AttackResult> => {
  const { onProgress = () => {} } = options;
  const { server, port } = await pipedServer();
  await using _server = server;
  const ports = [await freePort(), await freePort()] as const;
  await using conversation = await Conversation.begin(port, ports);
  await using tapped = await tap(port);
  let peak = 0;
  const watch = setInterval(() => (peak = Math.max(peak, memoryOf(server.pid))), MEMORY_EVERY_MS);
  using _watch = { [Symbol.dispose]: () => clearInterval(watch) };
  await conversation.chatter();
  conversation.talk();
  await tapped.talk();

  const { datagrams, handshakes, addresses, perSecond, warmUp } = options;
  const serverKey = await keyOf(port);
  const clientPorts = [...ports, tapped.port];
  const recorded = [...tapped.recorded.out, ...tapped.recorded.in];
  const plan: LoadPlan = {
    ...{ serverPort: port, clientPorts, serverKey, recorded },
    ...{ addresses, datagrams, handshakes, perSecond, warmUp },
  };
  using load = new LoadThread(plan, onProgress);
  await load.ready;

  onProgress("quiet");
  conversation.takeTimes();
  await Bun.sleep(options.quietMs);
  const quiet = conversation.takeTimes();

  const restBefore = memoryOf(server.pid);
  const peakBefore = peak;
  peak = restBefore;
  const begunAt = performance.now();
  const cpuBefore = cpuSecondsOf(server.pid);
  tapped.repeat();
  const counts = await load.run();
  const seconds = (performance.now() - begunAt) / 1_000;
  const cpuSeconds = cpuSecondsOf(server.pid) - cpuBefore;
  const loaded = conversation.takeTimes();
  const repeated = tapped.stopRepeating();

  const differences = await conversation.stop();
  const wrong = server.lines.filter((line) => /not responsive|removed/.test(line));
  differences.push(...wrong.map((line) => `the server said: ${line}`));
  if (!(await tapped.alive())) differences.push("the client whose datagrams were replayed is gone");
  onProgress("waiting for the server's memory to come back");
  const until = performance.now() + options.restMs;
  let rest = memoryOf(server.pid);
  while (rest > restBefore + MEMORY_BACK_BYTES && performance.now() < until) {
    await Bun.sleep(MEMORY_EVERY_MS);
    rest = memoryOf(server.pid);
  }
  const memory = { peakBefore, peak, restBefore, rest };
  return { differences, quiet, loaded, seconds, cpuSeconds, counts, repeated, memory };
};

/** Resident memory of a process, in bytes. */
const memoryOf = (pid: number): number => {
  const line = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(line?.[1] ?? 0) * 1_024;
};

/** What a process has used of one processor so far, in seconds. */
const cpuSecondsOf = (pid: number): number => {
  // Behind the name, which stands in parentheses: user and system time are the 12th and 13th field.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
};

/** The static key that a server shows to everybody. */
const keyOf = async (port: number): Promise<Uint8Array> => {
  const { promise, resolve } = Promise.withResolvers<Uint8Array>();
  const socket = await Bun.udpSocket({
    socket: {
      data(_socket, bytes) {
        const packet = decodeDatagram(bytes);
        if ("kind" in packet && packet.kind === PacketKind.Retry) resolve(packet.publicKey.slice());
      },
      error() {},
    },
  });
  const ask = setInterval(() => socket.send(encodeHello(new Uint8Array(8)), port, HOST), 50);
  try {
    return await promise;
  } finally {
    clearInterval(ask);
    socket.close();
  }
};

/** A client behind a relay that records what goes through it, and sends it again. */
const tap = async (serverPort: number) => {
  const relay = await Relay.open(serverPort, {}, 1);
  const recorded = { out: [] as Uint8Array[], in: [] as Uint8Array[] };
  relay.onDatagram = (direction, bytes) => {
    const kept = recorded[direction];
    if (kept.length < RECORDED_MAX) kept.push(Uint8Array.from(bytes));
  };
  const port = await freePort();
  const client = await pipedClient("cat", relay.port, port);
  const random = new Prng(2);
  let repeated = 0;
  let timer: Timer | undefined;
  return {
    port,
    recorded,
    /** Makes traffic to record. */
    async talk(): Promise<void> {
      for (let number = 0; number < 20; number++) {
        client.type("list_groups");
        await client.until("[Available group chats:]");
      }
    },
    repeat(): void {
      timer = setInterval(() => {
        for (let count = 0; count < REPEATED_AT_ONCE; count++) {
          const direction = random.pick(["out", "in"] as const);
          void relay.send(direction, random.pick(recorded[direction]));
          repeated++;
        }
      }, REPEATED_EVERY_MS);
    },
    stopRepeating(): number {
      clearInterval(timer);
      return repeated;
    },
    /** Whether it is still registered, and answered. */
    async alive(): Promise<boolean> {
      client.type("list_groups");
      await client.until("[Available group chats:]");
      return !client.lines.some((line) => line.includes("not responding"));
    },
    async [Symbol.asyncDispose](): Promise<void> {
      clearInterval(timer);
      await client[Symbol.asyncDispose]();
      await relay[Symbol.asyncDispose]();
    },
  };
};

class LoadThread implements Disposable {
  readonly #worker = new Worker(new URL("./load.ts", import.meta.url));
  readonly #done = Promise.withResolvers<LoadCounts>();
  readonly ready: Promise<void>;

  constructor(plan: LoadPlan, onProgress: (text: string) => void) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.ready = promise;
    const { datagrams, handshakes } = plan;
    this.#worker.onmessage = ({ data: { type, counts } }: MessageEvent<LoadReport>) => {
      const sent = counts.garbage + counts.replayed + counts.spoofed;
      if (type === "ready") resolve();
      else if (type === "preparing") onProgress(`${counts.prepared} handshakes made ready`);
      else
        onProgress(
          `${sent} of ${datagrams} datagrams, ${counts.handshakes} of ${handshakes} handshakes`,
        );
      if (type === "done") this.#done.resolve(counts);
    };
    this.#worker.onerror = ({ message }) => {
      reject(new Error(message));
      this.#done.reject(new Error(message));
    };
    this.#worker.postMessage(plan);
  }

  /** Sends all of it. */
  run(): Promise<LoadCounts> {
    this.#worker.postMessage("run");
    return this.#done.promise;
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}
