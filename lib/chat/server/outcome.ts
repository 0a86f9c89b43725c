// What applying an event to the state can come to.

import type { DeregisteredEvent, EffectEvent, RegisteredEvent } from "../events.ts";
import type { Group, Membership, User } from "./membership.ts";
import type { Refusal } from "./refusals.ts";
import type { Verdict } from "./request-memory.ts";

/** What applying an event came to. */
export type Outcome =
  /** Nothing changed, and nobody waits for an answer. */
  | { readonly type: "none" }
  | {
      readonly type: "registered";
      readonly event: RegisteredEvent;
      readonly user: User;
      /** Whether the table changed: a new user, or one that came back with another address. */
      readonly changed: boolean;
      /** Groups of an earlier epoch that this user brought back, and those it is in again. */
      readonly created: readonly Group[];
      readonly joined: readonly Membership[];
      /** Groups it believes to be in, and was removed from. */
      readonly lost: readonly string[];
    }
  | {
      readonly type: "not_registered";
      readonly event: RegisteredEvent;
      readonly verdict: Refusal;
    }
  | { readonly type: "moved"; readonly user: User }
  /** `user` is undefined if there was none: leaving twice is leaving. */
  | {
      readonly type: "deregistered";
      readonly event: DeregisteredEvent;
      readonly user: User | undefined;
      readonly left: readonly Membership[];
    }
  | { readonly type: "expired"; readonly user: User }
  | { readonly type: "member_removed"; readonly membership: Membership }
  | {
      readonly type: "verdict";
      readonly event: EffectEvent;
      /** Undefined if the key is not registered; then the verdict says so. */
      readonly user: User | undefined;
      readonly verdict: Verdict;
      /** The request was sent again: answer it, and do nothing else. */
      readonly repeated: boolean;
    };
