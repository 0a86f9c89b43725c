// Readers of the values in a message: JSON in, checked values out, or a Malformed thrown. Knows values, not messages.
// message-decode.ts catches what is thrown here; nothing else sees it.

import { isDottedQuad, PORT_MAX } from "../transport/address.ts";
import { DETAIL_MAX_UNITS, EPOCH_MAX_UNITS, NAME_WIRE_MAX_UNITS } from "./limits.ts";
import {
  RefusalReason,
  SENDER_TAG_DIGITS,
  type TableChange,
  type TableEntry,
  type TablePosition,
} from "./message.ts";

/** The first field that is not what it must be, and why. */
export class Malformed {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

/** Checks one value. `name` is what it is called in the reason. Throws a Malformed. */
export type Read<Value> = (value: unknown, name: string) => Value;

/** A reader for each field of an object. */
export type Shape<Value> = { readonly [Name in keyof Value]-?: Read<Value[Name]> };

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** An object made anew of the fields in `shape`. Others are ignored; one that reads as undefined is left out. */
export const object = <Value extends object>(shape: Shape<Value>): Read<Value> => {
  const readers = Object.entries<Read<unknown>>(shape as Record<string, Read<unknown>>);
  return (value, name) => {
    if (!isObject(value)) throw new Malformed(`${name}: not an object`);
    const fields: Record<string, unknown> = {};
    for (const [field, read] of readers) {
      const found = read(value[field], field);
      if (found !== undefined) fields[field] = found;
    }
    return fields as Value;
  };
};

export const optional =
  <Value>(read: Read<Value>): Read<Value | undefined> =>
  (value, name) =>
    value === undefined ? undefined : read(value, name);

export const nullable =
  <Value>(read: Read<Value>): Read<Value | null> =>
  (value, name) =>
    value === null ? null : read(value, name);

/** A list of at most `most`. */
export const list =
  <Item>(read: Read<Item>, most: number): Read<Item[]> =>
  (value, name) => {
    if (!Array.isArray(value)) throw new Malformed(`${name}: not a list`);
    if (value.length > most) throw new Malformed(`${name}: more than ${most}`);
    return value.map((item) => read(item, name));
  };

/** A string of at most `maxUnits` UTF-16 units. */
const textUpTo =
  (maxUnits: number): Read<string> =>
  (value, name) => {
    if (typeof value !== "string") throw new Malformed(`${name}: not a string`);
    if (value.length > maxUnits) throw new Malformed(`${name}: longer than ${maxUnits}`);
    return value;
  };

const matching =
  (pattern: RegExp): Read<string> =>
  (value, name) => {
    if (!pattern.test(text(value, name))) throw new Malformed(`${name}: malformed`);
    return value as string;
  };

/** A whole number from `least` to `most`. */
const wholeFrom =
  (least: number, most = Number.MAX_SAFE_INTEGER): Read<number> =>
  (value, name) => {
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most)
      return value;
    throw new Malformed(`${name}: not a whole number from ${least} to ${most}`);
  };

export const text = textUpTo(Infinity);
export const name = textUpTo(NAME_WIRE_MAX_UNITS);
export const detail = textUpTo(DETAIL_MAX_UNITS);
export const epoch = textUpTo(EPOCH_MAX_UNITS);
export const key = matching(/^[0-9a-f]{64}$/);
export const senderTag = matching(new RegExp(`^[0-9a-f]{${SENDER_TAG_DIGITS}}$`));
export const count = wholeFrom(0);
export const ordinal = wholeFrom(1);

const host: Read<string> = (value, name) => {
  if (!isDottedQuad(text(value, name))) throw new Malformed(`${name}: malformed`);
  return value as string;
};

const place: Shape<Omit<TableEntry, "name">> = { key, host, port: wholeFrom(1, PORT_MAX) };

export const positionShape: Shape<TablePosition> = { epoch, version: count };
export const position = object(positionShape);
export const tableEntry = object<TableEntry>({ name, ...place });
export const tableChange = object<TableChange>({ name, user: nullable(object(place)) });

/** A newer server may know more reasons; `detail` tells people what such a one is. */
export const refusalReason: Read<RefusalReason> = (value) =>
  Object.values(RefusalReason).find((reason) => reason === value) ?? RefusalReason.InvalidMessage;
