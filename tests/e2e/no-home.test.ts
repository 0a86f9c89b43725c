// A user whose home nobody knows: no variable names it, and the user is in no list of the system, as in a container that
// is run with a user's number alone. All but remembering works.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { networkInterfaces } from "node:os";

import type { Environment } from "../support/home.ts";
import { freePort, Program } from "../support/programs.ts";

setDefaultTimeout(120_000);

/** A user's number that is in no list, in a namespace where the files stay readable. */
const UNDER = ["unshare", "--user", "--map-user=54321", "--"];

const canBeNobody = Bun.which("unshare") !== null && Bun.spawnSync([...UNDER, "true"]).success;

if (!canBeNobody) console.log("tests of a user without a home skipped: no namespaces of users");

const HOMELESS: Environment = {
  HOME: undefined,
  USERPROFILE: undefined,
  APPDATA: undefined,
  XDG_CONFIG_HOME: undefined,
};

const PROBLEM = "this user has no home folder, and XDG_CONFIG_HOME names none";

const start = (script: string, words: readonly string[]): Program =>
  new Program(script, script, words, { env: HOMELESS, under: UNDER });

/** Loopback, where nothing is to be remembered, and another address of this machine if there is one. */
const hosts: [host: string, warnings: string[]][] = [
  ["127.0.0.1", []],
  ["localhost", []],
  ...Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === "IPv4" && !internal)
    .slice(0, 1)
    .map(({ address }): [string, string[]] => [
      address,
      [`>>> [Warning: the server's key cannot be remembered: ${PROBLEM}]`],
    ]),
];

describe.if(canBeNobody)("a user without a home", () => {
  test.each(hosts)("serves and chats at %s", async (host, warnings) => {
    const port = await freePort();
    await using server = start("server.ts", [`${port}`]);
    await server.until(`[Server started on ${port}]`);
    await using client = start("client.ts", ["ann", host, `${port}`, `${await freePort()}`]);
    await client.until("[Welcome, You are registered.]");
    client.type("send ann hello");
    await client.until("[Message received by ann]");
    client.endInput();
    expect({ status: await client.exited(), stderr: client.stderr }).toEqual({
      status: 0,
      stderr: "",
    });
    expect(client.lines.filter((line) => line.includes("Warning"))).toEqual(warnings);
    server.signal("SIGINT");
    expect(await server.exited()).toBe(0);
    expect(server.stderr).toBe(`Warning: the server's key is for this run only; ${PROBLEM}\n`);
  });
});
