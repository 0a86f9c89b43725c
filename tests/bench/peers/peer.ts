// What a chat system has to bring to be measured in the fan-out: how its server starts, and how a crowd of its members
// is played. Both halves stand in one file for each system, but run in different processes.

import type { Process } from "../processes.ts";

/** The group of all members. */
export const GROUP = "bench";

/** The sender's place; members are 0 and up. */
export const SENDER = -1;

/** Every text begins with its number, in so many decimal digits. */
export const SEQUENCE_DIGITS = 8;

const DIGIT_ZERO = 48;

/** The number at the beginning of a text. */
export const sequenceAt = (bytes: Uint8Array, offset: number): number => {
  let sequence = 0;
  for (let at = offset; at < offset + SEQUENCE_DIGITS; at++) {
    sequence = 10 * sequence + bytes[at]! - DIGIT_ZERO;
  }
  return sequence;
};

/** A server that is ready. */
export interface Serving {
  readonly process: Process;
  readonly port: number;
}

/** What a crowd tells. */
export interface CrowdEvents {
  /** This member, 0 and up, has read the text with this number. `now`: when, as `performance.now` tells. */
  delivered(member: number, sequence: number, now: number): void;
  /** Everything that was there to read on one socket, or in one turn of the loop, was read. */
  turnOver(): void;
  /** A connection was lost, or something was said that should not be. */
  failed(reason: string): void;
}

/** One sender and many members, all in this process, each with a socket of its own. */
export interface Crowd {
  /** Whether the sender may say something more, by the rules of its server. */
  readonly ready: boolean;
  /** Has the sender say a text, with the next `flush`. */
  publish(text: string): void;
  /** Hands to the kernel what the sender has said. */
  flush(): void;
  /** How often members were sent something that they had already. */
  readonly sentAgain?: number;
  /** Closes a member's socket without a word. It is never heard of again. */
  kill?(member: number): void;
  /** Has new members take the places of the killed ones. */
  replaceKilled?(): Promise<void>;
}

export interface Peer {
  readonly name: string;
  /** The Debian package and program that it needs. */
  readonly needs?: string;
  /** Starts a server on a free port, with a configuration of its own in `folder`. */
  serve(folder: string): Promise<Serving>;
  /**
   * Has the sender and so many members join the group; where the system has such, so many other groups as well, in
   * which nothing is said. If one cannot, `events.failed` says so.
   */
  gather(port: number, members: number, events: CrowdEvents, otherGroups?: number): Promise<Crowd>;
}
