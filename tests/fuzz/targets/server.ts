// The whole server: clients with keys that say what they like on their sessions, strangers without, and two honest users
// whose conversation goes on beside them.

import type { ServerLimits } from "../../../lib/chat/server/server-limits.ts";
import { ServerMachine } from "../../../lib/chat/server/server-machine.ts";
import { keyPairFrom } from "../../../lib/transport/crypto/keys.ts";
import { toHex } from "../../../lib/transport/wire/bytes.ts";
import { Prng } from "../../support/prng.ts";
import { casesOf } from "../corpus.ts";
import { anyMessage, fitted } from "../draw/json.ts";
import { drawStep } from "../draw/steps.ts";
import { anyText } from "../draw/text.ts";
import { must, type Target } from "../target.ts";
import { Arena } from "../world/arena.ts";
import { KeyedPeer } from "../world/keyed-peer.ts";
import { type MachineStep, STEPS } from "../world/steps.ts";
import { readUtf8 } from "./plain.ts";

const PORT = 5_000;

/** The first two are honest, the next two are registered, then one with a session alone, and one without. */
const PEERS = 6;
const HONEST = [0, 1] as const;
const NAMES = ["ann", "ben", "cat", "dan"] as const;
const GROUP = "tea";

/** So low that they are met. The honest ones keep within them. */
const LIMITS: Partial<ServerLimits> = {
  "messages-per-second": 5,
  "messages-burst": 20,
  "groups-per-minute": 4,
  "joins-per-minute": 8,
  users: 5,
  groups: 6,
  "group-members": 4,
};

const MESSAGES = casesOf("messages").flatMap(({ steps }) =>
  steps.flatMap((line) => readUtf8(line) ?? []),
);

const utf8 = new TextEncoder();
const text = new TextDecoder();

interface Heard {
  readonly type?: string;
  readonly payload?: { readonly from?: string; readonly text?: string };
}

class ServerArena extends Arena {
  #said = 0;
  /** What of the honest sender's messages the honest receiver has heard. */
  #heard = 0;

  override take(step: MachineStep): void {
    if (step.do === "act") return this.#converse();
    // The honest ones do nothing of what is drawn.
    this.happen("peer" in step ? { ...step, peer: 2 + (step.peer % (PEERS - 2)) } : step);
  }

  request(peer: number, type: string, payload: object): void {
    const id = Math.floor(this.now);
    const bytes = utf8.encode(JSON.stringify({ type, payload, metadata: { id } }));
    this.happen({ do: "say", peer, bytes });
  }

  /** One says something to the group, and the other one hears it: once, and in order. */
  #converse(): void {
    this.happen({ do: "wait", ms: 100 });
    this.#said++;
    this.request(HONEST[1], "send_group", { group: GROUP, text: `honest ${this.#said}` });
    this.happen({ do: "wait", ms: 3_000 });
    const heard = this.peers[HONEST[0]]!.heard.splice(0);
    const told: string[] = [];
    for (const bytes of heard) {
      const { type, payload } = JSON.parse(text.decode(bytes)) as Heard;
      const said = type === "group_message" && payload?.from === NAMES[HONEST[1]];
      if (said) told.push(payload.text ?? "");
      must(type !== "removed_from_group", "who answers stays in the group", () =>
        text.decode(bytes),
      );
    }
    const expected = Array.from({ length: this.#said - this.#heard }, (_, at) => {
      return `honest ${this.#heard + at + 1}`;
    });
    this.#heard = this.#said;
    must(told.join() === expected.join(), "honest users lose, double and reorder nothing", () => {
      return `heard ${Bun.inspect(told)}, not ${Bun.inspect(expected)}`;
    });
  }
}

const begin = (): ServerArena => {
  const random = new Prng(1);
  const peers = Array.from({ length: PEERS }, (_, at) => {
    return new KeyedPeer(random, { host: `10.0.1.${at + 1}`, port: 4_001 + at });
  });
  const machine = new ServerMachine({
    keyPair: keyPairFrom(random.bytes(32)),
    random: (count) => random.bytes(count),
    port: PORT,
    limits: LIMITS,
  });
  const arena = new ServerArena({
    machine,
    peers,
    act: () => {},
    sought: () => false,
    honest: HONEST,
  });
  for (let peer = 0; peer < PEERS - 1; peer++) arena.begin(peer);
  for (const [peer, name] of NAMES.entries()) arena.request(peer, "register", { name, groups: [] });
  arena.request(0, "create_group", { group: GROUP });
  for (const peer of [0, 1, 2]) arena.request(peer, "join_group", { group: GROUP });
  return arena;
};

const poolsOf = (random: Prng, arena: Arena) => {
  const name = () =>
    random.pick([...NAMES, ...NAMES, "eve", "ANN", GROUP, "zoo", anyText(random, 3)]);
  const count = () => random.pick([0, 1, 2, 5, 100, 2 ** 53 - 1]);
  const now = Math.floor(arena.now);
  return {
    name,
    from: name,
    group: () => random.pick([GROUP, GROUP, "TEA", "zoo", "one", "two", anyText(random, 3)]),
    key: () => toHex(random.pick(arena.peers).keyPair.publicKey),
    text: () => (random.chance(0.98) ? anyText(random, 20) : "x".repeat(random.below(9_000))),
    id: () => (random.chance(0.8) ? now : Math.max(1, now - random.below(80))),
    version: count,
    epoch: () => random.pick(["", "0011223344556677"]),
  };
};

export const server: Target<MachineStep, ServerArena> = {
  name: "server",
  about: "a ServerMachine: clients that say anything, strangers, and two honest users",
  stepsPerCase: 300,
  begin,
  draw: drawStep({
    messages: 6.5,
    acts: 0.2,
    message(random, arena, kept) {
      const bytes = anyMessage(random, [...MESSAGES, ...kept]);
      const fits = random.chance(0.8);
      const peer = random.below(PEERS);
      return { peer, bytes: fits ? fitted(random, bytes, poolsOf(random, arena)) : bytes };
    },
    act: () => ({ what: "converse", text: "" }),
  }),
  ...STEPS,
};
