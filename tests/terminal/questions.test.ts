// The questions a program asks when it was started without a word.

import { describe, expect, test } from "bun:test";

import { usualName } from "../../lib/io/command-line/questions.ts";
import { DRIVER } from "../support/driven.ts";
import { commandOf } from "../support/programs.ts";
import { TerminalSession } from "../support/pty.ts";
import type { Report } from "../support/terminal-driver.ts";

const start = (role: string): { session: TerminalSession; reports: Report[] } => {
  const reports: Report[] = [];
  const session = new TerminalSession([process.execPath, DRIVER, role], {
    onMessage: (message) => {
      reports.push(message as Report);
      session.poke();
    },
  });
  return { session, reports };
};

const sees = (session: TerminalSession, text: string): Promise<void> =>
  session.until(() => session.screen().join("\n").includes(text), text);

test("are readable on a terminal that does not say how large it is", async () => {
  const ask = [process.execPath, DRIVER, "ask-client"];
  using session = new TerminalSession(["sh", "-c", 'stty rows 0 cols 0; exec "$0" "$@"', ...ask]);
  await sees(session, "Your name");
  session.key("ctrl-c");
  await session.exited;
});

test("are not put on a terminal that knows no escape sequences: the usage text instead", async () => {
  using session = new TerminalSession([...commandOf("client.ts")], { env: { TERM: "dumb" } });
  expect(await session.exited).toBe(2);
  expect(session.raw).toContain("client");
  expect(session.raw).not.toContain("\x1b");
});

test("the client's, with answers filled in; then its prompt works", async () => {
  const { session, reports } = start("ask-client");
  using _ = session;
  await sees(session, "Your name");
  session.type("not a name\r");
  await sees(session, "Invalid <name>");
  session.key("ctrl-u");
  session.type("bob\r");
  await sees(session, "Address of the server");
  await sees(session, "0.0.0.0");
  session.type("::1\r");
  await sees(session, "Use only IPv4 addressing");
  session.key("ctrl-u", "enter");
  await sees(session, "Port of the server");
  session.type("80\r");
  await sees(session, "Invalid <server-port>: 80; Must be within 1024-65535");
  session.key("ctrl-u", "enter");
  await sees(session, "Port of this client");
  session.key("enter");
  await session.until(
    () => reports.some(({ type }) => type === "ready"),
    "the end of the questions",
  );
  const [answers] = reports;
  if (answers?.type !== "line") throw new Error("no answers");
  expect(JSON.parse(answers.text)).toEqual({
    name: "bob",
    serverHost: "127.0.0.1",
    serverPort: 5_000,
    clientPort: expect.any(Number),
    acceptNewKey: false,
    verbose: false,
  });
  await sees(session, "bun client.ts bob 127.0.0.1 5000");
  session.type("hello\r");
  await session.until(
    () => reports.some((report) => report.type === "line" && report.text === "hello"),
    "the typed line",
  );
  session.key("ctrl-d");
  expect(await session.exited).toBe(0);
});

test("the name filled in is that of the user on this machine, if it is one here as well", () => {
  expect(usualName(() => "bob")).toBe("bob");
  for (const name of ["unknown", "", "two words", "x".repeat(100)]) {
    expect(usualName(() => name)).toBe("user");
  }
  const nobody = () => {
    throw new Error("no entry in the list of users");
  };
  expect(usualName(nobody)).toBe("user");
});

test("the server's", async () => {
  const { session, reports } = start("ask-server");
  using _ = session;
  await sees(session, "5000");
  session.key("enter");
  await session.until(() => reports.length > 0, "the answer");
  const [answer] = reports;
  if (answer?.type !== "line") throw new Error("no answer");
  expect(JSON.parse(answer.text)).toEqual({ port: 5_000, limits: {}, verbose: false });
  await sees(session, "bun server.ts 5000");
});

test("after ^Z and fg the question is put again", async () => {
  using session = new TerminalSession(["bash", "--norc", "--noprofile", "-i"], {
    env: { PS1: "shell> ", PROMPT_COMMAND: undefined },
  });
  await session.until(() => session.lines().at(-1) === "shell>", "the shell");
  session.type(`${process.execPath} ${DRIVER} ask-server\r`);
  await sees(session, "◆  Port");
  session.key("ctrl-z");
  await session.until(() => session.lines().at(-1) === "shell>", "the shell again");
  const asked = (): number => session.raw.split("Port").length;
  const before = asked();
  session.type("fg\r");
  await session.until(() => asked() > before, "the question again");
  session.type("5001\r");
  await sees(session, "bun server.ts 5001");
  session.key("ctrl-c");
  await session.until(() => session.lines().at(-1) === "shell>", "the shell at the end");
});

const CURSOR_HIDDEN = "\x1b[?25l";
const CURSOR_SHOWN = "\x1b[?25h";

const waysOut: [how: string, leave: (session: TerminalSession) => void][] = [
  ["^C", (session) => session.key("ctrl-c")],
  ["^D", (session) => session.key("ctrl-d")],
  ["SIGTERM", (session) => session.signal("SIGTERM")],
];
describe.each(["ask-client", "ask-server"])("%s", (role) => {
  test.each(waysOut)("%s gives up, without any fuss", async (_how, leave) => {
    const { session } = start(role);
    using _ = session;
    await sees(session, "ChatApp");
    await sees(session, "◆");
    leave(session);
    expect(await session.exited).toBe(130);
    expect(session.raw).not.toContain("rror");
    const { raw } = session;
    expect(raw.lastIndexOf(CURSOR_SHOWN)).toBeGreaterThan(raw.lastIndexOf(CURSOR_HIDDEN));
  });
});

test("^D in the middle of an answer is no way out, and takes nothing from the next question", async () => {
  const { session, reports } = start("ask-client");
  using _ = session;
  await sees(session, "Your name");
  session.type("xbob");
  await sees(session, "xbob");
  session.key("ctrl-a", "ctrl-d", "enter");
  await sees(session, "Address of the server");
  session.key("enter");
  await sees(session, "Port of the server");
  session.key("enter");
  await sees(session, "Port of this client");
  session.key("enter");
  await session.until(() => reports.length > 0, "the answers");
  expect(reports[0]).toMatchObject({ text: expect.stringContaining('"name":"bob"') });
});
