// Part `handshake`: what it costs to begin a session, beside the X25519 operations in it, which no implementation can
// leave out.

import { startChatServer } from "./chat-server.ts";
import type { HandshakeOrders } from "./handshake-program.ts";
import type { BenchOptions, Case, Contender, Part } from "./part.ts";
import { Performer } from "./performer.ts";
import { CLIENT_CORE, SERVER_CORE } from "./processes.ts";
import { cpuBetween, cpuTimes } from "./usage.ts";

const US_PER_S = 1_000_000;

/** Of each side: an ephemeral key pair, and the secrets es, ss, ee and se (Noise revision 34, pattern IK). */
const SIDE = { keyPairs: 1, secrets: 4 };

/** Handshakes of one round; the first round is preceded by as many that do not count, for the engine's compiler. */
const COUNT = { quick: 300, full: 3_000 };

/** Enough that the server always has one to work on. */
const AT_ONCE = 64;

const FIGURES: Case["figures"] = [
  { name: "CPU", unit: "us/handshake", better: "less" },
  { name: "handshakes", unit: "/s per core", better: "more" },
];

const figures = (cpuUs: number, count: number) => ({
  CPU: cpuUs / count,
  handshakes: (count / cpuUs) * US_PER_S,
});

/** A contender whose every round costs so much CPU time, in us. */
const contender = (name: string, count: number, cpuUs: () => Promise<number>): Contender => ({
  name,
  async measure(round) {
    if (round === 1) await cpuUs();
    return figures(await cpuUs(), count);
  },
});

const curveAlone = (performer: Performer<HandshakeOrders>, sides: number, count: number) =>
  contender("its X25519 alone", count, () => {
    const { keyPairs, secrets } = SIDE;
    const order = { keyPairs: sides * keyPairs * count, secrets: sides * secrets * count };
    return performer.ask("curve", order);
  });

const inMemory = (count: number): Case => {
  const performer = new Performer<HandshakeOrders>("handshake-program.ts", SERVER_CORE);
  return {
    name: "both sides, in memory",
    contenders: [
      contender("ChatApp", count, () => performer.ask("inMemory", { count })),
      curveAlone(performer, 2, count),
    ],
    figures: FIGURES,
    goals: [],
    close: () => performer.end(),
  };
};

const overSockets = async (count: number): Promise<Case> => {
  const server = await startChatServer();
  const initiator = new Performer<HandshakeOrders>("handshake-program.ts", CLIENT_CORE);
  const curve = new Performer<HandshakeOrders>("handshake-program.ts", SERVER_CORE);
  const ours = async (): Promise<number> => {
    const before = cpuTimes(server.process.pid);
    await initiator.ask("overSocket", { port: server.port, count, atOnce: AT_ONCE });
    return cpuBetween(before, cpuTimes(server.process.pid));
  };
  return {
    name: "the server's side, over real sockets",
    contenders: [contender("ChatApp", count, ours), curveAlone(curve, 1, count)],
    figures: FIGURES,
    goals: [],
    async close() {
      await Promise.all([initiator.end(), curve.end(), server.process.end()]);
    },
  };
};

export const handshake: Part = {
  name: "handshake",
  about: "sessions begun, beside the curve operations in them",
  async *cases({ quick }: BenchOptions) {
    const count = quick ? COUNT.quick : COUNT.full;
    yield inMemory(count);
    yield await overSockets(count);
  },
};
