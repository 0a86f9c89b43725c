// The programs at terminals: each on a pseudo-terminal of its own, seen through an emulator.

import { commandOf, freePort, TIMEOUT_MS } from "./programs.ts";
import { TerminalSession } from "./pty.ts";
import type { SessionOptions } from "./pty.ts";

const listed = (lines: readonly string[]): string => lines.map((line) => `| ${line}`).join("\n");

export class ProgramAtTerminal extends TerminalSession {
  readonly name: string;

  /** `script`: `server.ts` or `client.ts`; `name`: what it is called when something goes wrong. */
  constructor(
    name: string,
    script: string,
    words: readonly string[],
    options: SessionOptions = {},
  ) {
    super([...commandOf(script), ...words], options);
    this.name = name;
  }

  override until(
    predicate: () => boolean,
    what: string,
    timeoutMs: number = TIMEOUT_MS,
  ): Promise<void> {
    return super.until(predicate, `${this.name}: ${what}`, timeoutMs);
  }

  /** Waits for exactly these lines, to the last one. */
  shows(...expected: readonly string[]): Promise<void> {
    const wanted = expected.map((line) => line.trimEnd());
    const same = (): boolean => {
      const lines = this.lines();
      return lines.length === wanted.length && lines.every((line, at) => line === wanted[at]);
    };
    return this.until(same, `these lines:\n${listed(wanted)}`);
  }

  /** Waits for a line, wherever it stands. */
  line(text: string): Promise<void> {
    const wanted = `>>> ${text}`;
    return this.until(() => this.lines().includes(wanted), `\`${wanted}\``);
  }

  /** Types a command, and waits for a line that it leads to. */
  async command(text: string, result: string): Promise<void> {
    this.type(`${text}\r`);
    await this.line(result);
  }
}

/** Waits until the program is ready. One that never is does not stay behind. */
const readied = async (program: ProgramAtTerminal, line: string): Promise<ProgramAtTerminal> => {
  try {
    await program.line(line);
    return program;
  } catch (error) {
    program[Symbol.dispose]();
    throw error;
  }
};

export const serverAtTerminal = async (
  options: SessionOptions = {},
): Promise<{ server: ProgramAtTerminal; port: number }> => {
  const port = await freePort();
  const server = new ProgramAtTerminal("server", "server.ts", [`${port}`], options);
  return { server: await readied(server, `[Server started on ${port}]`), port };
};

/** A client that is registered and has the table. */
export const clientAtTerminal = async (
  name: string,
  serverPort: number,
  options: SessionOptions = {},
): Promise<ProgramAtTerminal> => {
  const words = [name, "0.0.0.0", `${serverPort}`, `${await freePort()}`];
  const client = new ProgramAtTerminal(name, "client.ts", words, options);
  return readied(client, "[Client table updated.]");
};
