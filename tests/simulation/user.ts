// A person at a client: types the lines of a script, waits for answers or does not, and starts the program again when
// it ended. What a wish becomes depends on what the prompt shows.

import type { ClientMachine } from "../../lib/chat/client/client-machine.ts";
import type { Prng } from "../support/prng.ts";
import type { Conversations } from "./conversation.ts";
import type { Process } from "./process.ts";
import type { Step, Wish } from "./scenario.ts";
import type { World } from "./world.ts";

export interface UserOptions {
  readonly number: number;
  readonly names: readonly string[];
  readonly script: readonly Step[];
  readonly random: Prng;
  /** Starts the program at the user's seat. */
  readonly launch: () => Process;
}

/** How long a user waits before the program is started again. */
const AGAIN_MS = 3_000;

/** Words, spaces and signs that messages are made of. */
const PIECES = ["hello", "there", ":)", "  ", " ", "über", "日本", "😀", "x", "call me back", "#!"];

const promptGroup = (prompt: string): string | undefined =>
  prompt === ">>> " ? undefined : /^>>> \((.*)\) $/.exec(prompt)?.[1];

export class User {
  readonly #world: World;
  readonly #conversations: Conversations;
  readonly #options: UserOptions;
  #next = 0;
  #process: Process | undefined;
  /** When the next line may be typed; infinity while an answer is waited for. */
  #typesAt = 0;
  #messages = 0;
  /** Stays away until then. */
  #awayUntil = 0;
  /** The script is over, the user only answers the roll call. */
  #resting = false;

  constructor(world: World, conversations: Conversations, options: UserOptions) {
    this.#world = world;
    this.#conversations = conversations;
    this.#options = options;
  }

  get name(): string {
    return this.#options.names[this.#options.number]!;
  }

  get process(): Process | undefined {
    return this.#process;
  }

  /** All lines are typed and at their end. */
  get done(): boolean {
    return this.#next >= this.#options.script.length && this.idle;
  }

  /** Registered, and no line is pending. */
  get idle(): boolean {
    const process = this.#process;
    return (
      process?.running === true &&
      Number.isFinite(this.#conversations.welcomedAt(process)) &&
      this.#conversations.pending(process).length === 0
    );
  }

  /** Types no more of the script. */
  rest(): void {
    this.#resting = true;
  }

  launch(now: number): void {
    if (this.#process?.running === true || now < this.#awayUntil) return;
    this.#process = this.#options.launch();
    this.#typesAt = now;
    this.#plan(now);
  }

  /** The program has ended. `backMs`: when the user starts it again, if not as usual. */
  onEnded(now: number, backMs = AGAIN_MS): void {
    this.#awayUntil = now + backMs;
    this.#world.at(this.#awayUntil, (later) => this.launch(later));
  }

  /** A line came to its end, or the screen changed. */
  onShown(now: number): void {
    if (this.#typesAt === Number.POSITIVE_INFINITY && this.idle) this.#plan(now);
  }

  /** Types a line. */
  type(now: number, line: string): void {
    const process = this.#process;
    if (process?.running !== true) return;
    this.#world.hash.text(line);
    for (const watcher of this.#world.watchers) watcher.typed?.(now, process, line);
    this.#world.act(process, (local) => (process.machine as ClientMachine).line(local, line));
  }

  /** A message of its own, to type: no other message of the run is the same. */
  text(length: number): string {
    const { number, random } = this.#options;
    let text = `${number}.${++this.#messages} `;
    while (text.length < length) text += random.pick(PIECES);
    return `${text}.`;
  }

  #plan(now: number): void {
    const step = this.#nextStep();
    if (step === undefined) return;
    const process = this.#process;
    this.#typesAt = now + step.thinkMs;
    this.#world.at(this.#typesAt, (later) => {
      if (process === this.#process && process?.running === true) this.#act(later);
    });
  }

  /** What to type next, if it may be typed already. */
  #nextStep(): Step | undefined {
    const step = this.#options.script[this.#next];
    if (step === undefined || this.#resting) return undefined;
    if (step.hasty || this.idle) return step;
    this.#typesAt = Number.POSITIVE_INFINITY;
    return undefined;
  }

  #act(now: number): void {
    const step = this.#nextStep();
    if (step === undefined) return;
    this.#next++;
    this.type(now, this.#line(step.wish));
    this.#plan(now);
  }

  #line(wish: Wish): string {
    const { names, random } = this.#options;
    const machine = this.#process?.machine as ClientMachine;
    const inside = promptGroup(machine.prompt);
    switch (wish.kind) {
      case "send": {
        const name = names[wish.to]!;
        const typed = random.chance(0.1) ? name.toUpperCase() : name;
        return `send ${typed} ${this.text(wish.length)}`;
      }
      case "talk":
        if (inside === undefined) return `join_group ${groupName(wish.group)}`;
        return `send_group ${this.text(wish.length)}`;
      case "enter":
        if (inside === undefined) return `join_group ${groupName(wish.group)}`;
        return inside === groupName(wish.group) ? "list_members" : "leave_group";
      case "create":
        return `create_group ${groupName(wish.group)}`;
      case "leave":
        return "leave_group";
      case "list":
        return inside === undefined ? "list_groups" : "list_members";
      case "odd":
        return this.#oddLine(wish.which);
      case "dereg":
        return `dereg ${this.name}`;
    }
  }

  #oddLine(which: number): string {
    const lines = [
      "",
      "help",
      "hello",
      "send",
      `send ${this.name} ${this.text(5)}`,
      `send nobody ${this.text(5)}`,
      "dereg somebody",
      "join_group nowhere",
      "create_group",
      `send_group ${this.text(5)}`,
      "list_members",
      "list_groups",
    ];
    return lines[which % lines.length]!;
  }
}

const groupName = (group: number): string => `group-${group}`;
