// What runs in a thread of its own: takes a target and seeds, gives what came of their cases. The seed at work stands in
// shared memory, where it can be read also when a case never ends.

import type { Failure } from "./fuzzer.ts";
import { fuzzerOf } from "./targets/all.ts";

export interface Job {
  readonly target: string;
  readonly firstSeed: number;
  readonly cases: number;
}

export interface JobResult {
  readonly inputs: number;
  readonly cases: number;
  readonly ms: number;
  /** The first one ends the job. */
  readonly failure?: Failure & { readonly seed: number };
}

const runJob = async (
  { target, firstSeed, cases }: Job,
  atWork: Int32Array,
): Promise<JobResult> => {
  const fuzzer = fuzzerOf(target);
  const begunAt = performance.now();
  let inputs = 0;
  for (let done = 0; done < cases; done++) {
    const seed = firstSeed + done;
    Atomics.store(atWork, 0, seed);
    const result = await fuzzer.run(seed);
    inputs += result.inputs;
    if (result.failure === undefined) continue;
    const failure = { ...result.failure, seed };
    return { inputs, cases: done + 1, ms: performance.now() - begunAt, failure };
  }
  return { inputs, cases, ms: performance.now() - begunAt };
};

declare const self: Worker;

if (!Bun.isMainThread) {
  let atWork: Int32Array | undefined;
  self.onmessage = async ({ data }: MessageEvent<Job | Int32Array>) => {
    if (data instanceof Int32Array) atWork = data;
    else if (atWork !== undefined) self.postMessage(await runJob(data, atWork));
  };
}
