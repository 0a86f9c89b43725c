// The words behind the program's name, made into what the program is to do. Pure: it neither prints nor resolves a
// name. The questions that are asked when there are no words check their answers with the same functions.

import { parseArgs } from "node:util";

import { checkName } from "../chat/names.ts";
import { printable } from "../chat/printable.ts";

/** A value, or the one line that says what is wrong with the text. */
export type Parsed<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

/** What a command line asks for. `error` goes to standard error, with exit status 2. */
export type Invocation<Run> =
  | { readonly kind: "run"; readonly run: Run }
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  /** Not a word was given. */
  | { readonly kind: "ask" }
  | { readonly kind: "error"; readonly message: string };

export interface ServerRun {
  readonly port: number;
}

export interface ClientRun {
  readonly name: string;
  /** A dotted quad or a host name; `0.0.0.0` is already this machine, 127.0.0.1. */
  readonly serverHost: string;
  readonly serverPort: number;
  readonly clientPort: number;
}

/** Ports below belong to the system's own services. */
const PORT_MIN = 1_024;
const PORT_MAX = 65_535;

/** RFC 1035 section 2.3.4, less the length bytes that are not written. */
const HOST_NAME_MAX_LENGTH = 253;

/** Said of IPv6 addresses, of what looks like an address and is none, and of names that cannot be resolved. */
export const ONLY_IPV4 = "Use only IPv4 addressing";

const SERVER_WORDS = "`-s` only accepts <port>";
const CLIENT_WORDS = "`-c` only accepts <name> <server-ip> <server-port> <client-port>";

/** `label` is the argument's name in the message: `port`, `server-port`, `client-port`. */
export const parsePort = (label: string, text: string): Parsed<number> => {
  const port = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  if (port >= PORT_MIN && port <= PORT_MAX) return { ok: true, value: port };
  return {
    ok: false,
    reason: `Invalid <${label}>: ${printable(text)}; Must be within ${PORT_MIN}-${PORT_MAX}`,
  };
};

export const parseName = (text: string): Parsed<string> => {
  const name = checkName(text);
  if (name.ok) return { ok: true, value: name.value };
  return { ok: false, reason: `Invalid <name>: ${printable(text)}; ${name.reason}` };
};

/** A dotted quad, four decimal numbers of one byte. No leading zeros: some resolvers read those as octal. */
export const isDottedQuad = (text: string): boolean => {
  const parts = text.split(".");
  const isByte = (part: string) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255;
  return parts.length === 4 && parts.every(isByte);
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

interface Words {
  readonly words: readonly string[];
}

/**
 * Sorts flags from words. `--help` and `--version` win wherever they stand; behind `--` everything is a word, and
 * something like `-1` is one as well: whoever types it means a (wrong) port.
 */
const sortWords = (argv: readonly string[], flag: string): Words | Invocation<never> => {
  const { tokens } = parseArgs({
    args: [...argv],
    options: {
      help: { type: "boolean", short: "h" },
      version: { type: "boolean", short: "v" },
      run: { type: "boolean", short: flag },
    },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const words = new Map<number, string>();
  const flags = new Set<string>();
  let unknown: string | undefined;
  for (const token of tokens) {
    if (token.kind === "option-terminator") continue;
    const typed = argv[token.index] ?? "";
    if (token.kind === "positional" || /^-[0-9]/.test(typed)) words.set(token.index, typed);
    else if (["--help", "-h", "--version", "-v", `-${flag}`].includes(typed)) flags.add(token.name);
    else unknown ??= typed;
  }
  if (flags.has("help")) return { kind: "help" };
  if (flags.has("version")) return { kind: "version" };
  if (unknown !== undefined) return error(`Unknown flag: ${printable(unknown)}; See --help`);
  return { words: [...words.values()] };
};

const error = (message: string): Invocation<never> => ({ kind: "error", message });

/** `argv` without the runtime and the script: `5000`, `-s 5000`, `--help`. */
export const parseServerArguments = (argv: readonly string[]): Invocation<ServerRun> => {
  if (argv.length === 0) return { kind: "ask" };
  const sorted = sortWords(argv, "s");
  if ("kind" in sorted) return sorted;
  const [portText, ...extra] = sorted.words;
  if (portText === undefined || extra.length > 0) return error(SERVER_WORDS);
  const port = parsePort("port", portText);
  return port.ok ? { kind: "run", run: { port: port.value } } : error(port.reason);
};

/** `argv` without the runtime and the script: `client 0.0.0.0 5000 5555`, with or without `-c`, `--help`. */
export const parseClientArguments = (argv: readonly string[]): Invocation<ClientRun> => {
  if (argv.length === 0) return { kind: "ask" };
  const sorted = sortWords(argv, "c");
  if ("kind" in sorted) return sorted;
  const [nameText, hostText, serverPortText, clientPortText, ...extra] = sorted.words;
  if (
    nameText === undefined ||
    hostText === undefined ||
    serverPortText === undefined ||
    clientPortText === undefined ||
    extra.length > 0
  ) {
    return error(CLIENT_WORDS);
  }
  const name = parseName(nameText);
  if (!name.ok) return error(name.reason);
  const host = parseHost(hostText);
  if (!host.ok) return error(host.reason);
  const serverPort = parsePort("server-port", serverPortText);
  if (!serverPort.ok) return error(serverPort.reason);
  const clientPort = parsePort("client-port", clientPortText);
  if (!clientPort.ok) return error(clientPort.reason);
  return {
    kind: "run",
    run: {
      name: name.value,
      serverHost: host.value,
      serverPort: serverPort.value,
      clientPort: clientPort.value,
    },
  };
};
