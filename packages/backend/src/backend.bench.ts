/** Prints what the backend costs, beside the budgets of the design: `npm run bench:micro -- backend`. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@quorate/base";
import { Backend } from "./backend.ts";
import type { Bucket } from "./bucket.ts";
import { FileDisk } from "./testing/file-disk.ts";
import type { BackendOptions } from "./types.ts";

const rows = 200_000;
const valueBytes = 300;
const batchRows = 10_000;

const clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  startTimer: (delayMs: number, fire: () => void) => {
    const timer = setTimeout(fire, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
  nextTurn: (run: () => void) => void setImmediate(run),
};

const options: BackendOptions = {
  clock,
  logger: silentLogger,
  pageCacheBytesMax: 512 * 1024 * 1024,
  batchIntervalMs: 60_000,
  batchLimit: Number.MAX_SAFE_INTEGER,
  batchBytesMax: Number.MAX_SAFE_INTEGER,
};

/** A revision key: big-endian main, `_`, big-endian sub. */
function revisionKey(main: number, key: Uint8Array = new Uint8Array(17)): Uint8Array {
  key[4] = main >>> 24;
  key[5] = main >>> 16;
  key[6] = main >>> 8;
  key[7] = main;
  key[8] = 0x5f;
  return key;
}

/** Prints one line, or with BENCH_JSON=1 the form that `npm run bench:micro` gathers. */
function report(what: string, value: number, unit: "µs" | "ms", budget?: number): void {
  if (process.env["BENCH_JSON"] === "1") {
    console.log(JSON.stringify({ layer: "backend", what, unit, value, ...(budget === undefined ? {} : { budget }) }));
    return;
  }
  const limit = budget === undefined ? "" : `budget ${budget}`;
  console.log(`${what.padEnd(52)} ${value.toFixed(3).padStart(10)} ${unit} ${limit}`);
}

function timed(count: number, run: () => void): number {
  const start = performance.now();
  run();
  return ((performance.now() - start) * 1000) / count;
}

/** The quickest of some runs: what the code costs when the machine is left alone. */
function best(count: number, run: () => void): number {
  run();
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 7; i++) least = Math.min(least, timed(count, run));
  return least;
}

const keys = Array.from({ length: rows }, (_, i) => revisionKey(i + 2));
const values = Array.from({ length: 1000 }, (_, i) => new Uint8Array(valueBytes).fill(i));
/** All keys in an order that jumps over the whole file. */
const shuffled = Array.from({ length: rows }, (_, i) => keys[(i * 7919) % rows] as Uint8Array);

async function measureWrites(backend: Backend, key: Bucket): Promise<void> {
  let putMicros = 0;
  let sealMs = 0;
  let commitMs = 0;
  for (let first = 0; first < rows; first += batchRows) {
    putMicros += timed(1, () => {
      for (let i = first; i < first + batchRows; i++) {
        backend.batch.put(key, keys[i] as Uint8Array, values[i % 1000] as Uint8Array);
      }
    });
    const start = performance.now();
    const committed = backend.commit();
    sealMs += performance.now() - start;
    await committed;
    commitMs += performance.now() - start;
  }
  report("sequential put", putMicros / rows, "µs", 2);
  report("sequential put with its share of the commit", putMicros / rows + (sealMs * 1000) / rows, "µs", 2);
  report("commit of 10,000 puts, on the loop", (sealMs * batchRows) / rows, "ms");
  report("commit of 10,000 puts, until durable", (commitMs * batchRows) / rows, "ms");
}

