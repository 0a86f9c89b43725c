// The transport as a whole: an endpoint with sessions in many states, in the hands of peers that break every rule.

import type { Machine } from "../../../lib/chat/machine.ts";
import { keyPairFrom } from "../../../lib/transport/crypto/keys.ts";
import { Endpoint, type SessionId, type TransportEvent } from "../../../lib/transport/endpoint.ts";
import { frameMessage } from "../../../lib/transport/framed-message.ts";
import {
  IDLE_TIMEOUT_MS,
  KEEP_ALIVE_MS,
  MESSAGE_MAX_BYTES,
} from "../../../lib/transport/limits.ts";
import { Prng } from "../../support/prng.ts";
import { drawStep } from "../draw/steps.ts";
import { anyText } from "../draw/text.ts";
import { must, type Target } from "../target.ts";
import { Arena } from "../world/arena.ts";
import { KeyedPeer } from "../world/keyed-peer.ts";
import { type MachineStep, STEPS } from "../world/steps.ts";

const PEERS = 6;

/** The peers by what has come of their session with the endpoint. */
const PEER = { confirmed: 0, halfOpen: 1, connected: 2, silent: 3, strict: 4, absent: 5 } as const;

const utf8 = new TextEncoder();

/** An endpoint and the layer above it, which knows its sessions and checks what it is told of them. */
class EndpointMachine implements Machine {
  readonly endpoint: Endpoint;
  /** Every session that is there, and the number of the last message that was queued, told delivered, told unanswered. */
  readonly sessions = new Map<SessionId, { sent: number; delivered: number; unanswered: number }>();

  /** Those as well that are over. */
  readonly known: SessionId[] = [];

  constructor(random: Prng) {
    this.endpoint = new Endpoint({
      keyPair: keyPairFrom(random.bytes(32)),
      random: (count) => random.bytes(count),
      idleTimeoutMs: IDLE_TIMEOUT_MS,
      keepAliveMs: KEEP_ALIVE_MS,
      mayGrow: () => true,
    });
  }

  /** Ended by the layer above in this turn: what happened before that may still be told. */
  readonly #ended = new Set<SessionId>();

  /** Found to be over before that was told. */
  readonly #missing = new Set<SessionId>();

  end(id: SessionId, how: "close" | "abandon"): void {
    this.endpoint[how](id);
    if (this.sessions.delete(id)) this.#ended.add(id);
  }

  opened(id: SessionId): void {
    this.known.push(id);
    this.sessions.set(id, { sent: 0, delivered: 0, unanswered: 0 });
  }

  send(now: number, id: SessionId, text: string): void {
    const number = this.endpoint.send(now, id, frameMessage(utf8.encode(text)));
    const session = this.sessions.get(id);
    if (session === undefined) {
      return must(number === "no_session", "what is over stays over", () => `${number}`);
    }
    if (number === "no_session") this.#missing.add(id);
    if (typeof number !== "number") return;
    session.sent++;
    must(number === session.sent, "messages are numbered 1, 2, ...", () => `${number}`);
  }

  receive(...datagram: Parameters<Machine["receive"]>): void {
    this.endpoint.receive(...datagram);
  }

  wake(now: number): void {
    this.endpoint.wake(now);
  }

  nextWakeup(): number {
    return this.endpoint.nextWakeup();
  }

  flush(now: number) {
    for (const event of this.endpoint.takeEvents()) {
      if (!this.#ended.has(event.session)) this.#check(event);
    }
    this.#ended.clear();
    const untold = [...this.#missing].filter((id) => this.sessions.has(id));
    must(untold.length === 0, "the end of a session is told", () => untold.join());
    this.#missing.clear();
    return { lines: [], datagrams: this.endpoint.flush(now) };
  }

  #check(event: TransportEvent): void {
    if (event.type === "established" && !event.initiator) this.opened(event.session);
    const session = this.sessions.get(event.session);
    const about = (): string => Bun.inspect(event);
    if (session === undefined)
      return must(false, "events are about sessions that are there", about);
    switch (event.type) {
      case "message":
        return must(event.bytes.length <= MESSAGE_MAX_BYTES, "a message has its size", about);
      case "delivered": {
        const right = event.message > session.delivered && event.message <= session.sent;
        must(right, "what is delivered was sent, and is told once", about);
        session.delivered = event.message;
        return;
      }
      case "unanswered": {
        const right = event.message > session.unanswered && event.message > session.delivered;
        must(right && event.message <= session.sent, "what is unanswered is told once", about);
        session.unanswered = event.message;
        return;
      }
      case "closed":
        this.sessions.delete(event.session);
        return;
      case "established":
      case "moved":
        return;
    }
  }
}

/** Handshakes cost more than all else together. */
const ACTS: readonly string[] = [
  ...Array<string>(10).fill("send"),
  "connect",
  "pinned",
  "strict",
  "close",
  "abandon",
];

const begin = (): Arena => {
  const random = new Prng(1);
  const peers = Array.from({ length: PEERS }, (_, at) => {
    return new KeyedPeer(random, { host: `10.0.1.${4_001 + at - 4_000}`, port: 4_001 + at });
  });
  peers[PEER.halfOpen]!.halfOpen = true;
  peers[PEER.silent]!.mute = true;
  const machine = new EndpointMachine(random);
  const { endpoint, known } = machine;

  /** The text begins with a number: of the session, or of the peer. */
  const act = (now: number, what: string, text: string): void => {
    const number = Number(/^\d{1,6}/.exec(text)?.[0] ?? 0);
    const peer = peers[number % PEERS]!;
    const expectedKey = peer.keyPair.publicKey;
    const session = known[number % known.length] ?? 0;
    switch (what) {
      case "send":
        return machine.send(now, session, text);
      case "connect":
        return machine.opened(endpoint.connect(now, peer.address));
      case "pinned":
        return machine.opened(endpoint.connect(now, peer.address, { expectedKey }));
      case "strict":
        return machine.opened(endpoint.connect(now, peer.address, { expectedKey, strict: true }));
      case "close":
      case "abandon":
        return machine.end(session, what);
    }
  };
  const arena = new Arena({
    machine,
    peers,
    act,
    sought: ({ host }) => host.startsWith("10.0.1."),
  });
  arena.begin(PEER.confirmed);
  arena.begin(PEER.halfOpen);
  arena.take({ do: "act", what: "connect", text: `${PEER.connected}` });
  arena.take({ do: "act", what: "connect", text: `${PEER.silent}` });
  arena.take({ do: "act", what: "strict", text: `${PEER.strict}` });
  return arena;
};

export const endpoint: Target<MachineStep, Arena> = {
  name: "endpoint",
  about: "an Endpoint with sessions in all states, peers that have keys, strangers",
  stepsPerCase: 300,
  begin,
  draw: drawStep({
    messages: 1,
    acts: 1,
    message: (random, arena) => ({
      peer: random.below(arena.peers.length),
      bytes: random.bytes(random.pick([0, 1, 40, 63, 64, 1_200, 4_000])),
    }),
    act: (random) => {
      const session = random.below(12);
      const text = random.chance(0.5)
        ? anyText(random, 30)
        : "x".repeat(random.below(random.chance(0.1) ? 60_000 : 3_000));
      return { what: random.pick(ACTS), text: `${session} ${text}` };
    },
  }),
  ...STEPS,
};
