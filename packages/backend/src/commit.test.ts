import { DiskError, utf8Decode } from "@quorate/base";
import { describe, expect, test } from "vitest";
import { Backend } from "./backend.ts";
import { check } from "./check.ts";
import { bytes, contentOf, ManualClock, newDisk, path, settle, testOptions } from "./testing/harness.ts";

const key = bytes("key");

describe("a commit", () => {
  test("starts by itself when the interval is over, and not before", async () => {
    const disk = await newDisk();
    const clock = new ManualClock();
    const backend = await Backend.open(disk, path, testOptions({ clock }));
    backend.batch.createBucket(key);
    clock.advance(99);
    expect(backend.batch.pending).toBe(1);
    clock.advance(1);
    expect(backend.batch.pending).toBe(0);
    await settle();
    backend.batch.put(key, bytes("k"), bytes("v"));
    clock.advance(100);
    expect(backend.batch.pending).toBe(0);
    await backend.close();
  });

  test("starts in the next turn when the batch is full, by changes or by bytes", async () => {
    const disk = await newDisk();
    const backend = await Backend.open(disk, path, testOptions({ batchLimit: 3, batchBytesMax: 50_000 }));
    backend.batch.createBucket(key);
    backend.batch.put(key, bytes("a"), bytes("1"));
    backend.batch.put(key, bytes("b"), bytes("2"));
    backend.batch.put(key, bytes("c"), bytes("3"));
    expect(backend.batch.pending).toBe(4);
    await settle();
    expect(backend.batch.pending).toBe(0);
    backend.batch.put(key, bytes("d"), new Uint8Array(60_000));
    await settle();
    expect(backend.batch.pending).toBe(0);
    await backend.close();
  });

  test("starts when many pages are changed, however little is put", async () => {
    const gates: (() => void)[] = [];
    let gated = false;
    const disk = await newDisk(undefined, {
      syncDelay: () => (gated ? new Promise<void>((resolve) => gates.push(resolve)) : Promise.resolve()),
    });
    const backend = await Backend.open(disk, path, testOptions({ pageCacheBytesMax: 1 << 25 }));
    backend.batch.createBucket(key);
    const rows = 20_000;
    for (let i = 0; i < rows; i++) backend.batch.put(key, bytes(`${100_000 + i}`), new Uint8Array(400));
    await backend.commit();
    await settle();
    let committed = 0;
    backend.onCommitted = () => {
      committed += 1;
    };
    gated = true;
    let at = 0;
    const scatter = (changes: number): void => {
      for (let i = 0; i < changes; i++, at += 7919)
        backend.batch.put(key, bytes(`${100_000 + (at % rows)}`), bytes("v"));
    };
    scatter(200);
    await settle();
    expect([backend.batch.pending, backend.isFull]).toEqual([200, false]);
    scatter(150);
    expect(backend.isFull).toBe(true);
    await settle();
    // The commit is under way; the next batch fills and has to wait for it.
    expect([backend.batch.pending, backend.isFull]).toEqual([0, false]);
    scatter(350);
    await settle();
    expect([backend.batch.pending, backend.isFull, backend.isOverfull]).toEqual([350, true, false]);
    scatter(350);
    expect([backend.isFull, backend.isOverfull]).toEqual([true, true]);
    gated = false;
    for (const open of gates) open();
    await settle();
    expect([committed, backend.batch.pending, backend.isFull, backend.isOverfull]).toEqual([2, 0, false, false]);
    await backend.close();
  });

  test("carries what the hook puts", async () => {
    const disk = await newDisk();
    let backend = await Backend.open(disk, path, testOptions());
    const meta = bytes("meta");
    backend.batch.createBucket(meta);
    let index = 0;
    backend.onBeforeCommit = (tx) => tx.put(meta, bytes("consistent_index"), bytes(`${index}`));
    index = 7;
    await backend.commit();
    index = 8;
    await backend.close();
    backend = await Backend.open(disk, path, testOptions());
    expect(utf8Decode(backend.batch.get(meta, bytes("consistent_index")) as Uint8Array)).toBe("8");
    await backend.close();
  });

  test("lets the next batch build meanwhile, and is followed by one commit for all of it", async () => {
    const gates: (() => void)[] = [];
    let gated = false;
    let syncs = 0;
    const disk = await newDisk(undefined, {
      before: ({ operation }) => void (operation === "sync" && syncs++),
      syncDelay: () => (gated ? new Promise<void>((resolve) => gates.push(resolve)) : Promise.resolve()),
    });
    const backend = await Backend.open(disk, path, testOptions());
    backend.batch.createBucket(key);
    await backend.commit();
    gated = true;
    syncs = 0;
    const done: string[] = [];
    backend.batch.put(key, bytes("a"), bytes("1"));
    const first = backend.commit().then(() => done.push("first"));
    backend.batch.put(key, bytes("b"), bytes("2"));
    const second = backend.commit().then(() => done.push("second"));
    backend.batch.put(key, bytes("c"), bytes("3"));
    const third = backend.commit().then(() => done.push("third"));
    expect(utf8Decode(backend.batch.get(key, bytes("a")) as Uint8Array)).toBe("1");
    expect(backend.batch.pending).toBe(2);
    for (const steps of [1, 2, 3, 4]) {
      await settle();
      expect(done.length).toBe(steps < 3 ? 0 : 1);
      gates.shift()?.();
    }
    await Promise.all([first, second, third]);
    expect(done).toEqual(["first", "second", "third"]);
    // Two batches, each its pages and then its meta page.
    expect(syncs).toBe(4);
    gated = false;
    await backend.close();
  });

  test("writes no meta page before its pages are durable", async () => {
    const steps: string[] = [];
    const disk = await newDisk(undefined, {
      before: ({ operation }) => void steps.push(operation),
    });
    const backend = await Backend.open(disk, path, testOptions());
    backend.batch.createBucket(key);
    steps.length = 0;
    await backend.commit();
    const syncs = steps.filter((step) => step === "sync").length;
    expect(syncs).toBe(2);
    expect(steps.slice(-3)).toEqual(["sync", "write", "sync"]);
    await backend.close();
  });

  test("without changes does nothing", async () => {
    const disk = await newDisk();
    const backend = await Backend.open(disk, path, testOptions());
    const before = contentOf(disk);
    await backend.commit();
    await backend.close();
    expect(contentOf(disk)).toEqual(before);
  });

  test("that fails is fatal: it rejects, and so does every later one", async () => {
    let broken = false;
    const disk = await newDisk(undefined, {
      before: ({ operation, path: name }) => {
        if (broken && operation === "sync") throw new DiskError("sync", name, "EIO");
      },
    });
    const backend = await Backend.open(disk, path, testOptions());
    const failures: unknown[] = [];
    backend.onFailure = (error) => failures.push(error);
    backend.batch.createBucket(key);
    await backend.commit();
    broken = true;
    backend.batch.put(key, bytes("a"), bytes("1"));
    const first = backend.commit();
    backend.batch.put(key, bytes("b"), bytes("1"));
    const second = backend.commit();
    await expect(first).rejects.toThrow("sync /data/db: EIO");
    await expect(second).rejects.toThrow("sync /data/db: EIO");
    broken = false;
    await expect(backend.commit()).rejects.toThrow("sync /data/db: EIO");
    expect(failures.length).toBe(1);
    expect(() => backend.read()).toThrow("EIO");
    expect(() => backend.snapshot()).toThrow("EIO");
    await backend.close();
    await expect(backend.commit()).rejects.toThrow("EIO");
  });

  test("after the close is refused", async () => {
    const backend = await Backend.open(await newDisk(), path, testOptions());
    await backend.close();
    await backend.close();
    await expect(backend.commit()).rejects.toThrow("the backend is closed");
    expect(() => backend.read()).toThrow("the backend is closed");
  });
});

