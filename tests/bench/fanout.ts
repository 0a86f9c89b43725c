// The part `fanout`: one sender, a group of members, and what each delivery costs the server, beside other systems in the
// same run. Every delivery of ours is sealed and acknowledged; of the others, only Mosquitto's with QoS 1 are
// acknowledged, and none are sealed.

import type { Pace } from "./load.ts";
import { Figure, type MembersOrders, type TalkOrder } from "./members-program.ts";
import {
  type BenchOptions,
  BEST_OTHER,
  type Case,
  type Contender,
  type FigureSpec,
  type Goal,
  type Part,
} from "./part.ts";
import { PEERS } from "./peers/all.ts";
import { chatapp } from "./peers/chatapp.ts";
import type { Peer, Serving } from "./peers/peer.ts";
import { Performer } from "./performer.ts";
import { CLIENT_CORE, isInstalled, ROOMY_HEAP, temporaryFolder } from "./processes.ts";

const SIZES = [10, 100, 1_000];
const IN_FLIGHT = 64;
const DELIVERIES_PER_SECOND = 20_000;

const ONE_DEAD_IN = 10;
/** In a group of so many. */
const DEAD_CASE_MEMBERS = 100;

/** Counting from the moment the sockets close, and over before the server gives the dead up after 2.5 s. */
const DEAD_COUNT_MS = 2_000;

/**
 * How long is warmed up before the first round of a case, before the others, and counted, in ms. The engine that ours runs
 * in compiles for ten seconds what is called as seldom as with one text at a time; the others came compiled.
 */
const TIMES = { oursFirstMs: 12_000, othersFirstMs: 3_000, warmUpMs: 300, countMs: 2_000 };
const QUICK_TIMES = { oursFirstMs: 1_000, othersFirstMs: 1_000, warmUpMs: 100, countMs: 500 };

const FIGURES: readonly FigureSpec[] = [
  { name: Figure.Cpu, unit: "us", better: "less" },
  { name: Figure.Rate, unit: "1/s", better: "more" },
  { name: Figure.Median, unit: "ms", better: "less" },
  { name: Figure.Slowest, unit: "ms", better: "less" },
];

/** Ours alone has these. */
const RESENDING: readonly FigureSpec[] = [
  { name: Figure.SentAgain, unit: "", better: "less" },
  { name: Figure.Dropped, unit: "", better: "less" },
];

const NATS = "NATS core";
const REDIS = "Redis pub/sub";
const QOS_1 = "Mosquitto QoS 1";

interface Setting {
  readonly name: string;
  readonly pace: Pace;
  readonly figures: readonly FigureSpec[];
  readonly goals: readonly Goal[];
}

const settings = (members: number): readonly Setting[] => [
  {
    name: "one at a time",
    pace: { kind: "window", texts: 1 },
    figures: FIGURES,
    goals:
      members < 100
        ? []
        : [
            { figure: Figure.Cpu, against: NATS, atMost: 0.8 },
            { figure: Figure.Cpu, against: QOS_1, atMost: 0.75 },
            { figure: Figure.Cpu, against: REDIS, atMost: 1.3 },
          ],
  },
  {
    name: `${IN_FLIGHT} in flight`,
    pace: { kind: "window", texts: IN_FLIGHT },
    figures: [...FIGURES, ...RESENDING],
    goals: [
      ...(members < 100
        ? []
        : [
            { figure: Figure.Rate, against: NATS, atLeast: 1 },
            { figure: Figure.Rate, against: QOS_1, atLeast: 18 },
          ]),
      ...(members < 1_000
        ? []
        : [
            { figure: Figure.Rate, against: REDIS, atLeast: 1 },
            { figure: Figure.SentAgain, against: "", atMost: 0 },
          ]),
    ],
  },
  {
    name: `${DELIVERIES_PER_SECOND / members} texts a second`,
    pace: { kind: "steady", perSecond: DELIVERIES_PER_SECOND / members },
    figures: FIGURES,
    goals:
      members === 100
        ? [
            { figure: Figure.Median, against: BEST_OTHER, atMost: 1 },
            { figure: Figure.Slowest, against: BEST_OTHER, atMost: 1.2 },
          ]
        : [],
  },
];

