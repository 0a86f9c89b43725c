// Part `scale`: whether a delivery costs the server the same however large everything is. Each contender is this server,
// with more or less of one thing and all else alike; the first of each case has the most.

import type { CrowdOrders } from "./crowd-program.ts";
import type { Pace } from "./load.ts";
import { Figure, type MembersOrders, type TalkOrder } from "./members-program.ts";
import type { BenchOptions, Case, Part } from "./part.ts";
import { chatapp } from "./peers/chatapp.ts";
import type { Serving } from "./peers/peer.ts";
import { Performer } from "./performer.ts";
import { CLIENT_CORE, ROOMY_HEAP, temporaryFolder } from "./processes.ts";

const IN_FLIGHT = 64;

/** To the largest groups: 64 would keep ten thousand clients, all on one core, from answering within 2.5 s. */
const FEW_IN_FLIGHT = 16;

/** Of the group where it is not members that are counted. */
const MEMBERS = 10;

/** What the most may cost, where the least costs 1: that is flat. */
const FLAT = 1.25;

/** How long is talked before a contender's first round, before the others, and counted, in ms. */
const TIMES = { firstWarmUpMs: 3_000, warmUpMs: 300, countMs: 2_000 };
const QUICK_TIMES = { firstWarmUpMs: 500, warmUpMs: 100, countMs: 300 };

/** Users that are in no group register in lots of so many. */
const IDLE_AT_ONCE = 250;

/** Ten thousand come in this time. */
const GATHER_MAX_MS = 240_000;

const BYTES_PER_KIB = 1_024;

type Figures = readonly (readonly [title: string, texts: number])[];

const figuresWith = (inFlight: number): Figures => [
  ["one at a time", 1],
  [`${inFlight} in flight`, inFlight],
];

interface Scene {
  readonly members: number;
  readonly otherGroups?: number;
  /** Users besides the members and their sender. */
  readonly idle?: number;
}

/** A server with its users, up from the first round on. */
class Stage {
  readonly #scene: Scene;
  readonly #times: typeof TIMES;
  #serving: Serving | undefined;
  #idle: Performer<CrowdOrders> | undefined;
  #members: Performer<MembersOrders> | undefined;
  #warm = false;

  constructor(scene: Scene, { quick }: BenchOptions) {
    this.#scene = scene;
    this.#times = quick ? QUICK_TIMES : TIMES;
  }

  /** The server's CPU time for one delivery, in us. */
  async talk(
    order: Pick<TalkOrder, "pace" | "textBytes">,
    progress: (word: string) => void,
  ): Promise<number> {
    this.#members ??= await this.#gather(progress);
    progress("talking");
    const { firstWarmUpMs, warmUpMs, countMs } = this.#times;
    const talk = { ...order, countMs, warmUpMs: this.#warm ? warmUpMs : firstWarmUpMs };
    this.#warm = true;
    const figures = await this.#members.ask("talk", talk);
    return figures[Figure.Cpu]!;
  }

  async end(): Promise<void> {
    await Promise.all([this.#members?.end(), this.#idle?.end(), this.#serving?.process.end()]);
  }

  async #gather(progress: (word: string) => void): Promise<Performer<MembersOrders>> {
    const { members, otherGroups = 0, idle = 0 } = this.#scene;
    this.#serving = await chatapp.serve(temporaryFolder());
    const { port, process } = this.#serving;
    this.#idle = new Performer<CrowdOrders>("crowd-program.ts", CLIENT_CORE);
    for (let joined = 0; joined < idle; joined += IDLE_AT_ONCE) {
      progress(`${joined} users are there`);
      const count = Math.min(IDLE_AT_ONCE, idle - joined);
      await this.#idle.ask("join", { count, serverPort: port });
    }
    progress("members come");
    const crowd = new Performer<MembersOrders>("members-program.ts", CLIENT_CORE, ROOMY_HEAP);
    const order = { peer: chatapp.name, port, pid: process.pid, members, otherGroups };
    await crowd.ask("gather", order, GATHER_MAX_MS);
    return crowd;
  }
}

/** A case over one thing: scenes with their names, the most first. */
const overScenes = (
  name: string,
  scenes: readonly (readonly [title: string, scene: Scene])[],
  options: BenchOptions,
  texts: Figures = figuresWith(IN_FLIGHT),
): Case => {
  const stages = scenes.map(([title, scene]) => ({ title, stage: new Stage(scene, options) }));
  const against = stages.at(-1)!.title;
  return {
    name,
    contenders: stages.map(({ title, stage }) => ({
      name: title,
      async measure(_round, progress) {
        const figures: Record<string, number> = {};
        for (const [figure, inFlight] of texts) {
          const pace: Pace = { kind: "window", texts: inFlight };
          figures[figure] = await stage.talk({ pace }, progress);
        }
        return figures;
      },
    })),
    figures: texts.map(([figure]) => ({ name: figure, unit: "us/delivery", better: "less" })),
    goals: texts.map(([figure]) => ({ figure, against, atMost: FLAT })),
    async close() {
      await Promise.all(stages.map(({ stage }) => stage.end()));
    },
  };
};

/** Each text in one figure: what a delivery costs, and what each KiB of it. */
const overSizes = (sizes: readonly number[], options: BenchOptions): Case => {
  const stage = new Stage({ members: MEMBERS }, options);
  return {
    name: `size of a text, one at a time to ${MEMBERS} members`,
    contenders: sizes.map((textBytes) => ({
      name: `${textBytes} bytes`,
      async measure(_round, progress) {
        const order: Pick<TalkOrder, "pace" | "textBytes"> = {
          pace: { kind: "window", texts: 1 },
          textBytes,
        };
        const us = await stage.talk(order, progress);
        return { delivery: us, KiB: us / (textBytes / BYTES_PER_KIB) };
      },
    })),
    figures: [
      { name: "delivery", unit: "us", better: "less" },
      { name: "KiB", unit: "us/KiB", better: "less" },
    ],
    goals: [{ figure: "KiB", against: "10000 bytes", atMost: FLAT }],
    close: () => stage.end(),
  };
};

const SIZES = {
  quick: { large: [600, 100], members: [500, 100, 10], users: [500, 100, 11], groups: [50, 10, 1] },
  full: {
    large: [10_000, 1_000],
    members: [4_000, 1_000, 100, 10],
    users: [10_000, 1_000, 100, 11],
    groups: [1_000, 100, 10, 1],
  },
};

/** The largest is nearly the largest that there may be. */
const TEXT_SIZES = [1_000_000, 100_000, 10_000, 1_000, 100, 10];

export const scale: Part = {
  name: "scale",
  about: "whether a delivery costs the same however large everything is",
  async *cases(options) {
    const { large, members, users, groups } = options.quick ? SIZES.quick : SIZES.full;
    const withMembers = (count: number) => [`${count} members`, { members: count }] as const;
    yield overScenes("members of a group", members.map(withMembers), options);
    yield overScenes(
      "members of a large group",
      large.map(withMembers),
      options,
      figuresWith(FEW_IN_FLIGHT),
    );
    yield overScenes(
      `users, of whom ${MEMBERS} are in the group`,
      users.map((count) => [`${count} users`, { members: MEMBERS, idle: count - MEMBERS - 1 }]),
      options,
    );
    yield overScenes(
      `groups that each of ${MEMBERS} members is in`,
      groups.map((count) => [`${count} groups`, { members: MEMBERS, otherGroups: count - 1 }]),
      options,
    );
    yield overSizes(TEXT_SIZES, options);
  },
};
