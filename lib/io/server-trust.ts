// What this user's client knows of the key of the server that it visits: from the last visit, and from this one.

import { printable } from "../chat/printable.ts";
import { isLoopback } from "../transport/address.ts";
import { equalBytes } from "../transport/wire/bytes.ts";
import type { ClientRun } from "./command-line/arguments.ts";
import {
  knownServersPath,
  readKnownServers,
  rememberServer,
  serverName,
} from "./files/known-servers.ts";
import { fileProblem } from "./files/whole-file.ts";

/** A file that another process keeps locked does not hold up the end of this one for longer. */
const SETTLE_MAX_MS = 1_000;

/** Of lines that say nothing: enough to find the others. */
const LINES_TOLD_MAX = 5;

/**
 * What is known of the server at this address. A name that leads to this machine has no key, unless it had one before: it
 * is held to that, wherever it leads today.
 */
export const trustIn = async (
  address: string,
  run: ClientRun,
  onWarning: (text: string) => void,
): Promise<ServerTrust | undefined> => {
  const trust = new ServerTrust(run, onWarning);
  await trust.lookUp();
  return isLoopback(address) && trust.known === undefined ? undefined : trust;
};

export class ServerTrust {
  /** As it is called in the file. */
  readonly name: string;
  readonly #replace: boolean;
  readonly #onWarning: (text: string) => void;
  #known: Uint8Array | undefined;
  #written = false;
  /** What stands in the file is not known, and so nothing can be added. */
  #unread = false;
  #remembering: Promise<void> = Promise.resolve();

  /** `onWarning` is given what the user should know, one line of printable text each time. */
  constructor(
    { serverHost, serverPort, acceptNewKey }: ClientRun,
    onWarning: (text: string) => void,
  ) {
    this.name = serverName(serverHost, serverPort);
    this.#replace = acceptNewKey;
    this.#onWarning = onWarning;
  }

  /** Looks up the server. Whatever is wrong with the file is no reason not to visit it. */
  async lookUp(): Promise<void> {
    try {
      const { keys, damaged } = await readKnownServers();
      this.#known = keys.get(this.name);
      this.#written = this.#known !== undefined;
      const numbers = damaged.slice(0, LINES_TOLD_MAX).join(", ");
      if (numbers !== "") this.#warn(`not a server and its key in line ${numbers}`);
    } catch (error) {
      this.#unread = true;
      const problem = fileProblem(error);
      this.#warn(`the server's key can be neither checked nor remembered: ${problem}`);
    }
  }

  /** The only key that will do, or "first": whichever it has, but then no other. */
  get expected(): Uint8Array | "first" {
    return this.#replace ? "first" : (this.#known ?? "first");
  }

  /** The key that the server had before; undefined if it is not known. */
  get known(): Uint8Array | undefined {
    return this.#known;
  }

  /** The file in which that key stands; undefined if it stands in none. */
  get writtenIn(): string | undefined {
    return this.#written ? knownServersPath() : undefined;
  }

  /** The server has proved that it has this key. */
  proved(key: Uint8Array): void {
    if (this.#known !== undefined && equalBytes(this.#known, key)) return;
    this.#known = key;
    if (this.#unread) return;
    this.#remembering = rememberServer(this.name, key, this.#replace).then(
      () => {
        this.#written = true;
      },
      (error: unknown) => {
        this.#written = false;
        this.#warn(`the server's key cannot be remembered: ${fileProblem(error)}`);
      },
    );
  }

  /** Resolves when what is to be remembered is written, or cannot be, or takes longer than anybody should wait. */
  async settled(): Promise<void> {
    const inTime = this.#remembering.then(() => true);
    if (await Promise.race([inTime, Bun.sleep(SETTLE_MAX_MS)])) return;
    this.#warn("the server's key is not remembered: another program is changing the file");
  }

  #warn(problem: string): void {
    const path = knownServersPath();
    const place = path === undefined ? "" : `${printable(path)}: `;
    this.#onWarning(`Warning: ${place}${problem}`);
  }
}
