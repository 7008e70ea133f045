/**
 * Prints what applying a put costs: take the entry apart, decode, change index and database batch, with the commits
 * that follow. µs of CPU per entry of 32-byte keys and 256-byte values.
 */
import { encodePutRequest, newPutRequest } from "@quorate/api";
import { type Clock, SeededRandom, silentLogger, utf8Encode } from "@quorate/base";
import { MemoryDisk } from "@quorate/base/testing";
import { encodeRaftRequest, parseRaftRequest, RequestKind } from "@quorate/state";
import { openState, restore } from "./database.ts";
import type { MemberOptions, MemberPorts } from "./options.ts";

const entries = 200_000;
const perTurn = 200;
const clock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  startTimer: (delayMs, fire) => {
    const timer = setTimeout(fire, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
  nextTurn: (run) => void setImmediate(run),
};

function report(what: string, value: number, budget: number): void {
  if (process.env["BENCH_JSON"] === "1") {
    console.log(JSON.stringify({ layer: "state", what, unit: "µs", value, budget }));
  } else console.log(`${what.padEnd(48)} ${value.toFixed(2).padStart(8)} µs  (budget ${budget})`);
}

const disk = new MemoryDisk();
disk.makeDirectory("/data");
const ports = { clock, random: new SeededRandom(1), disk, logger: silentLogger } as unknown as MemberPorts;
const options = {
  pageCacheBytesMax: 64 * 1024 * 1024,
  backendBatchMs: 100,
  backendBatchLimit: 10_000,
  quotaBytes: 0,
  learnersMax: 1,
  heartbeatMs: 100,
  electionMs: 1000,
  unsafeNoFsync: true,
} as unknown as MemberOptions;

const { backend, machine } = await openState(options, ports, "/data/db", () => ({}));
backend.onBeforeCommit = () => machine.progress.write();
await restore(machine, ports);
const random = new SeededRandom(7);
const value = new Uint8Array(256).fill(0x61);

/** Applies so many puts; `fresh` says whether keys are new, in order, or drawn among those that are there. */
async function run(fresh: boolean, first: number): Promise<number> {
  const data = Array.from({ length: entries }, (_unused, i) => {
    const number = fresh ? i : random.below(entries);
    const key = utf8Encode(`bench/${String(number).padStart(26, "0")}`);
    const body = encodePutRequest({ ...newPutRequest(), key, value });
    return encodeRaftRequest(RequestKind.put, body, { origin: 1, serial: i + 1, username: "", authRevision: 0 });
  });
  const before = process.cpuUsage();
  for (let i = 0; i < entries; i++) {
    machine.apply(first + i, 2, parseRaftRequest(data[i] as Uint8Array), true);
    if (i % perTurn === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await backend.commit();
  const used = process.cpuUsage(before);
  return (used.user + used.system) / entries;
}

report("apply a put of a new key, its commit included", await run(true, 1), 7);
report("apply a put of a known key, its commit included", await run(false, entries + 1), 7);
await backend.close();
