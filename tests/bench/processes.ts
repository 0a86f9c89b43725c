// Processes of the benchmark: started on a core of their own where the system allows, and ended with it, whatever ends
// it.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The cores that this process may run on, by the system's numbers: "0-3,6". */
const allowedCores = (): number[] => {
  try {
    const status = readFileSync("/proc/self/status", "latin1");
    const ranges = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? "0";
    return ranges.split(",").flatMap((range) => {
      const [first = 0, last = first] = range.split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
  } catch {
    return [0];
  }
};

const cores = allowedCores();

/** Servers on one core, who plays their clients on another. A machine with one core has them share it. */
export const SERVER_CORE = cores[0]!;
export const CLIENT_CORE = cores[1] ?? SERVER_CORE;

/**
 * For a program that plays very many clients: one engine keeps all of their objects, and would look through them again and
 * again, as it would not if each client were a process. Up to this size, in bytes, it lets the heap grow first.
 */
export const ROOMY_HEAP = { BUN_JSC_largeHeapSize: `${512 * 1_024 * 1_024}` };

/** A process that was asked to end and has not is killed. */
const END_MAX_MS = 2_000;

const running = new Set<Bun.Subprocess>();
const folders = new Set<string>();

process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
  for (const folder of folders) removeFolder(folder);
});

/** A folder for the time of the benchmark. */
export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "chatapp-bench-"));
  folders.add(folder);
  return folder;
};

/** Where programs are: servers are in folders that not every user's shell looks in. */
const PATH = `${process.env["PATH"] ?? ""}:/usr/local/sbin:/usr/sbin`;

export const isInstalled = (program: string): boolean => Bun.which(program, { PATH }) !== null;

/** Before the benchmark ends. */
export const removeFolder = (folder: string): void => {
  folders.delete(folder);
  rmSync(folder, { recursive: true, force: true });
};

/** Words in front of a command, each program in the place of the one before: the same process throughout. */
const wrapping = (core: number): string[] => [
  // Not even a benchmark that is killed leaves it behind.
  ...(isInstalled("setpriv") ? ["setpriv", "--pdeathsig", "KILL", "--"] : []),
  ...(isInstalled("taskset") ? ["taskset", "--cpu-list", `${core}`] : []),
];

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdout?: "ignore" | "pipe";
  /** Called with every message that the process sends; it must be a Bun or Node program then. */
  readonly onMessage?: (message: unknown) => void;
}

/** A running process. */
export class Process {
  readonly child: Bun.Subprocess<"ignore", "ignore" | "pipe", "pipe">;
  readonly #words: readonly string[];
  #errors = "";
  readonly #errorsRead: Promise<void>;

  constructor(words: readonly string[], core: number, options: StartOptions = {}) {
    const { env = {}, stdout = "ignore", onMessage } = options;
    this.#words = words;
    this.child = Bun.spawn([...wrapping(core), ...words], {
      stdin: "ignore",
      stdout,
      stderr: "pipe",
      env: { ...process.env, PATH, ...env },
      ...(onMessage === undefined ? {} : { ipc: onMessage, serialization: "json" }),
    });
    running.add(this.child);
    this.#errorsRead = this.#readErrors();
    void this.child.exited.then(() => running.delete(this.child));
  }

  get pid(): number {
    return this.child.pid;
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** What it said on standard error, in one line: why it has ended. */
  async reason(): Promise<string> {
    await this.child.exited;
    await this.#errorsRead;
    const how = this.child.signalCode ?? `exit status ${this.child.exitCode}`;
    return `${this.#words[0]} ended (${how}): ${this.#errors.trim().replaceAll(/\s+/g, " ")}`;
  }

  async end(): Promise<void> {
    if (this.hasEnded) return;
    this.child.kill("SIGTERM");
    const timer = setTimeout(() => this.child.kill("SIGKILL"), END_MAX_MS);
    await this.child.exited;
    clearTimeout(timer);
  }

  async #readErrors(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.child.stderr) {
      this.#errors = (this.#errors + decoder.decode(chunk, { stream: true })).slice(-2_000);
    }
  }
}

/** Waits until `ready` holds, which is asked again and again; fails when the process ends first, or in time. */
export const untilReady = async (
  process: Process,
  ready: () => Promise<boolean>,
  timeoutMs = 20_000,
): Promise<void> => {
  const until = performance.now() + timeoutMs;
  while (!(await ready())) {
    if (process.hasEnded) throw new Error(await process.reason());
    if (performance.now() > until) throw new Error("it was not ready in time");
    await Bun.sleep(20);
  }
};

/** A TCP port that is free at the moment. */
export const freeTcpPort = (): number => {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
};

/** Whether somebody takes connections at this port of this machine. */
export const listens = async (port: number): Promise<boolean> => {
  try {
    const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } });
    socket.end();
    return true;
  } catch {
    return false;
  }
};
