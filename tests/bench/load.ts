import { realBinary, runProgram } from "../support/index.ts";

/** What is asked of a cluster. */
export const workloads = [
  "put",
  "get-linearizable",
  "get-serializable",
  "txn",
  "txn-put",
  "txn-mixed",
  "put-one-member",
  "range-limit",
  "range-count",
] as const;
export type Workload = (typeof workloads)[number];

/** What the members of a workload are, and how long its cells last. */
export interface Shape {
  readonly members: 1 | 3;
  /** The numbers of clients, where nobody asks for others. */
  readonly clients: readonly number[];
  /** Keys below `prefix` that are there before. */
  readonly preload: number;
  /** How many requests keep a cell busy for some seconds; 0: as many as a probe says, since servers differ too much. */
  requests(clients: number): number;
}

const manyClients: readonly number[] = [1, 100, 1000];
const reads = {
  members: 3,
  clients: manyClients,
  preload: 0,
  requests: (n: number) => (n === 1 ? 30_000 : 150_000),
} as const;
const writes = {
  members: 3,
  clients: manyClients,
  preload: 0,
  requests: (n: number) => (n === 1 ? 10_000 : 60_000),
} as const;
const ranges = { members: 1, clients: [100], preload: 1_000_000, requests: () => 0 } as const;

export const shapes: Readonly<Record<Workload, Shape>> = {
  put: writes,
  "get-linearizable": reads,
  "get-serializable": reads,
  txn: writes,
  "txn-put": writes,
  "txn-mixed": writes,
  "put-one-member": { ...writes, members: 1, clients: [500] },
  "range-limit": ranges,
  "range-count": { ...ranges, clients: [1000] },
};

/** The key that the get workloads read: 32 bytes, as all keys here; its value has 256 bytes, as all values. */
export const probeKey = "probe/00000000000000000000000000";
export const probeValue: string = "v".repeat(256);

/** What the keys that are there before begin with. */
export const prefix = "prefix/";
export const prefixEnd = "prefix0";

const sizes = ["--key-size=32", "--val-size=256"];
const put = ["put", ...sizes, "--key-space-size=100000"];
/** Keys that a range asks for. */
export const rangeLimit = 1000;
/** The program and its first arguments. */
const commands: Readonly<Record<Workload, readonly string[]>> = {
  put,
  "put-one-member": put,
  "get-linearizable": ["range", probeKey, "--consistency=l"],
  "get-serializable": ["range", probeKey, "--consistency=s"],
  "txn-put": ["txn-put", ...sizes, "--key-space-size=100000", "--txn-ops=4"],
  // A compare that holds, a put and a get of one key.
  txn: [...sizes, "--key-space-size=100000"],
  "range-limit": ["range", prefix, prefixEnd, `--limit=${rangeLimit}`],
  "range-count": ["range", prefix, prefixEnd, "--count-only"],
  // Half of them write a key, half read the first ten keys of a thousand.
  "txn-mixed": ["txn-mixed", ...sizes, "--key-space-size=1000", "--limit=10", "--rw-ratio=1"],
};

/** What the load generator measured. */
export interface LoadResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errors: number;
}

/** One run of the load generator. */
export interface Load {
  readonly workload: Workload;
  readonly endpoints: readonly string[];
  readonly clients: number;
  readonly requests: number;
  /** Of what is put; 256 unless given. */
  readonly valueBytes?: number;
}

/** Spreads up to 100 connections over the members; each client takes one in turn. */
export function connectionsFor(clients: number): number {
  return Math.min(clients, 100);
}

/** Runs etcd's own load generator against a cluster, or ours with the same flags where it has no such load. */
export async function runLoad({ workload, endpoints, clients, requests, valueBytes }: Load): Promise<LoadResult> {
  const name = workload === "txn" ? "txn-load" : "benchmark";
  const generator = realBinary(name);
  if (generator === undefined) throw new Error(`${name} is missing; "npm run peers" builds it`);
  const args = [
    ...commands[workload],
    // The last one counts.
    ...(valueBytes === undefined || workload.startsWith("get") ? [] : [`--val-size=${valueBytes}`]),
    `--endpoints=${endpoints.map((url) => url.replace("http://", "")).join(",")}`,
    `--clients=${clients}`,
    `--conns=${connectionsFor(clients)}`,
    `--total=${requests}`,
    "--precise",
  ];
  const { code, stdout, stderr } = await runProgram(generator, args, { timeoutMs: 300_000 });
  if (code !== 0) throw new Error(`${name} (${workload}) ended with ${code}: ${lastLines(stderr + stdout)}`);
  return parseReport(stdout, requests);
}

function lastLines(text: string): string {
  return text.trimEnd().split("\n").slice(-3).join(" | ");
}

/**
 * Reads the report of the load generator.
 *
 * A mixed load has two, for reads and for writes, that ran at the same time: their rates add up, of their latencies
 * the worse counts.
 *
 * @throws Error when there is no report or no request succeeded.
 */
export function parseReport(text: string, requests: number): LoadResult {
  const rates = numbersAfter(text, /Requests\/sec:\s+([\d.e+-]+)/g);
  const p50 = numbersAfter(text, /^\s*50% in ([\d.e+-]+) secs/gm);
  const p99 = numbersAfter(text, /^\s*99% in ([\d.e+-]+) secs/gm);
  if (rates.length === 0 || p50.length === 0 || p99.length === 0) {
    throw new Error(`no report from the load generator: ${lastLines(text)}`);
  }
  const errors = numbersAfter(text.split("Error distribution:").slice(1).join("\n"), /^\s*\[(\d+)\]/gm);
  return {
    requests,
    requestsPerSecond: sum(rates),
    p50Ms: Math.max(...p50) * 1000,
    p99Ms: Math.max(...p99) * 1000,
    errors: sum(errors),
  };
}

function numbersAfter(text: string, pattern: RegExp): number[] {
  return [...text.matchAll(pattern)].map((match) => Number(match[1]));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
