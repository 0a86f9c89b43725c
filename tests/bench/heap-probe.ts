// Loaded into the server before its program: says, when it is asked over the IPC channel, how much is on its heap.

import { heapStats } from "bun:jsc";

process.on("message", () => {
  Bun.gc(true);
  const { heapSize, extraMemorySize } = heapStats();
  process.send?.(heapSize + extraMemorySize);
});
