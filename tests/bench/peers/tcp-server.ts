// Starts the servers of other systems, which all listen on a TCP port.

import { freeTcpPort, listens, Process, SERVER_CORE, untilReady } from "../processes.ts";
import type { Serving } from "./peer.ts";

/** `words`: the command that starts it in the foreground, on the port it is given. */
export const serveTcp = async (
  words: (port: number) => Promise<readonly string[]>,
): Promise<Serving> => {
  const port = freeTcpPort();
  const server = new Process(await words(port), SERVER_CORE);
  try {
    await untilReady(server, () => listens(port));
  } catch (error) {
    await server.end();
    throw error;
  }
  return { process: server, port };
};
