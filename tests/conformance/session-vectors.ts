// Makes the sessions of tests/vectors/session.json with lib/transport: two endpoints whose every secret is fixed, and all
// that they say to each other, byte for byte.

import type { Address } from "../../lib/transport/address.ts";
import { keyPairFrom } from "../../lib/transport/crypto/keys.ts";
import { Endpoint } from "../../lib/transport/endpoint.ts";
import { frameMessage } from "../../lib/transport/framed-message.ts";
import { REKEY_AFTER_MS } from "../../lib/transport/limits.ts";
import { toHex } from "../../lib/transport/wire/bytes.ts";

type Side = "initiator" | "responder";

const OTHER: Readonly<Record<Side, Side>> = { initiator: "responder", responder: "initiator" };
const PLACES: Readonly<Record<Side, Address>> = {
  initiator: { host: "192.0.2.1", port: 5555 },
  responder: { host: "192.0.2.2", port: 5000 },
};
interface Secrets {
  readonly static: number;
  readonly ephemeral: number;
  readonly rekey: number;
  readonly drawn: number;
}

/** Secrets of 32 bytes are one byte repeated; everything else that is drawn counts up from another. */
const SECRETS: Readonly<Record<Side, Secrets>> = {
  initiator: { static: 0x11, ephemeral: 0x12, rekey: 0x13, drawn: 0xa0 },
  responder: { static: 0x21, ephemeral: 0x22, rekey: 0x23, drawn: 0xb0 },
};
const PSK = 0x77;

export const FIRST_MESSAGE = {
  type: "register",
  payload: { name: "client", groups: [] },
  metadata: { id: 1 },
};
export const SECOND_MESSAGE = {
  type: "registered",
  payload: { name: "client", epoch: "00112233", version: 1, settled: 0 },
  metadata: { id: 1 },
};

const repeated = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

/** `secret` says which of the secrets is drawn now. */
function endpointOf(side: Side, psk: boolean, secret: () => "ephemeral" | "rekey"): Endpoint {
  const secrets = SECRETS[side];
  let drawn = secrets.drawn;
  const random = (count: number): Uint8Array =>
    count === 32 ? repeated(secrets[secret()]) : Uint8Array.from({ length: count }, () => drawn++);
  return new Endpoint({
    keyPair: keyPairFrom(repeated(secrets.static)),
    random,
    idleTimeoutMs: 2 * REKEY_AFTER_MS,
    ...(psk ? { psk: repeated(PSK) } : {}),
  });
}

export interface Recorded {
  from: Side;
  hex: string;
}

/** HELLO to the first answers, new keys, then CLOSE, and RESET to a packet that comes too late. */
export function recordSession(psk: boolean): Recorded[] {
  let secret: "ephemeral" | "rekey" = "ephemeral";
  const ends = {
    initiator: endpointOf("initiator", psk, () => secret),
    responder: endpointOf("responder", psk, () => secret),
  };
  const recorded: Recorded[] = [];
  const say = (value: object) => frameMessage(new TextEncoder().encode(JSON.stringify(value)));
  let now = 1_000;

  /** Lets one side send all it has. It arrives 1 ms later. */
  const turn = (from: Side): void => {
    const datagrams = ends[from].flush(now);
    now += 1;
    for (const { bytes } of datagrams) {
      recorded.push({ from, hex: toHex(bytes) });
      ends[OTHER[from]].receive(now, PLACES[from], bytes);
    }
  };

  /** Until one side that has nothing to send now has something to do. */
  const wait = (side: Side): void => {
    turn(side);
    now = ends[side].nextWakeup();
    ends[side].wake(now);
  };

  const session = ends.initiator.connect(now, PLACES.responder);
  ends.initiator.send(now, session, say(FIRST_MESSAGE));
  turn("initiator"); // HELLO
  turn("responder"); // RETRY
  turn("initiator"); // INITIATE
  turn("responder"); // RESPOND
  turn("initiator"); // DATA with the first message
  for (const event of ends.responder.takeEvents()) {
    if (event.type === "message") ends.responder.send(now, event.session, say(SECOND_MESSAGE));
  }
  now += 2; // so that the acknowledgement says how long it waited
  turn("responder"); // DATA: acknowledgement and answer
  wait("initiator");
  turn("initiator"); // DATA: acknowledgement
  secret = "rekey";
  for (const said = recorded.length; recorded.length === said;) {
    wait("initiator");
    turn("initiator"); // DATA: REKEY
  }
  turn("responder"); // DATA: acknowledgement and REKEY
  wait("initiator");
  turn("initiator"); // DATA of phase 1: acknowledgement
  ends.initiator.close(session);
  turn("initiator"); // DATA: CLOSE
  const late = recorded.findLast(({ from }) => from === "initiator")!;
  ends.responder.receive(now, PLACES.initiator, Uint8Array.fromHex(late.hex));
  turn("responder"); // RESET
  return recorded;
}

/** The secrets that made it, as they stand in the vectors. */
export function secretsOf(side: Side): { static: string; ephemeral: string; rekey: string } {
  const { static: own, ephemeral, rekey } = SECRETS[side];
  return {
    static: toHex(repeated(own)),
    ephemeral: toHex(repeated(ephemeral)),
    rekey: toHex(repeated(rekey)),
  };
}

export const PSK_HEX = toHex(repeated(PSK));
