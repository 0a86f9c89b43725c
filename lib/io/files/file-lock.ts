// A turn at a file that several processes change: whoever has made the lock, a file beside it, has the turn. Knows
// nothing of what is changed, or how.

import { type FileHandle, open, stat, unlink } from "node:fs/promises";

/** For their owner alone. */
export const FILE_MODE = 0o600;

/** A turn takes milliseconds: a lock that is older was left behind by a process that has ended. */
const STALE_MS = 5_000;

/** After this wait every stale lock was removed, unless the clock was set back. */
const WAIT_MAX_MS = 10_000;

const PAUSE_MS = 10;

/** Removes a file that may be gone already. */
export const remove = (path: string): Promise<void> => unlink(path).catch(() => {});

/** What time it is by the clock of the files in a folder, which may be that of another machine, and wrong. */
const timeOfFiles = async (sparePath: string): Promise<number> => {
  const file = await open(sparePath, "wx", FILE_MODE);
  try {
    return (await file.stat()).mtimeMs;
  } finally {
    await file.close();
    await remove(sparePath);
  }
};

const isOlderThan = async (path: string, timeMs: number): Promise<boolean> => {
  try {
    return (await stat(path)).mtimeMs < timeMs;
  } catch {
    return false; // it is gone
  }
};

export class FileLock {
  readonly #path: string;
  readonly #file: FileHandle;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /** Waits until no one else has the lock. Nothing is at `sparePath`, and for a moment there may be a file. */
  static async open(path: string, sparePath: string): Promise<FileLock> {
    const startedAt = performance.now();
    let startTimeMs: number | undefined;
    for (;;) {
      try {
        return new FileLock(path, await open(path, "wx", FILE_MODE));
      } catch (error) {
        if ((error as { code?: unknown }).code !== "EEXIST") throw error;
      }
      const waitedMs = performance.now() - startedAt;
      if (waitedMs > WAIT_MAX_MS) throw new Error(`${path} is in the way`);
      startTimeMs ??= (await timeOfFiles(sparePath)) - waitedMs;
      if (await isOlderThan(path, startTimeMs + waitedMs - STALE_MS)) await remove(path);
      await Bun.sleep(PAUSE_MS);
    }
  }

  /** Whether this process still has its turn: one that stood still for long may have lost it to another. */
  async isHeld(): Promise<boolean> {
    try {
      const own = await this.#file.stat({ bigint: true });
      // While it is open, no other file has its number.
      return own.ino === (await stat(this.#path, { bigint: true })).ino;
    } catch {
      return false;
    }
  }

  async release(): Promise<void> {
    if (await this.isHeld()) await remove(this.#path);
    await this.#file.close();
  }
}
