// A program at a terminal: it runs on a real pseudo-terminal, and what it writes is drawn by a real terminal emulator,
// so that a test sees what a user would see. Waits for what is on the screen, never for time.

import { UnicodeGraphemesAddon } from "@xterm/addon-unicode-graphemes";
import { Terminal } from "@xterm/headless";

import { AT_HOME, type Environment } from "./home.ts";

const KEYS = {
  enter: "\r",
  tab: "\t",
  escape: "\x1b",
  backspace: "\x7f",
  delete: "\x1b[3~",
  up: "\x1b[A",
  down: "\x1b[B",
  right: "\x1b[C",
  left: "\x1b[D",
  home: "\x1b[H",
  end: "\x1b[F",
  "ctrl-a": "\x01",
  "ctrl-c": "\x03",
  "ctrl-d": "\x04",
  "ctrl-e": "\x05",
  "ctrl-k": "\x0b",
  "ctrl-l": "\x0c",
  "ctrl-u": "\x15",
  "ctrl-w": "\x17",
  "ctrl-y": "\x19",
  "ctrl-z": "\x1a",
  "ctrl-left": "\x1b[1;5D",
  "ctrl-right": "\x1b[1;5C",
} as const;

export type KeyPress = keyof typeof KEYS;

export interface SessionOptions {
  readonly columns?: number;
  readonly rows?: number;
  /** Added to the environment; `undefined` takes a variable out. */
  readonly env?: Environment;
  /** Whether the emulator breaks the cursor's line anew when its window changes. Real terminals do either. */
  readonly reflow?: boolean;
  /** False: a terminal that does not answer when it is asked where its cursor is. */
  readonly answers?: boolean;
  readonly cwd?: string;
  /** What the program sends over its IPC channel; without it there is no channel. */
  readonly onMessage?: (message: unknown) => void;
}

/** Long enough for a busy machine; nothing that works takes this long. */
const UNTIL_TIMEOUT_MS = 20_000;

const SCROLLBACK_ROWS = 10_000;

/** Of what is told when something was not seen. */
const TOLD_MAX_CHARS = 2_000;

const shortened = (text: string): string =>
  text.length <= TOLD_MAX_CHARS
    ? text
    : `${text.slice(0, TOLD_MAX_CHARS)}... (${text.length} characters)`;

export class TerminalSession implements Disposable {
  readonly emulator: Terminal;
  readonly #pty: Bun.Terminal;
  readonly #child: Bun.Subprocess;
  readonly #watchers = new Set<() => void>();
  readonly #frameChecks: (() => void)[] = [];
  #failure: unknown;
  #raw = "";
  #disposed = false;

