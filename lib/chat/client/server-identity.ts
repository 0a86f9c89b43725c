// Which key the client's server must have, and which one it has proved. Knows no session.

import type { Address } from "../../transport/address.ts";

/** Where the server is, and which key will do: one alone, the one that it has first, or, left out, any. */
export interface ServerPlace {
  readonly address: Address;
  readonly key?: Uint8Array | "first" | undefined;
}

export class ServerIdentity {
  readonly #holdsToFirst: boolean;
  #expected: Uint8Array | undefined;
  #proven: Uint8Array | undefined;

  constructor(key: ServerPlace["key"]) {
    this.#holdsToFirst = key === "first";
    if (key !== "first") this.#expected = key;
  }

  /** The only key that will do from now on; undefined for any. */
  get expected(): Uint8Array | undefined {
    return this.#expected;
  }

  /** The server has proved this key in a handshake. */
  onProven(key: Uint8Array): void {
    this.#proven = key;
    if (this.#holdsToFirst) this.#expected ??= key;
  }

  /** The key that the server has proved since this was asked last, if it has. */
  takeProven(): Uint8Array | undefined {
    const key = this.#proven;
    this.#proven = undefined;
    return key;
  }
}
