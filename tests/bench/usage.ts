// What a process has used of the machine, as Linux tells it in /proc. Elsewhere there is nothing to be had: NaN.

import { readdirSync, readFileSync } from "node:fs";

const BYTES_PER_KIB = 1_024;

/** CPU time of the process's threads, in us, by thread. */
export type CpuTimes = ReadonlyMap<string, number>;

const NS_PER_US = 1_000;

/**
 * CPU time so far, user and system together, exact to the time slice that is running: /proc/PID/stat counts in steps of
 * 10 ms. Threads that have ended are left out: take both samples within seconds of each other.
 */
export const cpuTimes = (pid: number): CpuTimes => {
  const times = new Map<string, number>();
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const [onCpuNs] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "latin1").split(" ");
      times.set(thread, Number(onCpuNs) / NS_PER_US);
    }
  } catch {
    // no /proc, or the thread ended in between
  }
  return times;
};

/** CPU time between two samples, in us; NaN where there are none. */
export const cpuBetween = (before: CpuTimes, after: CpuTimes): number => {
  if (before.size === 0 || after.size === 0) return Number.NaN;
  let us = 0;
  for (const [thread, time] of after) us += time - (before.get(thread) ?? 0);
  return us;
};

/** Memory of the process that is in RAM, in bytes. */
export const residentBytes = (pid: number): number => {
  try {
    const kib = /^VmRSS:\s+([0-9]+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
    return kib === undefined ? Number.NaN : Number(kib) * BYTES_PER_KIB;
  } catch {
    return Number.NaN;
  }
};

/** Datagrams that this machine's sockets had no room for, so far. */
export const datagramsDropped = (): number => {
  try {
    const [names, values] = readFileSync("/proc/net/snmp", "latin1")
      .split("\n")
      .filter((line) => line.startsWith("Udp: "))
      .map((line) => line.split(" "));
    return Number(values?.[names?.indexOf("RcvbufErrors") ?? -1]);
  } catch {
    return Number.NaN;
  }
};
