// Tells senders how far their group messages are settled. That does not hurry: it goes out with whatever else is said to
// them, and alone only if there is nothing for a while. Knows which sessions wait, not what settles a message.

import { Deque } from "../../transport/deque.ts";
import { SETTLED_DELAY_MS } from "../limits.ts";
import { framed } from "../message.ts";
import type { ServerContext } from "./context.ts";
import type { Link } from "./link.ts";

export class SettledNews {
  readonly #context: ServerContext;
  /** Sessions with news to tell, and when these go out alone, in that order. */
  readonly #waiting = new Deque<{ readonly link: Link; readonly at: number }>();

  constructor(context: ServerContext) {
    this.#context = context;
  }

  /** What has settled in this turn. To be called at its end, when it is known what else is said. */
  tell(): void {
    const { settlement, endpoint, now } = this.#context;
    for (const { key, id } of settlement.takeNews()) {
      const link = this.#context.presenceOf(key)?.link;
      if (link === undefined) continue;
      const at = link.rider?.at ?? now + SETTLED_DELAY_MS;
      if (link.rider === undefined) this.#waiting.push({ link, at });
      const frame = framed({ type: "settled", payload: { id }, metadata: {} });
      link.rider = { frame, at };
      if (endpoint.hasToSend(link.session)) link.sendRider(now);
    }
    this.#dropSent();
  }

  nextWakeup(): number {
    return this.#waiting.first()?.at ?? Infinity;
  }

  wake(): void {
    const { now } = this.#context;
    for (let first = this.#waiting.first(); first !== undefined && first.at <= now;) {
      first.link.sendRider(now);
      this.#dropSent();
      first = this.#waiting.first();
    }
  }

  /** Those in front that have gone out with something else, or belong to a later entry. */
  #dropSent(): void {
    for (let first = this.#waiting.first(); first !== undefined;) {
      if (first.link.rider?.at === first.at) return;
      this.#waiting.shift();
      first = this.#waiting.first();
    }
  }
}
