// Many cases on several processors at once, a fair share of time for each target. Notices a case that does not end.

import type { Failure } from "./fuzzer.ts";
import type { Job, JobResult } from "./worker.ts";

/** What came of a target so far. */
export interface Tally {
  readonly target: string;
  inputs: number;
  cases: number;
  /** Time of one processor. */
  ms: number;
}

export interface Plan {
  readonly targets: readonly string[];
  /** Of the first case of every target; the others follow. */
  readonly firstSeed: number;
  /** Of each target. */
  readonly cases: number;
  readonly seconds: number;
  readonly threads: number;
}

export type Found = Failure & { readonly target: string; readonly seed: number };

/** A job takes about so long: short enough to be fair, long enough that handing it out costs nothing. */
const JOB_MS = 300;

/** No case comes near it; one that takes so long takes for ever, or as good as. */
const CASE_MAX_MS = 60_000;

const WORKER = new URL("./worker.ts", import.meta.url);

/** Runs until time or cases are over, or something is found. `onProgress` gets the tallies after each job. */
export const runAll = async (
  { targets, firstSeed, cases, seconds, threads }: Plan,
  onProgress: (tallies: readonly Tally[]) => void,
): Promise<{ readonly tallies: readonly Tally[]; readonly found: Found | undefined }> => {
  const tallies = targets.map((target): Tally => ({ target, inputs: 0, cases: 0, ms: 0 }));
  const handedOut = new Map<string, number>();
  const until = performance.now() + seconds * 1_000;
  let found: Found | undefined;

  /** The next job, of the target that had least time so far. */
  const next = (): Job | undefined => {
    if (found !== undefined || performance.now() >= until) return undefined;
    const open = tallies.filter(({ target }) => (handedOut.get(target) ?? 0) < cases);
    const [tally] = open.toSorted((a, b) => a.ms - b.ms);
    if (tally === undefined) return undefined;
    const before = handedOut.get(tally.target) ?? 0;
    const fitting = tally.ms === 0 ? 1 : Math.ceil((JOB_MS * tally.cases) / tally.ms);
    const count = Math.min(fitting, cases - before);
    handedOut.set(tally.target, before + count);
    tally.ms += Number.EPSILON; // others first, until its result is here
    return { target: tally.target, firstSeed: firstSeed + before, cases: count };
  };

  const work = async (): Promise<void> => {
    const worker = new Worker(WORKER);
    const atWork = new Int32Array(new SharedArrayBuffer(4));
    worker.postMessage(atWork);
    for (let job = next(); job !== undefined; job = next()) {
      const tally = tallies.find(({ target }) => target === job?.target)!;
      const result = await ask(worker, job, atWork);
      tally.inputs += result.inputs;
      tally.cases += result.cases;
      tally.ms += result.ms;
      if (result.failure !== undefined) found ??= { target: job.target, ...result.failure };
      onProgress(tallies);
    }
    worker.terminate();
  };
  await Promise.all(Array.from({ length: threads }, work));
  return { tallies, found };
};

const ask = (worker: Worker, job: Job, atWork: Int32Array): Promise<JobResult> =>
  new Promise((resolve, reject) => {
    let seed = -1;
    const watch = setInterval(() => {
      const now = Atomics.load(atWork, 0);
      if (now === seed) {
        const what = `one case takes longer than ${CASE_MAX_MS} ms`;
        const failure = { rule: "a case ends", what, steps: [], seed };
        done({ inputs: 0, cases: 0, ms: CASE_MAX_MS, failure });
      }
      seed = now;
    }, CASE_MAX_MS);
    const done = (result: JobResult): void => {
      clearInterval(watch);
      resolve(result);
    };
    worker.onmessage = ({ data }: MessageEvent<JobResult>) => done(data);
    worker.onerror = ({ message }) => {
      clearInterval(watch);
      reject(new Error(message));
    };
    worker.postMessage(job);
  });
