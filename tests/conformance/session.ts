// A session of the peer that was written from lib/PROTOCOL.md alone: what it remembers, and its stream, which cuts messages
// in pieces and puts them together again. Imports nothing of the program.

import { Cursor, type Frame, join, type Noise, type Pair, varint } from "./wire.ts";

type Bytes = Uint8Array;

/** As in the program: a dotted quad and a port. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

/** A chat message as it is in JSON. */
export interface Said {
  type: string;
  payload: Record<string, unknown>;
  metadata: Record<string, unknown>;
}

const STREAM_BYTES = 1_100;
const WINDOW = 2_097_152;

export class ConformanceSession {
  place: Place;
  readonly index: number;
  readonly initiator: boolean;
  /** What the other side proved to have: 64 hexadecimal digits. */
  key = "";
  open = false;
  closed: "CLOSE" | "RESET" | undefined;
  heard: Said[] = [];
  remoteIndex = 0;
  remoteToken = "";
  /** The phase in which this side sends, and its keys. */
  phase = 0;
  chain: Bytes = new Uint8Array(0);
  sendKey: Bytes = new Uint8Array(0);
  /** By phase bit. */
  receiveKeys: Bytes[] = [];
  /** The lowest number opened in the newest phase. */
  newestFrom = 0;
  /** When a STREAM frame first went either way in this phase. */
  usedAt = Infinity;
  /** An initiator waits for the answer to this. */
  wish: Pair | undefined;
  /** A responder will send with this. */
  nextSendKey: Bytes | undefined;
  nextNumber = 0;
  /** Numbers of packets that arrived; what is below the first one that is missing is kept as a count. */
  seen = new Set<number>();
  ackDue = false;
  /** Frames under way, by packet number. */
  underWay = new Map<number, { at: number; frames: Frame[] }>();
  waiting: Frame[] = [];
  sentTo = 0;
  limit = WINDOW;
  pieces = new Map<number, Bytes>();
  readTo = 0;
  told = WINDOW;
  partial: Bytes = new Uint8Array(0);
  handshake: { noise: Noise; ephemeral: Pair; cookie: Bytes; first: Bytes } | undefined;
  triedAt = -Infinity;
  /** When something was last heard, or asked. */
  aliveAt = -Infinity;

  constructor(place: Place, index: number, initiator: boolean) {
    this.place = place;
    this.index = index;
    this.initiator = initiator;
  }

  /** Messages of one type, oldest first. */
  all(type: string): Said[] {
    return this.heard.filter((said) => said.type === type);
  }

  say(said: Said): void {
    this.sayBytes(Buffer.from(JSON.stringify(said)));
  }

  sayBytes(message: Bytes): void {
    const bytes = join(varint(message.length), message);
    for (let at = 0; at < bytes.length; at += STREAM_BYTES) {
      const data = bytes.subarray(at, at + STREAM_BYTES);
      this.waiting.push({ kind: "STREAM", offset: this.sentTo, data });
      this.sentTo += data.length;
    }
  }

  /** Stream bytes that arrived: messages that are whole now are heard. */
  read(offset: number, data: Bytes): void {
    if (offset + data.length > this.told) throw new Error("beyond the limit");
    const before = this.pieces.get(offset);
    if (before === undefined || before.length < data.length) this.pieces.set(offset, data);
    for (let more = true; more;) {
      more = false;
      for (const [at, piece] of this.pieces) {
        if (at > this.readTo) continue;
        this.pieces.delete(at);
        const fresh = piece.subarray(Math.min(this.readTo - at, piece.length));
        this.partial = join(this.partial, fresh);
        this.readTo += fresh.length;
        more = true;
      }
    }
    if (this.readTo + WINDOW - this.told >= WINDOW / 2) {
      this.told = this.readTo + WINDOW;
      this.waiting.push({ kind: "MAX_DATA", limit: this.told });
    }
    for (;;) {
      const [first = 0] = this.partial;
      if (this.partial.length === 0 || this.partial.length < 1 << (first >> 6)) return;
      const cursor = new Cursor(this.partial);
      const length = cursor.varint();
      if (cursor.left < length) return;
      this.heard.push(JSON.parse(Buffer.from(cursor.take(length)).toString("utf8")));
      this.partial = this.partial.slice(cursor.at);
    }
  }
}
