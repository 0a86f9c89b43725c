// How the programs start: their words, their ports, the folder they are started in.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";

import { version } from "../../package.json" with { type: "json" };
import { pipedServer } from "../support/piped-programs.ts";
import { freePort, isCompiled, Program } from "../support/programs.ts";
import type { ProgramOptions } from "../support/programs.ts";
import { ProgramAtTerminal } from "../support/terminal-programs.ts";

setDefaultTimeout(120_000);

const PROGRAMS = ["server.ts", "client.ts"] as const;

/** Runs a program to its end without input. */
const run = async (script: string, words: readonly string[], options: ProgramOptions = {}) => {
  await using program = new Program(script, script, words, options);
  program.endInput();
  const status = await program.exited();
  return { status, stdout: program.lines, stderr: program.stderr };
};

describe("words", () => {
  const server = (value: string) => `Invalid <port>: ${value}; Must be within 1024-65535`;
  const serverPort = (value: string) =>
    `Invalid <server-port>: ${value}; Must be within 1024-65535`;
  const clientPort = (value: string) =>
    `Invalid <client-port>: ${value}; Must be within 1024-65535`;
  const serverWords = "`-s` only accepts <port>";
  const clientWords = "`-c` only accepts <name> <server-ip> <server-port> <client-port>";
  const wrong: [script: string, words: string, message: string][] = [
    ["server.ts", "not-a-port-number", server("not-a-port-number")],
    ["server.ts", "-s not-a-port-number", server("not-a-port-number")],
    ["server.ts", "-s 1", server("1")],
    ["server.ts", "1023", server("1023")],
    ["server.ts", "65536", server("65536")],
    ["server.ts", "5000.5", server("5000.5")],
    ["server.ts", "-s", serverWords],
    ["server.ts", "5000 5001", serverWords],
    ["client.ts", "-c client4 0.0.0.0 5000 not-a-port-value", clientPort("not-a-port-value")],
    ["client.ts", "client4 0.0.0.0 5000 80", clientPort("80")],
    ["client.ts", "-c client4 0.0.0.0 not-a-port-value 5556", serverPort("not-a-port-value")],
    ["client.ts", "client4 not-an-ip.invalid 5000 5556", "Use only IPv4 addressing"],
    ["client.ts", "client4 ::1 5000 5556", "Use only IPv4 addressing"],
    ["client.ts", "client4 127.0.0.256 5000 5556", "Use only IPv4 addressing"],
    ["client.ts", "-c", clientWords],
    ["client.ts", "client4", clientWords],
    ["client.ts", "client4 0.0.0.0 5000 5556 more", clientWords],
  ];
  test.each(wrong)("%s %s", async (script, words, message) => {
    const ran = await run(script, words.split(" "));
    expect(ran).toEqual({ status: 2, stdout: [], stderr: `${message}\n` });
  });

  test.each(PROGRAMS)("%s says without colours what is wrong", async (script) => {
    using program = new ProgramAtTerminal(script, script, ["-x"], { env: { TERM: "dumb" } });
    expect(await program.exited).toBe(2);
    expect(program.raw).toBe("Unknown flag: -x; See --help\r\n");
    const { stderr } = await run(script, ["-x"], { env: { FORCE_COLOR: "1" } });
    expect(stderr).toBe("Unknown flag: -x; See --help\n");
  });

  test.each(PROGRAMS)("%s --version", async (script) => {
    const ran = await run(script, ["--version"]);
    expect(ran).toEqual({ status: 0, stdout: [`ChatApp ${version}`], stderr: "" });
  });

  test.each(PROGRAMS)("%s --help", async (script) => {
    const { status, stdout, stderr } = await run(script, ["--help"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const [serverCommand, clientCommand] = isCompiled
      ? ["chatapp-server", "chatapp-client"]
      : ["bun server.ts", "bun client.ts"];
    expect(stdout).toContain(`    ${serverCommand} [-s] <port>`);
    expect(stdout).toContain(
      `    ${clientCommand} [-c] <name> <server-ip> <server-port> <client-port>`,
    );
  });

  test.each(PROGRAMS)("%s with no words and nobody to ask", async (script) => {
    const { status, stdout, stderr } = await run(script, []);
    expect({ status, stdout }).toEqual({ status: 2, stdout: [] });
    expect(stderr).toBe(`${(await run(script, ["--help"])).stdout.join("\n")}\n`);
  });
});

test("with no words at terminals, a few questions lead to a chat", async () => {
  const [serverPort, clientPort] = [`${await freePort()}`, `${await freePort()}`];
  const answer = async (program: ProgramAtTerminal, question: string, text: string) => {
    const asked = () => program.lines().join("\n").includes(question);
    await program.until(asked, question);
    program.type(`${text}\r`);
  };
  using server = new ProgramAtTerminal("server", "server.ts", []);
  await answer(server, "Port", serverPort);
  await server.line(`[Server started on ${serverPort}]`);
  using client = new ProgramAtTerminal("client", "client.ts", []);
  await answer(client, "Your name", "client");
  await answer(client, "Address of the server", "");
  await answer(client, "Port of the server", serverPort);
  await answer(client, "Port of this client", clientPort);
  await client.line("[Client table updated.]");
  await client.command("send client hi", "[Message received by client]");
});

describe("ports", () => {
  test("in use: one line, status 1", async () => {
    const { server, port } = await pipedServer();
    await using _server = server;
    const message = `Port ${port} is already in use\n`;
    const second = await run("server.ts", [`${port}`]);
    expect(second).toEqual({ status: 1, stdout: [], stderr: message });
    const client = await run("client.ts", ["client", "0.0.0.0", `${port}`, `${port}`]);
    expect(client).toEqual({ status: 1, stdout: [], stderr: message });
  });

  test("in use, at a terminal: the same line, and no prompt", async () => {
    const { server, port } = await pipedServer();
    await using _server = server;
    const words = ["client", "0.0.0.0", `${port}`, `${port}`];
    using client = new ProgramAtTerminal("client", "client.ts", words);
    expect(await client.exited).toBe(1);
    await client.shows(`Port ${port} is already in use`);
  });
});

describe("a client's own port as that of its server", () => {
  const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const addresses = own.filter(({ family }) => family === "IPv4").map(({ address }) => address);
  test.each(["0.0.0.0", "localhost", ...addresses])(
    "at %s: one line, status 2",
    async (address) => {
      const port = `${await freePort()}`;
      const ran = await run("client.ts", ["client", address, port, port]);
      const message = `Invalid <client-port>: ${port}; Must not be <server-port> on the same machine\n`;
      expect(ran).toEqual({ status: 2, stdout: [], stderr: message });
    },
  );

  test("on another machine it is a port like any other", async () => {
    const port = `${await freePort()}`;
    const { status, stderr } = await run("client.ts", ["client", "192.0.2.1", port, port]);
    expect({ status, stderr }).toEqual({ status: 1, stderr: "" });
  });
});

describe("a server's address that leads nowhere is a server that does not respond", () => {
  // Nobody listens; not a unicast address; a network that is for documentation only (RFC 5737).
  const addresses = ["127.0.0.1", "255.255.255.255", "0.0.0.1", "192.0.2.1"];
  test.concurrent.each(addresses)("%s", async (address) => {
    const words = ["client", address, `${await freePort()}`, `${await freePort()}`];
    await using client = new Program("client", "client.ts", words);
    expect(await client.exited()).toBe(1);
    expect({ lines: client.lines, stderr: client.stderr }).toEqual({
      lines: [
        ">>> [Server not responding]",
        ">>> [Exiting]",
        ">>> [stopping client-server listener]",
      ],
      stderr: "",
    });
  });
});

// What runs from the source is run by `bun`, which has its own rules about the folder it is in.
describe.if(isCompiled)("in a folder with files that mean no good", () => {
  let folder = "";
  const mark = () => join(folder, "they-were-run");

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "chatapp-"));
    const files: Record<string, string> = {
      "evil.ts": `require("node:fs").writeFileSync(${JSON.stringify(mark())}, "");`,
      "bunfig.toml": 'preload = ["./evil.ts"]\n',
      ".env": "NO_COLOR=1\nTERM=dumb\nCHATAPP_DEBUG=1\nBUN_OPTIONS=--preload=./evil.ts\n",
      ".env.production": "NO_COLOR=1\nTERM=dumb\n",
      "tsconfig.json": '{ "compilerOptions": { "paths": { "*": ["./evil.ts"] } } }',
      "package.json":
        '{ "type": "commonjs", "main": "./evil.ts", "imports": { "#*": "./evil.ts" } }',
      "server.ts": 'require("./evil.ts");',
      "client.ts": 'require("./evil.ts");',
    };
    for (const [name, text] of Object.entries(files)) await Bun.write(join(folder, name), text);
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  test.each(PROGRAMS)("%s --version", async (script) => {
    const ran = await run(script, ["--version"], { cwd: folder });
    expect(ran).toEqual({ status: 0, stdout: [`ChatApp ${version}`], stderr: "" });
    expect(existsSync(mark())).toBe(false);
  });

  test("a chat", async () => {
    const [serverPort, clientPort] = [`${await freePort()}`, `${await freePort()}`];
    using server = new ProgramAtTerminal("server", "server.ts", [serverPort], { cwd: folder });
    await server.line(`[Server started on ${serverPort}]`);
    const words = ["client", "0.0.0.0", serverPort, clientPort];
    using client = new ProgramAtTerminal("client", "client.ts", words, { cwd: folder });
    await client.line("[Client table updated.]");
    await client.command("send client hi", "[Message received by client]");
    // `.env` turns the colours off; nobody has read it.
    expect(client.raw).toMatch(/\x1b\[[1-9]\d*m/);
    expect(client.lines().at(-1)).toBe(">>>");
    expect(existsSync(mark())).toBe(false);
  });
});