/** A server with its members, up from its first round to the end of its last case. */
class Stage {
  readonly #peer: Peer;
  readonly #members: number;
  readonly #times: typeof TIMES;
  #serving: Serving | undefined;
  #crowd: Performer<MembersOrders> | undefined;

  constructor(peer: Peer, members: number, { quick }: BenchOptions) {
    this.#peer = peer;
    this.#members = members;
    this.#times = quick ? QUICK_TIMES : TIMES;
  }

  /** A side of a comparison that talks at this pace. */
  contender(name: string, order: Pick<TalkOrder, "pace"> & Partial<TalkOrder>): Contender {
    const { needs } = this.#peer;
    const missing = needs !== undefined && !isInstalled(needs);
    let warm = false;
    return {
      name,
      ...(missing ? { skip: `${needs} is not installed` } : {}),
      measure: async (_round, progress) => {
        const crowd = await this.#gathered(progress);
        const { oursFirstMs, othersFirstMs, warmUpMs, countMs } = this.#times;
        if (!warm) {
          progress("warming up");
          const firstMs = this.#peer === chatapp ? oursFirstMs : othersFirstMs;
          await crowd.ask("talk", { pace: order.pace, warmUpMs: firstMs, countMs: 0 });
          warm = true;
        }
        progress("counting");
        return crowd.ask("talk", { warmUpMs, countMs, ...order });
      },
    };
  }

  async close(): Promise<void> {
    await this.#crowd?.end();
    await this.#serving?.process.end();
  }

  async #gathered(progress: (word: string) => void): Promise<Performer<MembersOrders>> {
    if (this.#crowd !== undefined) return this.#crowd;
    progress("starting");
    this.#serving = await this.#peer.serve(temporaryFolder());
    const { port, process } = this.#serving;
    const crowd = new Performer<MembersOrders>("members-program.ts", CLIENT_CORE, ROOMY_HEAP);
    this.#crowd = crowd;
    progress("gathering");
    const { pid } = process;
    await crowd.ask("gather", { peer: this.#peer.name, port, pid, members: this.#members });
    return crowd;
  }
}

/** The stages of all peers stay up for the three settings of a size. */
async function* casesOfSize(members: number, options: BenchOptions): AsyncIterable<Case> {
  const stages = PEERS.map((peer) => ({ peer, stage: new Stage(peer, members, options) }));
  try {
    for (const { name, pace, figures, goals } of settings(members)) {
      yield {
        name: `${members} members, ${name}`,
        contenders: stages.map(({ peer, stage }) => stage.contender(peer.name, { pace })),
        figures,
        goals,
      };
    }
  } finally {
    await Promise.all(stages.map(({ stage }) => stage.close()));
  }
}

async function* deadCase(options: BenchOptions): AsyncIterable<Case> {
  const stage = new Stage(chatapp, DEAD_CASE_MEMBERS, options);
  const order: Pick<TalkOrder, "pace" | "countMs"> = {
    pace: { kind: "window", texts: IN_FLIGHT },
    countMs: DEAD_COUNT_MS,
  };
  try {
    yield {
      name: `${DEAD_CASE_MEMBERS} members, one in ${ONE_DEAD_IN} dead, ${IN_FLIGHT} in flight`,
      contenders: [
        stage.contender("one in ten dead", { ...order, oneDeadIn: ONE_DEAD_IN }),
        stage.contender("all alive", order),
      ],
      figures: FIGURES,
      goals: [{ figure: Figure.Rate, against: "all alive", atLeast: 0.95 }],
    };
  } finally {
    await stage.close();
  }
}

export const fanout: Part = {
  name: "fanout",
  about: "one sender, groups of 10, 100 and 1,000 members, beside other systems",
  async *cases(options) {
    for (const members of SIZES) yield* casesOfSize(members, options);
    yield* deadCase(options);
  },
};
