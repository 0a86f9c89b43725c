// Part `start`: how long the compiled programs take to their first line, on a terminal, beside a compiled program that
// only says hello. All are built by the same command, into a folder of the benchmark's own.

import { join } from "node:path";

import packageJson from "../../package.json" with { type: "json" };
import { freePort } from "../support/ports.ts";
import type { BenchOptions, Case, Contender, Part } from "./part.ts";
import { temporaryFolder } from "./processes.ts";
import { median } from "./statistics.ts";
import { cpuBetween, type CpuTimes, cpuTimes } from "./usage.ts";

const ROOT = join(import.meta.dir, "../..");

/** Starts of one round; the first round is preceded by some that do not count, until the files are in memory. */
const STARTS = { quick: 5, full: 20 };
const FIRST_STARTS = 3;

/** Nothing that works takes so long. */
const START_MAX_MS = 10_000;

const HELLO = "hello";

/** It stays, so that its CPU time can be looked at. */
const HELLO_SOURCE = `console.log(${JSON.stringify(HELLO)});\nsetTimeout(() => {}, 60_000);\n`;

const US_PER_MS = 1_000;

/** A process that has yet to run. */
const NOTHING_YET: CpuTimes = new Map([["", 0]]);

/** Builds an entry point as `script` of package.json builds its own. Returns the program. */
const build = async (script: "build:client" | "build:server", entry: string, outfile: string) => {
  const [bun, ...words] = packageJson.scripts[script].split(" ");
  const flags = words.slice(0, words.indexOf("--outfile")).filter((word) => !word.endsWith(".ts"));
  if (bun !== "bun" || flags.length < 2) throw new Error(`${script} is not what it was`);
  const child = Bun.spawn([process.execPath, ...flags, entry, "--outfile", outfile], {
    cwd: ROOT,
    stdout: "ignore",
    stderr: "pipe",
  });
  const errors = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(`${entry} could not be built: ${errors}`);
  return outfile;
};

interface Started {
  /** From just before it was started to the moment when its first line was on its terminal, in ms. */
  readonly ms: number;
  /** CPU time of all its threads up to then, in ms: the same also on a busy machine. */
  readonly cpuMs: number;
}

/** Starts a program, waits until `shown` is on its terminal, and ends it. */
const startOnce = async (
  command: readonly string[],
  shown: string,
  env: Readonly<Record<string, string>>,
): Promise<Started> => {
  const { promise, resolve, reject } = Promise.withResolvers<Started>();
  const decoder = new TextDecoder();
  let text = "";
  const late = setTimeout(() => reject(new Error(`not shown: ${shown}`)), START_MAX_MS);
  const from = performance.now();
  const child = Bun.spawn([...command], {
    env: { ...process.env, TERM: "xterm-256color", ...env },
    terminal: {
      data(_, bytes) {
        text += decoder.decode(bytes, { stream: true });
        if (!text.includes(shown)) return;
        const ms = performance.now() - from;
        resolve({ ms, cpuMs: cpuBetween(NOTHING_YET, cpuTimes(child.pid)) / US_PER_MS });
      },
    },
  });
  try {
    return await promise;
  } finally {
    clearTimeout(late);
    child.kill("SIGKILL");
    await child.exited;
    child.terminal?.close();
  }
};

interface Program {
  readonly name: string;
  readonly script: "build:client" | "build:server";
  readonly entry: string;
  /** What it shows first. */
  readonly shown: string;
  readonly words: () => Promise<readonly string[]>;
}

const client: Program = {
  name: "ChatApp's client",
  script: "build:client",
  entry: join(ROOT, "client.ts"),
  shown: ">>> ",
  // It prompts before it has heard from a server; here there is none.
  words: async () => ["alice", "127.0.0.1", `${await freePort()}`, `${await freePort()}`],
};

const server: Program = {
  name: "ChatApp's server",
  script: "build:server",
  entry: join(ROOT, "server.ts"),
  shown: "[Server started on ",
  words: async () => [`${await freePort()}`],
};

const starting = (program: Program, atMost: number | undefined, { quick }: BenchOptions): Case => {
  const folder = temporaryFolder();
  const hello: Program = {
    ...program,
    name: "a compiled hello-world",
    entry: join(folder, "hello.ts"),
    shown: HELLO,
    words: async () => [],
  };
  const written = Bun.write(hello.entry, HELLO_SOURCE);
  const contender = (
    { name, script, entry, shown, words }: Program,
    outfile: string,
  ): Contender => {
    let built: Promise<string> | undefined;
    return {
      name,
      async measure(round, progress) {
        progress("building");
        await written;
        built ??= build(script, entry, outfile);
        const command = [await built, ...(await words())];
        const start = () => startOnce(command, shown, { XDG_CONFIG_HOME: folder });
        progress("starting");
        if (round === 1) for (let count = 0; count < FIRST_STARTS; count++) await start();
        const started: Started[] = [];
        const starts = quick ? STARTS.quick : STARTS.full;
        while (started.length < starts) started.push(await start());
        return {
          start: median(started.map(({ ms }) => ms)),
          CPU: median(started.map(({ cpuMs }) => cpuMs)),
        };
      },
    };
  };
  return {
    name: program.name,
    contenders: [
      contender(program, join(folder, "program")),
      contender(hello, join(folder, "hello")),
    ],
    figures: [
      { name: "start", unit: "ms", better: "less" },
      { name: "CPU", unit: "ms", better: "less" },
    ],
    goals: atMost === undefined ? [] : [{ figure: "start", against: hello.name, atMost }],
  };
};

export const start: Part = {
  name: "start",
  about: "the compiled programs, until their first line",
  async *cases(options) {
    yield starting(client, 1.5, options);
    yield starting(server, undefined, options);
  },
};
