// What the user reads when client and server do not come together: what is the matter, and what can be done about it.
// Knows commands and files; a password is in none of these lines.

import { CLOSING } from "../chat/client/screen.ts";
import type { Line } from "../chat/line.ts";
import type { Mismatch } from "../chat/machine.ts";
import { printable } from "../chat/printable.ts";
import type { ClientRun } from "./command-line/arguments.ts";
import { commandNames } from "./command-line/usage.ts";
import { fingerprint } from "./fingerprint.ts";
import type { ServerTrust } from "./server-trust.ts";

/** The words that start the same client again, trusting the server's new key. */
const acceptingCommand = (run: ClientRun): string => {
  const { name, serverHost, serverPort, clientPort, password, verbose } = run;
  const flags = [
    ...(password === undefined ? [] : ["--password", "-"]),
    ...(verbose ? ["--verbose"] : []),
    "--accept-new-key",
  ];
  const words = [name, serverHost, serverPort, clientPort];
  // Behind `--` a name may begin with a dash.
  const all = name.startsWith("-") ? [...flags, "--", ...words] : [...words, ...flags];
  return [commandNames(Bun.main).client, ...all].join(" ");
};

const otherKey = (key: Uint8Array, run: ClientRun, trust: ServerTrust): string[] => {
  const { name, known, writtenIn } = trust;
  return [
    `WARNING: ${name} has another key than before!`,
    ...(known === undefined ? [] : [`Its key was ${fingerprint(known)}`]),
    `Its key is now ${fingerprint(key)}`,
    "Its owner may have set it up anew. Or somebody may be between you and it, to read along.",
    "Whoever runs the server sees the right key with --verbose: ask before you go on.",
    ...(writtenIn === undefined ? [] : [`The key that it had is written in ${writtenIn}`]),
    `To trust the new one: ${acceptingCommand(run)}`,
  ];
};

const textsOf = (mismatch: Mismatch, run: ClientRun, trust: ServerTrust | undefined): string[] => {
  switch (mismatch.reason) {
    case "other_key":
      return trust === undefined ? [] : otherKey(mismatch.key, run, trust);
    case "password_wanted":
      return ["The server wants a password: --password or CHATAPP_PASSWORD"];
    case "password_unwanted":
      return ["The server has no password: leave out --password and CHATAPP_PASSWORD"];
    case "password_wrong":
      return ["Wrong password"];
  }
};

/** `trust` is there for every server that is trusted by its key: without it, there is no other key than the right one. */
export const mismatchLines = (
  mismatch: Mismatch,
  run: ClientRun,
  trust: ServerTrust | undefined,
): Line[] => [
  ...textsOf(mismatch, run, trust).map((text): Line => ({
    kind: "error",
    text: `[${printable(text)}]`,
  })),
  CLOSING,
];
