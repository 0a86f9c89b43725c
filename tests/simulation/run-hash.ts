// A number for all that happened in a run, so that two runs can be compared. FNV-1a over 32-bit words, twice with
// different beginnings.

export class RunHash {
  #low = 0x811c_9dc5;
  #high = 0xc2b2_ae35;
  readonly #double = new Float64Array(1);
  readonly #words = new Uint32Array(this.#double.buffer);

  numbers(time: number, a: number, b: number, c: number): void {
    this.#double[0] = time;
    this.#mix(this.#words[0]!);
    this.#mix(this.#words[1]!);
    this.#mix(a);
    this.#mix(b);
    this.#mix(c);
  }

  text(text: string): void {
    for (let i = 0; i < text.length; i++) this.#mix(text.charCodeAt(i));
    this.#mix(-1);
  }

  /** Sixteen hexadecimal digits. */
  get digits(): string {
    const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, "0");
    return hex(this.#high) + hex(this.#low);
  }

  #mix(word: number): void {
    this.#low = Math.imul(this.#low ^ word, 0x0100_0193);
    this.#high = Math.imul(this.#high ^ word ^ (this.#low >>> 15), 0x85eb_ca6b);
  }
}
