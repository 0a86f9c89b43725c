// Bytes in and out of a datagram: writer, reader, varints, hex. Big endian throughout.
// Knows no field of any packet. Reading never throws: what is not there is -1 or undefined.

/** Why a decoder refused its bytes. Decoders return a value or this; they never throw. */
export interface Invalid {
  readonly reason: string;
}

/** The largest integer on the wire: what a JavaScript number holds exactly. */
export const INTEGER_MAX = Number.MAX_SAFE_INTEGER;

// RFC 9000 section 16: the two top bits of the first byte say how many bytes the varint has.
const VARINT_1_BYTE_MAX = 0x3f;
const VARINT_2_BYTES_MAX = 0x3fff;
const VARINT_4_BYTES_MAX = 0x3fff_ffff;
const VARINT_4_BYTES_TAG = 0x8000_0000;
const VARINT_8_BYTES_TAG = 0xc000_0000;

const TWO_POW_32 = 0x1_0000_0000;
/** An upper half beyond this makes a 64-bit number larger than INTEGER_MAX. */
const UPPER_HALF_MAX = 0x1f_ffff;

const CAPACITY_BYTES_DEFAULT = 256;

/** How many bytes `n` takes as a varint: 1, 2, 4 or 8. `n` is an integer from 0 to INTEGER_MAX. */
export function varintSize(n: number): number {
  if (n <= VARINT_1_BYTE_MAX) return 1;
  if (n <= VARINT_2_BYTES_MAX) return 2;
  return n <= VARINT_4_BYTES_MAX ? 4 : 8;
}

/**
 * Appends to a buffer that doubles when it is full. `reset` keeps the buffer, so one writer can
 * build every packet of a socket.
 */
export class ByteWriter {
  #buffer: Uint8Array;
  #length = 0;

  constructor(capacity = CAPACITY_BYTES_DEFAULT) {
    this.#buffer = new Uint8Array(capacity);
  }

  /** How many bytes are written. */
  get length(): number {
    return this.#length;
  }

  /** What it takes of memory, in bytes. */
  get capacity(): number {
    return this.#buffer.length;
  }

  u8(n: number): void {
    const at = this.#claim(1);
    this.#buffer[at] = n;
  }

  u32(n: number): void {
    const at = this.#claim(4);
    this.#put32(at, n);
  }

  /** A 64-bit number of at most INTEGER_MAX. */
  u64(n: number): void {
    const at = this.#claim(8);
    this.#put32(at, n / TWO_POW_32);
    this.#put32(at + 4, n);
  }

  /** A variable-length integer of at most INTEGER_MAX, in its shortest form. */
  varint(n: number): void {
    if (n <= VARINT_1_BYTE_MAX) {
      this.u8(n);
    } else if (n <= VARINT_2_BYTES_MAX) {
      const at = this.#claim(2);
      this.#buffer[at] = (n >>> 8) | 0x40;
      this.#buffer[at + 1] = n;
    } else if (n <= VARINT_4_BYTES_MAX) {
      this.u32(n | VARINT_4_BYTES_TAG);
    } else {
      const at = this.#claim(8);
      this.#put32(at, (n / TWO_POW_32) | VARINT_8_BYTES_TAG);
      this.#put32(at + 4, n);
    }
  }

  bytes(source: Uint8Array): void {
    const at = this.#claim(source.length);
    this.#buffer.set(source, at);
  }

  /** `count` zero bytes. */
  zeros(count: number): void {
    const at = this.#claim(count);
    this.#buffer.fill(0, at, at + count);
  }

  /** A copy of what is written. */
  finish(): Uint8Array {
    return this.#buffer.slice(0, this.#length);
  }

  /** What is written, without a copy: good until the next write or `reset`. */
  written(): Uint8Array {
    const buffer = this.#buffer;
    return this.#length === buffer.length ? buffer : buffer.subarray(0, this.#length);
  }

  reset(): void {
    this.#length = 0;
  }

  /** Makes room for `count` bytes and returns where they go. */
  #claim(count: number): number {
    const at = this.#length;
    this.#length = at + count;
    if (this.#length > this.#buffer.length) this.#grow();
    return at;
  }

