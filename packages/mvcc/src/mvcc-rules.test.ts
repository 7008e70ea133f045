import { InvariantError, silentLogger } from "@quorate/base";
import { describe, expect, test } from "vitest";
import { MemoryMeta, MemoryRows } from "./conformance/index.ts";
import {
  decodeKeyValue,
  MvccStore,
  noLease,
  type RangeCursor,
  type RangeQuery,
  revisionKey,
  valueOf,
} from "./index.ts";
import { RevisionTable } from "./revision-table.ts";
import { bytes, text } from "./testing/naive-store.ts";

const all: RangeQuery = { key: bytes("\0"), rangeEnd: bytes("\0") };

function fresh(rows = new MemoryRows(), meta = new MemoryMeta(), hashCompactions = false): MvccStore {
  const store = new MvccStore(rows, meta, { logger: silentLogger, hashCompactions });
  while (!store.restore().step(1000));
  return store;
}

function put(store: MvccStore, ...pairs: readonly (readonly [string, string])[]): void {
  const txn = store.begin();
  for (const [key, value] of pairs) txn.put(bytes(key), bytes(value), noLease);
  txn.end();
}

function remove(store: MvccStore, key: string, rangeEnd = ""): number {
  const txn = store.begin();
  const count = txn.deleteRange(bytes(key), bytes(rangeEnd)).length;
  txn.end();
  return count;
}

function values(store: MvccStore, query: RangeQuery): string[] {
  const outcome = store.range(query);
  if (outcome.kind !== "ok") return [outcome.kind];
  return outcome.rows.map((row) => `${text(decodeKeyValue(row).key)}=${text(valueOf(row))}`);
}

function cursorOf(store: MvccStore, query: RangeQuery, pin: boolean): RangeCursor {
  const cursor = store.rangeCursor(query, pin);
  if (!("step" in cursor)) throw new Error(cursor.kind);
  return cursor;
}

describe("transactions", () => {
  test("share one main revision and number their changes", () => {
    const store = fresh();
    put(store, ["a", "1"], ["b", "2"]);
    const txn = store.begin();
    txn.put(bytes("c"), bytes("3"), noLease);
    txn.deleteRange(bytes("a"), bytes("c"));
    const changes = txn.end();
    expect(
      changes.map((one) => [one.kind, text(one.key), one.revision, one.sub, one.prevRevision, one.prevSub]),
    ).toEqual([
      ["put", "c", 3, 0, 0, 0],
      ["delete", "a", 3, 1, 2, 0],
      ["delete", "b", 3, 2, 2, 1],
    ]);
    expect(text(valueOf(store.row(2, 1)))).toBe("2");
    expect(store.revision).toBe(3);
  });

  test("without effect take no revision", () => {
    const store = fresh();
    expect(remove(store, "nothing", "\0")).toBe(0);
    store.begin().end();
    expect(store.revision).toBe(1);
  });

  test("read what they wrote, at the revision they will have", () => {
    const store = fresh();
    put(store, ["a", "1"]);
    const txn = store.begin();
    expect(txn.range({ key: bytes("a") })).toMatchObject({ revision: 2, count: 1 });
    txn.put(bytes("a"), bytes("2"), noLease);
    txn.put(bytes("b"), bytes("3"), noLease);
    expect(txn.range(all)).toMatchObject({ revision: 3, count: 2 });
    expect(txn.range({ ...all, revision: 2 })).toMatchObject({ revision: 3, count: 1 });
    expect(txn.range({ ...all, revision: 4 })).toEqual({ kind: "future", revision: 3 });
    expect(txn.state(bytes("a"))).toEqual({ createRevision: 2, modRevision: 3, modSub: 0, version: 2 });
    // Outside, nothing has happened yet.
    expect(values(store, all)).toEqual(["a=1"]);
    expect(store.range({ ...all, countOnly: true })).toMatchObject({ revision: 2, count: 1 });
    txn.end();
    expect(values(store, all)).toEqual(["a=2", "b=3"]);
  });

  test("may put a key and delete it again, as a delete from a key on allows", () => {
    const store = fresh();
    const txn = store.begin();
    txn.put(bytes("x1"), bytes("v"), noLease);
    txn.deleteRange(bytes("x"), bytes("\0"));
    expect(txn.end().map((one) => [one.kind, one.sub, one.prevRevision, one.prevSub])).toEqual([
      ["put", 0, 0, 0],
      ["delete", 1, 2, 0],
    ]);
    expect(values(store, all)).toEqual([]);
    expect(values(store, { ...all, revision: 2 })).toEqual([]);
  });

  test("come one at a time, to a store that was restored", () => {
    const store = fresh();
    const txn = store.begin();
    expect(() => store.begin()).toThrow(InvariantError);
    expect(() => store.compact(1)).toThrow(InvariantError);
    txn.end();
    expect(() => txn.end()).toThrow(InvariantError);
    expect(() => txn.put(bytes("a"), bytes(""), noLease)).toThrow(InvariantError);
    const unready = new MvccStore(new MemoryRows(), new MemoryMeta(), { logger: silentLogger });
    expect(() => unready.begin()).toThrow(InvariantError);
  });
});

