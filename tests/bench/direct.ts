// Part `direct`: messages between two clients, in two processes, beside a bare Bun.udpSocket that carries as many bytes
// and acknowledges nothing.

import type { BareOrders } from "./bare-program.ts";
import { type ChatServer, startChatServer } from "./chat-server.ts";
import type { DirectOrders } from "./direct-program.ts";
import type { BenchOptions, Case, Contender, FigureSpec, Part } from "./part.ts";
import { Performer } from "./performer.ts";
import { CLIENT_CORE, SERVER_CORE } from "./processes.ts";
import { cpuBetween, cpuTimes } from "./usage.ts";

const BARE = "bare Bun.udpSocket";

const MS_PER_S = 1_000;
const BYTES_PER_MB = 1_000_000;

const ROUND_TRIP_BYTES = 100;

/** Messages of one round. */
const ROUND_TRIPS = { quick: 500, full: 5_000 };

/** Rounds in front of the first one that do not count: the engine's compiler takes so long. */
const WARM_UP_ROUNDS = 6;

/** Messages of one stream, and the bytes of each. */
const STREAM_MESSAGES = { quick: 2_000, full: 10_000 };
const STREAM_BYTES = [100, 1_000];

/** Two processes, started when they are first needed. */
abstract class Pair {
  #begun: Promise<void> | undefined;

  begun(): Promise<void> {
    return (this.#begun ??= this.begin());
  }

  protected abstract begin(): Promise<void>;
}

/** Two real clients, and the server that they know each other from. */
class Clients extends Pair {
  readonly sender = new Performer<DirectOrders>("direct-program.ts", CLIENT_CORE);
  readonly receiver = new Performer<DirectOrders>("direct-program.ts", SERVER_CORE);
  #server: ChatServer | undefined;

  protected async begin(): Promise<void> {
    this.#server = await startChatServer();
    const { port: serverPort } = this.#server;
    await this.receiver.ask("join", { name: RECEIVER, serverPort });
    await this.sender.ask("join", { name: "alice", serverPort });
  }

  async end(): Promise<void> {
    await Promise.all([this.sender.end(), this.receiver.end(), this.#server?.process.end()]);
  }
}

const RECEIVER = "bob";

class BareSockets extends Pair {
  readonly sender = new Performer<BareOrders>("bare-program.ts", CLIENT_CORE);
  readonly receiver = new Performer<BareOrders>("bare-program.ts", SERVER_CORE);
  port = 0;

  protected async begin(): Promise<void> {
    this.port = await this.receiver.ask("port", undefined);
  }

  async end(): Promise<void> {
    await Promise.all([this.sender.end(), this.receiver.end()]);
  }
}

const textOf = (bytes: number): string => "x".repeat(bytes);

const roundTrips = (options: BenchOptions): Case => {
  const count = options.quick ? ROUND_TRIPS.quick : ROUND_TRIPS.full;
  const clients = new Clients();
  const bare = new BareSockets();
  const ours = async () => {
    await clients.begun();
    const order = { to: RECEIVER, count, text: textOf(ROUND_TRIP_BYTES) };
    return clients.sender.ask("roundTrips", order);
  };
  const yardstick = async () => {
    await bare.begun();
    await bare.receiver.ask("echo", undefined);
    return bare.sender.ask("roundTrips", { port: bare.port, count, bytes: ROUND_TRIP_BYTES });
  };
  const contender = (name: string, measure: typeof ours): Contender => ({
    name,
    async measure(round) {
      for (let warm = 0; round === 1 && warm < WARM_UP_ROUNDS; warm++) await measure();
      const { medianUs, p99Us } = await measure();
      return { median: medianUs, p99: p99Us };
    },
  });
  return {
    name: `one message of ${ROUND_TRIP_BYTES} bytes and its acknowledgement`,
    contenders: [contender("ChatApp", ours), contender(`${BARE} echo`, yardstick)],
    figures: [
      { name: "median", unit: "us", better: "less" },
      { name: "p99", unit: "us", better: "less" },
    ],
    goals: [{ figure: "median", against: `${BARE} echo`, atMost: 1.6 }],
    async close() {
      await Promise.all([clients.end(), bare.end()]);
    },
  };
};

const STREAM_FIGURES: readonly FigureSpec[] = [
  { name: "messages", unit: "/s", better: "more" },
  { name: "payload", unit: "MB/s", better: "more" },
  { name: "sender CPU", unit: "us/message", better: "less" },
  { name: "receiver CPU", unit: "us/message", better: "less" },
  { name: "lost", unit: "%", better: "less" },
];

/** How many came, and in what time. */
interface Arrived {
  readonly received: number;
  readonly ms: number;
}

const stream = (bytes: number, options: BenchOptions): Case => {
  const count = options.quick ? STREAM_MESSAGES.quick : STREAM_MESSAGES.full;
  const clients = new Clients();
  const bare = new BareSockets();
  const ours = async (): Promise<Arrived> => {
    await clients.receiver.ask("takeShown", undefined);
    const order = { to: RECEIVER, count, text: textOf(bytes) };
    const ms = await clients.sender.ask("stream", order);
    return { received: await clients.receiver.ask("takeShown", undefined), ms };
  };
  const yardstick = async (): Promise<Arrived> => {
    const arrived = bare.receiver.ask("count", { count });
    await bare.sender.ask("send", { port: bare.port, count, bytes });
    return arrived;
  };
  const contender = (name: string, pair: Clients | BareSockets, send: typeof ours): Contender => ({
    name,
    async measure(round) {
      await pair.begun();
      for (let warm = 0; round === 1 && warm < WARM_UP_ROUNDS; warm++) await send();
      const { sender, receiver } = pair;
      const before = [cpuTimes(sender.pid), cpuTimes(receiver.pid)] as const;
      const { received, ms } = await send();
      const perSecond = (received / ms) * MS_PER_S;
      return {
        messages: perSecond,
        payload: (perSecond * bytes) / BYTES_PER_MB,
        "sender CPU": cpuBetween(before[0], cpuTimes(sender.pid)) / count,
        "receiver CPU": cpuBetween(before[1], cpuTimes(receiver.pid)) / received,
        lost: (1 - received / count) * 100,
      };
    },
  });
  return {
    name: `a stream of ${count} messages of ${bytes} bytes`,
    contenders: [contender("ChatApp", clients, ours), contender(BARE, bare, yardstick)],
    figures: STREAM_FIGURES,
    goals: [{ figure: "lost", against: "", atMost: 0 }],
    async close() {
      await Promise.all([clients.end(), bare.end()]);
    },
  };
};

export const direct: Part = {
  name: "direct",
  about: "messages between two clients, beside a bare UDP socket",
  async *cases(options) {
    yield roundTrips(options);
    for (const bytes of STREAM_BYTES) yield stream(bytes, options);
  },
};
