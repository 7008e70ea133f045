/** What the operating system knows of this process, read from `/proc`. */
import { readdirSync, readFileSync } from "node:fs";

/** Numbers of one moment; what a system does not tell is undefined. */
export interface ProcessFacts {
  readonly openDescriptors: number | undefined;
  readonly descriptorsMax: number | undefined;
  readonly virtualBytes: number | undefined;
  /** 2^64 − 1 when there is no limit. */
  readonly virtualBytesMax: number | undefined;
  /** Over IP, of all processes in this network namespace, since it exists. */
  readonly receivedBytes: number | undefined;
  readonly sentBytes: number | undefined;
}

/** A limit that is none. */
const unlimited = 2 ** 64;

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined; // Other systems have no /proc; a hardened one may hide it.
  }
}

const read = (path: string): string => readFileSync(path, "latin1");

/** The soft limit of a line of `/proc/self/limits`. */
function limit(limits: string | undefined, name: string): number | undefined {
  const text = new RegExp(`^${name} +(\\d+|unlimited)`, "m").exec(limits ?? "")?.[1];
  return text === undefined ? undefined : text === "unlimited" ? unlimited : Number(text);
}

/** The column of a table of `/proc/net/netstat`, where each table is a line of names and a line of numbers. */
function column(tables: string | undefined, table: string, name: string): number | undefined {
  const [names, numbers] = (tables ?? "").split("\n").filter((line) => line.startsWith(`${table}: `));
  const at = names?.split(" ").indexOf(name) ?? -1;
  const text = at < 0 ? undefined : numbers?.split(" ")[at];
  return text === undefined ? undefined : Number(text);
}

/** Bytes of address space: the 23rd field, counted behind the program's name, which may hold anything. */
function addressSpace(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[20]);
}

/** Reads all of it. Never throws. */
export function processFacts(): ProcessFacts {
  const limits = attempt(() => read("/proc/self/limits"));
  const netstat = attempt(() => read("/proc/self/net/netstat"));
  return {
    openDescriptors: attempt(() => readdirSync("/proc/self/fd").length),
    descriptorsMax: limit(limits, "Max open files"),
    virtualBytes: attempt(() => addressSpace(read("/proc/self/stat"))),
    virtualBytesMax: limit(limits, "Max address space"),
    receivedBytes: column(netstat, "IpExt", "InOctets"),
    sentBytes: column(netstat, "IpExt", "OutOctets"),
  };
}