describe("compaction", () => {
  test("keeps a tombstone at its revision until the next one", () => {
    const rows = new MemoryRows();
    const store = fresh(rows);
    put(store, ["a", "1"]);
    remove(store, "a");
    put(store, ["b", "1"]);
    store.compact(3);
    while (store.stepCompaction(100) !== "idle");
    expect(rows.get(revisionKey(2, 0, false))).toBeUndefined();
    expect(rows.get(revisionKey(3, 0, true))).toBeDefined();
    store.compact(4);
    while (store.stepCompaction(100) !== "idle");
    expect(rows.all.length).toBe(1);
    expect(store.index.records.size).toBe(1);
  });

  test("accepts revision 0 once, and refuses what is done or to come", () => {
    const store = fresh();
    put(store, ["a", "1"]);
    expect(store.compact(-1)).toEqual({ kind: "compacted", compactRevision: -1 });
    expect(store.compact(0)).toEqual({ kind: "ok" });
    expect(store.compact(0)).toEqual({ kind: "compacted", compactRevision: 0 });
    expect(store.compact(3)).toEqual({ kind: "future", revision: 2 });
    expect(store.compact(2)).toEqual({ kind: "ok" });
    expect(store.refusal(1)).toEqual({ kind: "compacted", compactRevision: 2 });
    expect([store.refusal(2), store.refusal(0)]).toEqual([undefined, undefined]);
    expect(store.refusal(-5)?.kind).toBe("compacted");
    expect(values(store, { ...all, revision: -5 })).toEqual(["a=1"]);
  });

  test("runs one after the other, and says how far it is", () => {
    const store = fresh();
    for (let i = 0; i < 50; i++) put(store, [`k${i % 5}`, `${i}`]);
    store.compact(20);
    store.compact(40);
    expect([store.compacting, store.finishedCompactRevision]).toEqual([true, -1]);
    const finished = new Set<number>();
    while (store.stepCompaction(3) !== "idle") finished.add(store.finishedCompactRevision);
    expect([...finished, store.finishedCompactRevision]).toEqual([-1, 20, 40]);
    expect(store.compacting).toBe(false);
  });

  test("waits for a reader that pinned its revision, and tells one that did not", () => {
    const store = fresh();
    put(store, ["a", "1"], ["b", "1"]);
    const pinned = cursorOf(store, all, true);
    const loose = cursorOf(store, all, false);
    expect(pinned.step(1, 1000)).toMatchObject({ kind: "slice", done: false });
    loose.step(1, 1000);
    put(store, ["a", "2"], ["b", "2"]);
    store.compact(3);
    expect(store.stepCompaction(100)).toBe("held");
    expect(loose.step(1, 1000)).toEqual({ kind: "compacted", compactRevision: 3 });
    const slice = pinned.step(10, 1000);
    expect(slice.kind === "slice" && slice.done && slice.rows.map((row) => text(valueOf(row)))).toEqual(["1"]);
    expect(store.stepCompaction(100)).not.toBe("held");
    pinned.close();
  });

  test("is held no longer by a reader that gave up", () => {
    const store = fresh();
    put(store, ["a", "1"]);
    const cursor = cursorOf(store, all, true);
    const hash = store.hashByRev(0);
    put(store, ["a", "2"]);
    store.compact(3);
    cursor.close();
    cursor.close();
    expect(store.stepCompaction(100)).toBe("held");
    if ("step" in hash) hash.close();
    expect(store.stepCompaction(100)).not.toBe("held");
  });

  test("remembers the hash from before it, for who asks at its revision by number", () => {
    const store = fresh(new MemoryRows(), new MemoryMeta(), true);
    put(store, ["a", "1"]);
    put(store, ["a", "2"]);
    const before = store.hashByRev(3);
    const hash = "step" in before ? before.step(1000) : undefined;
    store.compact(3);
    while (store.stepCompaction(1) !== "idle");
    const cached = store.hashByRev(3);
    expect("step" in cached && cached.step(1)).toEqual(hash);
    const now = store.hashByRev(0);
    expect("step" in now && now.step(1000)).toMatchObject({ revision: 3, compactRevision: 3 });
    expect(store.compactionHashes).toEqual([hash]);
  });

  test("counts for the revision when it left no row of it", () => {
    for (const name of ["finishedCompactRev", "scheduledCompactRev"]) {
      const meta = new MemoryMeta();
      meta.put(bytes(name), revisionKey(350, 0, false));
      expect(fresh(new MemoryRows(), meta).revision).toBe(350);
    }
  });

  test("that was interrupted goes on after a restart", () => {
    const rows = new MemoryRows();
    const meta = new MemoryMeta();
    const store = fresh(rows, meta);
    for (let i = 0; i < 30; i++) put(store, ["a", `${i}`]);
    store.compact(31);
    store.stepCompaction(5);
    const again = fresh(rows, meta);
    expect([again.compactRevision, again.finishedCompactRevision, again.compacting]).toEqual([31, -1, true]);
    expect(values(again, { ...all, revision: 30 })).toEqual(["compacted"]);
    while (again.stepCompaction(5) !== "idle");
    expect(rows.all.length).toBe(1);
  });
});

