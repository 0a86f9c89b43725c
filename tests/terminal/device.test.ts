// The terminal as a device, and the shell's job control.

import { expect, test } from "bun:test";
import { join } from "node:path";

import { DRIVER } from "../support/driven.ts";
import { TerminalSession } from "../support/pty.ts";

const TTY = join(import.meta.dir, "../../lib/io/terminal/tty.ts");

/** Shows its size at every key, which only raw mode gives without Enter; `q` leaves it. */
const PROGRAM = `
  import { isTerminal, setRaw, terminalSize } from ${JSON.stringify(TTY)};
  console.log(isTerminal(0), isTerminal(1));
  setRaw(true);
  process.stdout.on("resize", () => console.log("resized"));
  console.log("ready");
  process.stdin.on("data", (bytes) => {
    console.log(JSON.stringify(terminalSize()));
    if (bytes[0] !== 113) return;
    setRaw(false);
    process.exit(0);
  });
`;

test("mode and size", async () => {
  using session = new TerminalSession([process.execPath, "-e", PROGRAM]);
  await session.until(() => session.lines().includes("ready"), "the start");
  session.type("a");
  await session.until(() => session.lines().includes('{"columns":80,"rows":24}'), "the size");
  session.resize(61, 17);
  await session.until(() => session.lines().includes("resized"), "the event");
  session.type("q");
  await session.until(() => session.lines().includes('{"columns":61,"rows":17}'), "the new size");
  expect(await session.exited).toBe(0);
  expect(session.lines()[0]).toBe("true true");
  expect(session.raw).not.toContain("a{");
});

test("^Z hands the terminal to the shell, and fg brings the input back", async () => {
  using session = new TerminalSession(["bash", "--norc", "--noprofile", "-i"], {
    env: { PS1: "shell> ", PROMPT_COMMAND: undefined },
  });
  await session.until(() => session.lines().at(-1) === "shell>", "the shell");
  session.type(`${process.execPath} ${DRIVER}\r`);
  await session.until(() => session.lines().at(-1) === ">>>", "the prompt");
  session.type("half a line");
  await session.until(() => session.lines().at(-1) === ">>> half a line", "what was typed");
  session.key("ctrl-z");
  await session.until(() => session.lines().at(-1) === "shell>", "the shell again");
  expect(session.lines().join("\n")).not.toContain("half a line");
  session.type("echo in between\r");
  await session.until(() => session.lines().includes("in between"), "the shell's answer");
  session.type("fg\r");
  await session.until(() => session.lines().at(-1) === ">>> half a line", "the input again");
  session.type(" more\r");
  await session.until(() => session.lines().includes(">>> [bob: half a line more]"), "the answer");
  session.key("ctrl-c");
  await session.until(() => session.lines().at(-1) === "shell>", "the shell at the end");
  session.type("echo status $?\r");
  await session.until(() => session.lines().includes("status 130"), "the status");
});
