// Deliberate defects, switched on one at a time from outside: a simulator that does not find them proves nothing.
// Each replaces a method of the product for as long as the test runs.

import { DirectLinks } from "../../lib/chat/client/direct-links.ts";
import { GroupRoom } from "../../lib/chat/client/room.ts";
import { Strangers } from "../../lib/chat/client/strangers.ts";
import { Groups } from "../../lib/chat/server/groups.ts";
import { Revivals } from "../../lib/chat/server/revivals.ts";
import { ServerMachine } from "../../lib/chat/server/server-machine.ts";
import { UserTable } from "../../lib/chat/server/user-table.ts";
import { Deque } from "../../lib/transport/deque.ts";
import { Endpoint } from "../../lib/transport/endpoint.ts";
import { KeyPhases } from "../../lib/transport/session/key-phases.ts";
import { Liveness } from "../../lib/transport/session/liveness.ts";
import { PathMtu } from "../../lib/transport/session/path-mtu.ts";
import { PathValidation } from "../../lib/transport/session/path-validation.ts";
import { ReceiveStream } from "../../lib/transport/session/receive-stream.ts";
import { ReceivedPackets } from "../../lib/transport/session/received-packets.ts";
import { SendStream } from "../../lib/transport/session/send-stream.ts";
import { replace } from "../support/replace.ts";

export interface Mutation {
  readonly name: string;
  /** Switches the defect on, and returns what switches it off again. */
  readonly apply: () => () => void;
}

/** True once in so many calls. */
const everyNth = (n: number): (() => boolean) => {
  let calls = 0;
  return () => ++calls % n === 0;
};

/** The transport's counters begin anew so soon. */
const WRAP = 8;

/** Whether what a queue holds is a request that waits. */
const isArrival = (item: unknown): boolean =>
  typeof item === "object" && item !== null && "message" in item && "bytes" in item;

export const MUTATIONS: readonly Mutation[] = [
  {
    name: "acknowledges what it has not taken",
    apply: () => {
      const now = everyNth(50);
      return replace(
        ReceiveStream,
        "accept",
        (right) =>
          function (...args) {
            return now() ? "taken" : right.apply(this, args);
          },
      );
    },
  },
  {
    name: "loses what is to be sent again",
    apply: () => replace(SendStream, "onLost", () => () => {}),
  },
  {
    name: "forgets which messages of a group it has shown",
    apply: () => {
      let fresh = 1e9;
      return replace(
        GroupRoom,
        "take",
        (right) =>
          function (message) {
            const metadata = { ...message.metadata, number: fresh++ };
            return right.call(this, { ...message, metadata });
          },
      );
    },
  },
  {
    name: "forgets which direct messages it has shown",
    apply: () => replace(DirectLinks, "isNew", () => () => true),
  },
  {
    name: "lets the numbers of direct messages wrap",
    apply: () =>
      replace(
        DirectLinks,
        "isNew",
        (right) =>
          function (key, number) {
            return right.call(this, key, number % WRAP);
          },
      ),
  },
  {
    name: "swaps entries of the log",
    apply: () =>
      replace(
        ServerMachine,
        "committed",
        (right) =>
          function (now, entries) {
            const events = entries.map(({ event }) => event).toReversed();
            right.call(
              this,
              now,
              entries.map(({ index }, at) => ({ index, event: events[at]! })),
            );
          },
      ),
  },
  {
    name: "keeps members that have left",
    apply: () => replace(Groups, "leave", () => () => {}),
  },
  {
    name: "has no patience with senders it cannot name yet",
    apply: () => replace(Strangers, "hold", () => () => "too_many" as const),
  },
  {
    name: "gives a peer up after one try",
    apply: () =>
      replace(
        Liveness,
        "unansweredAt",
        (right) =>
          function (stream) {
            return right.call(this, stream) - 2_000;
          },
      ),
  },
  {
    name: "keeps nothing for members that come back after a restart",
    apply: () => replace(Revivals, "open", () => () => []),
  },
  {
    name: "forgets the inbox",
    apply: () =>
      replace(
        GroupRoom,
        "leave",
        (right) =>
          function () {
            right.call(this);
            return [];
          },
      ),
  },
  {
    name: "leaves out the oldest change of the table",
    apply: () =>
      replace(
        UserTable,
        "changesSince",
        (right) =>
          function (version) {
            return right.call(this, version)?.slice(1);
          },
      ),
  },
  {
    name: "gives a name to two",
    apply: () => replace(UserTable, "byName", () => () => undefined),
  },
  {
    name: "keeps sessions however idle",
    apply: () => replace(Liveness, "idleAt", () => () => Number.POSITIVE_INFINITY),
  },
  {
    name: "never forgets a session",
    apply: () => replace(Endpoint, "abandon", () => () => {}),
  },
  {
    name: "forgets to fall back to 1,200 bytes when the path shrinks",
    apply: () => replace(PathMtu, "onTimeout", () => () => {}),
  },
  {
    name: "keeps sealing with the old key, whatever the peer has sent",
    apply: () => replace(KeyPhases, "onRekey", () => () => undefined),
  },
  {
    name: "does not send a lost public key again",
    apply: () => replace(KeyPhases, "onLost", () => () => {}),
  },
  {
    name: "lets requests overtake those that wait for the rate",
    apply: () =>
      replace(
        Deque<unknown>,
        "push",
        (right) =>
          function (item) {
            if (!isArrival(item)) return right.call(this, item);
            const before = [...this];
            this.keep(() => false);
            for (const one of [item, ...before]) right.call(this, one);
          },
      ),
  },
  {
    name: "never sends an acknowledgement that it has delayed",
    apply: () =>
      replace(
        ReceivedPackets,
        "onTaken",
        (right) =>
          function (now, packetNumber, asks) {
            right.call(this, now, packetNumber, asks === "soon" ? "never" : asks);
          },
      ),
  },
  {
    name: "does not follow a peer to its new address",
    apply: () => replace(PathValidation, "proves", () => () => false),
  },
];
