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

/** Milliseconds of CPU time so far: other processes on the machine do not count, their use of caches does. */
const cpuMs = (): number => process.cpuUsage().user / 1000;

/** Calls `run` `times` times and returns microseconds of CPU time per call. */
function microseconds(times: number, run: (i: number) => void): number {
  const start = cpuMs();
  for (let i = 0; i < times; i++) run(i);
  return ((cpuMs() - start) * 1000) / times;
}

const gc = (globalThis as { gc?: () => void }).gc;

function memory(): number {
  gc?.();
  gc?.();
  const usage = process.memoryUsage();
  return usage.heapUsed + usage.external;
}

/** The numbers below `count`, in order or shuffled. */
function makeOrder(count: number, scattered: boolean): Uint32Array {
  const random = new SeededRandom(1);
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; scattered && i > 0; i--) {
    const j = random.below(i + 1);
    const swapped = order[i] as number;
    order[i] = order[j] as number;
    order[j] = swapped;
  }
  return order;
}

const scratch: Uint8Array = new Uint8Array(Buffer.from("/registry/pods/00000000000000000"));

/** Key number `n`, 32 bytes, in an array that the next call writes over: a million arrays would be measured too. */
function keyOf(n: number): Uint8Array {
  let rest = n;
  for (let at = 31; at > 23; at--) {
    const tenth = (rest / 10) | 0;
    scratch[at] = 48 + rest - tenth * 10;
    rest = tenth;
  }
  return scratch;
}

function benchIndex(scattered: boolean): KeyIndex {
  const how = scattered ? "scattered" : "in order";
  const order = makeOrder(keysMax, scattered);
  report(
    "   of which the test's own",
    "µs",
    microseconds(keysMax, (i) => void keyOf(order[i] as number)),
  );
  const before = memory();
  const index = new KeyIndex();
  report(
    `index: put of a new key, ${how}`,
    "µs",
    microseconds(keysMax, (i) => index.put(keyOf(order[i] as number), i + 2, 0)),
    2,
  );
  report(`index: memory of a million 32-byte keys, ${how}`, "MB", (memory() - before) / 1e6, 90);
  if (gc !== undefined) report(`index: full collection, ${how}`, "ms", microseconds(3, () => gc()) / 1000);
  const random = new SeededRandom(2);
  const picks = Uint32Array.from({ length: 500_000 }, () => random.below(keysMax));
  let found = 0;
  const get = microseconds(picks.length, (i) => {
    if (index.find(keyOf(picks[i] as number)) !== 0) found += 1;
  });
  report(`index: get of a random key, ${how}`, "µs", get, 1);
  const walk = new KeyWalk(index, new Uint8Array(0), undefined, keysMax * 4);
  let sum = 0;
  const walked = microseconds(1, () => {
    while (walk.next()) sum += index.records.main(walk.record) + index.records.sub(walk.record);
  });
  report(`index: row of a range, ${how}`, "µs", walked / keysMax, 0.3);
  const from = keyOf(picks[0] as number);
  report(
    `index: count from a key on, ${how}`,
    "µs",
    microseconds(10_000, () => index.countLive(from, undefined)),
    100,
  );
  const overwritten = microseconds(picks.length, (i) => index.put(keyOf(picks[i] as number), keysMax + 2 + i, 0));
  report(`index: overwrite of a random key, ${how}`, "µs", overwritten, 2);
  if (found !== picks.length || sum === 0) throw new Error("the index lost keys");
  index.startCompaction();
  let slices = 0;
  let longest = 0;
  const compact = microseconds(1, () => {
    for (let done = false; !done; slices++) {
      const start = cpuMs();
      done = index.compactSome(keysMax * 4, 4096, { drop: () => undefined });
      longest = Math.max(longest, cpuMs() - start);
    }
  });
  report(`index: compaction, per overwritten revision, ${how}`, "µs", compact / picks.length);
  report(`index: longest slice of 4096 (of ${slices}), ${how}`, "ms", longest, 20);
  return index;
}

/** Rows of one size in arrival order: the cheapest store there can be, so that the figures are those of this package. */
class ArrayRows implements RowStore {
  readonly #chunks: Uint8Array[] = [];
  readonly #ends: Uint32Array = new Uint32Array(keysMax + 2);
  #count = 0;
  readonly #key: Uint8Array = new Uint8Array(17);

  put(_key: Uint8Array, value: Uint8Array): void {
    const chunk = this.#count >>> 12;
    if (chunk === this.#chunks.length) this.#chunks.push(new Uint8Array(4096 * 256));
    (this.#chunks[chunk] as Uint8Array).set(value, (this.#count & 4095) * 256);
    this.#ends[this.#count++] = value.length;
  }

  room(_keyBytes: number, valueBytes: number): Uint8Array {
    return new Uint8Array(valueBytes);
  }

  delete(): void {}

  deleteSome(keys: readonly Uint8Array[]): number {
    return keys.length;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#row(this.#number(key) - 2);
  }

  range(from: Uint8Array, _to: Uint8Array, visit: RowVisitor, limit: number): number {
    const first = Math.max(0, this.#number(from) - 2 + (from[16] === 1 ? 1 : 0));
    let at = first;
    this.#key[8] = 0x5f;
    const view = new DataView(this.#key.buffer);
    for (; at < this.#count && at - first < limit; at++) {
      view.setUint32(4, at + 2);
      if (!visit(this.#key, this.#row(at))) break;
    }
    return at - first;
  }

  #row(at: number): Uint8Array {
    const start = (at & 4095) * 256;
    return (this.#chunks[at >>> 12] as Uint8Array).subarray(start, start + (this.#ends[at] as number));
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
  const order = makeOrder(keysMax, true);
  const value = new Uint8Array(100).fill(7);
  const put = microseconds(keysMax, (i) => {
    const txn = store.begin();
    txn.put(keyOf(order[i] as number), value, noLease);
    txn.end();
  });
  report("store: transaction with one put, 100 bytes", "µs", put);
  const random = new SeededRandom(3);
  const picks = Uint32Array.from({ length: 300_000 }, () => random.below(keysMax));
  const get = microseconds(picks.length, (i) => store.range({ key: keyOf(picks[i] as number) }));
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
      const start = cpuMs();
      done = job.step(2000);
      longest = Math.max(longest, cpuMs() - start);
    }
  });
  report("store: restore, per row", "µs", restored / keysMax);
  report("store: restore, longest slice of 2000", "ms", longest, 20);
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
      const start = cpuMs();
      const slice = cursor.step(keys, 1 << 20);
      longest = Math.max(longest, cpuMs() - start);
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
