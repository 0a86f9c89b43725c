// The whole client: its user types anything, its server and the other clients say anything, and strangers send what they
// like.

import { ClientMachine } from "../../../lib/chat/client/client-machine.ts";
import { senderTag } from "../../../lib/chat/message.ts";
import { keyPairFrom } from "../../../lib/transport/crypto/keys.ts";
import { toHex } from "../../../lib/transport/wire/bytes.ts";
import { Prng } from "../../support/prng.ts";
import { casesOf } from "../corpus.ts";
import { anyMessage, fitted, type Pools } from "../draw/json.ts";
import { drawStep } from "../draw/steps.ts";
import { anyText } from "../draw/text.ts";
import type { Target } from "../target.ts";
import { Arena } from "../world/arena.ts";
import { KeyedPeer } from "../world/keyed-peer.ts";
import { type MachineStep, STEPS } from "../world/steps.ts";
import { anyLine } from "./commands.ts";
import { readUtf8 } from "./plain.ts";

/** The first one is the server; the last one is not in its table. */
const PEERS = 5;
const SERVER = 0;
const NAMES = ["ann", "ben", "cat", "dan"] as const;
const GROUPS = ["tea", "zoo"] as const;
const EPOCHS = ["first", "second"] as const;

const textsOf = (target: string) => casesOf(target).flatMap(({ steps }) => steps);
const MESSAGES = textsOf("messages").flatMap((line) => readUtf8(line) ?? []);
const LINES = textsOf("commands").map((line) => JSON.parse(line) as string);

const utf8 = new TextEncoder();
const text = new TextDecoder();

/** A request of the client, as far as an honest server looks at it. */
interface Asked {
  readonly type: string;
  readonly payload: { readonly name?: string; readonly group?: string; readonly key?: string };
  readonly metadata: { readonly id?: number };
}

class ClientArena extends Arena {
  /** The ids of the newest requests. */
  readonly ids: number[] = [1];
  #version = 0;

  override take(step: MachineStep): void {
    if (step.do === "act" && step.what === "reply") return this.reply();
    this.happen(step);
  }

  /** The server answers, as it should, what it was asked first of all that it has not answered. */
  reply(): void {
    const bytes = this.peers[SERVER]!.heard.shift();
    if (bytes === undefined) return;
    const { type, payload, metadata } = JSON.parse(text.decode(bytes)) as Asked;
    const { name = "", group = "", key } = payload;
    const { id } = metadata;
    if (id === undefined) return;
    this.ids.push(id);
    const say = (answer: string, fields: object = {}, push = false): void => {
      const message = { type: answer, payload: fields, metadata: push ? {} : { id } };
      this.happen({ do: "say", peer: SERVER, bytes: utf8.encode(JSON.stringify(message)) });
    };
    const users = this.users;
    const epoch = EPOCHS[0];
    const version = ++this.#version;
    switch (type) {
      case "register":
        say("registered", { name, epoch, version, settled: 0 });
        return say("table", { epoch, version, users }, true);
      case "create_group":
        return say("group_created", { group });
      case "list_groups":
        return say("groups", { groups: GROUPS });
      case "join_group":
        return say("group_joined", { group });
      case "leave_group":
        return say("group_left", { group });
      case "list_members":
        return say("members", { group, members: NAMES });
      case "send_group":
        return say("received");
      case "report_offline":
        return say(id % 2 === 0 ? "still_online" : "offline_confirmed", { name });
      case "resolve":
      case "whois":
        return say("resolved", {
          user: users.find((user) => user.name === name || user.key === key) ?? null,
        });
      case "table_since":
        return say("table", { epoch, version, users }, true);
    }
  }

  get users() {
    return NAMES.map((name, at) => {
      const { address, keyPair } = this.peers[at]!;
      return { name, key: toHex(keyPair.publicKey), ...address };
    });
  }
}

const begin = (): ClientArena => {
  const random = new Prng(1);
  const peers = Array.from({ length: PEERS }, (_, at) => {
    return new KeyedPeer(random, { host: `10.0.1.${at + 1}`, port: 4_001 + at });
  });
  const machine = new ClientMachine({
    name: NAMES[0],
    server: peers[SERVER]!.address,
    keyPair: keyPairFrom(random.bytes(32)),
    random: (count) => random.bytes(count),
  });
  const act = (now: number, what: string, typed: string): void => {
    switch (what) {
      case "type":
        machine.line(now, typed.replaceAll("\n", " "));
        machine.complete(typed);
        return;
      case "end":
        return machine.endOfInput(now);
      case "interrupt":
        return machine.interrupt(now);
    }
  };
  // A client goes to whoever its server's table names. Strangers it is never told of.
  const sought = ({ host }: { readonly host: string }) => !host.startsWith("10.9.");
  const arena = new ClientArena({ machine, peers, act, sought });
  arena.reply();
  return arena;
};

const poolsOf = (random: Prng, arena: ClientArena): Pools => {
  const peer = () => random.pick(arena.peers);
  const key = () => toHex(peer().keyPair.publicKey);
  const count = () => random.pick([0, 1, 2, 3, 5, 100, 2 ** 53 - 1]);
  const name = () => random.pick([...NAMES, ...NAMES, "eve", "BEN", anyText(random, 3)]);
  const id = () => random.pick(arena.ids.slice(-6)) + random.pick([0, 0, 0, 1, 2]);
  return {
    name,
    from: name,
    group: () => random.pick([...GROUPS, "TEA", anyText(random, 3)]),
    key,
    sender: () => senderTag(key()),
    text: () => (random.chance(0.98) ? anyText(random, 20) : "x".repeat(random.below(9_000))),
    host: () => peer().address.host,
    port: () => peer().address.port,
    epoch: () => random.pick(EPOCHS),
    version: count,
    to: count,
    settled: id,
    number: () => random.below(300),
    id,
  };
};

export const client: Target<MachineStep, ClientArena> = {
  name: "client",
  about: "a ClientMachine: a server and clients that say anything, a user who types anything",
  stepsPerCase: 300,
  begin,
  draw: drawStep<ClientArena>({
    messages: 4.5,
    acts: 3.5,
    message(random, arena, kept) {
      const peer = random.chance(0.75) ? SERVER : random.below(PEERS);
      const all = [...MESSAGES, ...kept];
      const direct = () =>
        utf8.encode('{"type":"direct_message","payload":{"text":""},"metadata":{"number":1}}');
      const bytes = peer === SERVER || random.chance(0.2) ? anyMessage(random, all) : direct();
      return {
        peer,
        bytes: random.chance(0.85) ? fitted(random, bytes, poolsOf(random, arena)) : bytes,
      };
    },
    act(random, _, kept) {
      const dice = random.float();
      if (dice < 0.45) return { what: "reply", text: "" };
      if (dice < 0.997) return { what: "type", text: anyLine(random, [...LINES, ...kept]) };
      return { what: random.pick(["end", "interrupt"]), text: "" };
    },
  }),
  ...STEPS,
};
