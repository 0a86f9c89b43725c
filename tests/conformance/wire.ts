// The bytes of lib/PROTOCOL.md, written from that document alone: integers, Noise, packets, frames. Imports nothing of the
// program, so that the document and the program check each other. Throws on whatever the document forbids.

import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
} from "node:crypto";

type Bytes = Uint8Array;

export const hex = (bytes: Bytes): string => Buffer.from(bytes).toString("hex");
export const bytesOf = (digits: string): Bytes =>
  new Uint8Array(Buffer.from(digits.replaceAll(/\s/g, ""), "hex"));
export const join = (...parts: Bytes[]): Bytes => new Uint8Array(Buffer.concat(parts));

// ---- integers ("Notation") ----------------------------------------------------------------------

const unsigned =
  (size: number) =>
  (n: number): Bytes => {
    const out = new Uint8Array(size);
    let rest = BigInt(n);
    for (let at = size - 1; at >= 0; at--, rest >>= 8n) out[at] = Number(rest & 255n);
    return out;
  };
export const u8 = unsigned(1);
export const u32 = unsigned(4);
export const u64 = unsigned(8);

export function varint(n: number): Bytes {
  const size = n < 64 ? 1 : n < 16_384 ? 2 : n < 2 ** 30 ? 4 : 8;
  const out = unsigned(size)(n);
  out[0]! |= Math.log2(size) << 6;
  return out;
}

export class Cursor {
  readonly bytes: Bytes;
  at = 0;

