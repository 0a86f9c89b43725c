// The programs as processes of their own with pipes for a terminal: started, typed into, read line by line.

import { join, resolve } from "node:path";

import { AT_HOME, type Environment } from "./home.ts";

export { freePort } from "./ports.ts";

const ROOT = join(import.meta.dir, "../..");

/** What is waited for either happens long before, or never. */
export const TIMEOUT_MS = 30_000;

/** The folder of compiled programs, where those are tested instead of the source. */
const COMPILED = process.env["CHATAPP_PROGRAMS"] ?? "";

export const isCompiled = COMPILED !== "";

/** What starts `server.ts`, `client.ts`, or another script of the project. */
export const commandOf = (script: string): string[] => {
  const program = /^(server|client)\.ts$/.exec(script)?.[1];
  if (isCompiled && program !== undefined) return [resolve(ROOT, COMPILED, `chatapp-${program}`)];
  return [process.execPath, join(ROOT, script)];
};

export interface ProgramOptions {
  /** Called for each line on standard output as it comes, without its line end. */
  readonly onLine?: (line: string) => void;
  /** Added to the environment of this test process, with its home; `undefined` takes a variable out. */
  readonly env?: Environment;
  readonly cwd?: string;
  /** A command that starts the program in its own place, as `ip netns exec` does. */
  readonly under?: readonly string[];
}

/** A running program. Its lines are consumed in order by `until`. */
export class Program {
  readonly name: string;
  readonly lines: string[] = [];
  readonly #process: Bun.Subprocess<"pipe", "pipe", "pipe">;
  readonly #ended: Promise<void>;
  readonly #watchers = new Set<() => void>();
  #consumed = 0;
  #over = false;
  #stderr = "";

  /** `script`: `server.ts` or `client.ts`; `name`: what it is called when something goes wrong. */
  constructor(
    name: string,
    script: string,
    words: readonly string[],
    options: ProgramOptions = {},
  ) {
    this.name = name;
    this.#process = Bun.spawn([...(options.under ?? []), ...commandOf(script), ...words], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
      env: { ...process.env, ...AT_HOME, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    const onLine = (line: string): void => {
      this.lines.push(line);
      options.onLine?.(line);
      this.#look();
    };
    this.#ended = this.#read(onLine).then(() => {
      this.#over = true;
      this.#look();
    });
  }

  async #read(onLine: (line: string) => void): Promise<void> {
    const errors = new Response(this.#process.stderr).text();
    const decoder = new TextDecoder();
    let rest: string[] = [];
    for await (const chunk of this.#process.stdout) {
      const parts = decoder.decode(chunk, { stream: true }).split("\n");
      for (const part of parts.slice(0, -1)) {
        onLine([...rest, part].join(""));
        rest = [];
      }
      rest.push(parts.at(-1) ?? "");
    }
    const last = rest.join("");
    if (last !== "") onLine(last);
    this.#stderr = await errors;
  }

  #look(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Everything on standard error; complete once the program has ended. */
  get stderr(): string {
    return this.#stderr;
  }

  type(text: string): void {
    this.write(`${text}\n`);
  }

  write(bytes: string | Uint8Array<ArrayBuffer>): void {
    this.#give(bytes).catch(() => {}); // it has ended, and reads no more
  }

  async #give(bytes: string | Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#process.stdin.write(bytes);
    await this.#process.stdin.flush();
  }

  endInput(): void {
    this.#process.stdin.end();
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Waits for the line `>>> text`, behind all that was waited for before. */
  async until(text: string, timeoutMs = TIMEOUT_MS): Promise<void> {
    const wanted = `>>> ${text}`;
    const seen = (): boolean => {
      const at = this.lines.indexOf(wanted, this.#consumed);
      if (at < 0) return false;
      this.#consumed = at + 1;
      return true;
    };
    await this.when(seen, `\`${wanted}\``, timeoutMs);
  }

  /** Waits until `predicate` holds; it is asked again for each line. */
  async when(predicate: () => boolean, what: string, timeoutMs = TIMEOUT_MS): Promise<void> {
    if (predicate()) return;
    const { promise, resolve: done, reject } = Promise.withResolvers<void>();
    const fail = (): void => reject(new Error(this.#missing(what)));
    const watcher = (): void => {
      if (predicate()) done();
      else if (this.#over) fail();
    };
    const timer = setTimeout(fail, timeoutMs);
    this.#watchers.add(watcher);
    if (this.#over) fail();
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#watchers.delete(watcher);
    }
  }

  #missing(what: string): string {
    const how = this.#over ? "before it ended" : "in time";
    const said = [...this.lines, this.#stderr].join("\n");
    return `${this.name} did not say ${what} ${how}; it said:\n${said}`;
  }

  /** The exit status, once all output was read. */
  async exited(): Promise<number> {
    const status = await this.#process.exited;
    await this.#ended;
    return status;
  }

  /** Ends the process if it still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null) this.#process.kill("SIGKILL");
    await this.exited();
  }
}

/** A server at this port that is ready. */
export const readyServer = async (
  port: number,
  flags: readonly string[] = [],
  options: ProgramOptions = {},
): Promise<Program> => {
  const server = new Program("server", "server.ts", [`${port}`, ...flags], options);
  await server.until(`[Server started on ${port}]`);
  return server;
};
