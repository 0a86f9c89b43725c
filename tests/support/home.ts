// The environment of every program that a test starts: a home of this process alone, so that nothing is ever read
// from or written to the real one, and none of the variables that the programs obey.

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type Environment = Readonly<Record<string, string | undefined>>;

/** A new and empty home. */
export interface Home extends Disposable {
  readonly folder: string;
  /** Where the programs keep their files; not there before they do. */
  readonly config: string;
  /** For a program that is to live there. */
  readonly environment: Environment;
}

/** The number of the process that a home belongs to stands in its name. */
const PREFIX = "chatapp-home-";

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: unknown }).code === "EPERM";
  }
};

/** Removes the homes of processes that have ended: `bun test` tells nobody when it does. */
const sweep = (): void => {
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${PREFIX}([0-9]+)-`).exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) {
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
    }
  }
};

/** What a program's environment must say for it to live in a folder. */
export const livingIn = (folder: string): Environment => ({
  HOME: folder,
  USERPROFILE: folder,
  APPDATA: folder,
  XDG_CONFIG_HOME: join(folder, "config"),
  CHATAPP_PASSWORD: undefined,
});

export const newHome = (): Home => {
  const folder = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  return {
    folder,
    config: join(folder, "config", "chatapp"),
    environment: livingIn(folder),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
};

sweep();

const home = newHome();
process.on("exit", () => home[Symbol.dispose]());

/** That of this process. */
export const AT_HOME: Environment = home.environment;