  #grow(): void {
    const larger = new Uint8Array(Math.max(this.#length, 2 * this.#buffer.length));
    larger.set(this.#buffer);
    this.#buffer = larger;
  }

  /** The lower 32 bits of the integer part of `n`: the shift drops all above them. */
  #put32(at: number, n: number): void {
    const buffer = this.#buffer;
    buffer[at] = n >>> 24;
    buffer[at + 1] = n >>> 16;
    buffer[at + 2] = n >>> 8;
    buffer[at + 3] = n;
  }
}

/**
 * Reads a buffer from its start. A number that is cut short or larger than INTEGER_MAX reads as
 * -1. After that the position means nothing: the caller refuses the whole buffer.
 */
export class ByteReader {
  readonly #buffer: Uint8Array;
  #at = 0;

  constructor(buffer: Uint8Array) {
    this.#buffer = buffer;
  }

  /** How many bytes are left to read. */
  get remaining(): number {
    return this.#buffer.length - this.#at;
  }

  u8(): number {
    return this.#buffer[this.#at++] ?? -1;
  }

  u32(): number {
    const at = this.#at;
    if (at + 4 > this.#buffer.length) return -1;
    this.#at = at + 4;
    return this.#get32(at);
  }

  u64(): number {
    const at = this.#at;
    if (at + 8 > this.#buffer.length) return -1;
    this.#at = at + 8;
    return join(this.#get32(at), this.#get32(at + 4));
  }

  /** A variable-length integer in any of its forms (RFC 9000 section 16). */
  varint(): number {
    const buffer = this.#buffer;
    const at = this.#at;
    const first = buffer[at];
    if (first === undefined) return -1;
    const size = 1 << (first >>> 6);
    if (at + size > buffer.length) return -1;
    this.#at = at + size;
    if (size === 1) return first;
    if (size === 2) return ((first & 0x3f) << 8) | buffer[at + 1]!;
    const upper = this.#get32(at) & VARINT_4_BYTES_MAX;
    return size === 4 ? upper : join(upper, this.#get32(at + 4));
  }

  /** The next `count` bytes, without a copy. Undefined when there are fewer, or `count` is -1. */
  bytes(count: number): Uint8Array | undefined {
    const at = this.#at;
    if (count < 0 || at + count > this.#buffer.length) return undefined;
    this.#at = at + count;
    return this.#view(at, count);
  }

  /** The same, copied. */
  copy(count: number): Uint8Array | undefined {
    const at = this.#at;
    if (count < 0 || at + count > this.#buffer.length) return undefined;
    this.#at = at + count;
    // That of Uint8Array, since that of Buffer does not copy.
    return Uint8Array.prototype.slice.call(this.#buffer, at, this.#at);
  }

  /** Skips the zero bytes that come next and returns how many there were. */
  zeros(): number {
    const start = this.#at;
    while (this.#buffer[this.#at] === 0) this.#at++;
    return this.#at - start;
  }

  /** All bytes that are left, without a copy. */
  rest(): Uint8Array {
    const at = Math.min(this.#at, this.#buffer.length);
    this.#at = this.#buffer.length;
    return this.#view(at, this.#at - at);
  }

  /** Not `subarray`: of a Buffer that is a Buffer again, whose `slice` would not copy. */
  #view(at: number, count: number): Uint8Array {
    const { buffer, byteOffset } = this.#buffer;
    return new Uint8Array(buffer, byteOffset + at, count);
  }

  #get32(at: number): number {
    const buffer = this.#buffer;
    return (
      ((buffer[at]! << 24) | (buffer[at + 1]! << 16) | (buffer[at + 2]! << 8) | buffer[at + 3]!) >>>
      0
    );
  }
}

function join(upper: number, lower: number): number {
  return upper > UPPER_HALF_MAX ? -1 : upper * TWO_POW_32 + lower;
}

/** Whether both hold the same bytes. Not for secrets: it stops at the first difference. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) return false;
  }
  return true;
}

/** The bytes as lower-case hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  return bytes.toHex();
}

/** The bytes that hexadecimal digits stand for. Undefined when they are none or odd in number. */
export function fromHex(digits: string): Uint8Array | undefined {
  if (digits.length % 2 !== 0 || /[^0-9a-f]/i.test(digits)) return undefined;
  return Uint8Array.fromHex(digits);
}
