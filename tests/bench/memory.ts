import { readFileSync } from "node:fs";
import { familyOf } from "./usage.ts";

/** What processes hold of the machine's memory, in megabytes (2^20 bytes). */
export interface Memory {
  readonly rssMegabytes: number;
  /** Heaps and stacks. */
  readonly anonMegabytes: number;
  /** Pages of files mapped into memory: programs, libraries, and the database of an etcd. */
  readonly fileMegabytes: number;
  readonly shmemMegabytes: number;
}

/** Reads the sizes from the text of `/proc/PID/status`. */
export function parseMemory(status: string): Memory {
  const megabytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0) / 1024;
  return {
    rssMegabytes: megabytes("VmRSS"),
    anonMegabytes: megabytes("RssAnon"),
    fileMegabytes: megabytes("RssFile"),
    shmemMegabytes: megabytes("RssShmem"),
  };
}

/** What a process and its children hold now. */
export function memoryOf(pid: number): Memory {
  const parts = familyOf(pid).map((one) => parseMemory(readFileSync(`/proc/${one}/status`, "utf8")));
  const sum = (name: keyof Memory): number => parts.reduce((total, part) => total + part[name], 0);
  return {
    rssMegabytes: sum("rssMegabytes"),
    anonMegabytes: sum("anonMegabytes"),
    fileMegabytes: sum("fileMegabytes"),
    shmemMegabytes: sum("shmemMegabytes"),
  };
}
