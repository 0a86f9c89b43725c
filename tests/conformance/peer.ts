// A peer of ChatApp/1 written from lib/PROTOCOL.md alone: shakes hands either way, keeps one stream in order and sends
// again what is lost. As small as the document allows. Imports nothing of the program.

import { ConformanceSession, type Place } from "./session.ts";
import {
  Cursor,
  type Frame,
  hex,
  hmac,
  join,
  nextKeys,
  Noise,
  open,
  type Pair,
  pairOf,
  readFrames,
  seal,
  u8,
  u32,
  u64,
  writeFrame,
} from "./wire.ts";

type Bytes = Uint8Array;

export interface PeerOptions {
  /** 32 bytes. */
  readonly secret: Bytes;
  readonly random: (count: number) => Bytes;
  readonly psk?: Bytes;
}

const TRY_MS = 100;
const RESEND_MS = 150;
const KEEP_ALIVE_MS = 15_000;
const REKEY_AFTER_MS = 120_000;

export class ConformancePeer {
  readonly pair: Pair;
  readonly sessions: ConformanceSession[] = [];
  /** RESPOND by what it answers: an INITIATE that comes twice makes one session. */
  readonly #answers = new Map<string, Bytes>();
  readonly #options: PeerOptions;
  readonly #cookieKey: Bytes;
  readonly #resetKey: Bytes;
  #out: { to: Place; bytes: Bytes }[] = [];

  constructor(options: PeerOptions) {
    this.#options = options;
    this.pair = pairOf(options.secret);
    this.#cookieKey = options.random(32);
    this.#resetKey = options.random(32);
  }

  get key(): string {
    return hex(this.pair.public);
  }

