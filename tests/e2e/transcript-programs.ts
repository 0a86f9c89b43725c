// Plays a transcript with the real programs: each a process of its own, at a terminal or in pipes. Compares all that
// each of them shows, line by line, after every step.

import { expect } from "bun:test";

import { freePort, Program } from "../support/programs.ts";
import { ProgramAtTerminal } from "../support/terminal-programs.ts";
import type { Action, Expectation, Transcript } from "../support/transcript.ts";

/** What a player needs of a running program. */
interface Stand {
  type(text: string): void;
  interrupt(): void;
  /** Waits for exactly these lines and, where there is one, this prompt behind them. */
  shows(lines: readonly string[], prompt: string | undefined): Promise<void>;
  /** The exit status. */
  ended(): Promise<number>;
}

/** One program of a transcript, and all that it must have shown so far. */
interface Role {
  readonly stand: Stand;
  readonly isClient: boolean;
  readonly lines: string[];
  prompt: string;
  status: number | undefined;
}

export interface Theatre {
  readonly start: (label: string, script: string, words: readonly string[]) => Stand;
  /** Whether what is typed, and the prompt, are part of what is shown. */
  readonly echoes: boolean;
}

const PROMPT = ">>> ";
const ENTERED = /^>>> \[Entered group (\S+) successfully!\]$/;
const LEFT = /^>>> \[Leave group chat \S+\]$/;

const standAtTerminal = (program: ProgramAtTerminal): Stand => ({
  type: (text) => program.type(`${text}\r`),
  interrupt: () => program.key("ctrl-c"),
  async shows(lines, prompt) {
    await program.shows(...lines, ...(prompt === undefined ? [] : [prompt]));
    const column = prompt?.length ?? 0;
    await program.until(() => program.cursor().column === column, `the cursor at ${column}`);
  },
  ended: () => program.exited,
});

const standInPipes = (program: Program): Stand => ({
  type: (text) => program.type(text),
  interrupt: () => program.signal("SIGINT"),
  async shows(lines) {
    await program.when(() => program.lines.length >= lines.length, lines.at(-1) ?? "");
    expect({ program: program.name, lines: program.lines }).toEqual({
      program: program.name,
      lines: [...lines],
    });
  },
  async ended() {
    const status = await program.exited();
    expect({ program: program.name, stderr: program.stderr }).toEqual({
      program: program.name,
      stderr: "",
    });
    return status;
  },
});

const startedIn = <P>(running: P[], program: P): P => {
  running.push(program);
  return program;
};

class Play {
  readonly #theatre: Theatre;
  readonly #roles = new Map<string, Role>();
  /** The ports of the transcript, and those that are used instead. */
  readonly #ports = new Map<string, string>();

  constructor(theatre: Theatre) {
    this.#theatre = theatre;
  }

  async play(transcript: Transcript): Promise<void> {
    for (const { where, action, expected } of transcript.steps) {
      try {
        await this.#take(action);
        for (const one of expected) this.#expect(one);
        await this.#compare();
      } catch (error) {
        throw new Error(`${where}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    await this.#curtain();
  }

  /** Interrupts all that still runs, clients first: it shows its closing lines, and nothing else has come meanwhile. */
  async #curtain(): Promise<void> {
    const running = [...this.#roles].filter(([, { status }]) => status === undefined);
    for (const isClient of [true, false]) {
      for (const [label] of running.filter(([, role]) => role.isClient === isClient)) {
        await this.#take({ kind: "interrupt", label });
        const text = isClient ? ">>> [stopping client-server listener]" : ">>> [Quitting.]";
        this.#expect({ kind: "line", label, text });
        this.#expect({ kind: "end", label, status: isClient ? 130 : 0 });
      }
    }
    await this.#compare();
  }

  async #take(action: Action): Promise<void> {
    if (action.kind === "start") {
      const [script = "", ...words] = action.argv;
      const actual: string[] = [];
      for (const word of words) actual.push(await this.#actual(word));
      this.#roles.set(action.label, {
        stand: this.#theatre.start(action.label, script, actual),
        isClient: script === "client.ts",
        lines: [],
        prompt: PROMPT,
        status: undefined,
      });
      return;
    }
    const role = this.#role(action.label);
    if (action.kind === "type") {
      if (this.#theatre.echoes) role.lines.push((role.prompt + action.text).trimEnd());
      role.stand.type(action.text);
    } else {
      if (this.#theatre.echoes) role.lines.push(role.isClient ? `${role.prompt}^C` : "^C");
      role.stand.interrupt();
    }
  }

  #expect(expected: Expectation): void {
    const role = this.#role(expected.label);
    if (expected.kind === "end") role.status = expected.status;
    else if (expected.kind === "prompt") expect(role.prompt).toBe(expected.text);
    else {
      role.lines.push(this.#withPorts(expected.text));
      const entered = ENTERED.exec(expected.text)?.[1];
      if (entered !== undefined) role.prompt = `${PROMPT}(${entered}) `;
      else if (LEFT.test(expected.text)) role.prompt = PROMPT;
    }
  }

  async #compare(): Promise<void> {
    for (const { stand, isClient, lines, prompt, status } of this.#roles.values()) {
      if (status !== undefined) expect(await stand.ended()).toBe(status);
      await stand.shows(lines, isClient && status === undefined ? prompt : undefined);
    }
  }

  async #actual(word: string): Promise<string> {
    if (!/^\d+$/.test(word)) return word;
    const actual = this.#ports.get(word) ?? `${await freePort()}`;
    this.#ports.set(word, actual);
    return actual;
  }

  #withPorts(text: string): string {
    const port = /^>>> \[Server started on (\d+)\]$/.exec(text)?.[1];
    return port === undefined ? text : text.replace(port, this.#ports.get(port) ?? port);
  }

  #role(label: string): Role {
    const role = this.#roles.get(label);
    if (role === undefined) throw new Error(`${label} was not started`);
    return role;
  }
}

/** Every program at a terminal of its own, with typed keys. */
export const playAtTerminals = async (transcript: Transcript): Promise<void> => {
  const running: ProgramAtTerminal[] = [];
  const start = (label: string, script: string, words: readonly string[]): Stand =>
    standAtTerminal(startedIn(running, new ProgramAtTerminal(label, script, words)));
  try {
    await new Play({ start, echoes: true }).play(transcript);
  } finally {
    for (const program of running) program[Symbol.dispose]();
  }
};

/** No terminal anywhere: lines in, the same lines out, without prompts. */
export const playInPipes = async (transcript: Transcript): Promise<void> => {
  const running: Program[] = [];
  const start = (label: string, script: string, words: readonly string[]): Stand =>
    standInPipes(startedIn(running, new Program(label, script, words)));
  try {
    await new Play({ start, echoes: false }).play(transcript);
  } finally {
    for (const program of running) await program[Symbol.asyncDispose]();
  }
};