describe("a removal of many rows", () => {
  const rows = 4_000;
  const rowKey = (i: number): Uint8Array => bytes(String(i).padStart(8, "0"));

  async function filled(valueBytes: number, count = rows) {
    const disk = await newDisk();
    const backend = await Backend.open(disk, path, testOptions());
    backend.batch.createBucket(key);
    for (let i = 0; i < count; i++) backend.batch.put(key, rowKey(i), new Uint8Array(valueBytes));
    await backend.commit();
    return { backend, disk };
  }

  test("frees pages that lose all their rows, and writes few others", async () => {
    const { backend, disk } = await filled(300);
    const before = backend.sizeInUse();
    let keys = Array.from({ length: rows - 200 }, (_, i) => rowKey(i + 100));
    while (keys.length > 0) keys = keys.slice(backend.batch.deleteSome(key, keys));
    expect(backend.batch.pending).toBe(rows - 200);
    await backend.commit();
    expect(backend.batch.count(key)).toBe(200);
    expect(backend.sizeInUse()).toBeLessThan(before / 10);
    await backend.close();
    expect([...check(disk, path)]).toEqual([]);
  });

  test("stops after a bounded amount of pages", async () => {
    const { backend } = await filled(100_000, 10);
    const keys = Array.from({ length: 10 }, (_, i) => rowKey(i));
    expect(backend.batch.deleteSome(key, keys)).toBe(3);
    expect(backend.batch.deleteSome(key, keys)).toBeGreaterThanOrEqual(3);
    await backend.close();
  });

  test("of rows that are not there changes nothing", async () => {
    const { backend } = await filled(300, 50);
    expect(backend.batch.deleteSome(key, [bytes("0"), bytes("00000003x"), bytes("9")])).toBe(3);
    expect(backend.batch.pending).toBe(0);
    expect(backend.batch.count(key)).toBe(50);
    await backend.close();
  });
});