function measureReads(backend: Backend, key: Bucket): void {
  const scratch = new Uint8Array(17);
  const get = (): void => {
    for (let i = 0; i < rows; i++) {
      const value = backend.batch.get(key, revisionKey(((i * 7919) % rows) + 2, scratch));
      if (value === undefined) throw new Error("a row is missing");
    }
  };
  let sum = 0;
  const visit = (k: Uint8Array, v: Uint8Array): void => {
    sum += k.length + v.length;
  };
  const scan = (): void => {
    for (let i = 0; i < 20_000; i++) backend.batch.range(key, shuffled[i] as Uint8Array, undefined, visit, 1);
  };
  const readAndClose = (): void => {
    for (let i = 0; i < 100_000; i++) backend.read().close();
  };
  const from = keys[0] as Uint8Array;
  report("cached random get", best(rows, get), "µs", 1.5);
  report(
    "range, a row",
    best(rows, () => void backend.batch.range(key, from, undefined, visit)),
    "µs",
    0.4,
  );
  report("scan for one key", best(20_000, scan), "µs");
  report(
    "count, each",
    best(rows, () => void backend.batch.count(key)),
    "µs",
  );
  report("open and close a read transaction", best(100_000, readAndClose), "µs");
}

async function measureChanges(backend: Backend, key: Bucket): Promise<void> {
  const putWhileRead = (): void => {
    for (let i = 0; i < batchRows; i++) {
      const tx = backend.read();
      backend.batch.put(key, revisionKey(rows + 2 + i), values[0] as Uint8Array);
      tx.close();
    }
  };
  const overwrite = (): void => {
    for (let i = 0; i < 2000; i++) backend.batch.put(key, shuffled[i] as Uint8Array, values[1] as Uint8Array);
  };
  const remove = (): void => {
    for (let i = 0; i < 50_000; i++) backend.batch.delete(key, keys[i] as Uint8Array);
  };
  report("put after a read transaction opened", timed(batchRows, putWhileRead), "µs");
  await backend.commit();
  report("overwrite all over the file", timed(2000, overwrite), "µs");
  const start = performance.now();
  const committed = backend.commit();
  report("commit of 2,000 of them, on the loop", performance.now() - start, "ms");
  await committed;
  await measureScattered(backend, key);
  report("delete in order", timed(50_000, remove), "µs");
}

/** Overwrites all over the file, so many in a turn, as a compaction deletes. */
async function measureScattered(backend: Backend, key: Bucket): Promise<void> {
  const turns: number[] = [];
  // A commit begins with the hook and leaves the loop, for a sync, before the next microtask.
  backend.onBeforeCommit = () => {
    const start = performance.now();
    queueMicrotask(() => turns.push(performance.now() - start));
  };
  for (let round = 0; round < 40; round++) {
    for (let i = 0; i < 500; i++) {
      backend.batch.put(key, shuffled[(round * 500 + i) % rows] as Uint8Array, values[2] as Uint8Array);
    }
    while (backend.isFull) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  turns.sort((a, b) => a - b);
  report("commit of scattered overwrites, on the loop, median", turns[turns.length >> 1] as number, "ms", 20);
  report("commit of scattered overwrites, on the loop, longest", turns.at(-1) as number, "ms");
  await backend.commit();
  backend.onBeforeCommit = undefined;
}

async function measureColdFile(path: string): Promise<void> {
  const start = performance.now();
  const backend = await Backend.open(new FileDisk(), path, { ...options, pageCacheBytesMax: 1024 * 1024 });
  report("open, for 100 MiB", ((performance.now() - start) * 100 * 1024 * 1024) / backend.size(), "ms");
  const key = backend.bucket(name);
  const get = (): void => {
    for (let i = rows / 2; i < rows; i++) backend.batch.get(key, shuffled[i] as Uint8Array);
  };
  report("get from outside the cache", timed(rows / 2, get), "µs");
  await backend.close();
}

const name = new TextEncoder().encode("key");
const folder = mkdtempSync(join(tmpdir(), "quorate-bench-"));
try {
  const backend = await Backend.open(new FileDisk(), join(folder, "db"), options);
  const key = backend.batch.createBucket(name);
  await measureWrites(backend, key);
  measureReads(backend, key);
  await measureChanges(backend, key);
  await backend.close();
  await measureColdFile(join(folder, "db"));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
