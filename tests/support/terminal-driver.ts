// A program that is nothing but a console: it reports what is typed, and shows what it is told to over its IPC channel.
// Without a channel it shows every line typed, and ends with its input.

import type { Line } from "../../lib/chat/line.ts";
import { closeOnUncaughtFaults, endOnUncaughtFaults } from "../../lib/io/command-line/program.ts";
import { askClient, askServer } from "../../lib/io/command-line/questions.ts";
import { openClientConsole, openServerConsole } from "../../lib/io/terminal/terminal.ts";

/** What a test tells it. */
export type Order =
  | { readonly type: "show"; readonly lines: readonly Line[] }
  | { readonly type: "prompt"; readonly prompt: string }
  /** Shows `[line 1]`, `[line 2]` ... as they come over the network: one by one. */
  | { readonly type: "stream"; readonly count: number; readonly everyMs: number }
  | { readonly type: "fail" }
  | { readonly type: "close"; readonly status: number };

/** What it tells the test. */
export type Report =
  | { readonly type: "ready" | "interrupt" | "end" }
  | { readonly type: "line"; readonly text: string };

const WORDS = ["send ", "send_group ", "list_groups", "list_members", "größe "];

const status = (text: string): Line => ({ kind: "status", text: `[${text}]` });

const main = async (): Promise<void> => {
  const [role = "client", count = "0"] = process.argv.slice(2);
  const tell = (report: Report): void => {
    process.send?.(report);
  };
  if (role === "ask-server" || role === "ask-client") {
    const run = await (role === "ask-server" ? askServer() : askClient());
    if (run === undefined) process.exit(130);
    tell({ type: "line", text: JSON.stringify(run) });
  }
  const end = (code: number): void => {
    void terminal.close().then(() => process.exit(code));
  };
  const onInterrupt = (): void => {
    tell({ type: "interrupt" });
    if (role === "stubborn") return;
    terminal.show([{ kind: "closing", text: "[stopping client-server listener]" }]);
    end(130);
  };
  const terminal =
    role === "server"
      ? openServerConsole({ onInterrupt })
      : openClientConsole({
          onLine: (text) => {
            tell({ type: "line", text });
            if (process.send === undefined)
              terminal.show([{ kind: "chat", text: `[bob: ${text}]` }]);
          },
          onInterrupt,
          onEndOfInput: () => {
            tell({ type: "end" });
            end(0);
          },
          hasRoom: () => true,
          complete: (line) => {
            const part = /\S*$/.exec(line)?.[0] ?? "";
            return [WORDS.filter((word) => word.startsWith(part)), part];
          },
        });
  if (role === "guarded") {
    endOnUncaughtFaults();
    closeOnUncaughtFaults(() => terminal.close());
  }
  terminal.setPrompt(">>> ");
  for (let number = 1; number <= Number(count); number++) terminal.show([status(`line ${number}`)]);
  if (role === "server" && process.send === undefined && Number(count) > 0) end(0);

  process.on("message", (order: Order) => {
    if (order.type === "show") terminal.show(order.lines);
    else if (order.type === "prompt") terminal.setPrompt(order.prompt);
    else if (order.type === "close") end(order.status);
    else if (order.type === "fail") throw new Error("a fault");
    else {
      let shown = 0;
      const timer = setInterval(() => {
        terminal.show([status(`line ${++shown}`)]);
        if (shown === order.count) clearInterval(timer);
      }, order.everyMs);
    }
  });
  tell({ type: "ready" });
};

void main();
