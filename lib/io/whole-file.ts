// Small files of text that are the user's own: read with a bound, and changed so that they are written whole or not at
// all, by one process at a time. Knows nothing of what stands in them.

import { type Buffer, isUtf8 } from "node:buffer";
import { lstat, mkdir, open, readFile, realpath, rename, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";

import { printable } from "../chat/printable.ts";

/** More than ten thousand lines. What is larger is no file of ours. */
export const FILE_MAX_BYTES = 1_048_576;

/** For their owner alone. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** A change takes milliseconds: a lock that is older was left behind by a process that has ended. */
const LOCK_STALE_MS = 5_000;

/** As long as that a waiting process has seen every lock go stale but one of a clock that is ahead. */
const LOCK_WAIT_MAX_MS = 10_000;

const LOCK_PAUSE_MS = 10;

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

const isOlderThan = async (path: string, ms: number): Promise<boolean> => {
  try {
    return Date.now() - (await stat(path)).mtimeMs > ms;
  } catch {
    return false; // it is gone
  }
};

/** Opens a new file that is there only while a change goes on. Waits until no one else has it. */
const openLock = async (path: string) => {
  const giveUpAt = performance.now() + LOCK_WAIT_MAX_MS;
  for (;;) {
    try {
      return await open(path, "wx", FILE_MODE);
    } catch (error) {
      if ((error as { code?: unknown }).code !== "EEXIST") throw error;
    }
    if (performance.now() > giveUpAt) throw new Error(`${path} is in the way`);
    if (await isOlderThan(path, LOCK_STALE_MS)) await unlink(path).catch(() => {});
    await Bun.sleep(LOCK_PAUSE_MS);
  }
};

/** Whether the file at `path` is the one with this number. */
const isFile = async (path: string, inode: bigint): Promise<boolean> => {
  try {
    return (await stat(path, { bigint: true })).ino === inode;
  } catch {
    return false;
  }
};

/**
 * Changes a file, or makes it, folder and all. `change` is given the text that is there, undefined if there is no file,
 * and returns the new one, or undefined to leave everything as it is; it may be called again if another process was
 * faster. Resolves to the text that is there then. Rejects when it cannot be written; the file is as it was.
 *
 * The new text is written to `<path>.lock`, which only one process can make at a time, and then takes the file's place.
 */
export const changeWhole = async (
  path: string,
  change: (text: string | undefined) => string | undefined,
): Promise<string | undefined> => {
  await mkdir(dirname(path), { recursive: true, mode: FOLDER_MODE });
  const target = await targetOf(path);
  const lockPath = `${target}.lock`;
  for (;;) {
    const lock = await openLock(lockPath);
    const { ino } = await lock.stat({ bigint: true });
    try {
      const bytes = await readBytes(target);
      const present = bytes?.toString();
      const wanted = change(present);
      if (wanted === undefined) return present;
      await lock.writeFile(bytesInPlaceOf(bytes, wanted));
      await lock.sync();
      // A process that stood still for long may have lost its lock to another one.
      if (!(await isFile(lockPath, ino))) continue;
      await rename(lockPath, target);
      return wanted;
    } finally {
      // While it is open, no other file has its number.
      if (await isFile(lockPath, ino)) await unlink(lockPath).catch(() => {});
      await lock.close();
    }
  }
};
