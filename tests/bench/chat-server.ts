// The server of this project as a process of its own, ready to be measured. From source; unless it is told otherwise, no
// limit on what its users do, since the benchmark's are all from one address and in a hurry.

import { join } from "node:path";

import { SERVER_FLAGS } from "../../lib/io/command-line/arguments.ts";
import { encodeHello, NONCE_BYTES } from "../../lib/transport/wire/datagrams.ts";
import { freePort } from "../support/ports.ts";
import { Process, removeFolder, SERVER_CORE, temporaryFolder, untilReady } from "./processes.ts";

const SERVER = join(import.meta.dir, "../../server.ts");

/** Flags that are no limits. */
const OTHER_FLAGS = new Set(["verbose", "password", "key"]);

/** What the kernel hands to nobody is asked for again. */
const HELLO_AGAIN_MS = 100;

export interface ChatServerOptions {
  readonly core?: number;
  /** Flags of Bun itself, such as `--cpu-prof`. */
  readonly runtimeFlags?: readonly string[];
  /** With the limits that it has by itself. */
  readonly limited?: boolean;
  /** Called with what a module says that such a flag has loaded into it. */
  readonly onMessage?: (message: unknown) => void;
}

export interface ChatServer {
  readonly process: Process;
  readonly port: number;
}

/** Each limit has a flag, and 0 switches it off. */
const unlimited = (): string[] =>
  Object.keys(SERVER_FLAGS)
    .filter((flag) => !OTHER_FLAGS.has(flag))
    .flatMap((flag) => [`--${flag}`, "0"]);

/** Starts a server, and waits until it answers. Its lines go where those of a service without a log go. */
export const startChatServer = async (options: ChatServerOptions = {}): Promise<ChatServer> => {
  const { core = SERVER_CORE, runtimeFlags = [], limited = false, onMessage } = options;
  const port = await freePort();
  const folder = temporaryFolder();
  const server = new Process(
    [process.execPath, ...runtimeFlags, SERVER, `${port}`, ...(limited ? [] : unlimited())],
    core,
    {
      env: { XDG_CONFIG_HOME: folder },
      ...(onMessage === undefined ? {} : { onMessage }),
    },
  );
  void server.child.exited.then(() => removeFolder(folder));
  try {
    await untilReady(server, () => answersHello(port));
  } catch (error) {
    await server.end();
    throw error;
  }
  return { process: server, port };
};

const answersHello = async (port: number): Promise<boolean> => {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = await Bun.udpSocket({
    hostname: "127.0.0.1",
    socket: {
      data: () => resolve(true),
      // nobody is there yet
      error: () => {},
    },
  });
  try {
    socket.send(encodeHello(new Uint8Array(NONCE_BYTES)), port, "127.0.0.1");
    return await Promise.race([promise, Bun.sleep(HELLO_AGAIN_MS).then(() => false)]);
  } finally {
    socket.close();
  }
};
