/**
 * Prints what the backend costs, beside the budgets of the design. Bundle and run:
 * `esbuild --bundle --platform=node --format=esm packages/backend/src/backend.bench.ts --outfile=… && node …`
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@quorate/base";
import { Backend } from "./backend.ts";
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

function report(name: string, microseconds: number, budget = ""): void {
  console.log(`${name.padEnd(44)} ${microseconds.toFixed(3).padStart(10)} µs ${budget}`);
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

async function measure(folder: string): Promise<void> {
  let backend = await Backend.open(new FileDisk(), join(folder, "db"), options);
  const key = backend.batch.createBucket(new TextEncoder().encode("key"));
  const keys = Array.from({ length: rows }, (_, i) => revisionKey(i + 2));
  const values = Array.from({ length: 1000 }, (_, i) => new Uint8Array(valueBytes).fill(i));
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
  report("sequential put", putMicros / rows, "budget 2");
  report(
    "  share of the commit on the loop",
    (sealMs * 1000) / rows,
    `put and commit together ${((putMicros + sealMs * 1000) / rows).toFixed(3)}`,
  );
  report(`commit of ${batchRows} rows, on the loop`, (sealMs * 1000 * batchRows) / rows);
  report(`commit of ${batchRows} rows, until durable`, (commitMs * 1000 * batchRows) / rows);

  const order = Array.from({ length: rows }, (_, i) => keys[(i * 7919) % rows] as Uint8Array);
  const scratch = new Uint8Array(17);
  const get = (): void => {
    let found = 0;
    for (let i = 0; i < rows; i++) {
      if (backend.batch.get(key, revisionKey(((i * 7919) % rows) + 2, scratch)) !== undefined) found += 1;
    }
    if (found !== rows) throw new Error("rows are missing");
  };
  report("cached random get", best(rows, get), "budget 1.5");

  let sum = 0;
  const range = (): void => {
    backend.batch.range(key, keys[0] as Uint8Array, undefined, (k, v) => {
      sum += k.length + v.length;
    });
  };
  report("range, a row", best(rows, range), "budget 0.4");
  const short = (): void => {
    for (let i = 0; i < 20_000; i++) {
      backend.batch.range(
        key,
        order[i] as Uint8Array,
        undefined,
        (k, v) => {
          sum += k.length + v.length;
        },
        1,
      );
    }
  };
  report("range of one row", best(20_000, short));
  report(
    "count, a row",
    timed(rows, () => backend.batch.count(key)),
  );
  report(
    "open and close a read transaction",
    timed(100_000, () => {
      for (let i = 0; i < 100_000; i++) backend.read().close();
    }),
  );
  report(
    "read transaction, then a put, again and again",
    timed(10_000, () => {
      for (let i = 0; i < 10_000; i++) {
        const tx = backend.read();
        backend.batch.put(key, revisionKey(rows + 2 + i), values[0] as Uint8Array);
        tx.close();
      }
    }),
  );
  await backend.commit();
  report(
    "random overwrite",
    timed(batchRows, () => {
      for (let i = 0; i < batchRows; i++) backend.batch.put(key, order[i] as Uint8Array, values[1] as Uint8Array);
    }),
  );
  const start = performance.now();
  const committed = backend.commit();
  report("  its commit, on the loop", (performance.now() - start) * 1000);
  await committed;
  report(
    "delete of a range, a row",
    timed(50_000, () => {
      for (let i = 0; i < 50_000; i++) backend.batch.delete(key, keys[i] as Uint8Array);
    }),
  );
  await backend.close();
  const opening = performance.now();
  backend = await Backend.open(new FileDisk(), join(folder, "db"), { ...options, pageCacheBytesMax: 1024 * 1024 });
  report(
    "open, with the walk for free pages, a MiB",
    ((performance.now() - opening) * 1000 * 1048576) / backend.size(),
  );
  report(
    "uncached random get",
    timed(20_000, () => {
      for (let i = 0; i < 20_000; i++) backend.batch.get(key, order[i] as Uint8Array);
    }),
  );
  await backend.close();
}

const folder = mkdtempSync(join(tmpdir(), "quorate-bench-"));
try {
  await measure(folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
