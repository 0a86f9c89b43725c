// Bytes -> message. Whatever the bytes are: a checked value or a reason, never a throw.
// Builds every message anew from the fields it knows, so nothing unchecked comes through.

import { MESSAGE_MAX_BYTES } from "../transport/limits.ts";
import { hasMoreParts } from "./json-parts.ts";
import {
  DETAIL_MAX_UNITS,
  GROUP_MEMBERS_MAX,
  GROUPS_CLAIMED_MAX,
  GROUPS_MAX,
  NAME_WIRE_MAX_UNITS,
  TABLE_CHANGES_KEPT,
  TABLE_PUSH_MAX_USERS,
} from "./limits.ts";
import * as field from "./message-fields.ts";
import type { Fields } from "./message-fields.ts";
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

type Reader = (payload: Fields, metadata: Fields) => Message;

const fatalUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Nothing but its id. */
const bare =
  <Type extends MessageType>(type: Type) =>
  (_: Fields, metadata: Fields) => ({ type, payload: {}, metadata: field.identified(metadata) });

const withGroup =
  <Type extends MessageType>(type: Type) =>
  (payload: Fields, metadata: Fields) => ({
    type,
    payload: field.group(payload),
    metadata: field.identified(metadata),
  });

const withName =
  <Type extends MessageType>(type: Type) =>
  (payload: Fields, metadata: Fields) => ({
    type,
    payload: { name: field.nameOf(payload, "name") },
    metadata: field.identified(metadata),
  });

const READERS: {
  readonly [Type in MessageType]: (
    payload: Fields,
    metadata: Fields,
  ) => Extract<Message, { type: Type }>;
} = {
  register: (payload, metadata) => ({
    type: "register",
    payload: {
      name: field.nameOf(payload, "name"),
      groups: field.list(payload, "groups", GROUPS_CLAIMED_MAX, field.nameItem),
      ...(payload["known"] === undefined
        ? {}
        : { known: field.position(field.fieldsOf(payload["known"], "known")) }),
    },
    metadata: field.identified(metadata),
  }),
  deregister: bare("deregister"),
  create_group: withGroup("create_group"),
  list_groups: bare("list_groups"),
  join_group: withGroup("join_group"),
  leave_group: withGroup("leave_group"),
  list_members: withGroup("list_members"),
  send_group: (payload, metadata) => ({
    type: "send_group",
    payload: { group: field.nameOf(payload, "group"), text: field.text(payload, "text") },
    metadata: field.identified(metadata),
  }),
  report_offline: (payload, metadata) => ({
    type: "report_offline",
    payload: {
      name: field.nameOf(payload, "name"),
      key: field.matching(payload, "key", field.KEY_HEX),
    },
    metadata: field.identified(metadata),
  }),
  resolve: withName("resolve"),
  whois: (payload, metadata) => ({
    type: "whois",
    payload: { key: field.matching(payload, "key", field.KEY_HEX) },
    metadata: field.identified(metadata),
  }),
  table_since: (payload, metadata) => ({
    type: "table_since",
    payload: field.position(payload),
    metadata: field.identified(metadata),
  }),
  registered: (payload, metadata) => ({
    type: "registered",
    payload: {
      name: field.nameOf(payload, "name"),
      ...field.position(payload),
      settled: field.whole(payload, "settled", 0),
    },
    metadata: field.identified(metadata),
  }),
  refused: (payload, metadata) => ({
    type: "refused",
    payload: {
      request: field.text(payload, "request", NAME_WIRE_MAX_UNITS),
      reason: field.refusalReason(payload),
      detail: field.text(payload, "detail", DETAIL_MAX_UNITS),
    },
    metadata: { id: field.whole(metadata, "id", 0) },
  }),
  deregistered: bare("deregistered"),
  group_created: withGroup("group_created"),
  groups: (payload, metadata) => ({
    type: "groups",
    payload: { groups: field.list(payload, "groups", GROUPS_MAX, field.nameItem) },
    metadata: field.identified(metadata),
  }),
  group_joined: withGroup("group_joined"),
  group_left: withGroup("group_left"),
  members: (payload, metadata) => ({
    type: "members",
    payload: {
      ...field.group(payload),
      members: field.list(payload, "members", GROUP_MEMBERS_MAX, field.nameItem),
    },
    metadata: field.identified(metadata),
  }),
  received: bare("received"),
  offline_confirmed: withName("offline_confirmed"),
  still_online: withName("still_online"),
  resolved: (payload, metadata) => ({
    type: "resolved",
    payload: { user: payload["user"] === null ? null : field.tableEntry(payload["user"]) },
    metadata: field.identified(metadata),
  }),
  table: (payload) => ({
    type: "table",
    payload: {
      ...field.position(payload),
      users: field.list(payload, "users", TABLE_PUSH_MAX_USERS, field.tableEntry),
    },
    metadata: {},
  }),
  table_changes: (payload) => ({
    type: "table_changes",
    payload: {
      epoch: field.epochOf(payload),
      from: field.whole(payload, "from", 0),
      to: field.whole(payload, "to", 0),
      changes: field.list(payload, "changes", TABLE_CHANGES_KEPT, field.tableChange),
    },
    metadata: {},
  }),
  table_on_demand: (payload) => ({
    type: "table_on_demand",
    payload: field.position(payload),
    metadata: {},
  }),
  group_message: (payload, metadata) => ({
    type: "group_message",
    payload: {
      group: field.nameOf(payload, "group"),
      from: field.nameOf(payload, "from"),
      text: field.text(payload, "text"),
    },
    metadata: {
      sender: field.matching(metadata, "sender", field.SENDER_HEX),
      number: field.whole(metadata, "number", 1),
    },
  }),
  removed_from_group: (payload) => ({
    type: "removed_from_group",
    payload: field.group(payload),
    metadata: {},
  }),
  settled: (payload) => ({
    type: "settled",
    payload: { id: field.whole(payload, "id", 0) },
    metadata: {},
  }),
  slow_down: (payload) => ({
    type: "slow_down",
    payload: { wait: field.whole(payload, "wait", 0) },
    metadata: {},
  }),
  ping: () => ({ type: "ping", payload: {}, metadata: {} }),
  direct_message: (payload, metadata) => ({
    type: "direct_message",
    payload: { text: field.text(payload, "text") },
    metadata: { number: field.whole(metadata, "number", 1) },
  }),
};

const readers: ReadonlyMap<string, Reader> = new Map(Object.entries(READERS));

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
  if (!field.isFields(value)) return invalid("not an object");
  const { type, payload, metadata } = value;
  if (typeof type !== "string" || type.length > NAME_WIRE_MAX_UNITS) {
    return invalid("type: not a word", "", idOf(metadata));
  }
  const read = readers.get(type);
  if (read === undefined) return { kind: "unknown", type };
  if (!field.isFields(payload)) return invalid("payload: not an object", type, idOf(metadata));
  if (!field.isFields(metadata)) return invalid("metadata: not an object", type);
  try {
    return { kind: "message", message: read(payload, metadata) };
  } catch (mismatch) {
    const reason = mismatch instanceof field.Mismatch ? mismatch.reason : "unreadable";
    return invalid(reason, type, idOf(metadata));
  }
}

function idOf(metadata: unknown): number {
  if (!field.isFields(metadata)) return 0;
  const id = metadata["id"];
  return typeof id === "number" && Number.isSafeInteger(id) && id > 0 ? id : 0;
}
