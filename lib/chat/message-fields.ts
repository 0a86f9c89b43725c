// The fields of a message that came from outside, each read with its check: the value, or a Mismatch thrown.
// Knows the shapes of single fields, not of messages. message-decode.ts catches what is thrown here; nothing else sees it.

import { isDottedQuad, PORT_MAX } from "../transport/address.ts";
import { EPOCH_MAX_UNITS, NAME_WIRE_MAX_UNITS } from "./limits.ts";
import { RefusalReason, type TableChange, type TableEntry } from "./message.ts";

/** An object of JSON, its fields unchecked. */
export type Fields = { readonly [name: string]: unknown };

/** The first field that is not what it must be, and why. */
export class Mismatch {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

export const KEY_HEX = /^[0-9a-f]{64}$/;
export const SENDER_HEX = /^[0-9a-f]{16}$/;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function text(fields: Fields, name: string, maxUnits = Infinity): string {
  const value = fields[name];
  if (typeof value !== "string") throw new Mismatch(`${name}: not a string`);
  if (value.length > maxUnits) throw new Mismatch(`${name}: longer than ${maxUnits}`);
  return value;
}

export const nameOf = (fields: Fields, name: string): string =>
  text(fields, name, NAME_WIRE_MAX_UNITS);

export function matching(fields: Fields, name: string, pattern: RegExp): string {
  const value = text(fields, name);
  if (!pattern.test(value)) throw new Mismatch(`${name}: malformed`);
  return value;
}

export function whole(
  fields: Fields,
  name: string,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): number {
  const value = fields[name];
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < least || value > most) {
    throw new Mismatch(`${name}: not a whole number from ${least} to ${most}`);
  }
  return value;
}

export function list<Item>(
  fields: Fields,
  name: string,
  most: number,
  read: (item: unknown) => Item,
): Item[] {
  const value = fields[name];
  if (!Array.isArray(value)) throw new Mismatch(`${name}: not a list`);
  if (value.length > most) throw new Mismatch(`${name}: more than ${most}`);
  return value.map(read);
}

export function nameItem(item: unknown): string {
  if (typeof item !== "string" || item.length > NAME_WIRE_MAX_UNITS)
    throw new Mismatch("list: not a name");
  return item;
}

/** `what`: how it is called in the reason. */
export function fieldsOf(value: unknown, what: string): Fields {
  if (!isFields(value)) throw new Mismatch(`${what}: not an object`);
  return value;
}

export const epochOf = (fields: Fields): string => text(fields, "epoch", EPOCH_MAX_UNITS);

export const position = (fields: Fields) => ({
  epoch: epochOf(fields),
  version: whole(fields, "version", 0),
});

function hostOf(fields: Fields): string {
  const host = text(fields, "host");
  if (!isDottedQuad(host)) throw new Mismatch("host: malformed");
  return host;
}

function place(fields: Fields): Omit<TableEntry, "name"> {
  return {
    key: matching(fields, "key", KEY_HEX),
    host: hostOf(fields),
    port: whole(fields, "port", 1, PORT_MAX),
  };
}

export function tableEntry(item: unknown): TableEntry {
  const fields = fieldsOf(item, "list");
  return { name: nameOf(fields, "name"), ...place(fields) };
}

export function tableChange(item: unknown): TableChange {
  const fields = fieldsOf(item, "list");
  const user = fields["user"];
  return {
    name: nameOf(fields, "name"),
    user: user === null ? null : place(fieldsOf(user, "user")),
  };
}

export function refusalReason(fields: Fields): RefusalReason {
  const value = fields["reason"];
  for (const reason of Object.values(RefusalReason)) if (reason === value) return reason;
  // A newer server may know more reasons; `detail` tells people what this one is.
  return RefusalReason.InvalidMessage;
}

export const identified = (metadata: Fields) => ({ id: whole(metadata, "id", 1) });

export const group = (fields: Fields) => ({ group: nameOf(fields, "group") });
