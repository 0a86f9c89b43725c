// What a client knows of its server's key, with real files: those that cannot be read, and those that others hold or
// have changed meanwhile.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { parseClientArguments } from "../../lib/io/command-line/arguments.ts";
import { withServer } from "../../lib/io/files/known-servers.ts";
import { ServerTrust } from "../../lib/io/server-trust.ts";
import { type Home, newHome } from "../support/home.ts";

const NAME = "192.0.2.2:5000";
const FIRST = new Uint8Array(32).fill(1);
const SECOND = new Uint8Array(32).fill(2);

let home: Home;
let configBefore: string | undefined;
beforeEach(() => {
  home = newHome();
  configBefore = process.env["XDG_CONFIG_HOME"];
  process.env["XDG_CONFIG_HOME"] = home.environment["XDG_CONFIG_HOME"];
  mkdirSync(home.config, { recursive: true });
});
afterEach(() => {
  if (configBefore === undefined) delete process.env["XDG_CONFIG_HOME"];
  else process.env["XDG_CONFIG_HOME"] = configBefore;
  home[Symbol.dispose]();
});

const path = (): string => join(home.config, "known_servers");

/** What a client goes by, and what it tells its user. */
const visit = (...flags: readonly string[]) => {
  const words = ["ann", "192.0.2.2", "5000", "5555", ...flags];
  const parsed = parseClientArguments(words);
  if (parsed.kind !== "run") throw new Error(parsed.kind);
  const warnings: string[] = [];
  return { trust: new ServerTrust(parsed.run, (text) => warnings.push(text)), warnings };
};

describe("a file that cannot be read", () => {
  const warning = (problem: string): string =>
    `Warning: ${path()}: the server's key can be neither checked nor remembered: ${problem}`;

  test("is told of before the server is met, once, and stays as it is", async () => {
    writeFileSync(path(), withServer("#".repeat(1_048_576), NAME, FIRST));
    const { trust, warnings } = visit();
    await trust.lookUp();
    expect(trust.expected).toBe("first");
    expect(warnings).toEqual([warning("it is too large")]);
    trust.proved(SECOND);
    await trust.settled();
    expect(trust.known).toEqual(SECOND);
    expect(trust.writtenIn).toBeUndefined();
    expect(warnings).toHaveLength(1);
    expect(existsSync(`${path()}.lock`)).toBe(false);
  });

  test("a folder in its place", async () => {
    mkdirSync(path());
    const { trust, warnings } = visit("--accept-new-key");
    await trust.lookUp();
    trust.proved(FIRST);
    await trust.settled();
    expect(warnings).toEqual([warning("it is a folder")]);
  });

  // Whoever is allowed everything can read it all the same.
  test.if(process.platform !== "win32" && process.getuid?.() !== 0)(
    "for lack of rights",
    async () => {
      writeFileSync(path(), withServer("", NAME, FIRST));
      chmodSync(path(), 0o000);
      const { trust, warnings } = visit();
      await trust.lookUp();
      expect(warnings).toEqual([warning("permission denied")]);
    },
  );
});

describe("a key that another client has written meanwhile", () => {
  const meanwhile = async (key: Uint8Array, ...flags: readonly string[]) => {
    const { trust, warnings } = visit(...flags);
    await trust.lookUp();
    expect(trust.expected).toBe("first");
    writeFileSync(path(), withServer("", NAME, key));
    trust.proved(FIRST);
    await trust.settled();
    return { trust, warnings };
  };

  test("the same one", async () => {
    const { trust, warnings } = await meanwhile(FIRST);
    expect(warnings).toEqual([]);
    expect(trust.writtenIn).toBe(path());
  });

  test("another one: it stays, and the user is told", async () => {
    const { trust, warnings } = await meanwhile(SECOND);
    expect(warnings).toEqual([
      `Warning: ${path()}: the server's key cannot be remembered: another client has just met it with another one`,
    ]);
    expect(trust.writtenIn).toBeUndefined();
    expect(readFileSync(path(), "utf8")).toBe(withServer("", NAME, SECOND));
  });

  test("another one, where the new one is to be taken: it is replaced", async () => {
    const { warnings } = await meanwhile(SECOND, "--accept-new-key");
    expect(warnings).toEqual([]);
    expect(readFileSync(path(), "utf8")).toBe(withServer("", NAME, FIRST));
  });
});

test("a file that another program holds on to: the end is not held up, and the user is told", async () => {
  writeFileSync(`${path()}.lock`, "");
  const { trust, warnings } = visit();
  await trust.lookUp();
  trust.proved(FIRST);
  await trust.settled();
  expect(warnings).toEqual([
    `Warning: ${path()}: the server's key is not remembered: another program is changing the file`,
  ]);
});
