// Counts, in this process, the pieces of streams that begin before the end of what had arrived already: what a peer has
// sent again. Measured at the receivers, so that the program itself need not count for the benchmark's sake.

import { ReceiveStream } from "../../../lib/transport/session/receive-stream.ts";

/** On each stream: the end of all that has arrived. */
const END = Symbol("end");

interface Watched {
  [END]?: number;
}

let repeated = 0;

/** How many there were since the module was loaded. */
export const repeatedPieces = (): number => repeated;

const { accept } = ReceiveStream.prototype;

ReceiveStream.prototype.accept = function (this: ReceiveStream & Watched, start, bytes, messages) {
  const end = this[END] ?? 0;
  if (start < end) repeated++;
  this[END] = Math.max(end, start + bytes.length);
  return accept.call(this, start, bytes, messages);
};
