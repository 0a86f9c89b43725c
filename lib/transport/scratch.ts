// A buffer that is used again and again. Knows nothing of what is in it.

/**
 * One large buffer for bytes that are read and forgotten. A view of it costs little, the first view of any other array
 * ten times as much: the engine has to move that array's bytes for it.
 */
export class Scratch {
  readonly #buffer: Uint8Array;

  constructor(capacity: number) {
    this.#buffer = new Uint8Array(capacity);
  }

  /** A buffer that begins with these bytes, good until the next call: the large one, if they fit. */
  load(bytes: Uint8Array): Uint8Array {
    if (bytes.length > this.#buffer.length) return bytes;
    this.#buffer.set(bytes);
    return this.#buffer;
  }

  /** The same bytes, good until the next call. */
  copy(bytes: Uint8Array): Uint8Array {
    return this.load(bytes).subarray(0, bytes.length);
  }
}
