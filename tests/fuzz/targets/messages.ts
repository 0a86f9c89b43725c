// Chat messages as bytes: read, written and read again.

import { decodeMessage } from "../../../lib/chat/message-decode.ts";
import { encodeMessage } from "../../../lib/chat/message.ts";
import { anyMessage } from "../draw/json.ts";
import { mustEqual } from "../rules.ts";
import { must } from "../target.ts";
import { bytesTarget, readUtf8, writeUtf8 } from "./plain.ts";

/** `decode`: the decoder under test. */
export const messages = (decode = decodeMessage) => ({
  ...bytesTarget({
    name: "messages",
    about: "decodeMessage",
    draw: anyMessage,
    take: (bytes) => check(decode, bytes),
  }),
  write: writeUtf8,
  read: readUtf8,
});

const check = (decode: typeof decodeMessage, bytes: Uint8Array): void => {
  const decoded = decode(bytes);
  switch (decoded.kind) {
    case "message":
      return mustEqual(
        decode(encodeMessage(decoded.message)),
        decoded,
        "what is read means the same when it is written and read again",
      );
    case "invalid": {
      const { reason, id } = decoded;
      must(reason !== "", "a refusal has a reason", () => "none");
      must(Number.isSafeInteger(id) && id >= 0, "an id is a whole number", () => `${id}`);
      return;
    }
    case "unknown":
      return;
  }
};
