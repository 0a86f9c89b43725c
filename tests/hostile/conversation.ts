// Two users who talk, in a group and straight to each other, at a steady pace, until they are told to stop: what was shown,
// and how long it took from the Enter key of one to the screen of the other.

import { Program } from "../support/programs.ts";

const GROUP = "g";

/** Between two messages. */
const PACE_MS = 20;

/** Of each; fewer than a server takes at once. */
const CHATTER_MESSAGES = 800;

/** After a flood, on a machine that has much else to do. */
const PATIENCE_MS = 120_000;

const NAMES = ["ann", "ben"] as const;

/** Times in ms from Enter until it is shown; of direct messages, until their sender is told that it was received. */
export interface Times {
  readonly group: number[];
  readonly direct: number[];
}

export class Conversation implements AsyncDisposable {
  readonly #users: readonly [Program, Program];
  /** When each text was typed, until it is shown. */
  readonly #typedAt = new Map<string, number>();
  /** The moments at which direct messages were typed, of each sender, until they are received. */
  readonly #direct: readonly [number[], number[]] = [[], []];
  readonly #said: readonly [string[], string[]] = [[], []];
  readonly #whispered: readonly [string[], string[]] = [[], []];
  #times: Times = { group: [], direct: [] };
  #stopped = false;
  #ended: Promise<void> = Promise.resolve();

  private constructor(users: readonly [Program, Program]) {
    this.#users = users;
  }

  /** Both are in the group when this returns. */
  static async begin(serverPort: number, ports: readonly [number, number]): Promise<Conversation> {
    let conversation: Conversation | undefined;
    const user = async (at: 0 | 1): Promise<Program> => {
      const words = [NAMES[at], "0.0.0.0", `${serverPort}`, `${ports[at]}`];
      const onLine = (line: string) => conversation?.onLine(at, line);
      const program = new Program(NAMES[at], "client.ts", words, { onLine });
      await program.until("[Welcome, You are registered.]");
      await program.until("[Client table updated.]");
      return program;
    };
    const ann = await user(0);
    const ben = await user(1);
    conversation = new Conversation([ann, ben]);
    ann.type(`create_group ${GROUP}`);
    await ann.until(`[Group ${GROUP} created by Server.]`);
    for (const user of [ann, ben]) {
      user.type(`join_group ${GROUP}`);
      await user.until(`[Entered group ${GROUP} successfully!]`);
    }
    return conversation;
  }

  /** A busy hour: until all of it is shown, so that the server is no newborn when it is measured. */
  async chatter(): Promise<void> {
    const [ann, ben] = this.#users;
    const words = "so much to say ".repeat(60);
    for (let number = 1; number <= CHATTER_MESSAGES; number++) {
      for (const user of [ann, ben]) user.type(`send_group chatter ${number} ${words}`);
    }
    for (const user of [ann, ben]) {
      const last = `chatter ${CHATTER_MESSAGES} `;
      await user.when(() => user.lines.some((line) => line.includes(last)), last);
    }
  }

  /** From now on they talk. */
  talk(): void {
    this.#ended = this.#talk();
  }

  /** What was measured since the last call. */
  takeTimes(): Times {
    const times = this.#times;
    this.#times = { group: [], direct: [] };
    return times;
  }

  /** They stop, and wait until all is shown. Returns what is not as it was said; nothing, if all is well. */
  async stop(): Promise<string[]> {
    this.#stopped = true;
    await this.#ended;
    const [ann, ben] = this.#users;
    for (const user of [ann, ben]) {
      await user.when(
        () => this.#typedAt.size === 0,
        "all that was said to the group",
        PATIENCE_MS,
      );
      await user.when(() => this.#direct.every((waiting) => waiting.length === 0), "all received");
      // Direct messages wait for this while their reader is in a group.
      user.type("leave_group");
      await user.until(`[Leave group chat ${GROUP}]`);
      user.type("end");
      await user.until("[Invalid command: end]");
    }
    return [...this.#differences(0), ...this.#differences(1)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    for (const user of this.#users) await user[Symbol.asyncDispose]();
  }

  async #talk(): Promise<void> {
    for (let number = 1; !this.#stopped; number++) {
      const from = number % 2 === 0 ? 0 : 1;
      const text = `${NAMES[from]} ${number}`;
      const now = performance.now();
      if (number % 4 < 2) {
        this.#said[from].push(text);
        this.#typedAt.set(text, now);
        this.#users[from].type(`send_group ${text}`);
      } else {
        this.#whispered[from].push(text);
        this.#direct[from].push(now);
        this.#users[from].type(`send ${NAMES[1 - from]} ${text}`);
      }
      await Bun.sleep(PACE_MS);
    }
  }

  /** A line was shown to one of them. */
  onLine(at: 0 | 1, line: string): void {
    const now = performance.now();
    const said = / Group_Message \w+: (.+)$/.exec(line)?.[1];
    if (said !== undefined) {
      const typedAt = this.#typedAt.get(said);
      this.#typedAt.delete(said);
      if (typedAt !== undefined) this.#times.group.push(now - typedAt);
    } else if (line.includes(`[Message received by ${NAMES[1 - at]}]`)) {
      const typedAt = this.#direct[at].shift();
      if (typedAt !== undefined) this.#times.direct.push(now - typedAt);
    }
  }

  /** What one of them has to see, and has not seen so: once each, and in order. */
  #differences(at: 0 | 1): string[] {
    const other = (1 - at) as 0 | 1;
    const { lines } = this.#users[at];
    const shown = (pattern: RegExp): string[] =>
      lines
        .flatMap((line) => pattern.exec(line)?.[1] ?? [])
        .filter((text) => !text.startsWith("chatter"));
    const same = (
      what: string,
      found: readonly string[],
      expected: readonly string[],
    ): string[] => {
      if (found.join("\n") === expected.join("\n")) return [];
      return [
        `${NAMES[at]} saw ${found.length} ${what}, not the ${expected.length} that there were`,
      ];
    };
    const wrong = lines.filter((line) =>
      /No ACK|not responding|Auto-deregistered|cannot be/.test(line),
    );
    return [
      ...same("messages to the group", shown(/ Group_Message \w+: (.+)$/), this.#said[other]),
      ...same("direct messages", shown(/\[>>> \w+: (.+)\]$/), this.#whispered[other]),
      ...wrong.map((line) => `${NAMES[at]} was told: ${line}`),
    ];
  }
}
