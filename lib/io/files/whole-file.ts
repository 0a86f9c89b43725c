// Small files of text that are the user's own: read with a bound, and changed so that they are written whole or not at
// all, by one process at a time. Knows nothing of what stands in them.

import { type Buffer, isUtf8 } from "node:buffer";
import { lstat, mkdir, open, readdir, readFile, realpath, rename, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { printable } from "../../chat/printable.ts";
import { randomBytes } from "../entropy.ts";
import { FILE_MODE, FileLock, remove } from "./file-lock.ts";

/** More than ten thousand lines. What is larger is no file of ours. */
export const FILE_MAX_BYTES = 1_048_576;

/** For its owner alone. */
const FOLDER_MODE = 0o700;

/** So many that no two processes choose the same name for a draft. */
const DRAFT_RANDOM_BYTES = 8;

/** What its name has behind that of the file. */
const DRAFT_ENDING = /^\.[0-9a-f]{16}\.draft$/;

/** What went wrong with a file, in a few words that are safe to show. */
export const fileProblem = (error: unknown): string => {
  const { code, message } = error as { code?: unknown; message?: unknown };
  switch (code) {
    case "EACCES":
    case "EPERM":
      return "permission denied";
    case "ENOENT":
      return "there is no such file";
    case "ENOTDIR":
    case "EEXIST":
      return "what should be a folder is a file";
    case "ELOOP":
      return "it is a link that leads nowhere";
    case "ENAMETOOLONG":
      return "its name is too long";
    case "EISDIR":
      return "it is a folder";
    case "ENOSPC":
    case "EDQUOT":
      return "no space left";
    case "EROFS":
      return "nothing can be written there";
    default:
      return printable(String(code ?? message ?? "unknown reason"));
  }
};

/** Whether there is no such file, or not even its folder. */
const isAbsence = (error: unknown): boolean =>
  ["ENOENT", "ENOTDIR"].includes(String((error as { code?: unknown }).code));

/** All that is in a file; undefined if there is none. Rejects when it cannot be read or is not a small file. */
const readBytes = async (path: string): Promise<Buffer | undefined> => {
  try {
    const found = await stat(path);
    if (found.isDirectory()) throw new Error("it is a folder");
    if (!found.isFile()) throw new Error("it is not a file");
    if (found.size > FILE_MAX_BYTES) throw new Error("it is too large");
    return await readFile(path);
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
};

/**
 * The whole text, with U+FFFD for what is not UTF-8; undefined if there is no such file. Rejects when it cannot be read
 * or is not a small file.
 */
export const readWhole = async (path: string): Promise<string | undefined> =>
  (await readBytes(path))?.toString();

/** The file that a change of `path` changes: a link stays a link, and what it points to must be there. */
const targetOf = async (path: string): Promise<string> => {
  try {
    return await realpath(path);
  } catch (error) {
    if (!isAbsence(error)) throw error;
  }
  const isLink = await lstat(path).then(
    (found) => found.isSymbolicLink(),
    () => false,
  );
  if (isLink) throw new Error("it is a link to what is not there");
  return path;
};

/** The bytes of a text in the place of what is there. Throws where that would be damaged, or not be read again. */
const bytesInPlaceOf = (present: Uint8Array | undefined, text: string): Uint8Array => {
  if (present !== undefined && !isUtf8(present)) throw new Error("it is not UTF-8");
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > FILE_MAX_BYTES) throw new Error("it would be too large");
  return bytes;
};

const draftOf = (target: string): string =>
  `${target}.${randomBytes(DRAFT_RANDOM_BYTES).toHex()}.draft`;

/** Removes all drafts: those of processes that were killed, and those of processes that have lost their lock. */
const removeDrafts = async (target: string): Promise<void> => {
  const [folder, name] = [dirname(target), basename(target)];
  for (const found of await readdir(folder).catch((): string[] => [])) {
    const isDraft = found.startsWith(name) && DRAFT_ENDING.test(found.slice(name.length));
    if (isDraft) await remove(join(folder, found));
  }
};

/** Writes a new file, down to the disk. */
const write = async (path: string, bytes: Uint8Array): Promise<void> => {
  const file = await open(path, "wx", FILE_MODE);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
};

/** Puts a draft in the place of its file. Whether it could: another process may have removed it. */
const publish = async (draft: string, target: string): Promise<boolean> => {
  try {
    await rename(draft, target);
    return true;
  } catch (error) {
    if (isAbsence(error)) return false;
    throw error;
  }
};

/**
 * Changes a file, or makes it, folder and all. `change` is given the text that is there, undefined if there is no file,
 * and returns the new one, or undefined to leave everything as it is; it may be called again if another process was
 * faster. Resolves to the text that is there then. Rejects when it cannot be written; the file is as it was.
 *
 * Whoever has `<path>.lock` removes all drafts, reads, and writes a draft of its own, which then takes the file's place.
 * A process that has lost its turn sees that, or finds its draft removed: it cannot undo what the next one has written.
 */
export const changeWhole = async (
  path: string,
  change: (text: string | undefined) => string | undefined,
): Promise<string | undefined> => {
  for (;;) {
    await mkdir(dirname(path), { recursive: true, mode: FOLDER_MODE });
    const target = await targetOf(path);
    const draft = draftOf(target);
    const lock = await FileLock.open(`${target}.lock`, draft);
    try {
      await removeDrafts(target);
      const bytes = await readBytes(target);
      const present = bytes?.toString();
      const wanted = change(present);
      if (wanted === undefined) return present;
      await write(draft, bytesInPlaceOf(bytes, wanted));
      if ((await lock.isHeld()) && (await publish(draft, target))) return wanted;
    } finally {
      await remove(draft);
      await lock.release();
    }
  }
};
