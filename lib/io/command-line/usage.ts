// The text of `--help`, and of a start without arguments where nobody can be asked.

import { CLIENT_FLAGS, COMMON_GROUP, SERVER_FLAGS } from "./arguments.ts";
import type { Flag } from "./flags.ts";

/** How a reader of the text starts each program: from the source, or compiled. */
export interface CommandNames {
  readonly server: string;
  readonly client: string;
}

export const SOURCE_COMMANDS: CommandNames = { server: "bun server.ts", client: "bun client.ts" };

export const COMPILED_COMMANDS: CommandNames = {
  server: "chatapp-server",
  client: "chatapp-client",
};

/** Bun keeps the files of a compiled program under one of these roots, the second one on Windows. */
const COMPILED_ROOTS = ["/$bunfs/", "~BUN"];

/** How the running programs are started, told by where their code lies (`Bun.main`). */
export const commandNames = (main: string): CommandNames =>
  COMPILED_ROOTS.some((root) => main.includes(root)) ? COMPILED_COMMANDS : SOURCE_COMMANDS;

type Row = readonly [flag: string, about: string];

/** What every program takes; nothing of it changes what is run. */
const FIXED_ROWS: readonly Row[] = [
  ["-h, --help", "Shows this text"],
  ["-v, --version", "Shows the version"],
];

/** All flags of both programs, under their headings. */
const headings = (): ReadonlyMap<string, readonly Row[]> => {
  const groups = new Map<string, Row[]>([[COMMON_GROUP, [...FIXED_ROWS]]]);
  for (const [name, flag] of Object.entries<Flag<unknown>>({ ...SERVER_FLAGS, ...CLIENT_FLAGS })) {
    const rows = groups.getOrInsertComputed(flag.group, () => []);
    rows.push([["--" + name, flag.placeholder].filter(Boolean).join(" "), flag.about]);
  }
  return groups;
};

const flagsText = (): string => {
  const groups = [...headings()];
  const width = Math.max(...groups.flatMap(([, rows]) => rows.map(([flag]) => flag.length)));
  const text = ([flag, about]: Row): string => `    ${flag.padEnd(width)}   ${about}`;
  return groups
    .map(([heading, rows]) => [`${heading}:`, ...rows.map(text)].join("\n"))
    .join("\n\n");
};

/** One text for both programs: whoever starts a server wants to know how a client is started. No line end at its end. */
export const usageText = (commands: CommandNames): string => `\
ChatApp allows you to spinup a client and server for UDP based chatting.

Commands:
    -c      Starts client with required server information.
    -s      Starts server mode at specified port

Usage:
    ${commands.server} [-s] <port>
    ${commands.client} [-c] <name> <server-ip> <server-port> <client-port>

${flagsText()}

A password on the command line can be seen by other users of the machine; CHATAPP_PASSWORD
in the environment, or --password -, which asks for it, cannot.

With no arguments on a terminal, the programs ask for what they need.`;