describe("ranges", () => {
  test("with a target but no order sort only what the limit fetched, as etcd does", () => {
    const store = fresh();
    put(store, ["a", "9"], ["b", "2"], ["c", "1"], ["d", "0"]);
    const byValue: RangeQuery = { ...all, sortTarget: 4, limit: 1 };
    expect(values(store, byValue)).toEqual(["b=2"]);
    expect(values(store, { ...byValue, sortOrder: 1 })).toEqual(["d=0"]);
  });

  test("visit the states of a range until told to stop", () => {
    const store = fresh();
    put(store, ["a", "1"], ["b", "1"], ["c", "1"]);
    remove(store, "b");
    const subs: number[] = [];
    expect(store.visitStates(bytes("a"), bytes("\0"), (state) => subs.push(state.modSub) > 0)).toBe(true);
    expect(subs).toEqual([0, 2]);
    expect(store.visitStates(bytes("a"), bytes("\0"), () => false)).toBe(false);
    expect(store.visitStates(bytes("b"), bytes(""), () => false)).toBe(true);
  });

  test("in slices look at no more keys than allowed, dead ones included", () => {
    const store = fresh();
    for (let i = 0; i < 500; i++) put(store, [`k${String(i).padStart(4, "0")}`, "v"]);
    remove(store, "k0001", "k0499");
    const cursor = cursorOf(store, all, false);
    let slices = 0;
    const rows: string[] = [];
    for (let done = false; !done; slices++) {
      const slice = cursor.step(50, 1 << 20);
      if (slice.kind !== "slice") throw new Error(slice.kind);
      rows.push(...slice.rows.map((row) => text(decodeKeyValue(row).key)));
      done = slice.done;
    }
    expect(rows).toEqual(["k0000", "k0499"]);
    expect(slices).toBeGreaterThanOrEqual(10);
  });
});

test("revisions and versions keep all their bits", () => {
  const records = new RevisionTable();
  const numbers = [1, 0xffffffff, 0x100000000, 0x7ff_ffffffff, 0x800_00000000, Number.MAX_SAFE_INTEGER];
  for (const main of numbers) {
    for (const create of numbers.filter((number) => number <= main)) {
      for (const version of numbers) {
        const id = records.add(main, 0x3fffffff, create, version);
        records.setListed(id, true);
        records.push(id);
        const older = records.older(id);
        for (const one of [id, older]) {
          expect([records.main(one), records.createRevision(one), records.version(one)]).toEqual([
            main,
            create,
            version,
          ]);
          expect([records.sub(one), records.isTombstone(one), records.isListed(one)]).toEqual([
            0x3fffffff,
            false,
            one === id,
          ]);
        }
        records.setTombstone(id, main, 3);
        expect([records.main(id), records.version(id), records.sub(id)]).toEqual([main, 0, 3]);
        expect([records.isTombstone(id), records.isListed(id), records.isTombstone(older)]).toEqual([
          true,
          true,
          false,
        ]);
      }
    }
  }
});
