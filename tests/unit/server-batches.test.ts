// Messages to a group that follow each other in the log go out as one, and nobody can tell: who is in the group when a
// message gets its place gets it, in order and once, and each is answered and acknowledged on its own.

import { describe, expect, test } from "bun:test";

import { BATCH_MAX_BYTES, SETTLED_DELAY_MS } from "../../lib/chat/limits.ts";
import type { LogEntry } from "../../lib/chat/log.ts";
import { allLimits, countsOf } from "../../lib/chat/server/server-limits.ts";
import { type Actor, ChatScene } from "../support/chat-scene.ts";

const MOST = countsOf(allLimits({}));

/** Its members are ann, bob and cyd; dan is not in it. All that follows gets its place at once, as in a busy log. */
const scene = () => {
  const stage = new ChatScene(1, undefined, { log: "outside" });
  const entries = stage.commitAtOnce();
  const ann = stage.founder("ann", 6_001, "g");
  const [bob, cyd] = [stage.user("bob", 6_002, "g"), stage.user("cyd", 6_003, "g")];
  const dan = stage.user("dan", 6_004);
  // Everyone has the table.
  stage.run(1_000);
  let lastId = 1_000;
  const origin = ({ speaker }: Actor) => ({ key: speaker.key, id: ++lastId });
  const says = (actor: Actor, text: string): LogEntry => ({
    type: "group_message",
    origin: origin(actor),
    group: "g",
    text,
  });
  const leaves = (actor: Actor): LogEntry => ({
    type: "group_left",
    origin: origin(actor),
    group: "g",
  });
  const joins = (actor: Actor): LogEntry => ({
    type: "group_joined",
    origin: origin(actor),
    group: "g",
    most: MOST,
  });
  const happen = (...events: LogEntry[]): string[] => {
    stage.lines();
    const index = entries.length + 1;
    const committed = events.map((event, at) => ({ index: index + at, event }));
    entries.push(...committed);
    stage.network.act(stage.server, (machine, now) => machine.committed(now, committed));
    stage.run();
    return stage.lines();
  };
  return { stage, ann, bob, cyd, dan, says, leaves, joins, happen };
};

const answersOf = ({ speaker }: Actor): number[] =>
  speaker.all("received").map(({ metadata }) => metadata.id);

describe("messages that follow each other", () => {
  test("reach who is in the group at their place, each in order and once", () => {
    const { ann, bob, cyd, dan, says, leaves, joins, happen } = scene();
    happen(
      says(ann, "1"),
      says(ann, "2"),
      joins(dan),
      says(ann, "3"),
      says(bob, "4"),
      says(bob, "5"),
      leaves(cyd),
      says(ann, "6"),
      says(ann, "7"),
    );
    expect(bob.texts()).toEqual(["1", "2", "3", "6", "7"]);
    expect(cyd.texts()).toEqual(["1", "2", "3", "4", "5"]);
    expect(dan.texts()).toEqual(["3", "4", "5", "6", "7"]);
    expect(ann.texts()).toEqual(["4", "5"]);
    expect(answersOf(ann)).toHaveLength(5);
    expect(answersOf(bob)).toHaveLength(2);
  });

  test("are each acknowledged, and settled together", () => {
    const { stage, ann, bob, cyd, says, happen } = scene();
    const lines = happen(says(ann, "1"), says(ann, "2"), says(ann, "3"));
    for (const name of ["bob", "cyd"]) {
      const acknowledged = lines.filter((line) => line.includes(`Client ${name} ack`));
      expect(acknowledged).toHaveLength(3);
    }
    for (const { speaker } of [bob, cyd]) expect(speaker.all("group_message")).toHaveLength(3);
    stage.run(SETTLED_DELAY_MS);
    expect(ann.speaker.last("settled")?.payload.id).toBe(Math.max(...answersOf(ann)));
  });

  test("are told to be settled with what is said next, or after a while", () => {
    const { stage, ann, bob, says, happen } = scene();
    const settled = () => ann.speaker.all("settled").map(({ payload }) => payload.id);
    happen(says(ann, "1"));
    const [first] = answersOf(ann);
    stage.run(SETTLED_DELAY_MS / 2);
    expect(settled()).toEqual([]);
    happen(says(bob, "2"));
    expect(settled()).toEqual([first!]);
    happen(says(ann, "3"));
    stage.run(SETTLED_DELAY_MS / 2);
    expect(settled()).toEqual([first!]);
    stage.run(SETTLED_DELAY_MS);
    expect(settled()).toEqual([first!, answersOf(ann).at(-1)!]);
  });

  test.each(["inside", "outside"] as const)(
    "are answered before what is asked behind them, with the log %s",
    (log) => {
      const stage = new ChatScene(1, undefined, { log });
      if (log === "outside") stage.commitAtOnce();
      const ann = stage.founder("ann", 6_001, "g");
      ann.speaker.heard.length = 0;
      for (const text of ["1", "2"]) ann.tell("send_group", { group: "g", text });
      ann.tell("list_members", { group: "g" });
      stage.run();
      const answers = ann.speaker.heard
        .map(({ type }) => type)
        .filter((type) => type !== "settled");
      expect(answers).toEqual(["received", "received", "members"]);
    },
  );

  test("that are too long to go out as one go out one behind the other", () => {
    const { ann, bob, says, happen } = scene();
    const texts = Array.from({ length: 9 }, (_, at) => `${at}`.repeat(BATCH_MAX_BYTES / 4));
    happen(...texts.map((text) => says(ann, text)));
    expect(bob.texts()).toEqual(texts);
    expect(answersOf(ann)).toHaveLength(texts.length);
  });

  test("are answered when one between them is refused", () => {
    const { ann, dan, bob, says, happen } = scene();
    happen(says(ann, "1"), says(dan, "not a member"), says(ann, "2"));
    expect(bob.texts()).toEqual(["1", "2"]);
    expect(answersOf(ann)).toHaveLength(2);
    expect(dan.speaker.last("refused")?.payload.reason).toBe("not_a_member");
  });
});
