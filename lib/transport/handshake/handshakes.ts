// The handshakes of one endpoint, both sides of them: begins sessions, lets others begin them, and says when one is
// established. Knows nothing of what is said in a session.

import { type Address, sameAddress } from "../address.ts";
import type { Connection, Connections } from "../connections.ts";
import { openPacket } from "../crypto/aead.ts";
import { wipe } from "../crypto/keys.ts";
import { transportKeys } from "../crypto/noise.ts";
import type { ConnectOptions, EndpointOptions, SessionOptions } from "../endpoint-options.ts";
import {
  HANDSHAKES_PER_TURN_MAX,
  HANDSHAKES_WAITING_MAX,
  KEEP_ALIVE_SPREAD_MS,
  SESSIONS_MAX,
} from "../limits.ts";
import { Session } from "../session/session.ts";
import type { Ending } from "../transport-event.ts";
import type { Turn } from "../turn.ts";
import { ByteReader } from "../wire/bytes.ts";
import {
  DATA_HEADER_BYTES,
  type DataPacket,
  type HelloPacket,
  type InitiatePacket,
  type RespondPacket,
  type RetryPacket,
} from "../wire/datagrams.ts";
import { Admission } from "./admission.ts";
import { HalfOpens } from "./half-open.ts";
import { Initiation } from "./initiation.ts";
import type { Resets } from "./resets.ts";
import { ephemeralOf, Responder } from "./responder.ts";

interface Waiting {
  /** When it came, in ms. */
  readonly since: number;
  readonly from: Address;
  readonly packet: InitiatePacket;
}

export class Handshakes {
  readonly #options: EndpointOptions;
  readonly #connections: Connections;
  readonly #resets: Resets;
  readonly #turn: Turn;
  readonly #responder: Responder;
  readonly #admission: Admission;
  readonly #halfOpens = new HalfOpens();
  /** INITIATEs to be answered, oldest first, by their ephemeral keys. */
  readonly #waiting = new Map<string, Waiting>();
  /** Options of the sessions that peers begin, shared by all of them. Only the side that begins one keeps it alive. */
  readonly #ofOthers: SessionOptions;

  constructor(options: EndpointOptions, connections: Connections, resets: Resets, turn: Turn) {
    this.#options = options;
    this.#connections = connections;
    this.#resets = resets;
    this.#turn = turn;
    this.#responder = new Responder(options.keyPair, options.psk, options.random);
    this.#admission = new Admission(options.handshakes ?? {});
    const { random, idleTimeoutMs, keyLimits, asksAtOnce, mayGrow } = options;
    const keepAliveMs = undefined;
    this.#ofOthers = { random, idleTimeoutMs, keepAliveMs, keyLimits, asksAtOnce, mayGrow };
  }

