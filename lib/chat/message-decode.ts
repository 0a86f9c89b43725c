// Bytes -> message. Whatever the bytes are: a checked value or a reason, never a throw.
// Builds every message anew from the fields it knows, so nothing unchecked comes through.

import { MESSAGE_MAX_BYTES } from "../transport/limits.ts";
import { hasMoreParts } from "./json-parts.ts";
import {
  GROUP_MEMBERS_MAX,
  GROUPS_CLAIMED_MAX,
  GROUPS_MAX,
  NAME_WIRE_MAX_UNITS,
  TABLE_CHANGES_KEPT,
  TABLE_PUSH_MAX_USERS,
} from "./limits.ts";
import {
  count,
  detail,
  epoch,
  isObject,
  key,
  list,
  Malformed,
  name,
  nullable,
  object,
  optional,
  ordinal,
  position,
  positionShape,
  type Read,
  refusalReason,
  senderTag,
  type Shape,
  tableChange,
  tableEntry,
  text,
} from "./message-fields.ts";
import type { Message, MessageType } from "./message.ts";

/**
 * What came of the bytes. "unknown": well formed, of a type that this version does not know; to be ignored.
 * "invalid": to be refused; `request` and `id` are those of the message as far as they could be read, else "" and 0.
 */
export type Decoded =
  | { readonly kind: "message"; readonly message: Message }
  | { readonly kind: "unknown"; readonly type: string }
  | {
      readonly kind: "invalid";
      readonly reason: string;
      readonly request: string;
      readonly id: number;
    };

/** How the two parts of a message of one type are read. */
interface Reader<Payload, Metadata> {
  readonly payload: Read<Payload>;
  readonly metadata: Read<Metadata>;
}

const fatalUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const nothing = object<object>({});
const numbered = object({ id: ordinal });

/** A request or its answer. */
const withId = <Payload extends object>(
  shape: Shape<Payload>,
): Reader<Payload, { id: number }> => ({
  payload: object(shape),
  metadata: numbered,
});

/** What is said unasked, and carries nothing beside its payload. */
const push = <Payload extends object>(shape: Shape<Payload>): Reader<Payload, object> => ({
  payload: object(shape),
  metadata: nothing,
});

type Of<Type extends MessageType> = Extract<Message, { type: Type }>;

const READERS: {
  readonly [Type in MessageType]: Reader<Of<Type>["payload"], Of<Type>["metadata"]>;
} = {
  register: withId({ name, groups: list(name, GROUPS_CLAIMED_MAX), known: optional(position) }),
  deregister: withId({}),
  create_group: withId({ group: name }),
  list_groups: withId({}),
  join_group: withId({ group: name }),
  leave_group: withId({ group: name }),
  list_members: withId({ group: name }),
  send_group: withId({ group: name, text }),
  report_offline: withId({ name, key }),
  resolve: withId({ name }),
  whois: withId({ key }),
  table_since: withId(positionShape),

  registered: withId({ name, ...positionShape, settled: count }),
  refused: {
    payload: object({ request: name, reason: refusalReason, detail }),
    metadata: object({ id: count }),
  },
  deregistered: withId({}),
  group_created: withId({ group: name }),
  groups: withId({ groups: list(name, GROUPS_MAX) }),
  group_joined: withId({ group: name }),
  group_left: withId({ group: name }),
  members: withId({ group: name, members: list(name, GROUP_MEMBERS_MAX) }),
  received: withId({}),
  offline_confirmed: withId({ name }),
  still_online: withId({ name }),
  resolved: withId({ user: nullable(tableEntry) }),

  table: push({ ...positionShape, users: list(tableEntry, TABLE_PUSH_MAX_USERS) }),
  table_changes: push({
    epoch,
    from: count,
    to: count,
    changes: list(tableChange, TABLE_CHANGES_KEPT),
  }),
  table_on_demand: push(positionShape),
  group_message: {
    payload: object({ group: name, from: name, text }),
    metadata: object({ sender: senderTag, number: ordinal }),
  },
  removed_from_group: push({ group: name }),
  settled: push({ id: count }),
  slow_down: push({ wait: count }),

  ping: push({}),
  direct_message: { payload: object({ text }), metadata: object({ number: ordinal }) },
};

const readers: ReadonlyMap<string, Reader<unknown, unknown>> = new Map(Object.entries(READERS));

/** All types that can be read. */
export const MESSAGE_TYPES: readonly string[] = [...readers.keys()];

const invalid = (reason: string, request = "", id = 0): Decoded => ({
  kind: "invalid",
  reason,
  request,
  id,
});

/**
 * Reads one message of the wire. Unknown types and extra fields are ignored, wrong ones refused with a reason. One that has
 * more than `partsMax` objects, lists and commas in it is not even parsed.
 */
export function decodeMessage(bytes: Uint8Array, partsMax = Infinity): Decoded {
  if (bytes.length > MESSAGE_MAX_BYTES) return invalid(`longer than ${MESSAGE_MAX_BYTES} bytes`);
  if (bytes.length > partsMax && hasMoreParts(bytes, partsMax)) return invalid("too many fields");
  let value: unknown;
  try {
    value = JSON.parse(fatalUtf8.decode(bytes));
  } catch {
    return invalid("not JSON in UTF-8");
  }
  if (!isObject(value)) return invalid("not an object");
  const { type, payload, metadata } = value;
  if (typeof type !== "string" || type.length > NAME_WIRE_MAX_UNITS) {
    return invalid("type: not a word", "", idOf(metadata));
  }
  const reader = readers.get(type);
  if (reader === undefined) return { kind: "unknown", type };
  try {
    const message = {
      type,
      payload: reader.payload(payload, "payload"),
      metadata: reader.metadata(metadata, "metadata"),
    };
    return { kind: "message", message: message as Message };
  } catch (mismatch) {
    const reason = mismatch instanceof Malformed ? mismatch.reason : "unreadable";
    return invalid(reason, type, idOf(metadata));
  }
}

function idOf(metadata: unknown): number {
  const id = isObject(metadata) ? metadata["id"] : undefined;
  return typeof id === "number" && Number.isSafeInteger(id) && id > 0 ? id : 0;
}
