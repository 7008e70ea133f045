import { silentLogger } from "@quorate/base";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MemoryMeta, MemoryRows } from "./conformance/index.ts";
import {
  decodeKeyValue,
  encodeKeyValue,
  MvccStore,
  type RangeOutcome,
  type RangeQuery,
  revisionKey,
  type SortOrder,
  type SortTarget,
} from "./index.ts";
import { encodeTombstone } from "./key-value.ts";
import {
  bytes,
  type NaiveChange,
  type NaiveOp,
  type NaiveRange,
  NaiveStore,
  text,
  toLease,
} from "./testing/naive-store.ts";

const key = fc.string({ unit: fc.constantFrom("a", "b", "\0", "\xff"), minLength: 1, maxLength: 3 });
const lease = fc.constantFrom(0n, 0n, 0n, 7n, -2n, 0x7fffffffffffffffn);
const op: fc.Arbitrary<NaiveOp> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("put" as const), key, value: fc.string({ maxLength: 5 }), lease }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("delete" as const),
      key,
      rangeEnd: fc.oneof(fc.constantFrom("", "\0"), key),
    }),
  },
);
type Step =
  | { readonly kind: "txn"; readonly ops: readonly NaiveOp[] }
  | { readonly kind: "compact"; readonly back: number; readonly finish: boolean }
  | { readonly kind: "reopen" };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant("txn" as const), ops: fc.array(op, { maxLength: 4 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("compact" as const),
      back: fc.integer({ min: -2, max: 6 }),
      finish: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("reopen" as const) }) },
);

const bound = fc.constantFrom(0, 0, 0, 0, 2, 5, 9);
const query = fc.record({
  key: key.map(bytes),
  rangeEnd: fc.oneof({ weight: 3, arbitrary: fc.constant("\0") }, fc.constant(""), key).map(bytes),
  limit: fc.integer({ min: -1, max: 5 }),
  back: fc.integer({ min: -1, max: 12 }),
  countOnly: fc.nat(5).map((n) => n === 0),
  keysOnly: fc.nat(3).map((n) => n === 0),
  sortOrder: fc.integer({ min: 0, max: 2 }) as fc.Arbitrary<SortOrder>,
  sortTarget: fc.integer({ min: 0, max: 4 }) as fc.Arbitrary<SortTarget>,
  minModRevision: bound,
  maxModRevision: bound,
  minCreateRevision: bound,
  maxCreateRevision: bound,
});

function open(rows: MemoryRows, meta: MemoryMeta, slice: number): MvccStore {
  const store = new MvccStore(rows, meta, { logger: silentLogger });
  const job = store.restore();
  while (!job.step(slice));
  return store;
}

function encoded(change: NaiveChange): readonly [Uint8Array, Uint8Array] {
  const name = revisionKey(change.main, change.sub, change.tombstone);
  if (change.tombstone) return [name, encodeTombstone(bytes(change.key))];
  const { create, main, version } = change;
  return [name, encodeKeyValue(bytes(change.key), create, main, version, bytes(change.value), toLease(change.lease))];
}

function shown(outcome: RangeOutcome): unknown {
  if (outcome.kind !== "ok") return { kind: outcome.kind };
  return { kind: "ok", count: outcome.count, more: outcome.more, rows: outcome.rows.map((row) => decoded(row)) };
}

function decoded(row: Uint8Array): unknown {
  const kv = decodeKeyValue(row);
  const { createRevision, modRevision, version } = kv;
  return [text(kv.key), createRevision, modRevision, version, text(kv.value), kv.lease];
}

function expected(range: NaiveRange, keysOnly: boolean): unknown {
  if (range.kind !== "ok") return range;
  const rows = range.keys.map((one) => {
    return [one.key, one.create, one.main, one.version, keysOnly ? "" : one.value, one.lease];
  });
  return { kind: "ok", count: range.count, more: range.more, rows };
}

function cursorAnswer(store: MvccStore, ask: RangeQuery, keys: number, size: number): unknown {
  const cursor = store.rangeCursor(ask, false);
  if (!("step" in cursor)) return { kind: cursor.kind };
  const rows: unknown[] = [];
  for (let turns = 0; turns < 10_000; turns++) {
    const slice = cursor.step(keys, size);
    if (slice.kind === "compacted") return { kind: "compacted" };
    for (const row of slice.rows) rows.push(decoded(row));
    if (slice.done) return { kind: "ok", count: cursor.count, more: cursor.more, rows };
  }
  throw new Error("the cursor does not end");
}

