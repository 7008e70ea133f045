import { KvError } from "@quorate/api";
import { check } from "@quorate/backend";
import { utf8Encode } from "@quorate/base";
import { MemoryDisk } from "@quorate/base/testing";
import type { HashJob, MvccStore, RangeCursor } from "@quorate/mvcc";
import { describe, expect, test } from "vitest";
import type { Member } from "./member.ts";
import { isSwap, type Lagging, lagging, valueAt } from "./testing/lagging.ts";

const everything = { key: utf8Encode("\0"), rangeEnd: utf8Encode("\0") };
/** Little memory for pages, so that readers need their file. */
const small = { bulkTxnsBefore: 40, overrides: { pageCacheBytesMax: 32 * 1024 } };
const rowsBefore = 40 * 128 + 1;

function startRange(store: MvccStore): RangeCursor {
  const cursor = store.rangeCursor(everything, true);
  if ("kind" in cursor) throw new Error(cursor.kind);
  return cursor;
}

function startHash(store: MvccStore, revision: number): HashJob {
  const job = store.hashByRev(revision);
  if ("kind" in job) throw new Error(job.kind);
  return job;
}

/** Steps to the end; returns how many rows came. */
function finishRange(cursor: RangeCursor): number {
  for (let rows = 0; ; ) {
    const slice = cursor.step(500, 1 << 20);
    if (slice.kind !== "slice") throw new Error(slice.kind);
    rows += slice.rows.length;
    if (slice.done) return rows;
  }
}

function finishHash(job: HashJob): number {
  let result = job.step(500);
  while (result === undefined) result = job.step(500);
  return result.hash;
}

function errorOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

async function install({ cluster }: Lagging, m3: Member): Promise<void> {
  cluster.heal();
  await cluster.clock.until(() => valueAt(m3, "k59") === "v");
}

describe("readers under way while a snapshot replaces the database", () => {
  test("are answered to their end from the state as it was, and then the old database is let go", async () => {
    const lag = await lagging(small);
    const { cluster, leader } = lag;
    const m3 = cluster.node("m3").running;
    const old = m3.storage.backend;
    const { store } = m3.machine;
    const { revision } = store;
    await cluster.settle(old.commit());
    const cursor = startRange(store);
    let rows = cursor.step(100, 1 << 20).kind === "slice" ? 100 : 0;
    const hash = startHash(store, revision);
    expect(hash.step(100)).toBeUndefined();
    const copy = old.snapshot();
    const pieces: Uint8Array[] = [];
    const chunks = copy.chunks(16_384)[Symbol.iterator]();
    pieces.push(chunks.next().value as Uint8Array);
    await install(lag, m3);
    expect(m3.storage.backend).not.toBe(old);
    await cluster.clock.advance(2000);
    rows += finishRange(cursor);
    expect(rows).toBe(rowsBefore);
    expect(finishHash(hash)).toBe(finishHash(startHash(leader.machine.store, revision)));
    for (let piece = chunks.next(); piece.done !== true; piece = chunks.next()) pieces.push(piece.value);
    expect(errorOf(() => old.read().close())).toBeUndefined();
    copy.close();
    await cluster.clock.advance(500);
    expect(String(errorOf(() => old.read()))).toContain("the backend is closed");
    const disk = new MemoryDisk();
    disk.makeDirectory("/copy");
    const file = disk.open("/copy/db", "create");
    await file.writeAllAt(pieces, 0);
    file.close();
    expect([...check(disk, "/copy/db")]).toEqual([]);
    expect(new Set(await cluster.hashes()).size).toBe(1);
  });

  test("that take too long fail with etcd's timeout, not with a fault of the disk", async () => {
    const lag = await lagging(small);
    const { cluster } = lag;
    const m3 = cluster.node("m3").running;
    const old = m3.storage.backend;
    const cursor = startRange(m3.machine.store);
    cursor.step(100, 1 << 20);
    const copy = old.snapshot();
    const chunks = copy.chunks(16_384)[Symbol.iterator]();
    chunks.next();
    await install(lag, m3);
    await cluster.clock.advance(5 * 60_000 + 500);
    for (const read of [() => finishRange(cursor), () => chunks.next()]) {
      const error = errorOf(read);
      expect(error).toBeInstanceOf(KvError);
      expect(error).toMatchObject({ code: "timeout", explanation: expect.stringContaining("snapshot of the leader") });
    }
    copy.close();
    cursor.close();
  }, 30_000);

  test("are told when the member stops", async () => {
    const lag = await lagging(small);
    const { cluster } = lag;
    const m3 = cluster.node("m3").running;
    const cursor = startRange(m3.machine.store);
    cursor.step(100, 1 << 20);
    await install(lag, m3);
    const present = startRange(m3.machine.store);
    cluster.node("m3").member = undefined;
    await cluster.settle(m3.stop(), 3000);
    for (const each of [cursor, present]) {
      expect(errorOf(() => finishRange(each))).toMatchObject({ code: "stopped" });
    }
  });

  test("do not hold up a stop, nor a defragmentation the installation (M34)", async () => {
    const lag = await lagging(small);
    const { cluster, watched } = lag;
    const m3 = cluster.node("m3").running;
    const old = m3.storage.backend;
    let aborted: unknown;
    watched.onStep = ({ operation }) => {
      if (operation !== "rename" || aborted !== undefined) return;
      aborted = "under way";
      old.defragment().then(
        () => (aborted = "done"),
        (error: unknown) => (aborted = String(error)),
      );
    };
    await install(lag, m3);
    expect(aborted).toContain("AbortError");
    expect(valueAt(m3, "k59")).toBe("v");
    cluster.node("m3").member = undefined;
    await cluster.settle(m3.stop(), 3000);
    watched.onStep = () => undefined;
    const again = await cluster.boot("m3");
    await cluster.clock.until(() => valueAt(again, "k59") === "v");
  });

  test("a physical compaction that is waited for ends with the new state", async () => {
    const lag = await lagging({ bulkTxns: 20 });
    const { cluster, watched } = lag;
    const m3 = cluster.node("m3").running;
    let waiting: Promise<void> | undefined;
    watched.onStep = (step) => {
      if (!isSwap(step)) return;
      watched.syncMs = 50;
      waiting = m3.storage.whenCompacted();
    };
    await install(lag, m3);
    await cluster.settle(waiting as Promise<void>, 1000);
    expect(valueAt(m3, "k59")).toBe("v");
  });
});