  connect(to: Place, expectedKey = ""): ConformanceSession {
    const session = new ConformanceSession(to, this.#index(), true);
    session.key = expectedKey;
    this.sessions.push(session);
    return session;
  }

  close(session: ConformanceSession): void {
    if (session.open) this.#data(session, [{ kind: "CLOSE", code: 0, reason: "" }], session.place);
    this.#forget(session);
  }

  /** Datagrams to send. */
  flush(now: number): { to: Place; bytes: Bytes }[] {
    for (const session of this.sessions) {
      if (session.open) this.#flushSession(now, session);
      else if (session.initiator && session.triedAt + TRY_MS <= now) {
        session.triedAt = now;
        const { handshake } = session;
        const nonce = join(u32(session.index), u32(0));
        const bytes =
          handshake === undefined
            ? join(u8(1), u8(1), nonce, new Uint8Array(70))
            : join(u8(3), handshake.cookie, handshake.first);
        this.#out.push({ to: session.place, bytes });
      }
    }
    const out = this.#out;
    this.#out = [];
    return out;
  }

  nextWakeup(): number {
    let next = Infinity;
    for (const session of this.sessions) {
      if (!session.open && session.initiator) next = Math.min(next, session.triedAt + TRY_MS);
      if (session.open && session.initiator) {
        next = Math.min(next, session.aliveAt + KEEP_ALIVE_MS);
        if (session.wish === undefined) next = Math.min(next, session.usedAt + REKEY_AFTER_MS);
      }
      for (const { at } of session.underWay.values()) next = Math.min(next, at + RESEND_MS);
    }
    return next;
  }

  receive(now: number, from: Place, bytes: Bytes): void {
    const cursor = new Cursor(bytes);
    if (bytes.length === 0) return;
    const kind = cursor.number(1);
    if (kind === 1 && bytes.length >= 80 && cursor.number(1) === 1) {
      const flags = u8(this.#options.psk === undefined ? 0 : 1);
      const retry = join(u8(2), flags, cursor.take(8), this.pair.public, this.#cookie(from));
      this.#out.push({ to: from, bytes: retry });
    } else if (kind === 2 && bytes.length === 58) this.#onRetry(cursor);
    else if (kind === 3 && bytes.length === 134) this.#onInitiate(from, cursor);
    else if (kind === 4 && bytes.length === 73) this.#onRespond(cursor);
    else if ((kind === 5 || kind === 0x85) && bytes.length >= 30) this.#onData(now, from, bytes);
    else if (kind === 6 && bytes.length === 21) this.#onReset(cursor);
  }

  #onRetry(cursor: Cursor): void {
    cursor.take(1);
    const index = cursor.number(4);
    cursor.take(4);
    const session = this.sessions.find((one) => one.index === index && one.initiator);
    if (session === undefined || session.open || session.handshake !== undefined) return;
    const responder = cursor.take(32);
    if (session.key !== "" && session.key !== hex(responder)) return;
    session.key = hex(responder);
    const ephemeral = pairOf(this.#options.random(32));
    const noise = new Noise(responder, this.#options.psk);
    const payload = join(u8(1), u32(index), this.#token(index));
    const first = noise.writeFirst(this.pair, ephemeral, responder, payload);
    session.handshake = { noise, ephemeral, cookie: cursor.take(16), first };
    session.triedAt = -Infinity;
  }

  #onInitiate(from: Place, cursor: Cursor): void {
    if (hex(cursor.take(16)) !== hex(this.#cookie(from))) return;
    const message = cursor.take(cursor.left);
    const again = this.#answers.get(hex(message));
    if (again !== undefined) {
      this.#out.push({ to: from, bytes: again });
      return;
    }
    const noise = new Noise(this.pair.public, this.#options.psk);
    const first = noise.readFirst(this.pair, message);
    const payload = new Cursor(first.payload);
    if (payload.number(1) !== 1) return;
    const session = new ConformanceSession(from, this.#index(), false);
    session.key = hex(first.static);
    session.remoteIndex = payload.number(4);
    session.remoteToken = hex(payload.take(16));
    const answer = join(u32(session.index), this.#token(session.index));
    const second = noise.writeSecond(first, pairOf(this.#options.random(32)), answer);
    [session.receiveKeys[0], session.sendKey, session.chain] = noise.split();
    this.sessions.push(session);
    const respond = join(u8(4), u32(session.remoteIndex), second);
    this.#answers.set(hex(message), respond);
    this.#out.push({ to: from, bytes: respond });
  }

  #onRespond(cursor: Cursor): void {
    const index = cursor.number(4);
    const session = this.sessions.find((one) => one.index === index);
    if (session?.handshake === undefined) return;
    const { noise, ephemeral } = session.handshake;
    const payload = new Cursor(noise.readSecond(this.pair, ephemeral, cursor.take(cursor.left)));
    session.remoteIndex = payload.number(4);
    session.remoteToken = hex(payload.take(16));
    [session.sendKey, session.receiveKeys[0], session.chain] = noise.split();
    session.handshake = undefined;
    session.open = true;
    if (session.waiting.length === 0) session.waiting.push({ kind: "PING" });
  }

  #onData(now: number, from: Place, bytes: Bytes): void {
    const cursor = new Cursor(bytes.subarray(1));
    const index = cursor.number(4);
    const session = this.sessions.find((one) => one.index === index);
    if (session === undefined) {
      const reset = join(u8(6), u32(index), this.#token(index));
      this.#out.push({ to: from, bytes: reset });
      return;
    }
    const number = cursor.number(8);
    const bit = bytes[0]! >> 7;
    const key = session.receiveKeys[bit];
    if (session.seen.has(number) || key === undefined) return;
    const newest = session.phase + (session.nextSendKey === undefined ? 0 : 1);
    if (bit !== newest % 2 && number >= session.newestFrom) return;
    const frames = readFrames(open(key, number, bytes.subarray(0, 13), bytes.subarray(13)));
    if (bit === newest % 2) session.newestFrom = Math.min(session.newestFrom, number);
    if (bit === newest % 2 && session.nextSendKey !== undefined) {
      this.#enter(session, session.nextSendKey);
    }
    session.seen.add(number);
    session.open = true;
    session.aliveAt = now;
    for (const frame of frames) {
      if (frame.kind === "STREAM") session.usedAt = Math.min(session.usedAt, now);
      if (frame.kind === "REKEY") this.#onRekey(session, bit, frame.phase, frame.key);
      else this.#take(from, session, frame);
    }
    const quiet = new Set(["ACK", "PADDING", "CLOSE"]);
    session.ackDue ||= frames.some(({ kind }) => !quiet.has(kind));
  }

  #take(from: Place, session: ConformanceSession, frame: Frame): void {
    if (frame.kind === "ACK") {
      for (const number of session.underWay.keys()) {
        const inside = ([smallest, largest]: [number, number]) =>
          number >= smallest && number <= largest;
        if (frame.ranges.some(inside)) session.underWay.delete(number);
      }
    } else if (frame.kind === "MAX_DATA") session.limit = Math.max(session.limit, frame.limit);
    else if (frame.kind === "STREAM") session.read(frame.offset, frame.data);
    else if (frame.kind === "PATH_CHALLENGE") {
      this.#data(session, [{ kind: "PATH_RESPONSE", data: frame.data }], from);
    } else if (frame.kind === "CLOSE") {
      session.closed = "CLOSE";
      this.#forget(session);
    }
  }

  #onRekey(session: ConformanceSession, bit: number, phase: number, key: Bytes): void {
    if (phase !== session.phase + 1 || bit !== session.phase % 2) return;
    const own = session.initiator ? session.wish : pairOf(this.#options.random(32));
    if (own === undefined || session.nextSendKey !== undefined) return;
    const [chain, ofInitiator, ofResponder] = nextKeys(session.chain, own, key);
    session.chain = chain;
    session.receiveKeys[phase % 2] = session.initiator ? ofResponder : ofInitiator;
    session.newestFrom = Infinity;
    if (session.initiator) return this.#enter(session, ofInitiator);
    session.nextSendKey = ofResponder;
    session.waiting.unshift({ kind: "REKEY", phase, key: own.public });
  }

  /** From now on this side sends in the next phase. */
  #enter(session: ConformanceSession, sendKey: Bytes): void {
    session.sendKey = sendKey;
    session.phase++;
    session.usedAt = Infinity;
    session.wish = undefined;
    session.nextSendKey = undefined;
  }

  #onReset(cursor: Cursor): void {
    const index = cursor.number(4);
    const token = hex(cursor.take(16));
    for (const session of this.sessions) {
      if (session.remoteIndex !== index || session.remoteToken !== token) continue;
      session.closed = "RESET";
      this.#forget(session);
    }
  }

  #flushSession(now: number, session: ConformanceSession): void {
    if (session.initiator && session.aliveAt + KEEP_ALIVE_MS <= now) {
      session.waiting.unshift({ kind: "PING" });
      session.aliveAt = now;
    }
    if (session.initiator && !session.wish && session.usedAt + REKEY_AFTER_MS <= now) {
      session.wish = pairOf(this.#options.random(32));
      const { public: key } = session.wish;
      session.waiting.unshift({ kind: "REKEY", phase: session.phase + 1, key });
    }
    for (const [number, { at, frames }] of session.underWay) {
      if (at + RESEND_MS > now) continue;
      session.underWay.delete(number);
      session.waiting.unshift(...frames);
    }
    while (session.waiting.length > 0) {
      const frame = session.waiting[0]!;
      const end = frame.kind === "STREAM" ? frame.offset + frame.data.length : 0;
      if (end > session.limit) break;
      session.waiting.shift();
      session.aliveAt = now;
      if (frame.kind === "STREAM") session.usedAt = Math.min(session.usedAt, now);
      session.underWay.set(session.nextNumber, { at: now, frames: [frame] });
      this.#data(session, [...this.#ack(session), frame], session.place);
    }
    if (session.ackDue) this.#data(session, this.#ack(session), session.place);
  }

  /** The newest ranges of what arrived. */
  #ack(session: ConformanceSession): Frame[] {
    session.ackDue = false;
    const ranges: [number, number][] = [];
    for (const number of [...session.seen].sort((a, b) => b - a)) {
      const last = ranges.at(-1);
      if (last?.[0] === number + 1) last[0] = number;
      else if (ranges.length === 8) break;
      else ranges.push([number, number]);
    }
    return ranges.length === 0 ? [] : [{ kind: "ACK", delayMicros: 0, ranges }];
  }

  #data(session: ConformanceSession, frames: Frame[], to: Place): void {
    const number = session.nextNumber++;
    const kind = session.phase % 2 === 0 ? 0x05 : 0x85;
    const header = join(u8(kind), u32(session.remoteIndex), u64(number));
    const plain = join(...frames.map(writeFrame));
    this.#out.push({ to, bytes: join(header, seal(session.sendKey, number, header, plain)) });
  }

  #forget(session: ConformanceSession): void {
    session.open = false;
    session.underWay.clear();
    this.sessions.splice(this.sessions.indexOf(session), 1);
  }

  #index(): number {
    return new Cursor(this.#options.random(4)).number(4);
  }

  #cookie({ host, port }: Place): Bytes {
    return hmac(this.#cookieKey, Buffer.from(`${host}:${port}`)).subarray(0, 16);
  }

  #token(index: number): Bytes {
    return hmac(this.#resetKey, u32(index)).subarray(0, 16);
  }
}
