// Many runs, on several processors at once. Whatever their number, the results come in the order of the options, so that
// what is made of them is the same.

import type { Options } from "./options.ts";
import { type Result, run, scenarioOf } from "./run.ts";

export interface Done {
  readonly options: Options;
  readonly result: Result;
}

/** Runs all, `threads` of them at a time. `all` is asked for the next one only when somebody can run it. */
export async function* runAll(all: Iterable<Options>, threads: number): AsyncGenerator<Done> {
  if (threads <= 1) {
    for (const options of all) yield { options, result: run(options, scenarioOf(options)) };
    return;
  }
  const source = all[Symbol.iterator]();
  const workers = Array.from({ length: threads }, () => new Worker(WORKER));
  const begun: Promise<Done>[] = [];
  const begin = (worker: Worker): void => {
    const next = source.next();
    if (next.done === true) return;
    const options = next.value;
    begun.push(
      ask(worker, options).then((result) => {
        begin(worker);
        return { options, result };
      }),
    );
  };
  try {
    for (const worker of workers) begin(worker);
    for (let next = begun.shift(); next !== undefined; next = begun.shift()) yield await next;
  } finally {
    for (const worker of workers) worker.terminate();
  }
}

const WORKER = new URL("./worker.ts", import.meta.url);

const ask = (worker: Worker, options: Options): Promise<Result> =>
  new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Result>) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(options);
  });
