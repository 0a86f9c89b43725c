// What follows from the table that the server sends: the line, the question for what is missing, the names of those who
// waited for one, the addresses of peers, and one's own place in it. Knows no session.

import type { Table, TableChanges, TableOnDemand } from "../message.ts";
import type { DirectLinks } from "./direct-links.ts";
import type { Incoming } from "./incoming.ts";
import type { Screen } from "./screen.ts";
import type { ServerLink } from "./server-link.ts";
import type { Update, UserTable } from "./user-table.ts";

interface TableFeedParts {
  readonly screen: Screen;
  readonly table: UserTable;
  readonly server: ServerLink;
  readonly incoming: Incoming;
  readonly links: DirectLinks;
  /** This client's key, as in the table. */
  readonly ownKey: string;
  /** Whether the user means to be in the table. */
  readonly staying: () => boolean;
  /** The first table is here. */
  readonly begin: (now: number) => void;
}

export class TableFeed {
  readonly #parts: TableFeedParts;
  #begun = false;
  #asked = false;

  constructor(parts: TableFeedParts) {
    this.#parts = parts;
  }

  /** A registration brings what is missing: what was asked for before it need not come. */
  onRegistered(): void {
    this.#asked = false;
  }

  /** The server does not say what is missing, for now: it is asked again with the next gap. */
  onRefused(): void {
    this.#asked = false;
  }

  take(now: number, message: Table | TableChanges | TableOnDemand): void {
    const { table } = this.#parts;
    switch (message.type) {
      case "table":
        return this.#follow(now, table.replace(now, message));
      case "table_changes":
        return this.#follow(now, table.change(message));
      case "table_on_demand":
        return this.#follow(now, table.demand(now, message));
    }
  }

  #follow(now: number, update: Update): void {
    const { screen, table, server, incoming, links, ownKey, staying } = this.#parts;
    const { position } = table;
    if (update === "gap") {
      if (position === undefined || this.#asked) return;
      this.#asked = server.askTable(now, position);
      return;
    }
    this.#asked = false;
    if (update === "changed") screen.say("Client table updated.");
    incoming.introduce();
    links.follow(now);
    // Somebody could not reach us, and the server could not either. It can now.
    if (!table.onDemand && staying() && !table.has(ownKey)) server.register(now);
    if (this.#begun) return;
    this.#begun = true;
    this.#parts.begin(now);
  }
}
