// Which server a client goes on with: keys that are kept over restarts, keys that have changed, and passwords.

import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";

import { fingerprint } from "../../lib/io/fingerprint.ts";
import { type Environment, type Home, livingIn, newHome } from "../support/home.ts";
import { freePort, isCompiled, Program, readyServer } from "../support/programs.ts";
import { ProgramAtTerminal } from "../support/terminal-programs.ts";

setDefaultTimeout(120_000);

/** An address of this machine that is not a loopback one: servers there are known by their key. */
const ADDRESS = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address;

if (ADDRESS === undefined) console.log("tests of known servers skipped: no address but loopback");

const LOOPBACK = "127.0.0.1";
const WELCOME = "[Welcome, You are registered.]";
const CLOSING = "[stopping client-server listener]";
const CLIENT_COMMAND = isCompiled ? "chatapp-client" : "bun client.ts";

let home: Home;
let port: number;
beforeEach(async () => {
  home = newHome();
  port = await freePort();
});
afterEach(() => home[Symbol.dispose]());

const knownServers = (): string => join(home.config, "known_servers");
const serverKey = (): string => join(home.config, "server_key");

const startServer = (
  flags: readonly string[] = [],
  env: Environment = home.environment,
): Promise<Program> => readyServer(port, flags, { env });

/** A server that has another key than the one in its home. */
const startOtherServer = (): Promise<Program> =>
  startServer(["--key", join(home.folder, "other_key")]);

const stop = async (server: Program): Promise<void> => {
  server.signal("SIGKILL");
  await server.exited();
};

const clientWords = async (
  host: string,
  flags: readonly string[] = [],
  name = "ann",
): Promise<string[]> => [name, host, `${port}`, `${await freePort()}`, ...flags];

/** A client that has just been started. */
const startClient = async (
  host: string,
  flags: readonly string[] = [],
  env: Environment = {},
): Promise<Program> => {
  const words = await clientWords(host, flags);
  return new Program("ann", "client.ts", words, { env: { ...home.environment, ...env } });
};

const clientAtTerminal = async (
  host: string,
  flags: readonly string[] = [],
  name = "ann",
): Promise<ProgramAtTerminal> =>
  new ProgramAtTerminal(name, "client.ts", await clientWords(host, flags, name), {
    env: home.environment,
    columns: 120,
  });

/** Runs a client to its end; it leaves as soon as it has been let in. */
const visit = async (host: string, flags: readonly string[] = [], env: Environment = {}) => {
  await using client = await startClient(host, flags, env);
  client.endInput();
  const status = await client.exited();
  return {
    status,
    lines: client.lines.map((line) => line.replace(/^>>> /, "")),
    stderr: client.stderr,
  };
};

const LET_IN = [WELCOME, "[Client table updated.]", "[You are Offline. Bye.]", CLOSING];
const letIn = { status: 0, lines: LET_IN, stderr: "" };
const turnedAway = (...lines: readonly string[]) => ({
  status: 1,
  lines: [...lines, CLOSING],
  stderr: "",
});

