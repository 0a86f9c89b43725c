// A program of the benchmark that carries out orders, one at a time, and reports: both ends of the channel to it. Knows
// nothing of what is ordered.

import { join } from "node:path";

import { Process } from "./processes.ts";

/** What an order takes at most where nothing else is said: long, but not for ever. */
const ORDER_MAX_MS = 60_000;

type Answer = { readonly report: unknown } | { readonly failed: string };

interface Waiting {
  readonly resolve: (report: unknown) => void;
  readonly reject: (reason: Error) => void;
}

/** The benchmark's end. `Orders` says for each order what comes back. */
export class Performer<Orders extends Record<string, (order: never) => unknown>> {
  readonly process: Process;
  #waiting: Waiting | undefined;

  /** `script`: a file of this folder that calls `perform`. */
  constructor(script: string, core: number, env: Readonly<Record<string, string>> = {}) {
    this.process = new Process([process.execPath, join(import.meta.dir, script)], core, {
      env,
      onMessage: (message) => this.#answered(message as Answer),
    });
    void this.process.child.exited.then(() => this.#ended());
  }

  get pid(): number {
    return this.process.pid;
  }

  /** Gives an order, and waits for its report. */
  async ask<Name extends keyof Orders & string>(
    name: Name,
    order: Parameters<Orders[Name]>[0],
    timeoutMs: number = ORDER_MAX_MS,
  ): Promise<Awaited<ReturnType<Orders[Name]>>> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting = { resolve, reject };
    const late = () => reject(new Error(`${name} took longer than ${timeoutMs} ms`));
    const timer = setTimeout(late, timeoutMs);
    if (this.process.hasEnded) void this.#ended();
    else this.process.child.send({ name, order });
    try {
      return (await promise) as Awaited<ReturnType<Orders[Name]>>;
    } finally {
      clearTimeout(timer);
      this.#waiting = undefined;
    }
  }

  end(): Promise<void> {
    return this.process.end();
  }

  #answered(answer: Answer): void {
    if ("failed" in answer) this.#waiting?.reject(new Error(answer.failed));
    else this.#waiting?.resolve(answer.report);
  }

  async #ended(): Promise<void> {
    this.#waiting?.reject(new Error(await this.process.reason()));
  }
}

/** The program's end. It ends with the benchmark. */
export const perform = (orders: Record<string, (order: never) => unknown>): void => {
  const answer = (it: Answer): void => void process.send?.(it);
  process.on("disconnect", () => process.exit());
  process.on("message", async ({ name, order }: { name: string; order: never }) => {
    try {
      answer({ report: await orders[name]?.(order) });
    } catch (error) {
      answer({ failed: `${name}: ${String(error)}` });
    }
  });
};
