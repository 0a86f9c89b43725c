// The two programs as processes: wrong words, a port in use, and every way out.

import { describe, expect, test } from "bun:test";

import { freePort, Program, readyServer } from "../support/programs.ts";

/** Runs a program to its end without input. */
const run = async (script: string, words: readonly string[]) => {
  await using program = new Program(script, script, words);
  program.endInput();
  const status = await program.exited();
  return { status, stdout: program.lines, stderr: program.stderr };
};

const startServer = async (): Promise<{ server: Program; port: number }> => {
  const port = await freePort();
  return { server: await readyServer(port), port };
};

const startClient = async (name: string, serverPort: number): Promise<Program> => {
  const words = [name, "0.0.0.0", `${serverPort}`, `${await freePort()}`];
  const client = new Program(name, "client.ts", words);
  await client.until("[Welcome, You are registered.]");
  await client.until("[Client table updated.]");
  return client;
};

describe("arguments", () => {
  const wrong: [script: string, words: string[], message: string][] = [
    ["server.ts", ["-s", "1"], "Invalid <port>: 1; Must be within 1024-65535"],
    ["server.ts", ["-s"], "`-s` only accepts <port>"],
    ["client.ts", ["-c"], "`-c` only accepts <name> <server-ip> <server-port> <client-port>"],
    ["client.ts", ["client", "::1", "5000", "5555"], "Use only IPv4 addressing"],
    // RFC 6761 section 6.4: a name below `invalid` is never resolved.
    ["client.ts", ["client", "not-an-ip.invalid", "5000", "5555"], "Use only IPv4 addressing"],
  ];
  test.each(wrong)("%s %p: %s", async (script, words, message) => {
    expect(await run(script, words)).toEqual({ status: 2, stdout: [], stderr: `${message}\n` });
  });

  test.each(["server.ts", "client.ts"])("%s --version and --help", async (script) => {
    const version = await run(script, ["--version"]);
    expect(version).toMatchObject({ status: 0, stderr: "" });
    expect(version.stdout).toEqual([expect.stringMatching(/^ChatApp \d+\.\d+\.\d+$/)]);
    const help = await run(script, ["--help"]);
    expect(help).toMatchObject({ status: 0, stderr: "" });
    expect(help.stdout).toContain("    bun server.ts [-s] <port>");
  });

  test.each(["server.ts", "client.ts"])("%s with no words and nobody to ask", async (script) => {
    const { status, stdout, stderr } = await run(script, []);
    expect({ status, stdout }).toEqual({ status: 2, stdout: [] });
    expect(stderr).toStartWith("ChatApp allows you to spinup a client and server for UDP based");
  });
});

describe("a port in use is one line and status 1", () => {
  test("server", async () => {
    const { server, port } = await startServer();
    await using _server = server;
    const second = await run("server.ts", [`${port}`]);
    expect(second).toEqual({ status: 1, stdout: [], stderr: `Port ${port} is already in use\n` });
  });

  test("client", async () => {
    const { server, port } = await startServer();
    await using _server = server;
    const second = await run("client.ts", ["client", "0.0.0.0", `${port}`, `${port}`]);
    expect(second).toEqual({ status: 1, stdout: [], stderr: `Port ${port} is already in use\n` });
  });
});

test.each(["server.ts", "client.ts"])(
  "%s: a fault, be it the very first, is one line",
  async (script) => {
    const cwd = import.meta.dir;
    const env = { BUN_OPTIONS: "--preload=./planted-fault.ts" };
    await using program = new Program(script, script, [], { env, cwd });
    expect(await program.exited()).toBe(1);
    expect(program.lines).toEqual([]);
    expect(program.stderr).toBe("Something went wrong: planted\n");
  },
);

describe("the way out", () => {
  test.each(["SIGINT", "SIGTERM"] as const)("server, %s", async (signal) => {
    const { server, port } = await startServer();
    await using _server = server;
    server.signal(signal);
    expect(await server.exited()).toBe(0);
    expect(server.lines).toEqual([`>>> [Server started on ${port}]`, ">>> [Quitting.]"]);
    expect(server.stderr).toBe("");
  });

  test("client, ^C", async () => {
    const { server, port } = await startServer();
    await using _server = server;
    await using client = await startClient("client", port);
    client.signal("SIGINT");
    expect(await client.exited()).toBe(130);
    expect(client.lines.slice(2)).toEqual([">>> [stopping client-server listener]"]);
    expect(client.stderr).toBe("");
  });

  test("client, dereg; what was typed before registration was complete is not lost", async () => {
    const { server, port } = await startServer();
    await using _server = server;
    const words = ["client", "localhost", `${port}`, `${await freePort()}`];
    await using client = new Program("client", "client.ts", words);
    client.type("send client hello  there :)");
    client.type("dereg client");
    expect(await client.exited()).toBe(0);
    expect(client.lines).toEqual([
      ">>> [Welcome, You are registered.]",
      ">>> [Client table updated.]",
      ">>> [client: hello  there :)]",
      ">>> [Message received by client]",
      ">>> [You are Offline. Bye.]",
      ">>> [stopping client-server listener]",
    ]);
    await server.until("[Server table updated. (removed client)]");
  });

  test("client, the end of its input", async () => {
    const { server, port } = await startServer();
    await using _server = server;
    await using client = await startClient("client", port);
    client.endInput();
    expect(await client.exited()).toBe(0);
    await server.until("[Server table updated. (removed client)]");
  });

  test("client, a name that is taken", async () => {
    const { server, port } = await startServer();
    await using _server = server;
    await using _client = await startClient("client", port);
    const second = await run("client.ts", [
      "Client",
      "127.0.0.1",
      `${port}`,
      `${await freePort()}`,
    ]);
    expect(second).toEqual({
      status: 1,
      stdout: [">>> [`Client` already exists!]", ">>> [stopping client-server listener]"],
      stderr: "",
    });
  });

  test("client, no server", async () => {
    const words = ["client", "127.0.0.1", `${await freePort()}`, `${await freePort()}`];
    await using client = new Program("client", "client.ts", words);
    expect(await client.exited()).toBe(1);
    expect(client.lines).toEqual([
      ">>> [Server not responding]",
      ">>> [Exiting]",
      ">>> [stopping client-server listener]",
    ]);
  });
});

test("two clients talk, also after their server is gone", async () => {
  const { server, port } = await startServer();
  await using _server = server;
  await using client = await startClient("client", port);
  await using client2 = await startClient("client2", port);
  await client.until("[Client table updated.]");
  client2.type("send client hello there :)");
  await client.until("[client2: hello there :)]");
  await client2.until("[Message received by client]");
  server.signal("SIGKILL");
  await server.exited();
  client.type("send client2 still here");
  await client2.until("[client: still here]");
  await client.until("[Message received by client2]");
  client.type("list_groups");
  expect(await client.exited()).toBe(1);
  expect(client.lines.slice(-3)).toEqual([
    ">>> [Server not responding]",
    ">>> [Exiting]",
    ">>> [stopping client-server listener]",
  ]);
});

test("the demo plays to its end", async () => {
  await using demo = new Program("demo", "tests/demo.ts", ["--fast"]);
  expect({ status: await demo.exited(), stderr: demo.stderr }).toEqual({ status: 0, stderr: "" });
  expect(demo.lines.map((line) => Bun.stripANSI(line))).toContain(
    "client  >>> [>>> client2: call me back :(]",
  );
});
