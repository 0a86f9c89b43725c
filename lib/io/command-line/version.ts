// The version, from the one place where it is written. The bundler puts it into the compiled programs.

import { version } from "../../../package.json" with { type: "json" };

/** What `--version` prints. */
export const VERSION_LINE = `ChatApp ${version}`;