describe.if(ADDRESS !== undefined)("a server that is known by its key", () => {
  const address = ADDRESS ?? "";

  /** The key that the client has written down, as people compare it. */
  const written = (): string => {
    const [, key = ""] = /^\S+ (\S+)$/m.exec(readFileSync(knownServers(), "utf8")) ?? [];
    return fingerprint(Buffer.from(key, "base64"));
  };

  test("keeps it over restarts; both sides show it when they are asked", async () => {
    for (const _ of [1, 2]) {
      await using server = await startServer(["--verbose"]);
      const shown = {
        ...letIn,
        lines: [expect.stringContaining("[Server key SHA256:"), ...LET_IN],
      };
      const { lines, ...rest } = await visit(address, ["--verbose"]);
      expect({ lines, ...rest }).toEqual(shown);
      await server.until(lines[0] ?? "");
      expect(lines[0]).toBe(`[Server key ${written()}]`);
      expect(readFileSync(knownServers(), "utf8")).toContain(`\n${address}:${port} `);
      await stop(server);
      expect(server.stderr).toBe("");
    }
    expect(readdirSync(home.config).sort()).toEqual(["known_servers", "server_key"]);
  });

  test("has another one: the client stops, says what to do, and may be told to accept it", async () => {
    await using server = await startServer();
    expect(await visit(address)).toEqual(letIn);
    const before = readFileSync(knownServers(), "utf8");
    const known = written();
    await stop(server);

    await using other = await startOtherServer();
    const words = await clientWords(address, ["--verbose"]);
    await using refused = new Program("ann", "client.ts", words, { env: home.environment });
    expect(await refused.exited()).toBe(1);
    const command = `${CLIENT_COMMAND} ${words.join(" ")} --accept-new-key`;
    expect(refused.lines).toEqual([
      `>>> [WARNING: ${address}:${port} has another key than before!]`,
      `>>> [Its key was ${known}]`,
      expect.stringMatching(/^>>> \[Its key is now SHA256:[0-9A-Za-z+/]{43}\]$/),
      expect.stringContaining("somebody may be between you and it"),
      expect.stringContaining("ask before you go on"),
      `>>> [The key that it had is written in ${knownServers()}]`,
      `>>> [To trust the new one: ${command}]`,
      `>>> ${CLOSING}`,
    ]);
    expect(readFileSync(knownServers(), "utf8")).toBe(before);

    expect(await visit(address, ["--accept-new-key"])).toEqual(letIn);
    expect(`>>> [Its key is now ${written()}]`).toBe(refused.lines[2]!);
    expect(await visit(address)).toEqual(letIn);
    await stop(other);
  });

  test("has another one, in the middle of a chat", async () => {
    await using server = await startServer();
    using client = await clientAtTerminal(address);
    await client.line("[Client table updated.]");
    client.type("half a li");
    await client.until(() => client.lines().at(-1) === ">>> half a li", "what was typed");
    await stop(server);
    await using other = await startOtherServer();
    client.type("ne\r");
    client.type("list_groups\r");
    expect(await client.exited).toBe(1);
    await client.line(CLOSING);
    const lines = client.lines();
    expect(lines).toContain(`>>> [WARNING: ${address}:${port} has another key than before!]`);
    expect(lines).toContain(">>> half a line");
    expect(lines.join("\n")).toContain("--accept-new-key]");
    await stop(other);
  });

  test("is remembered beside others, under its name; damaged lines are told of", async () => {
    await using _server = await startServer();
    const others =
      "# mine\nbroken\nchat.example.org:5000 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    mkdirSync(home.config, { recursive: true });
    writeFileSync(knownServers(), others);
    const { lines, ...rest } = await visit(address);
    expect(rest).toEqual({ status: 0, stderr: "" });
    expect(lines).toEqual([
      `[Warning: ${knownServers()}: not a server and its key in line 2]`,
      ...LET_IN,
    ]);
    const text = readFileSync(knownServers(), "utf8");
    expect(text).toStartWith(`${others}\n${address}:${port} `);
    expect(text.trimEnd().split("\n")).toHaveLength(4);
  });

  test("cannot be remembered: one line, and the chat goes on", async () => {
    await using _server = await startServer();
    const file = join(home.folder, "file");
    writeFileSync(file, "");
    await using client = await startClient(address, [], livingIn(file));
    const path = join(file, "config", "chatapp", "known_servers");
    const problem = "what should be a folder is a file";
    await client.until(WELCOME);
    const warning = `>>> [Warning: ${path}: the server's key cannot be remembered: ${problem}]`;
    await client.when(() => client.lines.includes(warning), warning);
    client.type("send ann hello");
    await client.until("[Message received by ann]");
    expect(client.lines.filter((line) => line.includes("Warning"))).toEqual([warning]);
    client.endInput();
    expect(await client.exited()).toBe(0);
    expect(client.stderr).toBe("");
  });
});

describe("a server on this machine", () => {
  test("is not remembered, and may have another key each time", async () => {
    for (const host of [LOOPBACK, "0.0.0.0", "localhost", "127.0.1.1"]) {
      await using server = await startServer(["--key", join(home.folder, host)]);
      expect(await visit(host)).toEqual(letIn);
      await stop(server);
    }
    expect(existsSync(home.config)).toBe(false);
  });

  test("is held to its key all the same, under a name that has one", async () => {
    const known = Buffer.alloc(32, 9);
    mkdirSync(home.config, { recursive: true });
    writeFileSync(knownServers(), `localhost:${port} ${known.toString("base64")}\n`);
    await using server = await startServer();
    const { status, lines } = await visit("localhost");
    expect(status).toBe(1);
    expect(lines[0]).toBe(`[WARNING: localhost:${port} has another key than before!]`);
    expect(lines[1]).toBe(`[Its key was ${fingerprint(known)}]`);
    expect(await visit(LOOPBACK)).toEqual(letIn);
    await stop(server);
  });
});

describe("a server's key", () => {
  test("that cannot be kept is one line, and good for one run", async () => {
    const file = join(home.folder, "file");
    writeFileSync(file, "");
    await using server = await startServer(["--verbose"], livingIn(file));
    expect(await visit(LOOPBACK)).toEqual(letIn);
    server.signal("SIGINT");
    expect(await server.exited()).toBe(0);
    const path = join(file, "config", "chatapp", "server_key");
    expect(server.stderr).toBe(
      `Warning: the server's key is for this run only; ${path} cannot be made: what should be a folder is a file\n`,
    );
    expect(server.lines[1]).toStartWith(">>> [Server key SHA256:");
  });

  test("that is none: one line, status 1, and the file stays", async () => {
    mkdirSync(home.config, { recursive: true });
    writeFileSync(serverKey(), "nothing of ours\n", { mode: 0o600 });
    await using server = new Program("server", "server.ts", [`${port}`], { env: home.environment });
    expect(await server.exited()).toBe(1);
    expect(server.lines).toEqual([]);
    expect(server.stderr).toBe(
      `Server key ${serverKey()} cannot be used: it is not an X25519 private key in PEM\n`,
    );
    expect(readFileSync(serverKey(), "utf8")).toBe("nothing of ours\n");
  });
});

