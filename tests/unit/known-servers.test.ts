// What stands in `known_servers`, how a key is shown, and where files are kept: text in, text out.

import { describe, expect, test } from "bun:test";
import { posix, win32 } from "node:path";

import { configFolder } from "../../lib/io/files/config-folder.ts";
import { parseKnownServers, serverName, withServer } from "../../lib/io/files/known-servers.ts";
import { fingerprint } from "../../lib/io/fingerprint.ts";

const KEY = Uint8Array.from({ length: 32 }, (_, at) => at);
const KEY_TEXT = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHER = new Uint8Array(32).fill(0xff);
const OTHER_TEXT = "//////////////////////////////////////////8=";

test("a server is called as it was typed, without regard to case", () => {
  expect(serverName("Chat.Example.org", 5_000)).toBe("chat.example.org:5000");
  expect(serverName("192.0.2.1", 65_535)).toBe("192.0.2.1:65535");
});

test("a key is shown by its hash, as `openssl dgst -sha256 -binary | base64` gives it", () => {
  expect(fingerprint(KEY)).toBe("SHA256:Yw3NKWbEM2aRElRIu7JbT/QSpJxzLbLIq8G4WBvXEN0");
});

describe("reading", () => {
  const read = (text: string) => {
    const { keys, damaged } = parseKnownServers(text);
    return { keys: Object.fromEntries(keys), damaged };
  };

  test("lines of two words; remarks and empty lines say nothing", () => {
    const text = `# of ours\n\na.example:5000 ${KEY_TEXT}\n  \n\t192.0.2.1:6000\t ${OTHER_TEXT}  \r\n`;
    expect(read(text)).toEqual({
      keys: { "a.example:5000": KEY, "192.0.2.1:6000": OTHER },
      damaged: [],
    });
  });

  test("a file without a line end; no file's worth of text", () => {
    expect(read(`a:5000 ${KEY_TEXT}`)).toEqual({ keys: { "a:5000": KEY }, damaged: [] });
    expect(read("")).toEqual({ keys: {}, damaged: [] });
  });

  test("of two lines for one server the last one counts, whatever its case", () => {
    expect(read(`A:5000 ${KEY_TEXT}\na:5000 ${OTHER_TEXT}\n`).keys).toEqual({ "a:5000": OTHER });
  });

  const damaged = [
    "a:5000",
    KEY_TEXT,
    `a ${KEY_TEXT}`,
    `:5000 ${KEY_TEXT}`,
    `a:5000 ${KEY_TEXT} more`,
    `a:5000 ${KEY_TEXT.slice(1)}`,
    `a:5000 ${KEY_TEXT.slice(0, -1)}`,
    `a:5000 A${KEY_TEXT}`,
    `a:5000 ${KEY_TEXT.replace("A", "-")}`,
    "\0\x1b[2J",
  ];
  test.each(damaged)("not %p", (line) => {
    expect(read(`b:1 ${KEY_TEXT}\n${line}\nc:2 ${KEY_TEXT}\n`)).toEqual({
      keys: { "b:1": KEY, "c:2": KEY },
      damaged: [2],
    });
  });
});

describe("writing", () => {
  test("a new line goes to the end", () => {
    expect(withServer("", "a:5000", KEY)).toBe(`a:5000 ${KEY_TEXT}\n`);
    expect(withServer("# mine", "a:5000", KEY)).toBe(`# mine\na:5000 ${KEY_TEXT}\n`);
    expect(withServer("broken\n\n", "a:5000", KEY)).toBe(`broken\n\na:5000 ${KEY_TEXT}\n`);
  });

  test("a known server's key takes the place of the old ones; all else stays to the letter", () => {
    const rest = ["# mine \r", "broken line", `B:1  ${KEY_TEXT}`, ""];
    const text = [rest[0], `A:5000 ${KEY_TEXT}`, rest[1], `a:5000 ${KEY_TEXT}`, rest[2], rest[3]];
    const wanted = [rest[0], `a:5000 ${OTHER_TEXT}`, rest[1], rest[2], rest[3]];
    expect(withServer(text.join("\n"), "a:5000", OTHER)).toBe(wanted.join("\n"));
  });

  test("what is written is read", () => {
    const text = withServer(withServer("# mine", "a:5000", KEY), "b:5000", OTHER);
    expect([...parseKnownServers(text).keys]).toEqual([
      ["a:5000", KEY],
      ["b:5000", OTHER],
    ]);
  });
});

describe("the folder", () => {
  const folder = (platform: NodeJS.Platform, environment: Record<string, string>) =>
    configFolder({ platform, environment, home: () => "/home/ann" }, posix);

  test("after the XDG specification", () => {
    expect(folder("linux", {})).toBe("/home/ann/.config/chatapp");
    expect(folder("darwin", {})).toBe("/home/ann/.config/chatapp");
    expect(folder("linux", { XDG_CONFIG_HOME: "/srv/ann" })).toBe("/srv/ann/chatapp");
  });

  test.each(["", "relative/folder"])("a variable that names no folder: %p", (named) => {
    expect(folder("linux", { XDG_CONFIG_HOME: named })).toBe("/home/ann/.config/chatapp");
  });

  test("of a user without a home", () => {
    const nobody = (home: () => string) => ({ platform: "linux", environment: {}, home }) as const;
    const homes = [() => "", () => "relative/folder"];
    homes.push(() => {
      throw new Error("uv_os_homedir");
    });
    for (const home of homes) expect(configFolder(nobody(home), posix)).toBeUndefined();
    const environment = { XDG_CONFIG_HOME: "/srv/ann" };
    for (const home of homes) {
      expect(configFolder({ ...nobody(home), environment }, posix)).toBe("/srv/ann/chatapp");
    }
  });

  test("on Windows", () => {
    const system = { platform: "win32", home: () => "C:\\Users\\ann" } as const;
    const roaming = "C:\\Users\\ann\\AppData\\Roaming";
    for (const environment of [{}, { APPDATA: roaming }]) {
      expect(configFolder({ ...system, environment }, win32)).toBe(`${roaming}\\chatapp`);
    }
  });
});
