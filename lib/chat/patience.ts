// How long one side waits for the other to take a message, while that one shows signs of life. Who is silent altogether
// is the business of the transport.

import { STALL_MS, STALL_MS_PER_KIB } from "./limits.ts";

/** In ms, where the oldest message that waits has so many bytes: a path may be slow. */
export const patienceMs = (bytes: number): number => STALL_MS + (bytes / 1_024) * STALL_MS_PER_KIB;
