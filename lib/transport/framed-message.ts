// What sessions take to send: a message with its length in front. Knows nothing of sessions.

import { Buffer } from "node:buffer";

import { ByteWriter, varintSize } from "./wire/bytes.ts";

declare const framed: unique symbol;

/** A message with its length in front, ready for any number of streams. */
export type FramedMessage = Uint8Array & { readonly [framed]: true };

/** Puts the length (a varint) in front of a message: encode once, send to many. */
export function frameMessage(bytes: Uint8Array): FramedMessage {
  const writer = new ByteWriter(varintSize(bytes.length) + bytes.length);
  writer.varint(bytes.length);
  writer.bytes(bytes);
  return writer.finish() as FramedMessage;
}

/** Several messages as one: they are queued, sent and acknowledged together, and arrive each on its own. */
export function joinMessages(messages: readonly FramedMessage[]): FramedMessage {
  const [first] = messages;
  return messages.length === 1 ? first! : (Buffer.concat(messages) as Uint8Array as FramedMessage);
}
