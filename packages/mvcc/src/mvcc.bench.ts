import { SeededRandom, silentLogger } from "@quorate/base";
import { type MetaStore, MvccStore, noLease, type RangeQuery, type RowStore, type RowVisitor } from "./index.ts";
import { KeyIndex } from "./key-index.ts";
import { KeyWalk } from "./key-walk.ts";

// Run through `npm run bench:micro -- mvcc`; node --expose-gc adds the pause of a full collection.

const keysMax = 1_000_000;
const json = process.env["BENCH_JSON"] === "1";

function report(what: string, unit: string, value: number, budget?: number): void {
  if (json) {
    console.log(JSON.stringify({ layer: "mvcc", what, unit, value, ...(budget === undefined ? {} : { budget }) }));
    return;
  }
  const limit = budget === undefined ? "" : `  (budget ${budget})`;
  console.log(`${what.padEnd(58)} ${value.toFixed(3).padStart(10)} ${unit}${limit}`);
}

/** Calls `run` `times` times and returns microseconds per call. */
function microseconds(times: number, run: (i: number) => void): number {
  const start = process.hrtime.bigint();
  for (let i = 0; i < times; i++) run(i);
  return Number(process.hrtime.bigint() - start) / 1000 / times;
}

const gc = (globalThis as { gc?: () => void }).gc;

function memory(): number {
  gc?.();
  gc?.();
  const usage = process.memoryUsage();
  return usage.heapUsed + usage.external;
}

/** 32 bytes, as `/registry/pods/00000000000000042`; in order or scattered. */
function makeKeys(count: number, scattered: boolean): Uint8Array[] {
  const random = new SeededRandom(1);
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; scattered && i > 0; i--) {
    const j = random.below(i + 1);
    const swapped = order[i] as number;
    order[i] = order[j] as number;
    order[j] = swapped;
  }
  return Array.from(order, (n) => new Uint8Array(Buffer.from(`/registry/pods/${String(n).padStart(17, "0")}`)));
}

function benchIndex(scattered: boolean): KeyIndex {
  const how = scattered ? "scattered" : "in order";
  const keys = makeKeys(keysMax, scattered);
  const before = memory();
  const index = new KeyIndex();
  report(
    `index: put of a new key, ${how}`,
    "µs",
    microseconds(keysMax, (i) => index.put(keys[i] as Uint8Array, i + 2, 0)),
    2,
  );
  report(`index: memory of a million 32-byte keys, ${how}`, "MB", (memory() - before) / 1e6, 90);
  if (gc !== undefined) {
    const other = keys.splice(0);
    const pause = microseconds(3, () => gc()) / 1000;
    report(`index: full collection with ${how} keys (and ${other.length} test keys)`, "ms", pause);
    keys.push(...other.slice(0, 0));
    for (const key of other) keys.push(key);
  }
  const random = new SeededRandom(2);
  const picks = Uint32Array.from({ length: 500_000 }, () => random.below(keysMax));
  let found = 0;
  const get = microseconds(picks.length, (i) => {
    if (index.find(keys[picks[i] as number] as Uint8Array) !== 0) found += 1;
  });
  report(`index: get of a random key, ${how}`, "µs", get, 1);
  const walk = new KeyWalk(index, new Uint8Array(0), undefined, keysMax * 4);
  let sum = 0;
  const walked = microseconds(1, () => {
    while (walk.next()) sum += index.records.main(walk.record) + index.records.sub(walk.record);
  });
  report(`index: row of a range, ${how}`, "µs", walked / keysMax, 0.3);
  const from = keys[picks[0] as number] as Uint8Array;
  report(
    `index: count from a key on, ${how}`,
    "µs",
    microseconds(10_000, () => index.countLive(from, undefined)),
    100,
  );
  const overwritten = microseconds(picks.length, (i) =>
    index.put(keys[picks[i] as number] as Uint8Array, keysMax + 2 + i, 0),
  );
  report(`index: overwrite of a random key, ${how}`, "µs", overwritten, 2);
  if (found !== picks.length || sum === 0) throw new Error("the index lost keys");
  index.startCompaction();
  let slices = 0;
  let longest = 0;
  const compact = microseconds(1, () => {
    for (let done = false; !done; slices++) {
      const start = performance.now();
      done = index.compactSome(keysMax * 4, 4096, { drop: () => undefined });
      longest = Math.max(longest, performance.now() - start);
    }
  });
  report(`index: compaction, per overwritten revision, ${how}`, "µs", compact / picks.length);
  report(`index: longest slice of 4096 (of ${slices}), ${how}`, "ms", longest, 20);
  return index;
}

