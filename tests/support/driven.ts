// A console at a terminal, in the hands of a test: what it is told goes in, what is typed comes back.

import { join } from "node:path";

import type { Line } from "../../lib/chat/line.ts";
import type { SessionOptions } from "./pty.ts";
import { TerminalSession } from "./pty.ts";
import type { Order, Report } from "./terminal-driver.ts";

export const DRIVER = join(import.meta.dir, "terminal-driver.ts");

export class DrivenConsole extends TerminalSession {
  readonly reports: Report[];

  private constructor(role: string, reports: Report[], options: SessionOptions) {
    super([process.execPath, DRIVER, role], {
      ...options,
      onMessage: (message) => {
        reports.push(message as Report);
        this.poke();
      },
    });
    this.reports = reports;
  }

  /** Starts the driver and waits for its prompt. */
  static async start(options: SessionOptions = {}, role = "client"): Promise<DrivenConsole> {
    const console = new DrivenConsole(role, [], options);
    await console.until(() => console.reports.some(({ type }) => type === "ready"), "its start");
    if (role !== "server")
      await console.until(() => console.lines().at(-1) === ">>>", "the first prompt");
    return console;
  }

  order(order: Order): void {
    this.send(order);
  }

  show(...lines: readonly (Line | string)[]): void {
    this.order({
      type: "show",
      lines: lines.map((line) =>
        typeof line === "string" ? { kind: "status", text: line } : line,
      ),
    });
  }

  /** The lines that were typed, so far. */
  typed(): string[] {
    return this.reports.flatMap((report) => (report.type === "line" ? [report.text] : []));
  }

  /** Waits for exactly these lines, to the last one. */
  shows(...expected: readonly string[]): Promise<void> {
    const same = (): boolean => JSON.stringify(this.lines()) === JSON.stringify(expected);
    return this.until(same, `these lines:\n${expected.map((line) => `| ${line}`).join("\n")}`);
  }

  /** Waits for these typed lines. */
  types(...expected: readonly string[]): Promise<void> {
    const same = (): boolean => JSON.stringify(this.typed()) === JSON.stringify(expected);
    return this.until(
      same,
      `typed: ${JSON.stringify(expected)}, not ${JSON.stringify(this.typed())}`,
    );
  }

  /** Waits until the cursor is there, counted from the left of the first row of the last line. */
  async cursorAt(column: number): Promise<void> {
    await this.until(() => this.cursor().column === column, `the cursor at column ${column}`);
  }
}
