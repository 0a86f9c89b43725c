// Command lines of both programs: what each asks for, and the one line for each that is wrong.

import { describe, expect, test } from "bun:test";

import {
  CLIENT_FLAGS,
  parseClientArguments,
  parseServerArguments,
  SERVER_FLAGS,
} from "../../lib/io/command-line/arguments.ts";
import { limitFlags, sortWords } from "../../lib/io/command-line/flags.ts";
import {
  commandNames,
  COMPILED_COMMANDS,
  SOURCE_COMMANDS,
  usageText,
} from "../../lib/io/command-line/usage.ts";
import { parseHost, parseName, parsePort } from "../../lib/io/command-line/values.ts";

const SERVER_WORDS = "`-s` only accepts <port>";
const CLIENT_WORDS = "`-c` only accepts <name> <server-ip> <server-port> <client-port>";
const error = (message: string) => ({ kind: "error" as const, message });

/** As a shell would split it; none of the words here needs quotes. */
const split = (line: string): string[] => line.split(" ").filter((word) => word !== "");

/** What nobody asked for. */
const COMMON = { password: undefined, verbose: false };

describe("server", () => {
  const run = { ...COMMON, port: 5_000, keyFile: undefined, limits: {} };
  test.each(["5000", "-s 5000", "5000 -s", "-- 5000", "-s -- 5000"])("%s", (line) => {
    expect(parseServerArguments(split(line))).toStrictEqual({ kind: "run", run });
  });

  const flags: [line: string, changed: object][] = [
    ["5000 --verbose", { verbose: true }],
    ["--verbose -s 5000", { verbose: true }],
    ["--key some/file 5000", { keyFile: "some/file" }],
    ["5000 --key=some/file", { keyFile: "some/file" }],
    ["5000 --key=--odd", { keyFile: "--odd" }],
    ["-s --password hunter2 5000", { password: { kind: "word", word: "hunter2" } }],
    ["5000 --password=a=b", { password: { kind: "word", word: "a=b" } }],
    ["--password - 5000", { password: { kind: "ask" } }],
    ["--password=- 5000", { password: { kind: "ask" } }],
    [
      "--messages-per-second 5 5000 --groups=0",
      { limits: { "messages-per-second": 5, groups: 0 } },
    ],
    ["5000 --bytes-per-second=65536", { limits: { "bytes-per-second": 65_536 } }],
  ];
  test.each(flags)("%s", (line, changed) => {
    expect(parseServerArguments(split(line))).toStrictEqual({
      kind: "run",
      run: { ...run, ...changed },
    });
  });

  test("no words: questions", () => {
    expect(parseServerArguments([])).toEqual({ kind: "ask" });
  });

  const errors: [line: string, message: string][] = [
    ["-s not-a-port-number", "Invalid <port>: not-a-port-number; Must be within 1024-65535"],
    ["-s 1", "Invalid <port>: 1; Must be within 1024-65535"],
    ["1", "Invalid <port>: 1; Must be within 1024-65535"],
    ["-1", "Invalid <port>: -1; Must be within 1024-65535"],
    ["5000 --groups 4097", "Invalid --groups: 4097; Must be a whole number within 0-4096"],
    [
      "5000 --bytes-per-second=65535",
      "Invalid --bytes-per-second: 65535; Must be 0 or a whole number within 65536-1000000000",
    ],
    ["-s", SERVER_WORDS],
    ["-s 5000 5001", SERVER_WORDS],
    ["5000 5001", SERVER_WORDS],
    ["--", SERVER_WORDS],
    ["-c client 0.0.0.0 5000 5555", "Unknown flag: -c; See --help"],
    ["--port=5000", "Unknown flag: --port; See --help"],
    // What stands behind it may be a password, and the line may end up in a log.
    ["5000 --pasword=secret=word", "Unknown flag: --pasword; See --help"],
    ["5000 -x -y", "Unknown flag: -x; See --help"],
    ["5000 --accept-new-key", "Unknown flag: --accept-new-key; See --help"],
    ["5000 --verbose=yes", "Flag that takes no value: --verbose; See --help"],
    ["--help=1", "Flag that takes no value: --help; See --help"],
    ["5000 --no-verbose", "Unknown flag: --no-verbose; See --help"],
    ["5000 -key file", "Unknown flag: -key; See --help"],
    ["5000 --key", "Flag without its value: --key FILE; See --help"],
    ["5000 --key=", "Flag without its value: --key FILE; See --help"],
    ["--key --verbose 5000", "Flag without its value: --key FILE; See --help"],
    ["--key -- 5000", "Flag without its value: --key FILE; See --help"],
    ["5000 --password", "Flag without its value: --password WORD; See --help"],
    ["5000 --key a --key=a", "Flag given twice: --key; See --help"],
    ["--verbose --verbose 5000", "Flag given twice: --verbose; See --help"],
    // The password is not the port, and is not shown.
    ["--password 5000", SERVER_WORDS],
  ];
  test.each(errors)("%s", (line, message) => {
    expect(parseServerArguments(split(line))).toEqual(error(message));
  });
});

