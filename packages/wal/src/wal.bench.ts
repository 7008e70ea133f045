/**
 * Prints what appending costs: µs per entry of 300 bytes, in batches, without and with a sync per batch.
 * Bundle with esbuild, run with node; the first argument is a directory on the disk to measure.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MemberId } from "@quorate/base";
import { EntryType, newEntry } from "@quorate/raft";
import { NodeDisk } from "../../platform/src/index.ts";
import { Wal } from "./index.ts";

const directory = mkdtempSync(join(process.argv[2] ?? tmpdir(), "quorate-wal-"));
const data = new Uint8Array(300).fill(0x61);

/** Measures and prints, unless this run only warms the compiler up. */
async function measure(batch: number, entries: number, sync: boolean, print = true): Promise<void> {
  const path = `${directory}/wal-${batch}-${sync}`;
  const wal = await Wal.create(new NodeDisk(), path, new Uint8Array(21).fill(1));
  const vote = 0x27611de2fe295e49n as MemberId;
  let index = 0;
  const laps: number[] = [];
  const cpuStart = process.cpuUsage();
  const start = process.hrtime.bigint();
  while (index < entries) {
    const lap = process.hrtime.bigint();
    const list = [];
    for (let i = 0; i < batch; i++) list.push(newEntry(EntryType.normal, 2, ++index, data));
    wal.append({ term: 2, vote, commit: index - 1 }, list);
    if (sync) await wal.sync();
    // Lets the next segment be prepared, as the turns of a member's loop do.
    else if (index % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
    laps.push(Number(process.hrtime.bigint() - lap) / 1000);
  }
  const wall = Number(process.hrtime.bigint() - start) / 1000 / entries;
  const cpu = process.cpuUsage(cpuStart);
  laps.sort((a, b) => a - b);
  const at = (share: number): string => (laps[Math.floor(laps.length * share)] as number).toFixed(1).padStart(8);
  const cpuEach = (cpu.user + cpu.system) / entries;
  if (print && process.env["BENCH_JSON"] === "1") {
    // The budget is one of CPU time, and of entries that share a write.
    const what = batch === 1 ? "entry of 300 bytes, a write for each" : `append of 300 bytes, batches of ${batch}`;
    const row = sync
      ? { what: `${what}, and sync`, unit: "µs wall", value: wall }
      : { what, unit: "µs", value: cpuEach };
    console.log(JSON.stringify({ layer: "wal", ...row }));
  } else if (print) {
    console.log(
      `batch ${String(batch).padStart(3)}, ${sync ? "   with" : "without"} sync: ${wall.toFixed(2).padStart(7)} µs an entry, ` +
        `cpu ${cpuEach.toFixed(2).padStart(6)} µs; a batch p50 ${at(0.5)} p99 ${at(0.99)} µs`,
    );
  }
  await wal.close();
  rmSync(path, { recursive: true });
}

try {
  for (const batch of [1, 10, 100]) {
    await measure(batch, 20_000, false, false);
    await measure(batch, 200_000, false);
  }
  for (const batch of [1, 10, 100]) await measure(batch, batch * 1500, true);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