  /** Begins a session with whoever is there. */
  begin(now: number, address: Address, options: ConnectOptions): Connection {
    const { expectedKey, strict = false } = options;
    const { keyPair, psk, random, keepAliveMs } = this.#options;
    const localIndex = this.#newIndex();
    const keptAliveMs = keepAliveMs && keepAliveMs - this.#spread(keepAliveMs);
    const session = new Session(now, localIndex, address, {
      ...this.#ofOthers,
      keepAliveMs: keptAliveMs,
    });
    const initiation = new Initiation(now, {
      keyPair,
      psk,
      random,
      expectedKey,
      strict,
      localIndex,
      resetToken: this.#resets.token(localIndex),
    });
    const connection = this.#connections.add({
      session,
      initiation,
      initiator: true,
      pinned: expectedKey !== undefined,
      strict,
      peerKey: expectedKey,
    });
    this.#turn.touch(connection);
    return connection;
  }

  /** A HELLO that is one too many gets no answer. */
  onHello(now: number, from: Address, packet: HelloPacket): void {
    if (!this.#admission.retry(now, from.host)) return;
    this.#turn.send(from, this.#responder.onHello(now, from, packet));
  }

  /** For a session that this side begins; the RETRY came from where it is begun. */
  onRetry(now: number, connection: Connection, packet: RetryPacket): void {
    const progress = connection.initiation?.onRetry(now, packet);
    if (progress !== undefined) this.#goOn(connection, progress);
  }

  /**
   * Whatever is cheap to check comes before the curve. And the curve, which takes longer than a hundred packets of
   * sessions that are there, comes after all those of the turn.
   */
  onInitiate(now: number, from: Address, packet: InitiatePacket): void {
    if (!this.#responder.proves(now, from, packet)) return;
    if (this.#answerAgain(now, from, packet)) return;
    const ephemeral = ephemeralOf(packet);
    if (this.#waiting.has(ephemeral) || this.#waiting.size >= HANDSHAKES_WAITING_MAX) return;
    if (this.#connections.size + this.#halfOpens.size + this.#waiting.size >= SESSIONS_MAX) return;
    if (!this.#admission.handshake(now, from.host)) return;
    const noise = packet.noise.slice();
    this.#waiting.set(ephemeral, { since: now, from, packet: { ...packet, noise } });
  }

  /** Answers the first of those that wait, as many as may take their time from a turn. */
  answer(now: number): void {
    let left = HANDSHAKES_PER_TURN_MAX;
    for (const [ephemeral, { from, packet }] of this.#waiting) {
      if (left-- === 0) return;
      this.#waiting.delete(ephemeral);
      this.#accept(now, from, packet);
    }
  }

  /** When `answer` or `wake` has something to do; infinity for nothing. */
  get nextAt(): number {
    for (const { since } of this.#waiting.values()) return since;
    return this.#halfOpens.nextAt;
  }

  #accept(now: number, from: Address, packet: InitiatePacket): void {
    const localIndex = this.#newIndex();
    const token = this.#resets.token(localIndex);
    const accepted = this.#responder.onInitiate(packet, localIndex, token);
    if (accepted === undefined) return;
    const { respond, ...halfOpen } = accepted;
    const oldest = this.#halfOpens.add(now, localIndex, { ...halfOpen, address: from });
    if (oldest !== undefined) this.#responder.forget(oldest);
    this.#turn.send(from, respond);
  }

  /** Forgets handshakes that no packet has confirmed in time. */
  wake(now: number): void {
    for (;;) {
      const due = this.#halfOpens.forgetDue(now);
      if (due === undefined) return;
      this.#responder.forget(due);
    }
  }

  /** For a session that this side begins. */
  onRespond(now: number, from: Address, packet: RespondPacket): void {
    const connection = this.#connections.byIndex(packet.receiver);
    if (connection?.initiation === undefined) return;
    if (!sameAddress(from, connection.session.address)) return;
    const progress = connection.initiation.onRespond(now, packet);
    if (progress === undefined) return;
    if (progress === "on" || !("keys" in progress)) return this.#goOn(connection, progress);
    connection.initiation = undefined;
    connection.peerKey = progress.peerKey;
    connection.session.open(now, progress.keys);
    // The responder takes the session for real once it has read a first packet of it.
    connection.session.ping();
    this.#connections.opened(connection);
    this.#turn.touch(connection);
    this.#established(connection);
  }

  /**
   * A packet of no session that there is. If it opens with the keys of a handshake, who began that is really there, and
   * this is the session. "unknown": there is no such handshake either.
   */
  confirm(now: number, packet: DataPacket): Connection | "unknown" | undefined {
    const { receiver, phase, packetNumber, bytes } = packet;
    const halfOpen = this.#halfOpens.get(receiver);
    if (halfOpen === undefined) return "unknown";
    if (phase !== 0) return undefined;
    const { secret, remoteIndex, address } = halfOpen;
    const keys = transportKeys(secret.slice(), false);
    if (openPacket(keys.receive, packetNumber, bytes, DATA_HEADER_BYTES) === undefined) {
      wipe(keys.chain);
      return undefined;
    }
    const [peerKey, resetToken] = [halfOpen.peerKey.slice(), halfOpen.resetToken.slice()];
    this.#halfOpens.forget(receiver);
    const session = new Session(now, receiver, address, this.#ofOthers);
    session.open(now, { ...keys, remoteIndex, resetToken });
    const connection = this.#connections.add({
      session,
      initiation: undefined,
      initiator: false,
      pinned: true,
      strict: false,
      peerKey,
    });
    this.#connections.opened(connection);
    this.#turn.touch(connection);
    this.#established(connection);
    return connection;
  }

  /** Who sends INITIATE again has not got the answer: it gets the same one, and its session more time. */
  #answerAgain(now: number, from: Address, packet: InitiatePacket): boolean {
    const answer = this.#responder.repeated(packet);
    if (answer === undefined) return false;
    this.#halfOpens.renew(now, answer.localIndex);
    this.#turn.send(from, answer.respond);
    return true;
  }

  /** The handshake is not done; there is something new to send, or nothing more to hope for. */
  #goOn(connection: Connection, progress: "on" | Ending): void {
    if (progress !== "on") return this.#turn.over(connection, progress);
    connection.session.liveness.grant(connection.initiation!.graceUntil);
    this.#turn.touch(connection);
  }

  #established(connection: Connection): void {
    this.#turn.tell({
      type: "established",
      session: connection.id,
      peerKey: connection.peerKey!,
      address: connection.session.address,
      initiator: connection.initiator,
    });
    // Only who began it will ask again whether it is still the same peer.
    if (!connection.initiator) connection.peerKey = undefined;
  }

  #newIndex(): number {
    for (;;) {
      const index = this.#connections.newIndex();
      if (!this.#halfOpens.has(index)) return index;
    }
  }

  /** By how much this session's keep-alives come earlier than they must, in ms. */
  #spread(keepAliveMs: number): number {
    const chance = new ByteReader(this.#options.random(4)).u32() / 2 ** 32;
    return chance * Math.min(KEEP_ALIVE_SPREAD_MS, keepAliveMs / 2);
  }
}
