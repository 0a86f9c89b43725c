// The `send` command: to whom, along which link, and what is said when it is through or nobody answers.
// Knows the table and the links, nothing of groups.

import type { Address } from "../transport/address.ts";
import type { DirectLinks } from "./client-direct.ts";
import type { Finished } from "./client-input.ts";
import type { Screen } from "./client-screen.ts";
import type { ServerLink } from "./client-server.ts";
import type { UserTable } from "./client-table.ts";
import { NAME_WIRE_MAX_UNITS, TEXT_MAX_BYTES } from "./limits.ts";
import { encodedTextBytes, type TableEntry } from "./message.ts";
import { foldName } from "./names.ts";

/** Addresses that mean "this machine" to whoever uses them. */
const LOOPBACK = /^127\./;

/** A client on the server's own machine is known there by a loopback address, which is of no use elsewhere. */
export const addressFrom = ({ host, port }: TableEntry, server: Address): Address =>
  LOOPBACK.test(host) ? { host: server.host, port } : { host, port };

/** Whether a text fits into a message; otherwise says that it does not. */
export const fits = (screen: Screen, text: string): boolean => {
  const bytes = encodedTextBytes(text);
  if (bytes <= TEXT_MAX_BYTES) return true;
  screen.say(`Message too long: ${bytes} bytes, at most ${TEXT_MAX_BYTES}`, "error");
  return false;
};

interface Waiting {
  readonly text: string;
  readonly finished: Finished;
}

export interface SendingParts {
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
    if (!fits(screen, text)) {
      finished(now);
      return;
    }
    const waiting = this.#resolving.get(fold);
    const user = table.find(name);
    if (waiting !== undefined) waiting.push({ text, finished });
    else if (user !== undefined) this.#sendTo(now, user, text, finished);
    else if (table.onDemand && name.length <= NAME_WIRE_MAX_UNITS) {
      this.#resolving.set(fold, [{ text, finished }]);
      this.#resolve(now, name);
    } else this.#unable(now, name, finished);
  }

  #unable(now: number, name: string, finished: Finished): void {
    this.#parts.screen.say(`Unable to send to non-existent ${name}.`, "error");
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
    links.send(now, { key, address: addressFrom(user, serverAddress) }, text, (later, outcome) => {
      if (outcome === "delivered") {
        screen.say(`Message received by ${name}`);
        finished(later);
      } else {
        screen.say(`No ACK from ${name}, message not delivered`, "error");
        this.#report(later, user, finished);
      }
    });
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
