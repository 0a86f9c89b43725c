// The words behind the program's name, made into what the program is to do: each program's words and its table of flags.
// Pure: it neither prints nor resolves a name.

import { SERVER_LIMITS, type ServerLimits } from "../../chat/server/server-limits.ts";
import type { Flag } from "./flags.ts";
import { limitFlags, sortWords, switchFlag } from "./flags.ts";
import { parseHost, parseName, parsePort } from "./values.ts";

/** What a command line asks for. `error` goes to standard error, with exit status 2. */
export type Invocation<Run> =
  | { readonly kind: "run"; readonly run: Run }
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  /** Not a word was given. */
  | { readonly kind: "ask" }
  | { readonly kind: "error"; readonly message: string };

/** Where a password comes from: the command line itself, or the user is asked. */
export type PasswordChoice =
  { readonly kind: "ask" } | { readonly kind: "word"; readonly word: string };

interface CommonRun {
  readonly password: PasswordChoice | undefined;
  readonly verbose: boolean;
}

export interface ServerRun extends CommonRun {
  readonly port: number;
  /** Left out: `server_key` in the user's configuration folder. */
  readonly keyFile: string | undefined;
  /** Those that were given. */
  readonly limits: Partial<ServerLimits>;
}

export interface ClientRun extends CommonRun {
  readonly name: string;
  /** A dotted quad or a host name; `0.0.0.0` is already this machine, 127.0.0.1. */
  readonly serverHost: string;
  readonly serverPort: number;
  readonly clientPort: number;
  readonly acceptNewKey: boolean;
}

const SERVER_WORDS = "`-s` only accepts <port>";
const CLIENT_WORDS = "`-c` only accepts <name> <server-ip> <server-port> <client-port>";

/** The heading, in the help, of flags that both programs have. */
export const COMMON_GROUP = "Flags";

const VERBOSE = switchFlag(COMMON_GROUP, "Shows more: the fingerprint of the server's key");

const PASSWORD: Flag<PasswordChoice> = {
  about: "What the server and all its clients share; - asks for it",
  group: COMMON_GROUP,
  placeholder: "WORD",
  parse: (text) => ({
    ok: true,
    value: text === "-" ? { kind: "ask" } : { kind: "word", word: text },
  }),
};

const KEY: Flag<string> = {
  about: "Where its key is kept, if not in the user's configuration folder",
  group: "Server flags",
  placeholder: "FILE",
  parse: (text) => ({ ok: true, value: text }),
};

const LIMIT_FLAGS = limitFlags(SERVER_LIMITS);

/** All that the server's command line may have besides its port. */
export const SERVER_FLAGS = { verbose: VERBOSE, password: PASSWORD, key: KEY, ...LIMIT_FLAGS };

/** All that the client's may have besides its words. */
export const CLIENT_FLAGS = {
  verbose: VERBOSE,
  password: PASSWORD,
  "accept-new-key": switchFlag(
    "Client flags",
    "Trusts the key that the server has now, in place of the one known",
  ),
};

const error = (message: string): Invocation<never> => ({ kind: "error", message });

/** `argv` without the runtime and the script: `5000`, `-s 5000`, `--help`. */
export const parseServerArguments = (argv: readonly string[]): Invocation<ServerRun> => {
  if (argv.length === 0) return { kind: "ask" };
  const sorted = sortWords(argv, "s", SERVER_FLAGS);
  if (sorted.kind !== "words") return sorted;
  const [portText, ...extra] = sorted.words;
  if (portText === undefined || extra.length > 0) return error(SERVER_WORDS);
  const port = parsePort("port", portText);
  if (!port.ok) return error(port.reason);
  const { key: keyFile, password, verbose = false, ...limits } = sorted.flags;
  return { kind: "run", run: { port: port.value, keyFile, password, verbose, limits } };
};

/** `argv` without the runtime and the script: `client 0.0.0.0 5000 5555`, with or without `-c`, `--help`. */
export const parseClientArguments = (argv: readonly string[]): Invocation<ClientRun> => {
  if (argv.length === 0) return { kind: "ask" };
  const sorted = sortWords(argv, "c", CLIENT_FLAGS);
  if (sorted.kind !== "words") return sorted;
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
      acceptNewKey: sorted.flags["accept-new-key"] ?? false,
      password: sorted.flags.password,
      verbose: sorted.flags.verbose ?? false,
    },
  };
};
