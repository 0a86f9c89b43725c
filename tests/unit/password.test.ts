// How a password becomes a secret. The values are those of another implementation of scrypt (Python's hashlib).

import { expect, test } from "bun:test";
import { join } from "node:path";

import { stretched } from "../../lib/io/command-line/password.ts";

const HUNTER2 = "a1152d2c59f5a175da67edff0cb7f3a39e05efc3bce02bf73491ab978987fff1";

const COMPOSED = "4641a0bb0f1cc4e8d20e942f18ebe7fe0eda22112398ee6464301bd20d681303";

test("as another implementation does it, and as the protocol says", async () => {
  expect((await stretched("hunter2")).toHex()).toBe(HUNTER2);
  const protocol = await Bun.file(join(import.meta.dir, "../../lib/PROTOCOL.md")).text();
  expect(protocol).toContain(`From \`hunter2\` comes\n\`${HUNTER2}\``);
});

test("however its letters are composed", async () => {
  const secrets = await Promise.all(
    ["pässwörd ①", "pa\u0308sswo\u0308rd ①", "pässwörd 1"].map(stretched),
  );
  expect(secrets.map((secret) => secret.toHex())).toEqual([COMPOSED, COMPOSED, COMPOSED]);
});

test("goes on beside everything else", async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await stretched("hunter2");
  clearInterval(timer);
  expect(turns).toBeGreaterThan(1);
});
