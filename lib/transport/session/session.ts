// One session with one peer: sealed packets in both directions, acknowledged, retransmitted,
// ordered. A session that is still shaking hands has no keys and only queues. Reads what comes and
// watches the clock; what goes out is in packet-sender.ts.
// Knows nothing of other sessions, sockets or what the messages mean.

import type { Address, Datagram } from "../address.ts";
import type { SessionOptions } from "../endpoint-options.ts";
import type { FramedMessage } from "../framed-message.ts";
import { DATAGRAM_GROWN_MAX_BYTES } from "../limits.ts";
import { Scratch } from "../scratch.ts";
import type { DataPacket } from "../wire/datagrams.ts";
import {
  decodeFrames,
  type Frame,
  FrameKind,
  isAckEliciting,
  type RekeyFrame,
} from "../wire/frames.ts";
import { Brought, type Received } from "./brought.ts";
import { KEY_LIMITS, KeyPhases, type SessionKeys } from "./key-phases.ts";
import { Liveness } from "./liveness.ts";
import { PacketSender } from "./packet-sender.ts";
import { ReceiveStream } from "./receive-stream.ts";
import { ReceivedPackets } from "./received-packets.ts";
import type { SendStream } from "./send-stream.ts";
import { SessionPath } from "./session-path.ts";

/** What the packet being read brings. */
const brought = new Brought();

/** Frames of the packet being read. What outlives the call is copied out of it. */
const opened = new Scratch(DATAGRAM_GROWN_MAX_BYTES);

export class Session {
  readonly localIndex: number;
  readonly liveness: Liveness;
  readonly #options: SessionOptions;
  readonly #path: SessionPath;
  readonly #receiving = new ReceiveStream();
  readonly #received = new ReceivedPackets();
  readonly #sender: PacketSender;
  #keys: KeyPhases | undefined;

  constructor(now: number, localIndex: number, address: Address, options: SessionOptions) {
    this.localIndex = localIndex;
    this.#path = new SessionPath(address);
    this.#options = options;
    this.#sender = new PacketSender(this.#path, this.#receiving, this.#received, options);
    this.liveness = new Liveness(now, options);
  }

  get address(): Address {
    return this.#path.address;
  }

  get keys(): KeyPhases | undefined {
    return this.#keys;
  }

  /** What the peer sends. */
  get incoming(): ReceiveStream {
    return this.#receiving;
  }

  get stream(): SendStream {
    return this.#sender.stream;
  }

  /** The handshake is done; what was queued may go out. */
  open(now: number, keys: SessionKeys): void {
    // The index was drawn at random, from 32 bits, so it will do for spreading.
    const chance = this.localIndex / 2 ** 32;
    this.#keys = new KeyPhases(keys, this.#options.keyLimits ?? KEY_LIMITS, chance);
    this.liveness.onHeard(now);
  }

  /** Queues a message; `undefined` if the queue is full. */
  send(now: number, message: FramedMessage): number | undefined {
    const { waiting } = this;
    const { stream, recovery } = this.#sender;
    const number = stream.push(now, message);
    if (number === undefined) return undefined;
    if (!this.liveness.urgent(now)) recovery.resetBackoff();
    this.liveness.onAsked(now, !waiting);
    return number;
  }

  /** Asks for a sign of life with the next flush. */
  ping(): void {
    this.#sender.ping();
  }

