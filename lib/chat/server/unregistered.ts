// Sessions that are no registered user's: their time is short, so that nobody fills the server with them. Knows when, and
// not who has registered since.

import { Deque } from "../../transport/deque.ts";
import { UNREGISTERED_MAX_MS } from "../limits.ts";
import type { Link } from "./link.ts";

export class Unregistered {
  /** In the order in which their time is over, since all have the same. */
  readonly #links = new Deque<{ readonly link: Link; readonly until: number }>();

  /** The session is nobody's from now on. */
  add(now: number, link: Link): void {
    this.#links.push({ link, until: now + UNREGISTERED_MAX_MS });
  }

  nextWakeup(): number {
    return this.#links.first()?.until ?? Infinity;
  }

  /** Takes out the first whose time is over and that is still nobody's. */
  takeDue(now: number): Link | undefined {
    for (let first = this.#links.first(); first !== undefined; first = this.#links.first()) {
      if (first.until > now) return undefined;
      this.#links.shift();
      if (first.link.presence === undefined) return first.link;
    }
    return undefined;
  }
}