describe("client", () => {
  const words = { name: "client", serverHost: "127.0.0.1", serverPort: 5_000, clientPort: 5_555 };
  const run = { ...words, ...COMMON, acceptNewKey: false };
  test.each([
    "client 0.0.0.0 5000 5555",
    "-c client 0.0.0.0 5000 5555",
    "client 127.0.0.1 5000 5555 -c",
  ])("%s", (line) => {
    expect(parseClientArguments(split(line))).toStrictEqual({ kind: "run", run });
  });

  const flags: [line: string, changed: object][] = [
    ["client --verbose 0.0.0.0 5000 5555", { verbose: true }],
    ["client 0.0.0.0 5000 5555 --accept-new-key", { acceptNewKey: true }],
    ["--password - -c client 0.0.0.0 5000 5555", { password: { kind: "ask" } }],
  ];
  test.each(flags)("%s", (line, changed) => {
    expect(parseClientArguments(split(line))).toStrictEqual({
      kind: "run",
      run: { ...run, ...changed },
    });
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
    ["--password --help", "help"],
    ["--password -v", "version"],
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

describe("numbers as flags", () => {
  const LIMITS = [
    { flag: "users", group: "Limits", about: "Users at once", unit: "users", default: 100 },
    { flag: "joins", group: "Limits", about: "Joins", unit: "joins/min", default: 20 },
  ] as const;
  const table = limitFlags(LIMITS);
  const sorted = (line: string) => sortWords(split(line), "s", table);

  test("beside words, in either form", () => {
    expect(sorted("--users 5 word --joins=0")).toStrictEqual({
      kind: "words",
      words: ["word"],
      flags: { users: 5, joins: 0 },
    });
  });

  test.each(["-1", "x", "1.5", "1e3", "1000000001", " 1"])("not %p", (text) => {
    const reason = `Invalid --users: ${text}; Must be a whole number within 0-1000000000`;
    expect(sortWords(["--users", text], "s", table)).toEqual(error(reason));
  });

  test("the first wrong one is told of", () => {
    expect(sorted("--users x --nonsense --users 1")).toEqual(
      error("Invalid --users: x; Must be a whole number within 0-1000000000"),
    );
  });

  test("the help says what they are without", () => {
    expect(table.joins.about).toBe("Joins (20 joins/min)");
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

  test("has a line for each flag, under its heading", () => {
    const text = usageText(SOURCE_COMMANDS);
    for (const [name, { group, about }] of Object.entries({ ...SERVER_FLAGS, ...CLIENT_FLAGS })) {
      const section = text.split("\n\n").find((part) => part.startsWith(`${group}:\n`)) ?? "";
      const line = section.split("\n").find((one) => one.startsWith(`    --${name} `)) ?? "";
      expect(line).toEndWith(`   ${about}`);
    }
    expect(text.split("\n").filter((line) => line.startsWith("    --verbose"))).toHaveLength(1);
  });

  test("no line is wider than a terminal", () => {
    expect(
      Math.max(
        ...usageText(SOURCE_COMMANDS)
          .split("\n")
          .map((line) => line.length),
      ),
    ).toBeLessThan(100);
  });

  test("calls the programs by the names they are started with", () => {
    expect(commandNames("/home/someone/chatapp/server.ts")).toBe(SOURCE_COMMANDS);
    expect(commandNames("/$bunfs/root/chatapp-server")).toBe(COMPILED_COMMANDS);
    expect(commandNames("B:/~BUN/root/chatapp-server.exe")).toBe(COMPILED_COMMANDS);
    expect(usageText(COMPILED_COMMANDS)).toContain("    chatapp-server [-s] <port>\n");
  });
});
