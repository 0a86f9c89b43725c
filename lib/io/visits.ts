// A client at its server: the machine that visits it, and another one in its place where the server turns out to want a
// password that nobody has given yet. Opens nothing; loaded behind the first prompt.

import { ClientMachine, type Left } from "../chat/client/client-machine.ts";
import { CLOSING } from "../chat/client/screen.ts";
import { EXIT_INTERRUPTED } from "../chat/exit-status.ts";
import type { LineKind } from "../chat/line.ts";
import type { Mismatch } from "../chat/machine.ts";
import type { Address } from "../transport/address.ts";
import type { ClientRun } from "./command-line/arguments.ts";
import * as program from "./command-line/program.ts";
import { Drive } from "./drive.ts";
import { freshKeyPair, randomBytes } from "./entropy.ts";
import { fingerprint } from "./fingerprint.ts";
import type { ServerTrust } from "./server-trust.ts";
import type { UdpSocket } from "./socket/udp-socket.ts";
import type { Console } from "./terminal/console.ts";
import { isLive } from "./terminal/tty.ts";
import type { UserActions } from "./user-actions.ts";

interface VisitParts {
  readonly run: ClientRun;
  readonly server: Address;
  readonly socket: UdpSocket;
  readonly screen: Console;
  readonly user: UserActions;
  /** Left out: any key will do. */
  readonly trust: ServerTrust | undefined;
}

export class Visits {
  readonly #parts: VisitParts;
  #machine: ClientMachine | undefined;
  #drive: Drive | undefined;
  #keyShown: string | undefined;

  constructor(parts: VisitParts) {
    this.#parts = parts;
  }

  /** Whether the user may type more lines. */
  get hasRoom(): boolean {
    return this.#machine?.hasRoom === true;
  }

  complete(line: string): readonly [candidates: readonly string[], part: string] {
    return this.#machine?.complete(line) ?? [[], ""];
  }

  datagram(from: Address, bytes: Uint8Array): void {
    this.#drive?.datagram(from, bytes);
  }

  /** Visits the server, with a password if one is given, and in the group that another machine has `left`. */
  async begin(password: string | undefined, left?: Left): Promise<void> {
    const { run, server, socket, screen, user, trust } = this.#parts;
    const psk = await program.secretOf(password);
    const machine = new ClientMachine({
      name: run.name,
      server,
      keyPair: freshKeyPair(),
      random: randomBytes,
      mayGrow: socket.unfragmented,
      left,
      serverKey: trust?.expected,
      psk,
    });
    const drive = new Drive(machine, {
      show(lines) {
        screen.setPrompt(machine.prompt);
        screen.show(lines);
      },
      send: (datagrams) => socket.send(datagrams),
      serverKey: (key) => this.#onServerKey(key),
      fault: program.reportFault,
      exit: (status, mismatch) =>
        void (mismatch === undefined
          ? this.#leave(status)
          : this.#onMismatch(mismatch, status, machine)),
    });
    this.#machine = machine;
    this.#drive = drive;
    screen.setPrompt(machine.prompt);
    drive.start();
    user.passTo(machine, drive);
    if (!isLive()) user.forget();
  }

  #say(text: string, kind: LineKind): void {
    this.#parts.screen.show([{ kind, text: `[${text}]` }]);
  }

  #onServerKey(key: Uint8Array): void {
    const { run, user, trust } = this.#parts;
    user.forget();
    trust?.proved(key);
    const text = `Server key ${fingerprint(key)}`;
    if (run.verbose && text !== this.#keyShown) this.#say(text, "status");
    this.#keyShown = text;
  }

  async #onMismatch(mismatch: Mismatch, status: number, machine: ClientMachine): Promise<void> {
    if (mismatch.reason === "password_wanted" && isLive()) return this.#askPassword(machine);
    const { run, screen, trust } = this.#parts;
    const { mismatchLines } = await import("./mismatch.ts");
    screen.show(mismatchLines(mismatch, run, trust));
    return this.#leave(status);
  }

  async #askPassword(machine: ClientMachine): Promise<void> {
    const { screen, user } = this.#parts;
    const isForgotten = user.keep();
    const { passwordQuestion } = await import("./command-line/password.ts");
    const given = await screen.lend(await passwordQuestion("Password of the server"));
    if (given === undefined) {
      screen.show([CLOSING]);
      return this.#leave(EXIT_INTERRUPTED);
    }
    const { left } = machine;
    if (isForgotten && left.unfinished)
      this.#say("What you typed and got no answer to is not repeated", "error");
    return this.begin(given, left);
  }

  async #leave(status: number): Promise<void> {
    const { screen, trust } = this.#parts;
    await trust?.settled();
    await screen.close();
    process.exit(status);
  }
}
