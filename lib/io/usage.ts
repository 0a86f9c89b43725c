// The text of `--help`, and of a start without arguments where nobody can be asked.

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

/** One text for both programs: whoever starts a server wants to know how a client is started. No line end at its end. */
export const usageText = (commands: CommandNames): string => `\
ChatApp allows you to spinup a client and server for UDP based chatting.

Commands:
    -c      Starts client with required server information.
    -s      Starts server mode at specified port

Usage:
    ${commands.server} [-s] <port>
    ${commands.client} [-c] <name> <server-ip> <server-port> <client-port>

Flags:
    -h, --help      Shows this text
    -v, --version   Shows the version

With no arguments on a terminal, the programs ask for what they need.`;
