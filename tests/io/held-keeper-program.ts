// A process that adds a line to a file, or makes a server's key, and that a test holds at one step: `STEP PATH [LINE]`.
// It says each step before it takes it, stands still at the first STEP until its input ends, and says last what came of
// it. What it writes it writes in two halves, and stands between them. Its clock is an hour ahead of that of the files.

import { mock } from "bun:test";
import * as files from "node:fs/promises";

const [heldStep, path = "", line] = process.argv.slice(2);

const HOUR_MS = 3_600_000;
const { now } = Date;
Date.now = () => now() + HOUR_MS;

const told = Bun.stdin.text();
let held = false;

const step = async (name: "write" | "rename" | "pause"): Promise<void> => {
  console.log(name);
  if (held || name !== heldStep) return;
  held = true;
  await told;
};

const { open, rename } = files;
mock.module("node:fs/promises", () => ({
  ...files,
  open: async (...words: Parameters<typeof open>) => {
    const file = await open(...words);
    file.writeFile = async (bytes) => {
      if (!(bytes instanceof Uint8Array)) throw new Error("only bytes are written");
      const middle = bytes.length >> 1;
      await file.write(bytes.subarray(0, middle));
      await step("write");
      await file.write(bytes.subarray(middle));
    };
    return file;
  },
  rename: async (...words: Parameters<typeof rename>) => {
    await step("rename");
    await rename(...words);
  },
}));
const { sleep } = Bun;
Bun.sleep = async (ms) => {
  await step("pause");
  await sleep(ms);
};

// Loaded when the steps are in their places.
const { loadServerKey } = await import("../../lib/io/files/key-file.ts");
const { changeWhole } = await import("../../lib/io/files/whole-file.ts");
if (line === undefined) {
  const loaded = await loadServerKey(path);
  console.log(loaded.ok ? loaded.keyPair.publicKey.toHex() : loaded.reason);
} else {
  console.log(JSON.stringify(await changeWhole(path, (text = "") => `${text}${line}\n`)));
}
