// What can be typed as a value: ports, names, hosts. The words of a command line and the answers to questions are checked
// by the same functions. Pure: it resolves nothing.

import { checkName } from "../../chat/names.ts";
import { printable } from "../../chat/printable.ts";
import { isDottedQuad, PORT_MAX } from "../../transport/address.ts";

/** A value, or the one line that says what is wrong with the text. */
export type Parsed<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

/** Ports below belong to the system's own services. */
const PORT_MIN = 1_024;

/** RFC 1035 section 2.3.4, less the length bytes that are not written. */
const HOST_NAME_MAX_LENGTH = 253;

/** Said of IPv6 addresses, of what looks like an address and is none, and of names that cannot be resolved. */
export const ONLY_IPV4 = "Use only IPv4 addressing";

/** `label` is the argument's name in the message: `port`, `server-port`, `client-port`. */
export const parsePort = (label: string, text: string): Parsed<number> => {
  const port = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  if (port >= PORT_MIN && port <= PORT_MAX) return { ok: true, value: port };
  return {
    ok: false,
    reason: `Invalid <${label}>: ${printable(text)}; Must be within ${PORT_MIN}-${PORT_MAX}`,
  };
};

/** Said where client and server would be one program: its own port, on its own machine, is where the server should be. */
export const ownPortReason = (port: number): string =>
  `Invalid <client-port>: ${port}; Must not be <server-port> on the same machine`;

export const parseName = (text: string): Parsed<string> => {
  const name = checkName(text);
  if (name.ok) return { ok: true, value: name.value };
  return { ok: false, reason: `Invalid <name>: ${printable(text)}; ${name.reason}` };
};

/** A name that the system's resolver may be asked for. One whose last label is a number is a broken address. */
const isHostName = (text: string): boolean => {
  if (text.length > HOST_NAME_MAX_LENGTH) return false;
  const labels = text.replace(/\.$/, "").split(".");
  if (
    !labels.every((label) =>
      /^[\p{L}\p{N}_]([\p{L}\p{M}\p{N}_-]*[\p{L}\p{M}\p{N}_])?$/u.test(label),
    )
  )
    return false;
  return !/^([0-9]+|0x[0-9a-f]*)$/i.test(labels.at(-1) ?? "");
};

/** A server's address as it was typed. A host name still has to be resolved; this only says that it could be one. */
export const parseHost = (text: string): Parsed<string> => {
  if (text === "0.0.0.0") return { ok: true, value: "127.0.0.1" };
  if (isDottedQuad(text) || isHostName(text)) return { ok: true, value: text };
  return { ok: false, reason: ONLY_IPV4 };
};
