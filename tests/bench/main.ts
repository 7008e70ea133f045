// Measures Quorate and real etcd under the same load generator, three members each, alternating in one run.
// scripts/bench.mjs bundles and starts this; CONTRIBUTING.md describes the options and the method.
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { ctlOk, realBinary, Scope, ServerCluster, type ServerMember, serverCommand } from "../support/index.ts";
import { newDataDir, roomFlag } from "./bench-data.ts";
import { checkAnswers } from "./answers.ts";
import { growthAxes, type GrowthAxis, type GrowthOptions, runGrowth } from "./growth.ts";
import {
  type Load,
  type LoadResult,
  probeKey,
  probeValue,
  rangeLimit,
  runLoad,
  shapes,
  type Workload,
  workloads,
} from "./load.ts";
import { fill } from "./member-calls.ts";
import { functionShares, readProfile } from "./profile.ts";
import { runSizes, type SizeOptions, sizeParts } from "./sizes.ts";
import { type Cell, type FailedCell, formatTable } from "./table.ts";
import { runTurns, type TurnOptions } from "./turns.ts";
import { resetPeak, usageOf } from "./usage.ts";

interface Options {
  readonly rounds: number;
  readonly servers: readonly string[];
  readonly only: readonly Workload[];
  /** Undefined: what each workload is measured with. */
  readonly clients: readonly number[] | undefined;
  /** Keys that ranges find; undefined: as many as the workload says. */
  readonly keys: number | undefined;
  /** Requests per cell are multiplied by this. */
  readonly scale: number;
  readonly json: string | undefined;
  readonly flags: readonly string[];
  /** Options of Node for our members. */
  readonly nodeOptions: readonly string[];
  /** Folder for CPU profiles of Quorate's members. */
  readonly profile: string | undefined;
}

function list(value: string | undefined): string[] | undefined {
  return value?.split(",").filter((item) => item !== "");
}

type Values = Readonly<Record<string, string | boolean | undefined>>;

const textOf = (value: string | boolean | undefined): string | undefined =>
  typeof value === "string" ? value : undefined;

function readValues(): Values {
  const { values } = parseArgs({
    options: {
      sizes: { type: "boolean", default: false },
      turns: { type: "boolean", default: false },
      growth: { type: "boolean", default: false },
      points: { type: "string" },
      keys: { type: "string" },
      overwrites: { type: "string" },
      kills: { type: "string" },
      "node-options": { type: "string" },
      quick: { type: "boolean", default: false },
      rounds: { type: "string" },
      only: { type: "string" },
      servers: { type: "string" },
      clients: { type: "string" },
      flags: { type: "string" },
      json: { type: "string" },
      profile: { type: "string" },
    },
  });
  return values;
}

const allServers = ["etcd-3.4", "etcd-3.7", "quorate"];

/** The options of `--sizes`. */
function readSizeOptions(values: Values): SizeOptions {
  const wanted = list(textOf(values["only"]));
  const parts = wanted === undefined ? sizeParts : sizeParts.filter((part) => wanted.includes(part));
  if (parts.length === 0) throw new Error(`--only: with --sizes there are ${sizeParts.join(", ")}`);
  return {
    rounds: Number(values["rounds"] ?? 1),
    servers: (list(textOf(values["servers"])) ?? allServers).filter(isThere),
    parts,
    keys: Number(values["keys"] ?? (values["quick"] === true ? 50_000 : 1_000_000)),
    overwrites: Number(values["overwrites"] ?? (values["quick"] === true ? 100_000 : 10_000_000)),
    kills: Number(values["kills"] ?? (values["quick"] === true ? 3 : 20)),
    flags: list(textOf(values["flags"])) ?? [],
    nodeOptions: list(textOf(values["node-options"])) ?? [],
  };
}

/** The options of `--turns`. */
function readTurnOptions(values: Values): TurnOptions {
  return {
    rounds: Number(values["rounds"] ?? 1),
    keys: Number(values["keys"] ?? (values["quick"] === true ? 50_000 : 1_000_000)),
    flags: list(textOf(values["flags"])) ?? [],
    nodeOptions: list(textOf(values["node-options"])) ?? [],
  };
}

/** The options of `--growth`. */
function readGrowthOptions(values: Values): GrowthOptions {
  const all = Object.keys(growthAxes) as GrowthAxis[];
  const wanted = list(textOf(values["only"]));
  const axes = wanted === undefined ? all : all.filter((axis) => wanted.includes(axis));
  if (axes.length === 0) throw new Error(`--only: with --growth there are ${all.join(", ")}`);
  return {
    axes,
    points: list(textOf(values["points"]))?.map(Number),
    servers: (list(textOf(values["servers"])) ?? ["etcd-3.7", "quorate"]).filter(isThere),
    flags: list(textOf(values["flags"])) ?? [],
    nodeOptions: list(textOf(values["node-options"])) ?? [],
  };
}

