import { describe, expect, test } from "bun:test";

import {
  parseClientArguments,
  parseHost,
  parseName,
  parsePort,
  parseServerArguments,
} from "../../lib/io/arguments.ts";
import { commandNames, COMPILED_COMMANDS, SOURCE_COMMANDS, usageText } from "../../lib/io/usage.ts";

const SERVER_WORDS = "`-s` only accepts <port>";
const CLIENT_WORDS = "`-c` only accepts <name> <server-ip> <server-port> <client-port>";
const error = (message: string) => ({ kind: "error" as const, message });

/** As a shell would split it; none of the words here needs quotes. */
const split = (line: string): string[] => line.split(" ").filter((word) => word !== "");

describe("server", () => {
  test.each(["5000", "-s 5000", "5000 -s", "-- 5000", "-s -- 5000"])("%s", (line) => {
    expect(parseServerArguments(split(line))).toEqual({ kind: "run", run: { port: 5_000 } });
  });

  test("no words: questions", () => {
    expect(parseServerArguments([])).toEqual({ kind: "ask" });
  });

  const errors: [line: string, message: string][] = [
    ["-s not-a-port-number", "Invalid <port>: not-a-port-number; Must be within 1024-65535"],
    ["-s 1", "Invalid <port>: 1; Must be within 1024-65535"],
    ["1", "Invalid <port>: 1; Must be within 1024-65535"],
    ["-1", "Invalid <port>: -1; Must be within 1024-65535"],
    ["-s", SERVER_WORDS],
    ["-s 5000 5001", SERVER_WORDS],
    ["5000 5001", SERVER_WORDS],
    ["--", SERVER_WORDS],
    ["-c client 0.0.0.0 5000 5555", "Unknown flag: -c; See --help"],
    ["--port=5000", "Unknown flag: --port=5000; See --help"],
    ["5000 -x -y", "Unknown flag: -x; See --help"],
  ];
  test.each(errors)("%s", (line, message) => {
    expect(parseServerArguments(split(line))).toEqual(error(message));
  });
});

describe("client", () => {
  const run = { name: "client", serverHost: "127.0.0.1", serverPort: 5_000, clientPort: 5_555 };
  test.each([
    "client 0.0.0.0 5000 5555",
    "-c client 0.0.0.0 5000 5555",
    "client 127.0.0.1 5000 5555 -c",
  ])("%s", (line) => {
    expect(parseClientArguments(split(line))).toEqual({ kind: "run", run });
  });

  test("a host name is left for the resolver", () => {
    const parsed = parseClientArguments(split("client chat.example.org 5000 5555"));
    expect(parsed).toEqual({ kind: "run", run: { ...run, serverHost: "chat.example.org" } });
  });

  test("no words: questions", () => {
    expect(parseClientArguments([])).toEqual({ kind: "ask" });
  });

  const errors: [line: string, message: string][] = [
    [
      "-c client4 0.0.0.0 5000 not-a-port-value",
      "Invalid <client-port>: not-a-port-value; Must be within 1024-65535",
    ],
    [
      "-c client4 0.0.0.0 not-a-port-value 5556",
      "Invalid <server-port>: not-a-port-value; Must be within 1024-65535",
    ],
    ["-c client4 ::1 5000 5556", "Use only IPv4 addressing"],
    ["-c client4 256.0.0.1 5000 5556", "Use only IPv4 addressing"],
    ["-c", CLIENT_WORDS],
    ["client", CLIENT_WORDS],
    ["client 0.0.0.0 5000", CLIENT_WORDS],
    ["-c client 0.0.0.0 5000 5555 5556", CLIENT_WORDS],
    ["-s 5000", "Unknown flag: -s; See --help"],
    // The first word that is wrong is the one that is told of.
    ["client ::1 x y", "Use only IPv4 addressing"],
    ["client 0.0.0.0 x y", "Invalid <server-port>: x; Must be within 1024-65535"],
  ];
  test.each(errors)("%s", (line, message) => {
    expect(parseClientArguments(split(line))).toEqual(error(message));
  });

  test("a name that no user can have", () => {
    const parsed = parseClientArguments(["two words", "0.0.0.0", "5000", "5555"]);
    expect(parsed.kind === "error" ? parsed.message : "").toStartWith(
      "Invalid <name>: two words; ",
    );
  });
});

