// What a client's machine is given when it is made, and what it leaves behind for another one.

import type { Address } from "../../transport/address.ts";
import type { KeyPair } from "../../transport/crypto/keys.ts";
import type { KeyLimits } from "../../transport/session/key-phases.ts";
import type { GroupRoom } from "./room.ts";

export interface ClientOptions {
  /** As checked by `checkName`. */
  readonly name: string;
  readonly server: Address;
  /** The server's key, if it must have that one, or "first": the one that it has first, and then no other. Left out: any. */
  readonly serverKey?: Uint8Array | "first" | undefined;
  /** Of this process alone: it is what makes it another client than the one before it. */
  readonly keyPair: KeyPair;
  readonly random: (bytes: number) => Uint8Array;
  /** What the server and all its clients share, if they share a secret; 32 bytes. */
  readonly psk?: Uint8Array | undefined;
  /** Whether longer datagrams may be tried by now, see EndpointOptions. */
  readonly mayGrow?: () => boolean;
  /** How long the keys of a session serve; left out: as in KEY_LIMITS. */
  readonly keyLimits?: KeyLimits | undefined;
  /** What another machine of this user, which could not go on with the server, has left. */
  readonly left?: Left | undefined;
}

/** What a machine that has ended leaves to the next one of its user. */
export interface Left {
  /** The group that the user was in. */
  readonly group: string | undefined;
  /** Knows what was shown there. */
  readonly room: GroupRoom;
  /** Something was typed that has not come to its end. */
  readonly unfinished: boolean;
}