/** Runs the steps against both stores; `compare` is called after each. */
function run(steps: readonly Step[], slice: number, compare: (store: MvccStore, model: NaiveStore) => void): void {
  const rows = new MemoryRows();
  const meta = new MemoryMeta();
  const model = new NaiveStore();
  let store = open(rows, meta, slice);
  for (const one of steps) {
    if (one.kind === "txn") {
      model.apply(one.ops);
      const txn = store.begin();
      for (const each of one.ops) {
        if (each.kind === "put") txn.put(bytes(each.key), bytes(each.value), toLease(each.lease));
        else txn.deleteRange(bytes(each.key), bytes(each.rangeEnd));
      }
      const changes = txn.end();
      const same = model.changes.filter((change) => change.main === txn.revision);
      expect(changes.map((one) => [text(one.key), one.sub, one.kind, one.createRevision, one.version])).toEqual(
        same.map((one) => [one.key, one.sub, one.tombstone ? "delete" : "put", one.create, one.version]),
      );
      expect(changes.map((one) => [one.prevRevision, one.prevSub])).toEqual(same.map((one) => one.prev));
    } else if (one.kind === "compact") {
      const revision = store.revision - one.back;
      expect(store.compact(revision).kind).toBe(model.compact(revision));
      if (one.finish) while (store.stepCompaction(slice) !== "idle");
      else store.stepCompaction(slice);
    } else {
      store = open(rows.clone(), meta.clone(), slice);
      store = open(rows, meta, slice);
      expect(new Map([...leasesOf(rows, meta, slice)])).toEqual(model.leases());
    }
    expect([store.revision, store.compactRevision]).toEqual([model.revision, model.compactRevision]);
    compare(store, model);
  }
  while (store.stepCompaction(slice) !== "idle");
  expect(rows.all.map((row) => [text(row.key), text(row.value)])).toEqual(
    model.keptRows().map((change) => encoded(change).map(text)),
  );
  const again = open(rows, meta, slice);
  expect([again.revision, again.compactRevision, again.finishedCompactRevision]).toEqual([
    model.revision,
    model.compactRevision,
    model.compactRevision,
  ]);
  compare(again, model);
}

function* leasesOf(rows: MemoryRows, meta: MemoryMeta, slice: number): Generator<[string, bigint]> {
  const store = new MvccStore(rows, meta, { logger: silentLogger });
  const job = store.restore();
  while (!job.step(slice));
  for (const leased of job.leasedKeys()) yield [text(leased.key), leased.lease];
}

describe("mvcc store", () => {
  test("answers every range as a full history would, through changes, compactions and restarts", () => {
    const steps = fc.array(step, { maxLength: 25 });
    fc.assert(
      fc.property(steps, fc.array(query, { maxLength: 6 }), fc.integer({ min: 1, max: 9 }), (all, queries, slice) => {
        run(all, slice, (store, model) => {
          for (const one of queries) {
            const ask: RangeQuery = { ...one, revision: one.back < 0 ? 0 : store.revision + 1 - one.back };
            const want = expected(model.range(ask), one.keysOnly);
            expect(shown(store.range(ask))).toEqual(want);
            expect(cursorAnswer(store, ask, slice, slice * 20)).toEqual(want);
          }
        });
      }),
      { numRuns: 250 },
    );
  });

  test("hashes as HashKV is defined, at every revision and at every point of a compaction", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), fc.integer({ min: 1, max: 9 }), (all, slice) => {
        run(all, slice, (store, model) => {
          for (let revision = 0; revision <= store.revision + 1; revision++) {
            const job = store.hashByRev(revision);
            if (!("step" in job)) {
              expect(job.kind).toBe(revision > store.revision ? "future" : "compacted");
              expect(revision > store.revision || revision < store.compactRevision).toBe(true);
              continue;
            }
            let hash = job.step(slice);
            while (hash === undefined) hash = job.step(slice);
            expect(hash).toEqual({
              hash: model.hash(revision || model.revision, encoded),
              revision: revision || model.revision,
              compactRevision: model.compactRevision,
            });
          }
        });
      }),
      { numRuns: 100 },
    );
  });

  test("a cursor sees one revision while the store changes under it", () => {
    const changes = fc.array(fc.array(op, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 15 });
    fc.assert(
      fc.property(changes, changes, query, fc.integer({ min: 1, max: 3 }), (before, during, one, keys) => {
        const store = open(new MemoryRows(), new MemoryMeta(), 100);
        const model = new NaiveStore();
        const apply = (ops: readonly NaiveOp[]): void => {
          model.apply(ops);
          const txn = store.begin();
          for (const each of ops) {
            if (each.kind === "put") txn.put(bytes(each.key), bytes(each.value), toLease(each.lease));
            else txn.deleteRange(bytes(each.key), bytes(each.rangeEnd));
          }
          txn.end();
        };
        for (const ops of before) apply(ops);
        const ask: RangeQuery = { ...one, revision: one.back < 0 ? 0 : Math.max(0, store.revision - one.back) };
        const want = expected(model.range(ask), one.keysOnly);
        const cursor = store.rangeCursor(ask, true);
        if (!("step" in cursor)) throw new Error("refused");
        const rows: unknown[] = [];
        const rest = during.slice();
        for (let done = false; !done; ) {
          const slice = cursor.step(keys, 40);
          if (slice.kind !== "slice") throw new Error("compacted under a pin");
          done = slice.done;
          for (const row of slice.rows) rows.push(decoded(row));
          const ops = rest.shift();
          if (ops === undefined) continue;
          apply(ops);
          // A compaction is accepted at once, and waits for the reader.
          const old = cursor.revision === store.revision ? "idle" : store.compact(store.revision).kind;
          if (!done && old === "ok" && model.range({ ...ask, revision: 0 }).kind === "ok") store.stepCompaction(100);
        }
        expect({ kind: "ok", count: cursor.count, more: cursor.more, rows }).toEqual(want);
        while (store.stepCompaction(2) !== "idle");
        expect(store.compacting).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});
