// Datagrams as bytes, and the payloads inside the handshake: read, written and read again.

import {
  decodeDatagram,
  decodeInitiatePayload,
  decodeRespondPayload,
  encodeInitiatePayload,
  encodeRespondPayload,
} from "../../../lib/transport/wire/datagrams.ts";
import { encodePacket, packetVector } from "../../support/wire.ts";
import { anyBytes } from "../draw/bytes.ts";
import { mustEqual } from "../rules.ts";
import { must, Violation } from "../target.ts";
import { bytesTarget } from "./plain.ts";

const SAME = "what is read means the same when it is written and read again";

/** `decode`: the decoder under test. */
export const packets = (decode = decodeDatagram) =>
  bytesTarget({
    name: "packets",
    about: "decodeDatagram, the payloads of the handshake",
    draw: anyBytes,
    take(bytes) {
      takePacket(decode, bytes);
      const initiate = decodeInitiatePayload(bytes);
      if (!("reason" in initiate)) {
        mustEqual(decodeInitiatePayload(encodeInitiatePayload(initiate)), initiate, SAME);
      }
      const respond = decodeRespondPayload(bytes);
      if (!("reason" in respond)) {
        mustEqual(decodeRespondPayload(encodeRespondPayload(respond)), respond, SAME);
      }
    },
  });

const takePacket = (decode: typeof decodeDatagram, bytes: Uint8Array): void => {
  const packet = decode(bytes);
  if (!("kind" in packet)) {
    must(packet.reason !== "", "a refusal has a reason", () => "none");
    return;
  }
  const again = decode(encodePacket(packetVector(packet)));
  if (!("kind" in again)) throw new Violation(SAME, again.reason);
  mustEqual(packetVector(again), packetVector(packet), SAME);
};
