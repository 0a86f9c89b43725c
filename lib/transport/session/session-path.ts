// Where the peer of a session is: its address, another one that it may have gone to, and what the path there carries.
// Knows nothing of keys, and of packets only their size and where they came from.

import { type Address, sameAddress } from "../address.ts";
import { DATAGRAM_MAX_BYTES } from "../limits.ts";
import { DATA_OVERHEAD_BYTES } from "../wire/datagrams.ts";
import { PATH_DATA_BYTES } from "../wire/frames.ts";
import { PathMtu } from "./path-mtu.ts";
import { PathValidation } from "./path-validation.ts";

/** DATA with a challenge or a response alone. */
const PATH_PACKET_BYTES = DATA_OVERHEAD_BYTES + 1 + PATH_DATA_BYTES;

/** The data of a challenge or a response, and the address that it is about. */
interface PathWord {
  readonly to: Address;
  readonly data: Uint8Array;
}

export class SessionPath {
  #address: Address;
  #validation: PathValidation | undefined;
  /** The newest challenge that is to be answered, and where it came from. */
  #response: PathWord | undefined;
  /** Once there was more to send than one datagram holds. */
  #mtu: PathMtu | undefined;
  /** Since when, in ms. */
  #measuredFrom = 0;

  constructor(address: Address) {
    this.#address = address;
  }

  get address(): Address {
    return this.#address;
  }

  /** What is known of the size that the path carries; undefined while the base size was enough. */
  get mtu(): PathMtu | undefined {
    return this.#mtu;
  }

  /** What a datagram may be long now. */
  get datagramMaxBytes(): number {
    return this.#mtu === undefined ? DATAGRAM_MAX_BYTES : this.#mtu.sizeBytes;
  }

  /** The same, for what became of a packet that was sent then: on the path before, it says nothing of this one. */
  mtuOf(sentAt: number): PathMtu | undefined {
    return sentAt >= this.#measuredFrom ? this.#mtu : undefined;
  }

  /** There is much to send: the path is worth a closer look. */
  measure(now: number): PathMtu {
    if (this.#mtu !== undefined) return this.#mtu;
    this.#measuredFrom = now;
    return (this.#mtu = new PathMtu());
  }

  /** A packet came, of so many bytes; `newest`: none with a higher number came before. `random` gives fresh random bytes. */
  onPacket(
    from: Address,
    bytes: number,
    newest: boolean,
    random: (bytes: number) => Uint8Array,
  ): void {
    if (sameAddress(from, this.#address)) {
      if (newest) this.#validation = undefined;
      return;
    }
    if (this.#validation === undefined || !sameAddress(from, this.#validation.candidate)) {
      if (!newest) return;
      this.#validation = new PathValidation(from, random(PATH_DATA_BYTES));
    }
    this.#validation.onReceived(bytes);
  }

  /** Whether there is an address to be proved. */
  get isOpen(): boolean {
    return this.#validation !== undefined;
  }

  onChallenge(from: Address, data: Uint8Array): void {
    this.#response = { to: from, data };
  }

  /** Returns whether the peer is at another address from now on. */
  onResponse(from: Address, data: Uint8Array): boolean {
    if (this.#validation?.proves(from, data) !== true) return false;
    this.#address = this.#validation.candidate;
    this.#validation = undefined;
    this.#mtu = undefined;
    return true;
  }

  /** The response to send in a packet of its own, if there is one and it pays for itself. */
  takeResponse(): PathWord | undefined {
    const response = this.#response;
    if (response === undefined) return undefined;
    this.#response = undefined;
    return this.#maySend(response.to) ? response : undefined;
  }

  /** The same for a challenge. */
  takeChallenge(now: number): PathWord | undefined {
    const validation = this.#validation;
    if (validation?.mayChallenge(now, PATH_PACKET_BYTES) !== true) return undefined;
    return { to: validation.candidate, data: validation.challenge };
  }

  /** Whether that address is proved, or has sent as much. */
  #maySend(to: Address): boolean {
    if (sameAddress(to, this.#address)) return true;
    const validation = this.#validation;
    return (
      validation !== undefined &&
      sameAddress(to, validation.candidate) &&
      validation.spend(PATH_PACKET_BYTES)
    );
  }
}