  /** Takes a packet; `undefined` if it is not authentic, or was here before. */
  receive(now: number, from: Address, packet: DataPacket): Received | undefined {
    const { packetNumber } = packet;
    const keys = this.#keys;
    if (keys === undefined || !this.#received.isNew(packetNumber)) return undefined;
    const keysDueAt = keys.deadline;
    const plain = keys.open(now, packet);
    if (plain === undefined) return undefined;
    this.#received.markSeen(packetNumber);
    this.liveness.onHeard(now);
    const decoded = decodeFrames(opened.copy(plain));
    brought.clear();
    if (!Array.isArray(decoded)) {
      brought.over = "violation";
      return brought;
    }
    const newest = this.#received.isLargest(packetNumber);
    this.#path.onPacket(from, packet.bytes.length, newest, this.#options.random);
    const { stream } = this;
    const deliveredBefore = stream.deliveredCount;
    const addressBefore = this.address;
    let taken = true;
    let asks: "at_once" | "soon" | "never" = "never";
    for (const frame of decoded) {
      const outcome =
        frame.kind === FrameKind.Rekey
          ? keys.onRekey(now, packet.phase, frame, this.#options.random)
          : this.#take(now, from, frame, keys);
      if (frame.kind === FrameKind.Stream) brought.streamed = true;
      if (frame.kind === FrameKind.Ping) asks = "at_once";
      else if (asks === "never" && isAckEliciting(frame.kind)) asks = "soon";
      if (outcome === "no_room") taken = false;
      else if (outcome !== undefined) {
        // Of what follows, nothing matters any more; and it may have been put there to cost much.
        brought.over = outcome;
        break;
      }
    }
    if (taken) this.#received.onTaken(now, packetNumber, asks);
    if (brought.streamed) keys.onUsed(now, packet.phase);
    if (brought.streamed && this.#receiving.newLimit() !== undefined) this.#sender.tellLimit();
    const { deliveredCount } = stream;
    if (deliveredCount > deliveredBefore) brought.delivered = deliveredCount;
    brought.moved = this.address !== addressBefore;
    const owes = this.#sender.owes(keys);
    brought.calm = asks === "never" && !owes && !this.#path.isOpen && keys.deadline >= keysDueAt;
    return brought;
  }

  /** The moment at which `wake` wants to be called. */
  deadline(now: number): number {
    const { liveness } = this;
    const unanswered = liveness.unansweredAt(this.stream);
    if (this.#keys === undefined) return unanswered;
    return Math.min(
      unanswered,
      liveness.idleAt(),
      liveness.keepAliveAt(),
      this.#keys.deadline,
      this.#received.ackAt,
      this.#sender.recovery.deadline(liveness.urgent(now)),
    );
  }

  /** Numbers of messages that are unanswered by now, each once. */
  takeUnanswered(now: number): readonly number[] {
    return this.liveness.takeUnanswered(now, this.stream);
  }

  /** Looks at the clock. Returns why the session is over, if it is: for silence, or for keys that nobody replaced. */
  wake(now: number): "idle" | "expired" | undefined {
    const keys = this.#keys;
    if (keys === undefined) return undefined;
    if (this.liveness.idleAt() <= now) return "idle";
    if (keys.expiresAt <= now) return "expired";
    const { waiting } = this;
    const keepAliveDue = this.liveness.keepAliveAt() <= now;
    if (keepAliveDue) this.#sender.ping();
    if (keys.wake(now, this.#options.random) || keepAliveDue) this.liveness.onAsked(now, !waiting);
    this.#sender.wake(now, keys, this.liveness.urgent(now));
    return undefined;
  }

  /** Nothing has been due for a while: releases what an idle session does not need. */
  trimIdle(): void {
    this.#sender.stream.trimIdle();
    this.#sender.recovery.trimIdle();
  }

  /** Whether something was asked of the peer that it has not answered. */
  get waiting(): boolean {
    return this.#sender.waiting;
  }

  /** Sends all that is due and fits. */
  flush(now: number, out: Datagram[]): void {
    const keys = this.#keys;
    if (keys !== undefined && keys.expiresAt > now) this.#sender.flush(now, keys, out);
  }

  /** The last packet of a session: tells the peer that it is over. */
  closePacket(code: number, reason: string): Datagram | undefined {
    return this.#keys && this.#sender.closePacket(this.#keys, code, reason);
  }

  #take(
    now: number,
    from: Address,
    frame: Exclude<Frame, RekeyFrame>,
    keys: KeyPhases,
  ): "no_room" | "peer" | "violation" | undefined {
    switch (frame.kind) {
      case FrameKind.Ack:
        return this.#sender.onAck(now, frame, keys);
      case FrameKind.Stream: {
        const accepted = this.#receiving.accept(frame.offset, frame.data, brought.messages);
        if (accepted === "taken") return undefined;
        return accepted === "no_room" ? accepted : "violation";
      }
      case FrameKind.MaxData:
        this.stream.raiseLimit(frame.limit);
        return undefined;
      case FrameKind.Close:
        return "peer";
      case FrameKind.PathChallenge:
        this.#path.onChallenge(from, frame.data.slice());
        return undefined;
      case FrameKind.PathResponse:
        if (this.#path.onResponse(from, frame.data)) this.#sender.recovery.onPathChange(now);
        return undefined;
      case FrameKind.Padding:
      case FrameKind.Ping:
        return undefined;
    }
  }
}
