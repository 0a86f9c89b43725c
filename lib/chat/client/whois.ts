// Asks the server whose a key is. Nobody has typed these questions: whoever comes along causes them, and the server counts
// them as the user's. So only a few are asked at once, and a few a second; the others wait here, where no command is
// behind them. Knows keys and answers, no messages.

import { nextToken, type Rate, takeToken } from "../../transport/bucket.ts";
import { WHOIS_BURST, WHOIS_IN_FLIGHT_MAX, WHOIS_PER_SECOND } from "../limits.ts";
import type { TableEntry } from "../message.ts";
import type { ServerLink } from "./server-link.ts";

const RATE: Rate = { perSecond: WHOIS_PER_SECOND, burst: WHOIS_BURST };

export class Whois {
  readonly #server: Pick<ServerLink, "ask">;
  readonly #answered: (key: string, user: TableEntry | null) => void;
  /** Keys that are to be asked for, in the order of their arrival. */
  readonly #waiting = new Set<string>();
  /** Keys that the server is being asked for. */
  readonly #asked = new Set<string>();
  /** The bucket of questions. */
  #fullAt = 0;

  /** `answered` is told who has a key that was asked for, or that nobody has it. It is not if there is no such answer. */
  constructor(
    server: Pick<ServerLink, "ask">,
    answered: (key: string, user: TableEntry | null) => void,
  ) {
    this.#server = server;
    this.#answered = answered;
  }

  /** Asks for a key, now or in its turn. However often this is called meanwhile, one answer is for all. */
  ask(now: number, key: string): void {
    if (this.#asked.has(key)) return;
    this.#waiting.add(key);
    this.#goOn(now);
  }

  /** Nobody wants to know any more. */
  drop(key: string): void {
    this.#waiting.delete(key);
  }

  wake(now: number): void {
    this.#goOn(now);
  }

  /** When to call `wake`: an answer that is missing may come at any time. */
  nextWakeup(): number {
    if (this.#waiting.size === 0 || this.#asked.size >= WHOIS_IN_FLIGHT_MAX) return Infinity;
    return nextToken(RATE, this.#fullAt);
  }

  #goOn(now: number): void {
    for (const key of this.#waiting) {
      if (this.#asked.size >= WHOIS_IN_FLIGHT_MAX) return;
      const fullAt = takeToken(RATE, this.#fullAt, now);
      if (fullAt === undefined) return;
      this.#fullAt = fullAt;
      this.#waiting.delete(key);
      this.#asked.add(key);
      this.#server.ask(now, { type: "whois", payload: { key } }, false, (later, reply) => {
        this.#asked.delete(key);
        if (reply?.type === "resolved") this.#answered(key, reply.payload.user);
        this.#goOn(later);
      });
    }
  }
}
