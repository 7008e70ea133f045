// How cost grows: with keys, members, clients, and the size of values; `npm run bench -- --growth`. The recorded points
// become the plots of docs/performance.md by `npm run plots`.
import { ctlOk, pause, Scope, ServerCluster } from "../support/index.ts";
import { newDataDir, roomFlag } from "./bench-data.ts";
import { probeKey, probeValue, runLoad, type Workload } from "./load.ts";
import { fill, untilAnswered } from "./member-calls.ts";
import { memoryOf } from "./memory.ts";
import { usageOf } from "./usage.ts";

/** What grows, and where it is measured. */
export const growthAxes: Readonly<Record<GrowthAxis, readonly number[]>> = {
  keys: [10_000, 100_000, 1_000_000, 10_000_000],
  members: [1, 3, 5, 7],
  clients: [1, 10, 100, 1_000, 10_000],
  "value-bytes": [16, 256, 4_096, 65_536, 1_048_576],
};
export type GrowthAxis = "keys" | "members" | "clients" | "value-bytes";

/** One measured figure. */
export interface GrowthPoint {
  readonly axis: GrowthAxis;
  readonly x: number;
  readonly server: string;
  /** What was measured, with its unit. */
  readonly what: string;
  readonly value: number;
}

export interface GrowthOptions {
  readonly axes: readonly GrowthAxis[];
  /** Undefined: all of the axis. */
  readonly points: readonly number[] | undefined;
  readonly servers: readonly string[];
  readonly flags: readonly string[];
  readonly nodeOptions: readonly string[];
}

type Sink = (what: string, value: number) => void;

/** The shape that each axis changes in one respect. */
interface Setting {
  readonly members: number;
  readonly clients: number;
  readonly keys: number;
  readonly valueBytes: number;
}
const usual: Setting = { members: 3, clients: 100, keys: 0, valueBytes: 256 };

const settings: Readonly<Record<GrowthAxis, (x: number) => Setting>> = {
  keys: (keys) => ({ ...usual, members: 1, keys }),
  members: (members) => ({ ...usual, members, clients: 1_000 }),
  clients: (clients) => ({ ...usual, clients }),
  "value-bytes": (valueBytes) => ({ ...usual, valueBytes }),
};

/** Bytes that a cell moves at most, and requests. */
const cellBytesMax = 300_000_000;
const requestsOf = ({ clients, valueBytes }: Setting): number =>
  Math.max(200, Math.min(clients === 1 ? 8_000 : 50_000, Math.floor(cellBytesMax / valueBytes)));
const settleMs = 5_000;

async function measureLoad(
  cluster: ServerCluster,
  { workload, name }: { workload: Workload; name: string },
  setting: Setting,
  sink: Sink,
): Promise<void> {
  const load = { workload, endpoints: cluster.endpoints, clients: setting.clients, valueBytes: setting.valueBytes };
  const requests = requestsOf(setting);
  await runLoad({ ...load, requests: Math.max(setting.clients, Math.ceil(requests / 5)) });
  const pids = cluster.members.map((member) => member.process.pid);
  const before = usageOf(pids);
  const result = await runLoad({ ...load, requests });
  const after = usageOf(pids);
  // Servers refuse what they cannot take: what counts is what they did.
  const done = requests - result.errors;
  if (done === 0) throw new Error(`all of ${requests} requests failed`);
  if (result.errors > 0) sink(`${name}: refused, % of the requests`, (100 * result.errors) / requests);
  sink(`${name}: requests/s`, (result.requestsPerSecond * done) / requests);
  sink(`${name}: server CPU, µs a request`, (after.cpuMicros - before.cpuMicros) / done);
  sink(`${name}: median latency, ms`, result.p50Ms);
}

async function measureKeys(cluster: ServerCluster, keys: number, sink: Sink): Promise<void> {
  const [member] = cluster.members;
  if (member === undefined) return;
  await fill(member.clientUrl, keys);
  await pause(settleMs);
  sink("memory (RSS) after the load, MB", memoryOf(member.process.pid).rssMegabytes);
  await member.stop(60_000);
  const startedMs = performance.now();
  member.start();
  const tookMs = await untilAnswered(member.clientUrl, startedMs, (client) => client.range({ key: Buffer.from("a") }));
  sink("restart until a linearizable read, ms", tookMs);
  await pause(settleMs);
  sink("memory (RSS) after the restart, MB", memoryOf(member.process.pid).rssMegabytes);
}

async function measurePoint(axis: GrowthAxis, x: number, server: string, options: GrowthOptions, sink: Sink) {
  const scope = new Scope();
  try {
    const setting = settings[axis](x);
    const cluster = await ServerCluster.start(scope, {
      program: server,
      members: setting.members,
      dir: newDataDir(scope),
      flags: ["--log-level=error", roomFlag, ...options.flags],
      nodeOptions: options.nodeOptions,
    });
    if (axis === "keys") await measureKeys(cluster, x, sink);
    await ctlOk(["put", probeKey, probeValue], { program: "etcdctl-3.7", endpoints: cluster.endpoints });
    await measureLoad(cluster, { workload: "put", name: "put" }, setting, sink);
    // What is read has a value of one size, whatever is written.
    if (axis !== "value-bytes") {
      await measureLoad(cluster, { workload: "get-linearizable", name: "linearizable get" }, setting, sink);
    }
    await cluster.stop();
  } finally {
    await scope.close();
  }
}

/** Measures and prints each point as it comes; returns all. */
export async function runGrowth(options: GrowthOptions): Promise<readonly GrowthPoint[]> {
  const points: GrowthPoint[] = [];
  for (const axis of options.axes) {
    for (const x of options.points ?? growthAxes[axis]) {
      for (const server of options.servers) {
        await measurePoint(axis, x, server, options, (what, value) => {
          points.push({ axis, x, server, what, value });
          console.log(
            `${axis.padEnd(12)} ${String(x).padStart(9)} ${server.padEnd(9)} ${what.padEnd(48)} ${value.toFixed(1)}`,
          );
        });
      }
    }
  }
  return points;
}
