// What came of the latest requests of each client, so that one that is sent again is answered again and takes effect
// once. Knows ids and verdicts, nothing of what was asked.

import { bound } from "../../transport/bound.ts";
import { DEPARTED_KEPT, REQUESTS_IN_FLIGHT_MAX } from "../limits.ts";
import type { Refusal } from "./refusals.ts";

/** What came of a request with an effect. `group` is the group's name as created. */
export type Verdict = { readonly ok: true; readonly group: string } | Refusal;

export interface RequestMemory {
  /** The highest id that took its turn; 0 for none. */
  last: number;
  /** By id, oldest first; undefined as long as there is none. */
  verdicts: Map<number, Verdict> | undefined;
}

export const emptyMemory = (): RequestMemory => ({ last: 0, verdicts: undefined });

/** The verdict on a request seen before; "stale" if it is older than what is remembered; undefined for a new one. */
export function recall(memory: RequestMemory, id: number): Verdict | "stale" | undefined {
  if (id > memory.last) return undefined;
  return memory.verdicts?.get(id) ?? "stale";
}

export function remember(memory: RequestMemory, id: number, verdict: Verdict): void {
  memory.last = id;
  memory.verdicts ??= new Map();
  memory.verdicts.set(id, verdict);
  bound(memory.verdicts, REQUESTS_IN_FLIGHT_MAX);
}

/** The memories of clients that are no longer registered, by key: the latest DEPARTED_KEPT. */
export class Departed {
  readonly #memories = new Map<string, RequestMemory>();

  keep(key: string, memory: RequestMemory): void {
    if (memory.last === 0) return;
    this.#memories.set(key, memory);
    bound(this.#memories, DEPARTED_KEPT);
  }

  /** The memory of a client that is back, if it is still there. */
  take(key: string): RequestMemory | undefined {
    const memory = this.#memories.get(key);
    if (memory !== undefined) this.#memories.delete(key);
    return memory;
  }
}
