// The `send` command: to whom, along which link, and what is said when it is through or nobody answers.
// Knows the table and the links, nothing of groups.

import type { Address } from "../../transport/address.ts";
import { NAME_WIRE_MAX_UNITS } from "../limits.ts";
import type { TableEntry } from "../message.ts";
import { foldName } from "../names.ts";
import { addressFrom, type DirectLinks } from "./direct-links.ts";
import type { Finished } from "./line-queue.ts";
import { type Screen, shortened } from "./screen.ts";
import type { ServerLink } from "./server-link.ts";
import type { UserTable } from "./user-table.ts";

interface Waiting {
  readonly text: string;
  readonly finished: Finished;
}

/** A message on its way, and what is to be said of it as soon as that is known. */
interface Sent {
  tell: ((now: number) => void) | undefined;
}

interface SendingParts {
  readonly screen: Screen;
  readonly table: UserTable;
  readonly links: DirectLinks;
  readonly server: ServerLink;
  readonly serverAddress: Address;
  /** The user's own name, as registered. */
  readonly ownName: () => string;
}

export class Sending {
  readonly #parts: SendingParts;
  /** Messages to names that the server is being asked for, by folded name, in order. */
  readonly #resolving = new Map<string, Waiting[]>();
  /**
   * Messages whose result is not told yet, by folded name, in the order of sending: readers can tell the results apart
   * only by that, even if the name changed hands between two of them.
   */
  readonly #sent = new Map<string, Sent[]>();
  /** Peers being reported, by key: what ends when the server has judged. */
  readonly #reported = new Map<string, Finished[]>();

  constructor(parts: SendingParts) {
    this.#parts = parts;
  }

  send(now: number, name: string, text: string, finished: Finished): void {
    const { screen, table, ownName } = this.#parts;
    const fold = foldName(name);
    if (fold === foldName(ownName())) {
      screen.say(`${ownName()}: ${text}`, "chat");
      screen.say(`Message received by ${ownName()}`);
      finished(now);
      return;
    }
    if (!screen.fits(text)) {
      finished(now);
      return;
    }
    const waiting = this.#resolving.get(fold);
    const user = table.find(now, name);
    if (waiting !== undefined) waiting.push({ text, finished });
    else if (user !== undefined) this.#sendTo(now, user, text, finished);
    else if (table.onDemand && name.length <= NAME_WIRE_MAX_UNITS) {
      this.#resolving.set(fold, [{ text, finished }]);
      this.#resolve(now, name);
    } else this.#unable(now, name, finished);
  }

  #unable(now: number, name: string, finished: Finished): void {
    this.#parts.screen.say(`Unable to send to non-existent ${shortened(name)}.`, "error");
    finished(now);
  }

  #resolve(now: number, name: string): void {
    const { server, table } = this.#parts;
    server.ask(now, { type: "resolve", payload: { name } }, true, (later, reply) => {
      const waiting = this.#resolving.get(foldName(name)) ?? [];
      this.#resolving.delete(foldName(name));
      const user = reply?.type === "resolved" ? reply.payload.user : null;
      if (user !== null) table.learn(user);
      for (const { text, finished } of waiting) {
        if (user === null) this.#unable(later, name, finished);
        else this.#sendTo(later, user, text, finished);
      }
    });
  }

  #sendTo(now: number, user: TableEntry, text: string, finished: Finished): void {
    const { screen, links, serverAddress } = this.#parts;
    const { name, key } = user;
    const sent = this.#begin(name);
    links.send(now, { key, address: addressFrom(user, serverAddress) }, text, (later, outcome) => {
      sent.tell = (then) => {
        if (outcome === "delivered") {
          screen.say(`Message received by ${name}`);
          finished(then);
        } else {
          screen.say(`No ACK from ${name}, message not delivered`, "error");
          this.#report(then, user, finished);
        }
      };
      this.#tell(later, name);
    });
  }

  #begin(name: string): Sent {
    const fold = foldName(name);
    const sent: Sent = { tell: undefined };
    const all = this.#sent.get(fold);
    if (all === undefined) this.#sent.set(fold, [sent]);
    else all.push(sent);
    return sent;
  }

  /** Tells all results that wait for no earlier one. */
  #tell(now: number, name: string): void {
    const fold = foldName(name);
    const all = this.#sent.get(fold) ?? [];
    for (let tell = all[0]?.tell; tell !== undefined; tell = all[0]?.tell) {
      all.shift();
      if (all.length === 0) this.#sent.delete(fold);
      tell(now);
    }
  }

  /** Several messages that failed together are one report. Without an answer there is nothing more to say. */
  #report(now: number, { name, key }: TableEntry, finished: Finished): void {
    const { screen, server, table } = this.#parts;
    const reported = this.#reported.get(key);
    if (reported !== undefined) {
      reported.push(finished);
      return;
    }
    this.#reported.set(key, [finished]);
    table.forget(name);
    server.ask(now, { type: "report_offline", payload: { name, key } }, false, (later, reply) => {
      if (reply?.type === "offline_confirmed") {
        screen.say(`Auto-deregistered ${name} since they were offline.`);
      } else if (reply?.type === "still_online") {
        screen.say(`${name} is online, but cannot be reached from here.`, "error");
      }
      const all = this.#reported.get(key) ?? [];
      this.#reported.delete(key);
      for (const one of all) one(later);
    });
  }
}
