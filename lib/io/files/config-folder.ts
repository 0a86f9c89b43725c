// Where the programs keep what outlives them: a folder of the user's own. Knows the customs of the systems, and not what
// is kept.

import { homedir } from "node:os";
import nodePath from "node:path";

const NAME = "chatapp";

/** Why there is none, in words for its user. */
export const NO_FOLDER = "this user has no home folder, and XDG_CONFIG_HOME names none";

interface System {
  readonly platform: NodeJS.Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Throws for a user who has none. */
  readonly home: () => string;
}

/** How the system writes its paths. */
type Paths = Pick<typeof nodePath, "isAbsolute" | "join">;

const THIS_SYSTEM: System = {
  platform: process.platform,
  environment: process.env,
  home: homedir,
};

/** The user's home; undefined where there is none. A relative one does not count. */
const homeOf = (home: () => string, { isAbsolute }: Paths): string | undefined => {
  try {
    const found = home();
    return isAbsolute(found) ? found : undefined;
  } catch {
    return undefined; // no variable names it, and the user has no entry in the system's list
  }
};

/**
 * `$XDG_CONFIG_HOME/chatapp` where that variable names a folder (XDG Base Directory Specification; a relative one does
 * not count); otherwise `%APPDATA%\chatapp` on Windows, `~/.config/chatapp` elsewhere. It need not exist.
 * Undefined for a user without a home.
 */
export const configFolder = (
  { platform, environment, home }: System = THIS_SYSTEM,
  paths: Paths = nodePath,
): string | undefined => {
  const { isAbsolute, join } = paths;
  const named = environment["XDG_CONFIG_HOME"] ?? "";
  if (isAbsolute(named)) return join(named, NAME);
  const roaming = platform === "win32" ? environment["APPDATA"] : undefined;
  if (roaming) return join(roaming, NAME);
  const own = homeOf(home, paths);
  if (own === undefined) return undefined;
  return join(own, ...(platform === "win32" ? ["AppData", "Roaming"] : [".config"]), NAME);
};
