// What the programs keep: real files, several processes at once, folders in which nothing can be kept.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import { loadServerKey } from "../../lib/io/files/key-file.ts";
import { parseKnownServers } from "../../lib/io/files/known-servers.ts";
import {
  changeWhole,
  FILE_MAX_BYTES,
  fileProblem,
  readWhole,
} from "../../lib/io/files/whole-file.ts";
import { type Home, newHome } from "../support/home.ts";
import { Program } from "../support/programs.ts";

let home: Home;
beforeEach(() => {
  home = newHome();
});
afterEach(() => home[Symbol.dispose]());

const KEEPER = "tests/io/keeper-program.ts";

const hasModes = process.platform !== "win32";

/** The file's rights, as `chmod` takes them. */
const modeOf = (path: string): number => statSync(path).mode & 0o777;

/** Programs that are ready, let loose at the same moment. Returns what each of them said then. */
const race = async (jobs: readonly (readonly string[])[]): Promise<string[]> => {
  await using stack = new AsyncDisposableStack();
  const keepers = jobs.map((words, at) =>
    stack.use(new Program(`keeper ${at}`, KEEPER, words, { env: home.environment })),
  );
  for (const keeper of keepers) {
    await keeper.when(() => keeper.lines.includes("ready"), "that it is ready");
  }
  for (const keeper of keepers) keeper.endInput();
  for (const keeper of keepers) {
    expect({ status: await keeper.exited(), stderr: keeper.stderr }).toEqual({
      status: 0,
      stderr: "",
    });
  }
  return keepers.map(({ lines }) => lines.at(-1) ?? "");
};