describe("both", () => {
  const flags: [line: string, kind: "help" | "version"][] = [
    ["--help", "help"],
    ["-h", "help"],
    ["--version", "version"],
    ["-v", "version"],
    ["not-a-port and more -h", "help"],
    ["--nonsense --version", "version"],
    ["--version --help", "help"],
  ];
  test.each(flags)("%s", (line, kind) => {
    expect(parseServerArguments(split(line))).toEqual({ kind });
    expect(parseClientArguments(split(line))).toEqual({ kind });
  });

  test("behind -- a flag is a word", () => {
    expect(parseServerArguments(["--", "--help"])).toEqual(
      error("Invalid <port>: --help; Must be within 1024-65535"),
    );
  });

  test("what was typed is shown, never obeyed", () => {
    expect(parseServerArguments(["\u001b[2J"])).toEqual(
      error("Invalid <port>: \u241b[2J; Must be within 1024-65535"),
    );
  });
});

describe("parsePort", () => {
  test.each(["1024", "5000", "65535", "05000"])("%s", (text) => {
    expect(parsePort("port", text)).toEqual({ ok: true, value: Number(text) });
  });
  const wrong = [
    "",
    " ",
    "0",
    "1023",
    "65536",
    "5e3",
    "0x1388",
    "5000.0",
    "+5000",
    "5 000",
    "٥٠٠٠",
  ];
  test.each([...wrong, "9".repeat(400)])("not %p", (text) => {
    const reason = `Invalid <port>: ${text}; Must be within 1024-65535`;
    expect(parsePort("port", text)).toEqual({ ok: false, reason });
  });
});

describe("parseHost", () => {
  test.each([
    "127.0.0.1",
    "255.255.255.255",
    "localhost",
    "not-an-ip",
    "a.b-c.example.",
    "bücher.example",
    "my_host",
  ])("%s", (text) => {
    expect(parseHost(text)).toEqual({ ok: true, value: text });
  });
  const wrong = [
    "",
    ".",
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "010.0.0.1",
    "1.2.3.04",
    "0x7f.1",
    "2130706433",
  ];
  const others = [
    "::1",
    "[::1]",
    "::ffff:127.0.0.1",
    "a b",
    "-a",
    "a-",
    "a..b",
    "host:5000",
    "http://host",
    "1.2.3.4 ",
  ];
  test.each([...wrong, ...others, "a".repeat(254)])("not %p", (text) => {
    expect(parseHost(text)).toEqual({ ok: false, reason: "Use only IPv4 addressing" });
  });
});

describe("parseName", () => {
  test("as users are called", () => {
    expect(parseName("client-2.b_c")).toEqual({ ok: true, value: "client-2.b_c" });
  });
  test.each(["", "a b", "a".repeat(33), "\u202eevil", "a`b"])("not %p", (text) => {
    expect(parseName(text).ok).toBe(false);
  });
});

describe("usage", () => {
  test("opens as it always has", () => {
    expect(usageText(SOURCE_COMMANDS)).toStartWith(
      [
        "ChatApp allows you to spinup a client and server for UDP based chatting.",
        "",
        "Commands:",
        "    -c      Starts client with required server information.",
        "    -s      Starts server mode at specified port",
        "",
        "Usage:",
        "    bun server.ts [-s] <port>",
        "    bun client.ts [-c] <name> <server-ip> <server-port> <client-port>",
      ].join("\n"),
    );
  });

  test("calls the programs by the names they are started with", () => {
    expect(commandNames("/home/someone/chatapp/server.ts")).toBe(SOURCE_COMMANDS);
    expect(commandNames("/$bunfs/root/chatapp-server")).toBe(COMPILED_COMMANDS);
    expect(commandNames("B:/~BUN/root/chatapp-server.exe")).toBe(COMPILED_COMMANDS);
    expect(usageText(COMPILED_COMMANDS)).toContain("    chatapp-server [-s] <port>\n");
  });
});
