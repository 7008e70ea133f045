import { readdirSync, readFileSync, writeFileSync } from "node:fs";

// The kernel counts processor time in ticks of 1/100 s, on every architecture that Node runs on.
const microsecondsPerTick = 10_000;

/** What processes have used. */
export interface Usage {
  /** User and system time, in microseconds (10 ms steps). */
  readonly cpuMicros: number;
  /** Highest resident size of the largest of them, in megabytes. */
  readonly peakMegabytes: number;
}

/** The process and all its descendants. */
export function familyOf(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
    try {
      return readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
    } catch {
      return []; // The thread has just ended.
    }
  });
  return [pid, ...children.flatMap(familyOf)];
}

function cpuTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // From field 3 on; utime is 14, stime 15.
  return Number(fields[11]) + Number(fields[12]);
}

function peakKilobytes(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
}

/** Reads what server processes and their children have used so far. */
export function usageOf(pids: readonly number[]): Usage {
  const all = pids.flatMap(familyOf);
  return {
    cpuMicros: all.reduce((ticks, pid) => ticks + cpuTicks(pid), 0) * microsecondsPerTick,
    peakMegabytes: Math.max(...all.map(peakKilobytes)) / 1024,
  };
}

/** Lets the highest resident size start again from the present one. */
export function resetPeak(pids: readonly number[]): void {
  for (const pid of pids) writeFileSync(`/proc/${pid}/clear_refs`, "5");
}