describe("a password", () => {
  const WORD = "hunter2 of ours";

  /** Ends the server, and checks that it has shown nothing of its password. */
  const end = async (server: Program): Promise<void> => {
    server.signal("SIGINT");
    expect(await server.exited()).toBe(0);
    expect([...server.lines, server.stderr].join("\n")).not.toContain(WORD);
  };

  test("right, wrong, missing; on the command line and in the environment", async () => {
    await using server = await startServer(["--password", WORD]);
    expect(await visit(LOOPBACK, ["--password", WORD])).toEqual(letIn);
    expect(await visit(LOOPBACK, [`--password=${WORD}`])).toEqual(letIn);
    expect(await visit(LOOPBACK, [], { CHATAPP_PASSWORD: WORD })).toEqual(letIn);
    expect(await visit(LOOPBACK, ["--password", WORD], { CHATAPP_PASSWORD: "another" })).toEqual(
      letIn,
    );
    expect(await visit(LOOPBACK, ["--password", "another"])).toEqual(
      turnedAway("[Wrong password]"),
    );
    const wanted = "[The server wants a password: --password or CHATAPP_PASSWORD]";
    expect(await visit(LOOPBACK)).toEqual(turnedAway(wanted));
    expect(await visit(LOOPBACK, [], { CHATAPP_PASSWORD: "" })).toEqual(turnedAway(wanted));
    await end(server);
  });

  test("where none is wanted; an empty variable is none", async () => {
    await using server = await startServer([], { ...home.environment, CHATAPP_PASSWORD: "" });
    const unwanted = "[The server has no password: leave out --password and CHATAPP_PASSWORD]";
    expect(await visit(LOOPBACK, ["--password", WORD])).toEqual(turnedAway(unwanted));
    expect(await visit(LOOPBACK)).toEqual(letIn);
    await end(server);
  });

  test.each(["server.ts", "client.ts"])("%s has nobody to ask", async (script) => {
    const words = script === "server.ts" ? [`${port}`] : await clientWords(LOOPBACK);
    await using program = new Program(script, script, [...words, "--password", "-"], {
      env: home.environment,
    });
    expect(await program.exited()).toBe(1);
    expect(program.lines).toEqual([]);
    expect(program.stderr).toBe("A password can be asked for on a terminal only\n");
  });

  /** Answers a question for a password, which does not show what is typed. */
  const answer = async (program: ProgramAtTerminal, question: string): Promise<void> => {
    await program.until(() => program.lines().join("\n").includes(question), question);
    program.type(`${WORD}\r`);
  };

  test("is asked for at terminals: of the server, and of the client when it learns of it", async () => {
    const env = home.environment;
    const words = [`${port}`, "--password", "-"];
    using server = new ProgramAtTerminal("server", "server.ts", words, { env });
    await answer(server, "Password");
    await server.line(`[Server started on ${port}]`);

    using client = await clientAtTerminal(LOOPBACK);
    client.type("send ann typed before\r");
    await answer(client, "Password of the server");
    await client.line("[Client table updated.]");
    await client.line("[ann: typed before]");
    client.type("send ann a");
    client.key("left");
    client.type("b\r");
    await client.line("[ann: ba]");
    client.key("ctrl-c");
    expect(await client.exited).toBe(130);

    using asked = await clientAtTerminal(LOOPBACK, ["--password", "-"], "ben");
    await answer(asked, "Password");
    await asked.line("[Client table updated.]");
    asked.signal("SIGTERM");
    expect(await asked.exited).toBe(130);

    server.key("ctrl-c");
    expect(await server.exited).toBe(0);
    for (const program of [server, client, asked]) expect(program.raw).not.toContain(WORD);
  });

  test("is not shown, and is taken, after ^Z as well", async () => {
    await using server = await startServer(["--password", WORD]);
    using client = await clientAtTerminal(LOOPBACK);
    const question = "Password of the server";
    const asked = (times: number): Promise<void> =>
      client.until(() => client.raw.split(question).length > times, `${question}, ${times}`);
    await asked(1);
    client.type("half a wo");
    client.key("ctrl-z");
    await asked(2);
    client.type(`${WORD}\r`);
    await client.line("[Client table updated.]");
    client.key("ctrl-c");
    expect(await client.exited).toBe(130);
    expect(client.raw).not.toContain(WORD);
    await end(server);
  });

  test("that nobody wants to give ends the client, and the terminal is as it was", async () => {
    await using server = await startServer(["--password", WORD]);
    for (const key of ["ctrl-c", "ctrl-d"] as const) {
      using client = await clientAtTerminal(LOOPBACK);
      const question = "Password of the server";
      await client.until(() => client.lines().join("\n").includes(question), question);
      client.key(key);
      expect(await client.exited).toBe(130);
      expect(client.raw).not.toContain("rror");
    }
    await end(server);
  });
});
