// What runs in a thread of its own: takes options, gives the result of their run.

import type { Options } from "./options.ts";
import { run, scenarioOf } from "./run.ts";

declare const self: Worker;

self.onmessage = ({ data }: MessageEvent<Options>) => self.postMessage(run(data, scenarioOf(data)));
