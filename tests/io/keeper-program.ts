// A process that keeps something in its user's configuration folder, once it is told to begin: `key`, or
// `remember HOST KEY...`, keys in hex, of its servers at port 1, 2, ... Writes a line about what came of it.

import { loadServerKey } from "../../lib/io/files/key-file.ts";
import { rememberServer, serverName } from "../../lib/io/files/known-servers.ts";

const [what, host = "", ...keys] = process.argv.slice(2);

/** Read to its end: all processes of a test begin at the same moment. */
const begin = Bun.stdin.text();
console.log("ready");
await begin;
if (what === "key") {
  const loaded = await loadServerKey();
  console.log(loaded.ok ? loaded.keyPair.publicKey.toHex() : loaded.reason);
} else {
  for (const [at, key] of keys.entries()) {
    await rememberServer(serverName(host, at + 1), Uint8Array.fromHex(key), false);
  }
  console.log("done");
}
