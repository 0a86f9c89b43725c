// Where the programs keep what outlives them: a folder of the user's own. Knows the customs of the systems, and not what
// is kept.

import { homedir } from "node:os";
import nodePath from "node:path";

const NAME = "chatapp";

interface System {
  readonly platform: NodeJS.Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly home: () => string;
}

/** How the system writes its paths. */
type Paths = Pick<typeof nodePath, "isAbsolute" | "join">;

const THIS_SYSTEM: System = {
  platform: process.platform,
  environment: process.env,
  home: homedir,
};

/**
 * `$XDG_CONFIG_HOME/chatapp` where that variable names a folder (XDG Base Directory Specification; a relative one does
 * not count); otherwise `%APPDATA%\chatapp` on Windows, `~/.config/chatapp` elsewhere. It need not exist.
 */
export const configFolder = (
  { platform, environment, home }: System = THIS_SYSTEM,
  { isAbsolute, join }: Paths = nodePath,
): string => {
  const named = environment["XDG_CONFIG_HOME"] ?? "";
  if (isAbsolute(named)) return join(named, NAME);
  if (platform === "win32") {
    return join(environment["APPDATA"] || join(home(), "AppData", "Roaming"), NAME);
  }
  return join(home(), ".config", NAME);
};