/** What is measured in the place of the loads, where it was asked for. */
function otherBench(values: Values): (() => Promise<readonly object[]>) | undefined {
  if (values["sizes"] === true) return () => runSizes(readSizeOptions(values));
  if (values["turns"] === true) return () => runTurns(readTurnOptions(values));
  if (values["growth"] === true) return () => runGrowth(readGrowthOptions(values));
  return undefined;
}

function readOptions(values: Values): Options {
  const wanted = list(textOf(values["only"]));
  const only =
    wanted === undefined
      ? workloads
      : workloads.filter((w) => wanted.some((name) => w === name || w.startsWith(`${name}-`)));
  if (only.length === 0) throw new Error(`--only: there are ${workloads.join(", ")}`);
  const quick = values["quick"] === true;
  const profile = textOf(values["profile"]);
  return {
    rounds: Number(values["rounds"] ?? (quick ? 1 : 3)),
    servers: list(textOf(values["servers"])) ?? allServers,
    only,
    clients: list(textOf(values["clients"]))?.map(Number),
    keys: values["keys"] === undefined ? (quick ? 50_000 : undefined) : Number(values["keys"]),
    scale: quick ? 0.15 : 1,
    json: textOf(values["json"]),
    profile: profile === undefined ? undefined : resolve(profile),
    flags: list(textOf(values["flags"])) ?? [],
    nodeOptions: list(textOf(values["node-options"])) ?? [],
  };
}

const probeRequests = 100;
/** A cell begins when the same load has run for this part of it: as many clients as it has make other batches than others do. */
const warmUpPart = 0.2;
const probedSeconds = 4;

/** How many requests keep a cell busy for some seconds on two cores. */
async function requestsFor(load: Omit<Load, "requests">): Promise<number> {
  const requests = shapes[load.workload].requests(load.clients);
  if (requests > 0) return requests;
  const { requestsPerSecond } = await runLoad({ ...load, requests: probeRequests });
  return Math.max(probeRequests, Math.round(requestsPerSecond * probedSeconds));
}

function isThere(server: string): boolean {
  try {
    return serverCommand(server) !== undefined;
  } catch (error) {
    if (server !== "quorate") throw error;
    return false; // Not built yet: then etcd is measured against etcd.
  }
}

/** The endpoints, the leader's first: a single client is never forwarded, by no luck of the draw. */
function leaderFirst(cluster: ServerCluster, leader: ServerMember): string[] {
  return [leader.clientUrl, ...cluster.endpoints.filter((url) => url !== leader.clientUrl)];
}

/** Lets the members end in order, so that they write their profiles, and says where the leader's time went. */
async function printProfile(cluster: ServerCluster, leader: ServerMember, dir: string): Promise<void> {
  const { pid } = leader.process;
  await cluster.stop();
  const profile = readProfile(dir, pid);
  if (profile === undefined) throw new Error(`the leader left no profile in ${dir}`);
  console.log(`where the leader's time went (self time, idle left out; all of it in ${dir})`);
  for (const { name, percent } of functionShares(profile).slice(0, 30)) {
    console.log(`${percent.toFixed(1).padStart(6)} %  ${name}`);
  }
}

/** Brings a fresh cluster to where a measurement may begin: keys to read, code paths warm. */
async function prepare(
  { workload, keys }: { workload: Workload; keys: number },
  endpoints: readonly string[],
  scale: number,
): Promise<void> {
  if (keys > 0) {
    await fill(endpoints[0] as string, keys);
    await runLoad({ workload, endpoints, clients: 10, requests: probeRequests });
    return;
  }
  if (workload.startsWith("get")) {
    await runLoad({ workload: "put", endpoints, clients: 100, requests: 10_000 });
    await ctlOk(["put", probeKey, probeValue], { program: "etcdctl-3.7", endpoints });
  }
  await runLoad({ workload, endpoints, clients: 100, requests: Math.round(20_000 * scale) });
}

/** Runs a load. @throws Error when a request fails. */
async function runFaultless(load: Load): Promise<LoadResult> {
  const result = await runLoad(load);
  if (result.errors > 0) throw new Error(`${result.errors} of ${result.requests} requests failed`);
  return result;
}