describe("a file that is changed whole", () => {
  const path = (): string => join(home.folder, "new", "folder", "file");

  test("is made, folder and all, for its owner alone", async () => {
    expect(await changeWhole(path(), () => "first\n")).toBe("first\n");
    expect(readFileSync(path(), "utf8")).toBe("first\n");
    if (hasModes) expect(modeOf(path())).toBe(0o600);
    if (hasModes) expect(modeOf(join(home.folder, "new"))).toBe(0o700);
    expect(readdirSync(join(home.folder, "new", "folder"))).toEqual(["file"]);
  });

  test("is given what is there, and may stay as it is", async () => {
    await changeWhole(path(), () => "first\n");
    const before = statSync(path(), { bigint: true });
    expect(await changeWhole(path(), (text) => (text === "first\n" ? undefined : ""))).toBe(
      "first\n",
    );
    const after = statSync(path(), { bigint: true });
    expect([after.ino, after.mtimeNs]).toEqual([before.ino, before.mtimeNs]);
    expect(readdirSync(join(home.folder, "new", "folder"))).toEqual(["file"]);
  });

  test("is as it was when the change fails", async () => {
    await changeWhole(path(), () => "first\n");
    const failing = changeWhole(path(), () => {
      throw new Error("planted");
    });
    await expect(failing).rejects.toThrow("planted");
    expect(readFileSync(path(), "utf8")).toBe("first\n");
    expect(readdirSync(join(home.folder, "new", "folder"))).toEqual(["file"]);
  });

  test("is written over what a process has left that was killed over it", async () => {
    await changeWhole(path(), () => "first\n");
    writeFileSync(`${path()}.lock`, "hal");
    utimesSync(`${path()}.lock`, 0, 0);
    expect(await changeWhole(path(), (text) => `${text}second\n`)).toBe("first\nsecond\n");
    expect(readFileSync(path(), "utf8")).toBe("first\nsecond\n");
    expect(existsSync(`${path()}.lock`)).toBe(false);
  });

  test("is not changed by a process that has lost its turn", async () => {
    await changeWhole(path(), () => "first\n");
    const lock = `${path()}.lock`;
    const seen: (string | undefined)[] = [];
    const changed = await changeWhole(path(), (text) => {
      seen.push(text);
      // Another process took the turn away meanwhile, and has written.
      if (seen.length === 1) {
        writeFileSync(`${path()}.other`, "");
        renameSync(`${path()}.other`, lock);
        writeFileSync(path(), "theirs\n");
        utimesSync(lock, 0, 0);
      }
      return `${text}mine\n`;
    });
    expect(seen).toEqual(["first\n", "theirs\n"]);
    expect(changed).toBe("theirs\nmine\n");
    expect(readFileSync(path(), "utf8")).toBe("theirs\nmine\n");
  });

  test("stays where a link points to", async () => {
    const real = join(home.folder, "real");
    const link = join(home.folder, "link");
    writeFileSync(real, "first\n");
    symlinkSync(real, link);
    await changeWhole(link, () => "second\n");
    expect(readFileSync(real, "utf8")).toBe("second\n");
    expect(readdirSync(home.folder).sort()).toEqual(["link", "real"]);
  });

  test("is not put in the place of a link that leads nowhere", async () => {
    const link = join(home.folder, "link");
    for (const [to, problem] of [
      ["nowhere", "it is a link to what is not there"],
      ["link", "it is a link that leads nowhere"],
    ] as const) {
      symlinkSync(to, link);
      const error: unknown = await changeWhole(link, () => "mine\n").catch((reason) => reason);
      expect(fileProblem(error)).toBe(problem);
      expect(readlinkSync(link)).toBe(to);
      expect(readdirSync(home.folder)).toEqual(["link"]);
      unlinkSync(link);
    }
  });

  test("is never made so large that it would not be read", async () => {
    await changeWhole(path(), () => "first\n");
    const most = "é".repeat(FILE_MAX_BYTES / 2);
    await expect(changeWhole(path(), () => `${most}.`)).rejects.toThrow("it would be too large");
    expect(await readWhole(path())).toBe("first\n");
    expect(await changeWhole(path(), () => most)).toBe(most);
    expect(await readWhole(path())).toBe(most);
    expect(readdirSync(join(home.folder, "new", "folder"))).toEqual(["file"]);
  });

  test("keeps bytes that are no text", async () => {
    const file = join(home.folder, "file");
    const bytes = Buffer.from("# caf\xe9\nknown\n", "latin1");
    writeFileSync(file, bytes);
    expect(await readWhole(file)).toContain("known");
    await expect(changeWhole(file, (text) => `${text}mine\n`)).rejects.toThrow("it is not UTF-8");
    expect(await changeWhole(file, () => undefined)).toContain("known");
    expect(readFileSync(file).equals(bytes)).toBe(true);
    expect(readdirSync(home.folder)).toEqual(["file"]);
  });

  test("is a small file, or it is not read", async () => {
    expect(await readWhole(path())).toBeUndefined();
    await expect(readWhole(home.folder)).rejects.toThrow("it is a folder");
    const large = join(home.folder, "large");
    writeFileSync(large, "x".repeat(FILE_MAX_BYTES + 1));
    await expect(readWhole(large)).rejects.toThrow("it is too large");
    if (existsSync("/dev/zero")) await expect(readWhole("/dev/zero")).rejects.toThrow("not a file");
  });
});

describe("known_servers", () => {
  test("clients that write at the same time lose nothing of each other", async () => {
    const clients = 6;
    const each = 10;
    const key = (client: number, at: number) => new Uint8Array(32).fill(client * each + at);
    const jobs: string[][] = [];
    const wanted = new Map<string, Uint8Array>();
    for (let client = 0; client < clients; client++) {
      const keys = Array.from({ length: each }, (_, at) => key(client, at));
      jobs.push(["remember", `host-${client}`, ...keys.map((one) => one.toHex())]);
      for (const [at, one] of keys.entries()) wanted.set(`host-${client}:${at + 1}`, one);
    }
    const path = join(home.config, "known_servers");
    mkdirSync(home.config, { recursive: true });
    writeFileSync(path, "# mine\nbroken\n", { mode: 0o644 });
    expect(await race(jobs)).toEqual(jobs.map(() => "done"));
    const text = readFileSync(path, "utf8");
    expect(text).toStartWith("# mine\nbroken\n");
    const { keys, damaged } = parseKnownServers(text);
    expect(Object.fromEntries(keys)).toEqual(Object.fromEntries(wanted));
    expect(damaged).toEqual([2]);
    expect(readdirSync(home.config)).toEqual(["known_servers"]);
    if (hasModes) expect(modeOf(path)).toBe(0o600);
  });
});