  constructor(command: readonly string[], options: SessionOptions = {}) {
    const { columns = 80, rows = 24, reflow = false, answers = true, cwd, onMessage } = options;
    this.emulator = new Terminal({
      allowProposedApi: true,
      cols: columns,
      rows,
      scrollback: SCROLLBACK_ROWS,
      reflowCursorLine: reflow,
    });
    this.emulator.loadAddon(new UnicodeGraphemesAddon());
    const text = new TextDecoder();
    const env: Record<string, string | undefined> = {
      ...process.env,
      ...AT_HOME,
      TERM: "xterm-256color",
      NO_COLOR: undefined,
      FORCE_COLOR: undefined,
      ...options.env,
    };
    this.#child = Bun.spawn([...command], {
      // With options, the terminal is the child's controlling one, and the child leads a session of its own: `^C` and
      // `^Z` reach it and no other process. With a ready-made `Bun.Terminal` it would stay in the session of the tests.
      terminal: {
        cols: columns,
        rows,
        name: "xterm-256color",
        data: (_, bytes) => {
          this.#raw += text.decode(bytes, { stream: true });
          this.emulator.write(bytes.slice(), () => this.#parsed());
        },
      },
      env,
      ...(cwd === undefined ? {} : { cwd }),
      ...(onMessage === undefined ? {} : { ipc: (message: unknown) => onMessage(message) }),
    });
    const { terminal } = this.#child;
    if (terminal === undefined) throw new Error("this system has no pseudo-terminals");
    this.#pty = terminal;
    if (answers) this.emulator.onData((answer) => terminal.write(answer));
  }

  /** The exit status; 128 and more for a signal. */
  get exited(): Promise<number> {
    return this.#child.exited;
  }

  /** Everything the program wrote, escape sequences and all. */
  get raw(): string {
    return this.#raw;
  }

  /** Sends a message over the IPC channel. */
  send(message: unknown): void {
    this.#child.send(message);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** What a keyboard sends; also good for pasting. */
  type(text: string | Uint8Array): void {
    this.#pty.write(text);
  }

  key(...names: readonly KeyPress[]): void {
    for (const name of names) this.#pty.write(KEYS[name]);
  }

  /** The rows on the screen without the spaces at their ends and the empty rows below; `all`: what scrolled away, too. */
  screen(all = false): string[] {
    const { active } = this.emulator.buffer;
    const first = all ? 0 : active.baseY;
    const rows: string[] = [];
    for (let row = first; row < active.length; row++)
      rows.push(active.getLine(row)?.translateToString(true).trimEnd() ?? "");
    while (rows.at(-1) === "") rows.pop();
    return rows;
  }

  /** Everything shown, rows that the right edge has broken put together again. */
  lines(): string[] {
    const { active } = this.emulator.buffer;
    const lines: string[] = [];
    for (let row = 0; row < active.length; row++) {
      const line = active.getLine(row);
      const next = active.getLine(row + 1);
      const text = line?.translateToString(next?.isWrapped !== true) ?? "";
      if (line?.isWrapped === true) lines.push(`${lines.pop() ?? ""}${text}`);
      else lines.push(text);
    }
    while (lines.at(-1)?.trim() === "") lines.pop();
    return lines.map((line) => line.trimEnd());
  }

  /** Counted from 0, from the top of the screen. */
  cursor(): { readonly row: number; readonly column: number } {
    const { active } = this.emulator.buffer;
    return { row: active.cursorY, column: active.cursorX };
  }

  resize(columns: number, rows: number): void {
    this.emulator.resize(columns, rows);
    this.#pty.resize(columns, rows);
  }

  /** Calls `check` whenever something was drawn and the program is not in the middle of a frame. It may throw. */
  onFrame(check: () => void): void {
    this.#frameChecks.push(check);
  }

  /** Waits until `predicate` holds. A check of `onFrame` that threw meanwhile is thrown here. */
  until(
    predicate: () => boolean,
    what: string,
    timeoutMs: number = UNTIL_TIMEOUT_MS,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (error?: unknown): void => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        if (error === undefined) resolve();
        else reject(error);
      };
      const look = (): void => {
        if (this.#failure !== undefined) finish(this.#failure);
        else if (predicate()) finish();
      };
      const timer = setTimeout(() => {
        const seen = this.lines()
          .map((line) => `| ${shortened(line)}`)
          .join("\n");
        finish(
          new Error(
            `not seen: ${shortened(what)}. On the screen:\n${seen}\ncursor ${JSON.stringify(this.cursor())}`,
          ),
        );
      }, timeoutMs);
      this.#watchers.add(look);
      look();
    });
  }

  /** Something besides the screen has changed that a test may be waiting for. */
  poke(): void {
    for (const look of [...this.#watchers]) look();
  }

  /** Closes the window: the program's terminal is gone. */
  hangUp(): void {
    this.#pty.close();
  }

  /** Ends the program if it still runs. Only this one. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#child.kill("SIGKILL");
    this.#pty.close();
    this.emulator.dispose();
  }

  #parsed(): void {
    if (this.#disposed) return;
    if (!this.emulator.modes.synchronizedOutputMode) {
      try {
        for (const check of this.#frameChecks) check();
      } catch (error) {
        this.#failure ??= error;
      }
    }
    this.poke();
  }
}