/** Rows in arrival order: the cheapest store there can be, so that the figures are those of this package. */
class ArrayRows implements RowStore {
  readonly rows: Uint8Array[] = [];
  readonly #key: Uint8Array = new Uint8Array(17);

  put(_key: Uint8Array, value: Uint8Array): void {
    this.rows.push(value);
  }

  delete(): void {}

  get(key: Uint8Array): Uint8Array | undefined {
    return this.rows[this.#number(key) - 2];
  }

  range(from: Uint8Array, _to: Uint8Array, visit: RowVisitor, limit: number): number {
    const first = Math.max(0, this.#number(from) - 2 + (from[16] === 1 ? 1 : 0));
    let at = first;
    this.#key[8] = 0x5f;
    for (; at < this.rows.length && at - first < limit; at++) {
      new DataView(this.#key.buffer).setUint32(4, at + 2);
      if (!visit(this.#key, this.rows[at] as Uint8Array)) break;
    }
    return at - first;
  }

  #number(key: Uint8Array): number {
    return (
      (((key[4] as number) << 24) | ((key[5] as number) << 16) | ((key[6] as number) << 8) | (key[7] as number)) >>> 0
    );
  }
}

const noMeta: MetaStore = { get: () => undefined, put: () => undefined };

function benchStore(): void {
  const rows = new ArrayRows();
  const store = new MvccStore(rows, noMeta, { logger: silentLogger });
  store.restore().step(1);
  const keys = makeKeys(keysMax, true);
  const value = new Uint8Array(100).fill(7);
  const put = microseconds(keysMax, (i) => {
    const txn = store.begin();
    txn.put(keys[i] as Uint8Array, value, noLease);
    txn.end();
  });
  report("store: transaction with one put, 100 bytes", "µs", put);
  const random = new SeededRandom(3);
  const picks = Uint32Array.from({ length: 300_000 }, () => random.below(keysMax));
  const get = microseconds(picks.length, (i) => store.range({ key: keys[picks[i] as number] as Uint8Array }));
  report("store: range of one key", "µs", get);
  const everything: RangeQuery = { key: new Uint8Array(1), rangeEnd: new Uint8Array(1) };
  report(
    "store: count of a million keys",
    "ms",
    microseconds(200, () => store.range({ ...everything, countOnly: true })) / 1000,
    0.1,
  );
  report(
    "store: limit 1000 of a million keys",
    "ms",
    microseconds(200, () => store.range({ ...everything, limit: 1000 })) / 1000,
    1,
  );
  const last: RangeQuery = { ...everything, sortOrder: 2, limit: 1 };
  report("store: last of a million keys", "ms", microseconds(200, () => store.range(last)) / 1000, 0.1);
  benchSlices("store: all of a million keys, longest slice of 1000", everything, store);
  benchSlices(
    "store: sorted by mod, limit 10, longest slice of 5000",
    { ...everything, sortTarget: 3, sortOrder: 2, limit: 10 },
    store,
    5000,
  );
  benchSlices(
    "store: count at an old revision, longest slice of 5000",
    { ...everything, revision: keysMax / 2, countOnly: true },
    store,
    5000,
  );

  const again = new MvccStore(rows, noMeta, { logger: silentLogger });
  const job = again.restore();
  let longest = 0;
  const restored = microseconds(1, () => {
    for (let done = false; !done; ) {
      const start = performance.now();
      done = job.step(4096);
      longest = Math.max(longest, performance.now() - start);
    }
  });
  report("store: restore, per row", "µs", restored / keysMax);
  report("store: restore, longest slice of 4096", "ms", longest, 20);
  if (again.revision !== store.revision) throw new Error("the restored store differs");
  const hash = store.hashByRev(0);
  if (!("step" in hash)) throw new Error("no hash");
  report("store: HashKV, per row", "µs", microseconds(1, () => void hash.step(keysMax + 1)) / keysMax);
}

function benchSlices(what: string, query: RangeQuery, store: MvccStore, keys = 1000): void {
  const cursor = store.rangeCursor(query, true);
  if (!("step" in cursor)) throw new Error("refused");
  let longest = 0;
  let rows = 0;
  const all = microseconds(1, () => {
    for (let done = false; !done; ) {
      const start = performance.now();
      const slice = cursor.step(keys, 1 << 20);
      longest = Math.max(longest, performance.now() - start);
      if (slice.kind !== "slice") throw new Error("compacted");
      rows += slice.rows.length;
      done = slice.done;
    }
  });
  report(what, "ms", longest, 20);
  report(`   in all, ${rows} rows`, "ms", all / 1000);
}

benchIndex(false);
benchIndex(true);
benchStore();