describe("the server's key", () => {
  const path = (): string => join(home.folder, "some", "key");
  /** As `openssl genpkey -algorithm X25519` has written it, and what `openssl pkey -pubout` says of it. */
  const PEM =
    "-----BEGIN PRIVATE KEY-----\n" +
    "MC4CAQAwBQYDK2VuBCIEIGj5J55zQKQVqFZzqhnOUqQlmoz5VOEQfrptdAY2KrNW\n" +
    "-----END PRIVATE KEY-----\n";
  const PUBLIC = "d2d625d3fa70f0a88f281dfeb6bc30287cd2e86cd9f55d97133ca69f73c26466";

  const publicKey = async (warning?: string): Promise<string> => {
    const loaded = await loadServerKey(path());
    if (!loaded.ok) throw new Error(loaded.reason);
    expect(loaded.warning).toBe(warning);
    return loaded.keyPair.publicKey.toHex();
  };

  /** Whoever names a file is told when it was not there. */
  const madeKey = () => publicKey(`There was no server key ${path()}: a new one was made`);

  test("is made once, and stays", async () => {
    const first = await madeKey();
    const text = readFileSync(path(), "utf8");
    if (hasModes) expect(modeOf(path())).toBe(0o600);
    expect(await publicKey()).toBe(first);
    expect(readFileSync(path(), "utf8")).toBe(text);
    expect(text).toMatch(/^-----BEGIN PRIVATE KEY-----\n.{64}\n-----END PRIVATE KEY-----\n$/);
  });

  test("may come from elsewhere", async () => {
    mkdirSync(join(home.folder, "some"));
    writeFileSync(path(), PEM, { mode: 0o400 });
    expect(await publicKey()).toBe(PUBLIC);
  });

  test("is the same for all servers that make it at the same time", async () => {
    const keys = await race(Array.from({ length: 6 }, () => ["key"]));
    expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(keys).size).toBe(1);
    expect(readdirSync(home.config)).toEqual(["server_key"]);
  });

  const unusable: [what: string, text: string][] = [
    ["empty", ""],
    ["cut off", PEM.slice(0, 60)],
    ["of another kind", PEM.replace("K2Vu", "K2Vw")],
    ["a certificate", PEM.replaceAll("PRIVATE KEY", "CERTIFICATE")],
    ["a letter", "Dear server,\n"],
  ];
  test.each(unusable)("%s: one line, and the file is as it was", async (_, text) => {
    mkdirSync(join(home.folder, "some"));
    writeFileSync(path(), text);
    expect(await loadServerKey(path())).toEqual({
      ok: false,
      reason: `Server key ${path()} cannot be used: it is not an X25519 private key in PEM`,
    });
    expect(readFileSync(path(), "utf8")).toBe(text);
  });

  test("a folder in its place", async () => {
    mkdirSync(path(), { recursive: true });
    const reason = `Server key ${path()} cannot be used: it is a folder`;
    expect(await loadServerKey(path())).toEqual({ ok: false, reason });
  });

  test("a file in the place of its folder", async () => {
    writeFileSync(join(home.folder, "some"), "");
    const reason = `Server key ${path()} cannot be used: what should be a folder is a file`;
    expect(await loadServerKey(path())).toEqual({ ok: false, reason });
  });

  test.if(hasModes)("that others may read: a warning", async () => {
    await madeKey();
    chmodSync(path(), 0o644);
    const loaded = await loadServerKey(path());
    expect(loaded).toMatchObject({
      ok: true,
      warning: `Warning: other users may read the server's key; chmod 600 ${path()}`,
    });
  });
});