  constructor(bytes: Bytes) {
    this.bytes = bytes;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  take(count: number): Bytes {
    if (count > this.left) throw new Error("cut short");
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  number(size: number): number {
    let value = 0n;
    for (const byte of this.take(size)) value = (value << 8n) | BigInt(byte);
    if (value >= 2n ** 53n) throw new Error("number too large");
    return Number(value);
  }

  varint(): number {
    const first = this.bytes[this.at] ?? 0;
    const size = 1 << (first >> 6);
    const form = new Uint8Array(this.take(size));
    form[0]! &= 0x3f;
    return new Cursor(form).number(size);
  }
}

// ---- keys and AEAD --------------------------------------------------------------------------------

const PKCS8 = bytesOf("302e020100300506032b656e04220420");
const SPKI = bytesOf("302a300506032b656e032100");

export interface Pair {
  readonly secret: KeyObject;
  readonly public: Bytes;
}

export function pairOf(secret32: Bytes): Pair {
  const key = Buffer.from(join(PKCS8, secret32));
  const secret = createPrivateKey({ key, format: "der", type: "pkcs8" });
  const spki = createPublicKey(secret).export({ format: "der", type: "spki" });
  return { secret, public: new Uint8Array(spki.subarray(SPKI.length)) };
}

function dh(pair: Pair, publicBytes: Bytes): Bytes {
  const key = Buffer.from(join(SPKI, publicBytes));
  const publicKey = createPublicKey({ key, format: "der", type: "spki" });
  return diffieHellman({ privateKey: pair.secret, publicKey });
}

const sha256 = (...parts: Bytes[]): Bytes =>
  createHash("sha256")
    .update(join(...parts))
    .digest();
export const hmac = (key: Bytes, ...parts: Bytes[]): Bytes =>
  createHmac("sha256", key)
    .update(join(...parts))
    .digest();

function hkdf(chain: Bytes, input: Bytes): [Bytes, Bytes, Bytes] {
  const temporary = hmac(chain, input);
  const first = hmac(temporary, u8(1));
  const second = hmac(temporary, first, u8(2));
  return [first, second, hmac(temporary, second, u8(3))];
}

const nonceOf = (counter: number): Bytes => join(u32(0), u64(counter));

export function seal(key: Bytes, counter: number, ad: Bytes, plain: Bytes): Bytes {
  const cipher = createCipheriv("aes-256-gcm", key, nonceOf(counter)).setAAD(ad);
  return join(cipher.update(plain), cipher.final(), cipher.getAuthTag());
}

export function open(key: Bytes, counter: number, ad: Bytes, sealed: Bytes): Bytes {
  const split = sealed.length - 16;
  if (split < 0) throw new Error("cut short");
  const decipher = createDecipheriv("aes-256-gcm", key, nonceOf(counter)).setAAD(ad);
  decipher.setAuthTag(sealed.subarray(split));
  return join(decipher.update(sealed.subarray(0, split)), decipher.final());
}

// ---- Noise IK and IKpsk2 ("The handshake in detail") ------------------------------------------------

/** One side's view of the handshake; the two sides differ in whose key is whose and in the order of `split`. */
export class Noise {
  #chain: Bytes;
  hash: Bytes;
  #key: Bytes = new Uint8Array(0);
  #counter = 0;
  readonly #psk: Bytes | undefined;

  constructor(responderStatic: Bytes, psk?: Bytes) {
    const name =
      psk === undefined ? "Noise_IK_25519_AESGCM_SHA256" : "Noise_IKpsk2_25519_AESGCM_SHA256";
    this.#chain = join(Buffer.from(name), new Uint8Array(32 - name.length));
    this.hash = this.#chain;
    this.#psk = psk;
    this.#mixHash(Buffer.from("ChatApp/1"));
    this.#mixHash(responderStatic);
  }

  copy(): Noise {
    const copy = new Noise(this.hash, this.#psk);
    copy.#chain = this.#chain;
    copy.hash = this.hash;
    copy.#key = this.#key;
    copy.#counter = this.#counter;
    return copy;
  }

  #mixHash(data: Bytes): void {
    this.hash = sha256(this.hash, data);
  }

  #mixKey(input: Bytes): void {
    const [chain, key] = hkdf(this.#chain, input);
    this.#chain = chain;
    this.#key = key;
    this.#counter = 0;
  }

  #e(ephemeral: Bytes): void {
    this.#mixHash(ephemeral);
    if (this.#psk !== undefined) this.#mixKey(ephemeral);
  }

  #mixPsk(): void {
    if (this.#psk === undefined) return;
    const [chain, hash, key] = hkdf(this.#chain, this.#psk);
    this.#chain = chain;
    this.#mixHash(hash);
    this.#key = key;
    this.#counter = 0;
  }

  #seal(plain: Bytes): Bytes {
    const sealed = seal(this.#key, this.#counter++, this.hash, plain);
    this.#mixHash(sealed);
    return sealed;
  }

  #open(sealed: Bytes): Bytes {
    const plain = open(this.#key, this.#counter++, this.hash, sealed);
    this.#mixHash(sealed);
    return plain;
  }

  /** The initiator's first message. */
  writeFirst(own: Pair, ephemeral: Pair, responderStatic: Bytes, payload: Bytes): Bytes {
    this.#e(ephemeral.public);
    this.#mixKey(dh(ephemeral, responderStatic));
    const sealedStatic = this.#seal(own.public);
    this.#mixKey(dh(own, responderStatic));
    return join(ephemeral.public, sealedStatic, this.#seal(payload));
  }

  /** The responder reads it. */
  readFirst(own: Pair, message: Bytes): { ephemeral: Bytes; static: Bytes; payload: Bytes } {
    const cursor = new Cursor(message);
    const ephemeral = cursor.take(32);
    this.#e(ephemeral);
    this.#mixKey(dh(own, ephemeral));
    const initiatorStatic = this.#open(cursor.take(48));
    this.#mixKey(dh(own, initiatorStatic));
    return { ephemeral, static: initiatorStatic, payload: this.#open(cursor.take(cursor.left)) };
  }

  /** The responder's answer; `first` is what it read. */
  writeSecond(first: { ephemeral: Bytes; static: Bytes }, ephemeral: Pair, payload: Bytes): Bytes {
    this.#e(ephemeral.public);
    this.#mixKey(dh(ephemeral, first.ephemeral));
    this.#mixKey(dh(ephemeral, first.static));
    this.#mixPsk();
    return join(ephemeral.public, this.#seal(payload));
  }

  /** The initiator reads it. */
  readSecond(own: Pair, ephemeral: Pair, message: Bytes): Bytes {
    const cursor = new Cursor(message);
    const responderEphemeral = cursor.take(32);
    this.#e(responderEphemeral);
    this.#mixKey(dh(ephemeral, responderEphemeral));
    this.#mixKey(dh(own, responderEphemeral));
    this.#mixPsk();
    return this.#open(cursor.take(cursor.left));
  }

  /** The key from initiator to responder, the other one, and the chain. */
  split(): [Bytes, Bytes, Bytes] {
    return hkdf(this.#chain, new Uint8Array(0));
  }
}

/** "New keys": the chain, the key from initiator to responder, and the other one. */
export function nextKeys(chain: Bytes, own: Pair, other: Bytes): [Bytes, Bytes, Bytes] {
  return hkdf(chain, dh(own, other));
}

// ---- frames ---------------------------------------------------------------------------------------

export type Frame =
  | { kind: "PADDING" }
  | { kind: "PING" }
  | { kind: "ACK"; delayMicros: number; ranges: [smallest: number, largest: number][] }
  | { kind: "STREAM"; offset: number; data: Bytes }
  | { kind: "MAX_DATA"; limit: number }
  | { kind: "CLOSE"; code: number; reason: string }
  | { kind: "PATH_CHALLENGE"; data: Bytes }
  | { kind: "PATH_RESPONSE"; data: Bytes }
  | { kind: "REKEY"; phase: number; key: Bytes };

function readAck(cursor: Cursor): Frame {
  let largest = cursor.varint();
  const delayMicros = cursor.varint();
  const more = cursor.varint();
  if (more >= 256) throw new Error("more than 256 ranges");
  const ranges: [number, number][] = [[largest - cursor.varint(), largest]];
  for (let count = 0; count < more; count++) {
    largest = ranges.at(-1)![0] - cursor.varint() - 2;
    ranges.push([largest - cursor.varint(), largest]);
  }
  if (ranges.at(-1)![0] < 0) throw new Error("acknowledged below 0");
  return { kind: "ACK", delayMicros, ranges };
}

export function readFrames(plain: Bytes): Frame[] {
  const cursor = new Cursor(plain);
  const frames: Frame[] = [];
  if (cursor.left === 0) throw new Error("no frames");
  let [count, acks, before] = [0, 0, -1];
  while (cursor.left > 0) {
    const kind = cursor.number(1);
    if (kind !== 0x00 || before !== 0x00) count++;
    if (kind === 0x02) acks++;
    if (count > 4_096 || acks > 1) throw new Error("more than may be in one packet");
    before = kind;
    if (kind === 0x00) frames.push({ kind: "PADDING" });
    else if (kind === 0x01) frames.push({ kind: "PING" });
    else if (kind === 0x02) frames.push(readAck(cursor));
    else if (kind === 0x03) {
      const offset = cursor.varint();
      const data = cursor.take(cursor.varint());
      if (offset + data.length > 2 ** 53 - 1) throw new Error("beyond the largest offset");
      frames.push({ kind: "STREAM", offset, data });
    } else if (kind === 0x04) frames.push({ kind: "MAX_DATA", limit: cursor.varint() });
    else if (kind === 0x05) {
      const code = cursor.varint();
      const length = cursor.varint();
      if (length > 128) throw new Error("a reason of more than 128 bytes");
      const reason = Buffer.from(cursor.take(length)).toString("utf8");
      frames.push({ kind: "CLOSE", code, reason });
    } else if (kind === 0x06) frames.push({ kind: "PATH_CHALLENGE", data: cursor.take(8) });
    else if (kind === 0x07) frames.push({ kind: "PATH_RESPONSE", data: cursor.take(8) });
    else if (kind === 0x08) {
      frames.push({ kind: "REKEY", phase: cursor.varint(), key: cursor.take(32) });
    } else throw new Error(`unknown frame ${kind}`);
  }
  return frames;
}

export function writeFrame(frame: Frame): Bytes {
  switch (frame.kind) {
    case "PADDING":
      return u8(0x00);
    case "PING":
      return u8(0x01);
    case "ACK": {
      const [first, ...rest] = frame.ranges;
      if (first === undefined) throw new Error("an ACK of nothing");
      let [below] = first;
      const parts = [first[1], frame.delayMicros, rest.length, first[1] - first[0]];
      for (const [smallest, largest] of rest) {
        parts.push(below - largest - 2, largest - smallest);
        below = smallest;
      }
      return join(u8(0x02), ...parts.map(varint));
    }
    case "STREAM":
      return join(u8(0x03), varint(frame.offset), varint(frame.data.length), frame.data);
    case "MAX_DATA":
      return join(u8(0x04), varint(frame.limit));
    case "CLOSE": {
      const reason = Buffer.from(frame.reason);
      return join(u8(0x05), varint(frame.code), varint(reason.length), reason);
    }
    case "PATH_CHALLENGE":
      return join(u8(0x06), frame.data);
    case "PATH_RESPONSE":
      return join(u8(0x07), frame.data);
    case "REKEY":
      return join(u8(0x08), varint(frame.phase), frame.key);
  }
}

/** One DATA packet of a session whose key is known: what it says, and in clear. */
export function openPacket(
  key: Bytes,
  packet: Bytes,
): { receiver: number; number: number; plain: Bytes; frames: Frame[] } {
  const cursor = new Cursor(packet);
  if ((cursor.number(1) & 0x7f) !== 5) throw new Error("not DATA");
  const receiver = cursor.number(4);
  const number = cursor.number(8);
  const plain = open(key, number, packet.subarray(0, 13), packet.subarray(13));
  return { receiver, number, plain, frames: readFrames(plain) };
}
