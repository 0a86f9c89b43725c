// How many handshakes are answered, of each source prefix and in all. What is refused is dropped in silence: who tries
// again gets in later. Knows nothing of sessions; the packets of those there are need no admission.

import { PrefixBuckets, type Rate, takeToken } from "../bucket.ts";
import {
  HANDSHAKES_BURST,
  HANDSHAKES_PER_SECOND,
  PREFIX_HANDSHAKES_BURST,
  PREFIX_HANDSHAKES_PER_SECOND,
  PREFIX_RETRIES_BURST,
  PREFIX_RETRIES_PER_SECOND,
  PREFIXES_MAX,
} from "../limits.ts";

/** Handshakes that an endpoint answers. 0 a second stands for no limit; what is left out is as in limits.ts. */
export interface HandshakeLimits {
  readonly perSecond?: number;
  readonly burst?: number;
  /** Of one source prefix, /24. */
  readonly prefixPerSecond?: number;
  readonly prefixBurst?: number;
}

export class Admission {
  readonly #rate: Rate;
  /** When the bucket for all is full. */
  #fullAt = Number.NEGATIVE_INFINITY;
  readonly #prefixes: PrefixBuckets;
  readonly #retries = new PrefixBuckets(
    { perSecond: PREFIX_RETRIES_PER_SECOND, burst: PREFIX_RETRIES_BURST },
    PREFIXES_MAX,
  );

  constructor({
    perSecond = HANDSHAKES_PER_SECOND,
    burst = HANDSHAKES_BURST,
    prefixPerSecond = PREFIX_HANDSHAKES_PER_SECOND,
    prefixBurst = PREFIX_HANDSHAKES_BURST,
  }: HandshakeLimits) {
    this.#rate = { perSecond, burst };
    this.#prefixes = new PrefixBuckets(
      { perSecond: prefixPerSecond, burst: prefixBurst },
      PREFIXES_MAX,
    );
  }

  /** Whether a HELLO from this host is answered: nobody has proved to be there. */
  retry(now: number, host: string): boolean {
    return this.#retries.take(now, host);
  }

  /** Whether a handshake is made with this host, which has proved to be there. A prefix without a token takes none of all. */
  handshake(now: number, host: string): boolean {
    const fullAt = takeToken(this.#rate, this.#fullAt, now);
    if (fullAt === undefined || !this.#prefixes.take(now, host)) return false;
    this.#fullAt = fullAt;
    return true;
  }
}
