// The file of the servers that were met: read whatever is in it, and a server written into it.

import { parseKnownServers, serverName, withServer } from "../../../lib/io/files/known-servers.ts";
import type { Prng } from "../../support/prng.ts";
import { anyText, damagedText } from "../draw/text.ts";
import { mustEqual } from "../rules.ts";
import { must } from "../target.ts";
import { textTarget } from "./plain.ts";

const NAMES: readonly string[] = ["chat.example:5000", "192.0.2.1:1024", "CHAT.example:5000"];

const KEY = new Uint8Array(32).fill(7);

const anyFile = (random: Prng, kept: readonly string[]): string => {
  const lines: string[] = [];
  for (let count = random.below(5); count > 0; count--) {
    const key = random.bytes(random.chance(0.9) ? 32 : random.below(40)).toBase64();
    const line = `${random.pick(NAMES)}${random.pick([" ", "\t", "  "])}${key}`;
    lines.push(random.chance(0.7) ? line : damagedText(random, line, kept));
    if (random.chance(0.3)) lines.push(random.pick(["", "#", "# remark", anyText(random, 4)]));
  }
  return lines.join(random.chance(0.9) ? "\n" : "\r\n");
};

export const knownServers = textTarget({
  name: "known-servers",
  about: "parseKnownServers, withServer",
  draw: anyFile,
  take(text) {
    const { keys, damaged } = parseKnownServers(text);
    const lines = text.split("\n").length;
    for (const [at, line] of damaged.entries()) {
      const right = line > (damaged[at - 1] ?? 0) && line <= lines;
      must(right, "damaged lines are told by their numbers", () => damaged.join());
    }
    for (const [name, key] of keys) {
      must(key.length === 32, "a key has its length", () => `${name}: ${key.length}`);
    }
    const [name = "", port] = NAMES[0]!.split(":");
    const server = serverName(name, Number(port));
    const written = withServer(text, server, KEY);
    const again = parseKnownServers(written);
    mustEqual(again.keys.get(server), KEY, "a server that is written is known");
    mustEqual(again.damaged.length, damaged.length, "what is damaged stays");
    for (const [other, key] of keys) {
      if (other !== server) mustEqual(again.keys.get(other), key, "the others stay as they are");
    }
    must(withServer(written, server, KEY) === written, "it is written once", () => written);
  },
});
