// The programs in pipes, started and ready.

import { freePort, Program } from "./programs.ts";

/** Waits until the program is ready. One that never is does not stay behind. */
const readied = async (program: Program, ...lines: readonly string[]): Promise<Program> => {
  try {
    for (const line of lines) await program.until(line);
    return program;
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
};

export const pipedServer = async (): Promise<{ server: Program; port: number }> => {
  const port = await freePort();
  const server = new Program("server", "server.ts", [`${port}`]);
  return { server: await readied(server, `[Server started on ${port}]`), port };
};

/** A client that is registered and has the table. Its port, if it matters, is one from `freePort`. */
export const pipedClient = async (
  name: string,
  serverPort: number,
  clientPort?: number,
): Promise<Program> => {
  const words = [name, "0.0.0.0", `${serverPort}`, `${clientPort ?? (await freePort())}`];
  const client = new Program(name, "client.ts", words);
  return readied(client, "[Welcome, You are registered.]", "[Client table updated.]");
};
