// The server's key: what makes it the same server after a restart. Read from its file, or made there, once.

import { createPrivateKey } from "node:crypto";
import { lstat, stat } from "node:fs/promises";
import { join } from "node:path";

import { printable } from "../../chat/printable.ts";
import { keyPairFrom, SECRET_BYTES, wipe } from "../../transport/crypto/keys.ts";
import type { KeyPair } from "../../transport/crypto/keys.ts";
import { freshKeyPair } from "../entropy.ts";
import { configFolder, NO_FOLDER } from "./config-folder.ts";
import { changeWhole, fileProblem, readWhole } from "./whole-file.ts";

const FILE_NAME = "server_key";

/** The rights of others: none of them should be there. */
const OTHERS_MODE = 0o077;

export type LoadedKey =
  /** `warning`: one line that its user should see. */
  | { readonly ok: true; readonly keyPair: KeyPair; readonly warning?: string }
  /** One line. The file, if there is one, is as it was. */
  | { readonly ok: false; readonly reason: string };

/** PKCS #8 in PEM (RFC 7468 section 10), as `openssl genpkey -algorithm X25519` writes it. */
const pemOf = ({ privateKey }: KeyPair): string =>
  privateKey.export({ format: "pem", type: "pkcs8" }).toString();

const keyPairOf = (pem: string): KeyPair | undefined => {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType !== "x25519") return undefined;
    const der = key.export({ format: "der", type: "pkcs8" });
    const keyPair = keyPairFrom(der.subarray(-SECRET_BYTES));
    wipe(der);
    return keyPair;
  } catch {
    return undefined;
  }
};

/** Whether a file can be seen at all, though perhaps not read. */
const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

const isOpenToOthers = async (path: string): Promise<boolean> =>
  process.platform !== "win32" && ((await stat(path)).mode & OTHERS_MODE) !== 0;

const keyForThisRun = (problem: string): LoadedKey => ({
  ok: true,
  keyPair: freshKeyPair(),
  warning: `Warning: the server's key is for this run only; ${problem}`,
});

/**
 * The key in a file, which is made if it is not there. Of several servers that make it at the same time, all have the
 * same one. Without a path it is the user's own file, and where that cannot be made there is a key for this run alone.
 */
export const loadServerKey = async (chosen?: string): Promise<LoadedKey> => {
  const folder = configFolder();
  const path = chosen ?? (folder && join(folder, FILE_NAME));
  if (path === undefined) return keyForThisRun(NO_FOLDER);
  const shown = printable(path);
  let pem: string | undefined;
  let isNew = false;
  try {
    pem = await readWhole(path);
    isNew = pem === undefined;
    pem ??= await changeWhole(path, (present) =>
      present === undefined ? pemOf(freshKeyPair()) : undefined,
    );
  } catch (error) {
    const problem = fileProblem(error);
    if (chosen !== undefined || (await isThere(path))) {
      return { ok: false, reason: `Server key ${shown} cannot be used: ${problem}` };
    }
    return keyForThisRun(`${shown} cannot be made: ${problem}`);
  }
  const keyPair = pem === undefined ? undefined : keyPairOf(pem);
  if (keyPair === undefined) {
    const reason = `Server key ${shown} cannot be used: it is not an X25519 private key in PEM`;
    return { ok: false, reason };
  }
  // A path with a slip in it would make another server of this one, and nobody would notice but its clients.
  if (isNew && chosen !== undefined) {
    return { ok: true, keyPair, warning: `There was no server key ${shown}: a new one was made` };
  }
  if (!(await isOpenToOthers(path))) return { ok: true, keyPair };
  const warning = `Warning: other users may read the server's key; chmod 600 ${shown}`;
  return { ok: true, keyPair, warning };
};
