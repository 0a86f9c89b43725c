// What all members together have yet to take stays bounded, though each of them keeps within what one may.

import { expect, test } from "bun:test";

import type { ServerEvent } from "../../lib/chat/events.ts";
import { BACKLOG_ALL_MAX_BYTES } from "../../lib/chat/limits.ts";
import { ServerContext } from "../../lib/chat/server/context.ts";
import { Fanout } from "../../lib/chat/server/fanout.ts";
import { Presence } from "../../lib/chat/server/presence.ts";
import { allLimits, countsOf } from "../../lib/chat/server/server-limits.ts";
import { keyPairFrom } from "../../lib/transport/crypto/keys.ts";
import { Endpoint } from "../../lib/transport/endpoint.ts";
import { SEND_QUEUE_MAX_BYTES } from "../../lib/transport/limits.ts";
import { ChatScene } from "../support/chat-scene.ts";
import { deafUser } from "../support/deaf-speaker.ts";
import { Prng } from "../support/prng.ts";

const TEXT = "x".repeat(1_000_000);
const PAIRS = 5;
const most = countsOf(allLimits());

test("whoever is farthest behind is removed, once all have too much to catch up on", () => {
  const random = new Prng(1);
  const endpoint = new Endpoint({
    keyPair: keyPairFrom(random.bytes(32)),
    random: (count) => random.bytes(count),
    idleTimeoutMs: 45_000,
  });
  const appended: ServerEvent[] = [];
  const context = new ServerContext(endpoint, (event) => appended.push(event));
  const { state } = context;
  let index = 0;
  const apply = (event: ServerEvent): void => void state.apply(++index, event);
  const register = (key: string): void => {
    const origin = { key, id: ++index };
    const rest = { host: "10.0.0.1", port: 1, groups: [], revives: 0, epoch: "", most };
    apply({ type: "registered", origin, name: key, ...rest });
    const user = state.table.byKey(key)!;
    context.presences.set(user.number, new Presence(user, 0));
  };
  apply({ type: "opened", epoch: "e" });
  const fanout = new Fanout(context);
  const pairs = Array.from({ length: PAIRS }, (_, at) => {
    const [talker, idle, name] = [`talker${at}`, `idle${at}`, `g${at}`];
    for (const key of [talker, idle]) register(key);
    apply({ type: "group_created", origin: { key: talker, id: ++index }, group: name, most });
    apply({ type: "group_joined", origin: { key: idle, id: ++index }, group: name, most });
    return { talker: state.table.byKey(talker)!, idle, group: state.groups.byName(name)! };
  });
  const say = ({ talker, group }: (typeof pairs)[number]): void => {
    fanout.send(talker, group, ++index, TEXT);
    fanout.finish();
  };
  const [, farthest] = pairs;
  say(farthest!);
  for (let said = 1; appended.length === 0; said++) {
    expect(context.settlement.openBytes).toBeGreaterThan(said * TEXT.length);
    expect(context.settlement.openBytes).toBeLessThanOrEqual(BACKLOG_ALL_MAX_BYTES);
    say(pairs[said % PAIRS]!);
  }
  expect(appended).toMatchObject([
    { type: "member_removed", key: farthest!.idle, group: farthest!.group.name },
  ]);
  const membership = state.table.byKey(farthest!.idle)!.memberships.get(farthest!.group.folded)!;
  apply(appended[0]!);
  fanout.removed(membership);
  expect(context.settlement.openBytes).toBeLessThan((BACKLOG_ALL_MAX_BYTES * PAIRS) / (PAIRS + 1));
});

test("a member that is behind by more than the transport queues gets all of it, in order", () => {
  const scene = new ChatScene(1, undefined, { limits: { "bytes-per-second": 0 } });
  const client = scene.founder("client", 5_555, "g");
  const other = scene.user("other", 5_556, "g");
  const { actor, machine } = deafUser(scene, "slow", 6_000, "g");
  machine.deaf = true;
  const count = 3 * Math.ceil(SEND_QUEUE_MAX_BYTES / 900_000);
  const texts = Array.from({ length: count }, (_, at) => `${at} ${"x".repeat(900_000)}`);
  for (const text of texts) client.ask("send_group", { group: "g", text });
  expect(other.texts().length).toBeGreaterThan(0);
  machine.deaf = false;
  scene.run(5_000);
  expect(actor.texts().map((text) => text.split(" ")[0])).toEqual(
    texts.map((text) => text.split(" ")[0]!),
  );
});