async function measure(
  cluster: ServerCluster,
  load: { workload: Workload; endpoints: readonly string[]; clients: number; requests: number },
): Promise<Omit<Cell, "round" | "server">> {
  const pids = cluster.members.map((member) => member.process.pid);
  resetPeak(pids);
  const before = usageOf(pids);
  const result = await runFaultless(load);
  const after = usageOf(pids);
  return {
    ...result,
    workload: load.workload,
    clients: load.clients,
    cpuMicrosPerRequest: (after.cpuMicros - before.cpuMicros) / result.requests,
    peakMegabytes: after.peakMegabytes,
  };
}

/** Runs one workload with each number of clients against a fresh cluster of one server program. */
async function runGroup(
  { server, workload, round }: { server: string; workload: Workload; round: number },
  options: Options,
  sink: { cells: Cell[]; failed: FailedCell[] },
): Promise<void> {
  const scope = new Scope();
  const shape = shapes[workload];
  const allClients = options.clients ?? shape.clients;
  const dir = newDataDir(scope);
  let waiting = [...allClients];
  try {
    const flags = ["--log-level=error", roomFlag, ...options.flags];
    const nodeOptions = [...options.nodeOptions];
    if (options.profile !== undefined) nodeOptions.push("--cpu-prof", `--cpu-prof-dir=${options.profile}`);
    const { members } = shape;
    const cluster = await ServerCluster.start(scope, { program: server, members, dir, flags, nodeOptions });
    const leader = await cluster.leader();
    const endpoints = leaderFirst(cluster, leader);
    const keys = shape.preload === 0 ? 0 : (options.keys ?? shape.preload);
    await prepare({ workload, keys }, endpoints, options.scale);
    for (const clients of allClients) {
      const requests = Math.ceil((await requestsFor({ workload, endpoints, clients })) * options.scale);
      await runFaultless({
        workload,
        endpoints,
        clients,
        requests: Math.max(clients, Math.ceil(requests * warmUpPart)),
      });
      const cell = { round, server, ...(await measure(cluster, { workload, endpoints, clients, requests })) };
      sink.cells.push(cell);
      waiting = waiting.filter((other) => other !== clients);
      const rate = cell.requestsPerSecond.toFixed(0).padStart(7);
      const cpu = cell.cpuMicrosPerRequest.toFixed(1).padStart(6);
      console.error(
        `round ${round} ${workload.padEnd(17)} ${String(clients).padStart(4)} ${server.padEnd(9)}${rate}/s${cpu} µs`,
      );
    }
    await checkAnswers({ workload, urls: cluster.endpoints, keys, rangeLimit });
    if (options.profile !== undefined && server === "quorate") await printProfile(cluster, leader, options.profile);
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    console.error(`round ${round} ${workload} ${server} failed: ${failure}`);
    // Of a group whose cells were all measured, what failed is its answers: they stand in the table, but the run fails.
    const lost = waiting.length > 0 ? waiting : allClients;
    for (const clients of lost) sink.failed.push({ round, server, workload, clients, failure });
  } finally {
    await scope.close();
  }
}

async function main(): Promise<void> {
  const values = readValues();
  const other = otherBench(values);
  if (other !== undefined) {
    const measured = await other();
    const json = textOf(values["json"]);
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(measured, null, 2)}\n`);
    return;
  }
  const options = readOptions(values);
  for (const tool of ["benchmark", "txn-load", "etcdctl-3.7"]) {
    if (realBinary(tool) === undefined) throw new Error(`${tool} is missing; "npm run peers" builds it`);
  }
  const servers = options.servers.filter(isThere);
  const absent = options.servers.filter((server) => !servers.includes(server));
  if (absent.length > 0) console.error(`not measured, because not there: ${absent.join(", ")}`);
  const sink: { cells: Cell[]; failed: FailedCell[] } = { cells: [], failed: [] };
  for (let round = 1; round <= options.rounds; round++) {
    for (const [i, workload] of options.only.entries()) {
      // Who goes first changes from group to group, so that a machine that slows down slows all.
      const turn = (round + i) % servers.length;
      for (const server of [...servers.slice(turn), ...servers.slice(0, turn)]) {
        await runGroup({ server, workload, round }, options, sink);
      }
    }
  }
  console.log(
    `${cpus().length} × ${cpus()[0]?.model ?? "?"}, three members each unless it says one, ${options.rounds} round(s), medians`,
  );
  console.log(formatTable(sink.cells, sink.failed, servers));
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(sink, null, 2)}\n`);
  if (sink.failed.length > 0) process.exitCode = 1;
}

// The servers are killed when this process exits; a signal by itself would end it without that.
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  process.once(signal, () => process.exit(code));
}

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
});
