// From what a typed line means to what is done. Knows which part of the client does it, and nothing of how.

import { foldName } from "../names.ts";
import { type CommandName, helpLines, type ParsedLine } from "./commands.ts";
import type { Grouping } from "./grouping.ts";
import type { Finished } from "./line-queue.ts";
import { type Screen, shortened } from "./screen.ts";
import type { Sending } from "./sending.ts";
import type { ServerLink } from "./server-link.ts";

interface CommandParts {
  readonly screen: Screen;
  readonly server: ServerLink;
  readonly sending: Sending;
  readonly grouping: Grouping;
  /** The user's own name, as registered. */
  readonly ownName: () => string;
  /** The server has let the user go. */
  readonly left: (now: number) => void;
}

export class CommandRunner {
  readonly #parts: CommandParts;
  #leaving = false;

  constructor(parts: CommandParts) {
    this.#parts = parts;
  }

  /** The user is on the way out, and must not be registered again. */
  get leaving(): boolean {
    return this.#leaving;
  }

  run(now: number, parsed: ParsedLine, finished: Finished): void {
    const { screen, grouping } = this.#parts;
    const group = grouping.room.current;
    if (parsed.kind === "command") {
      this.#command(now, parsed.name, parsed.words, finished);
      return;
    }
    if (parsed.kind === "usage") screen.say(`Usage: ${parsed.usage}`, "error");
    else if (parsed.kind === "invalid") {
      const text = `Invalid command: ${shortened(parsed.word)}`;
      if (group === undefined) screen.say(text, "error");
      else screen.plainIn(group, text, "error");
    }
    finished(now);
  }

  /** Out of the group, if there is one, then off the table. */
  leave(now: number, finished: Finished): void {
    const { grouping, server, left } = this.#parts;
    grouping.leave(now, (later) => {
      this.#leaving = true;
      server.ask(later, { type: "deregister", payload: {} }, true, (done) => {
        left(done);
        finished(done);
      });
    });
  }

  #command(now: number, name: CommandName, words: readonly string[], finished: Finished): void {
    const { sending, grouping } = this.#parts;
    const [first = "", second = ""] = words;
    switch (name) {
      case "send":
        return sending.send(now, first, second, finished);
      case "create_group":
        return grouping.create(now, first, finished);
      case "list_groups":
        return grouping.list(now, finished);
      case "join_group":
        return grouping.join(now, first, finished);
      case "send_group":
        return grouping.send(now, first, finished);
      case "list_members":
        return grouping.listMembers(now, finished);
      case "leave_group":
        return grouping.leave(now, finished);
      case "dereg":
        return this.#dereg(now, first, finished);
      case "help":
        return this.#help(now, finished);
    }
  }

  #dereg(now: number, name: string, finished: Finished): void {
    const { screen, ownName } = this.#parts;
    if (foldName(name) === foldName(ownName())) {
      this.leave(now, finished);
      return;
    }
    screen.say("You can only deregister yourself.", "error");
    finished(now);
  }

  #help(now: number, finished: Finished): void {
    const { screen, grouping } = this.#parts;
    screen.say("Commands:");
    for (const line of helpLines(grouping.mode)) screen.plain(line);
    finished(now);
  }
}
