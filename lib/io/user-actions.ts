// What the user does, on its way to the client's machine. The prompt is there before the machine, and a server that wants
// a password is visited a second time by another machine: what was done before is kept, and done as soon as it can be.

import type { ClientMachine } from "../chat/client/client-machine.ts";
import type { Drive } from "./drive.ts";

type Action = (machine: ClientMachine, now: number) => void;

export class UserActions {
  #kept: Action[] | undefined = [];
  #pass: (action: Action) => void = () => {};

  /** The user did something. */
  act(action: Action): void {
    this.#kept?.push(action);
    this.#pass(action);
  }

  /** What is kept is done to this machine now, and all that follows when it happens. It stays kept all the same. */
  passTo(machine: ClientMachine, drive: Pick<Drive, "act">): void {
    this.#pass = (action) => drive.act((now) => action(machine, now));
    for (const action of this.#kept ?? []) this.#pass(action);
  }

  /** There will be another machine: from now on everything is kept for it as well. Returns whether what was before is not. */
  keep(): boolean {
    const isForgotten = this.#kept === undefined;
    this.#kept ??= [];
    return isForgotten;
  }

  /** The machine that is there has been let in. */
  forget(): void {
    this.#kept = undefined;
  }
}
