import { DiskError, utf8Decode } from "@quorate/base";
import { describe, expect, test } from "vitest";
import { Backend } from "./backend.ts";
import { check } from "./check.ts";
import { encodeMeta } from "./format.ts";
import { BackendLockedError } from "./lock.ts";
import { bytes, contentOf, damage, ManualClock, newDisk, path, settle, testOptions } from "./testing/harness.ts";
import { bboltCheck, bboltKeys, haveBbolt } from "./testing/real.ts";

const key = bytes("key");

describe("opening", () => {
  test("creates a database with an empty root, as bbolt does", async () => {
    const disk = await newDisk();
    const backend = await Backend.open(disk, path, testOptions());
    expect(backend.size()).toBe(4 * 4096);
    await backend.close();
    expect(disk.list("/data")).toEqual(["db"]);
    expect([...check(disk, path)]).toEqual([]);
    if (haveBbolt) expect(bboltCheck(contentOf(disk))).toContain("OK");
  });

  test("refuses a file that another process holds, and says which", async () => {
    const disk = await newDisk();
    const backend = await Backend.open(disk, path, testOptions());
    await expect(Backend.open(disk, path, testOptions())).rejects.toThrow(BackendLockedError);
    await expect(Backend.open(disk, path, testOptions())).rejects.toThrow("/data/db: the database is in use");
    await backend.close();
    await (await Backend.open(disk, path, testOptions())).close();
  });

  test("waits for the lock as long as it is told", async () => {
    const disk = await newDisk();
    const holder = await Backend.open(disk, path, testOptions());
    const clock = new ManualClock();
    const waiting = Backend.open(disk, path, testOptions({ clock, lockWaitMs: 1000 }));
    await settle();
    await holder.close();
    clock.advance(50);
    const backend = await waiting;
    await backend.close();
  });

  test("falls back to the older meta page when the newer one is damaged", async () => {
    const disk = await newDisk();
    let backend = await Backend.open(disk, path, testOptions());
    backend.batch.createBucket(key);
    for (let i = 0; i < 3; i++) {
      backend.batch.put(key, bytes("k"), bytes(`v${i}`));
      await backend.commit();
    }
    await backend.close();
    // Transactions 2, 3 and 4 were written to pages 0, 1 and 0.
    damage(disk, 64, 0xff);
    expect([...check(disk, path)]).toEqual([]);
    backend = await Backend.open(disk, path, testOptions());
    expect(utf8Decode(backend.batch.get(key, bytes("k")) as Uint8Array)).toBe("v1");
    backend.batch.put(key, bytes("k"), bytes("v9"));
    await backend.close();
    expect([...check(disk, path)]).toEqual([]);
    if (haveBbolt) expect(bboltCheck(contentOf(disk))).toContain("OK");
  });

  test.each([
    [16, "both meta pages are damaged: invalid database"],
    [20, "both meta pages are damaged: version mismatch"],
    [40, "both meta pages are damaged: checksum error"],
  ])("names the file and the fault when both meta pages are damaged at %i", async (at, text) => {
    const disk = await newDisk();
    await (await Backend.open(disk, path, testOptions())).close();
    damage(disk, at, 0x55);
    damage(disk, 4096 + at, 0x55);
    await expect(Backend.open(disk, path, testOptions())).rejects.toThrow(`/data/db: ${text}`);
  });

  test("refuses a file that is shorter than its meta page says", async () => {
    const disk = await newDisk(
      encodeMeta({ pageSize: 4096, root: 3, rootSequence: 0, freelist: undefined, highWaterMark: 4, txid: 2 }, 0),
    );
    await expect(Backend.open(disk, path, testOptions())).rejects.toThrow(
      "the file has 4096 bytes, but its meta page says 16384",
    );
  });

  test("for reading only takes no lock and writes nothing", async () => {
    const disk = await newDisk();
    const writer = await Backend.open(disk, path, testOptions());
    writer.batch.createBucket(key);
    writer.batch.put(key, bytes("a"), bytes("1"));
    await writer.commit();
    const before = contentOf(disk);
    const reader = await Backend.open(disk, path, testOptions({ readOnly: true }));
    expect(utf8Decode(reader.batch.get(key, bytes("a")) as Uint8Array)).toBe("1");
    expect(() => reader.batch.put(key, bytes("a"), bytes("2"))).toThrow("reading only");
    await reader.close();
    expect(contentOf(disk)).toEqual(before);
    await writer.close();
  });

  test("grows the file ahead of need, as etcd does", async () => {
    const disk = await newDisk();
    const backend = await Backend.open(disk, path, testOptions({ growBytes: 1 << 20 }));
    backend.batch.createBucket(key);
    await backend.commit();
    const size = disk.info(path)?.size;
    expect(size).toBe(backend.size() + 4096 + (1 << 20));
    backend.batch.put(key, bytes("k"), new Uint8Array(100_000));
    await backend.close();
    expect(disk.info(path)?.size).toBe(size);
    expect([...check(disk, path)]).toEqual([]);
  });
});

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

describe("space", () => {
  test("is used again, once no meta page and no reader needs it", async () => {
    const backend = await Backend.open(await newDisk(), path, testOptions());
    backend.batch.createBucket(key);
    const fill = async (rounds: number): Promise<void> => {
      for (let round = 0; round < rounds; round++) {
        for (let i = 0; i < 50; i++) backend.batch.put(key, bytes(`k${i}`), new Uint8Array(1000).fill(round));
        await backend.commit();
      }
    };
    await fill(5);
    const size = backend.size();
    await fill(20);
    expect(backend.size()).toBe(size);
    const reader = backend.read();
    await fill(20);
    expect(backend.size()).toBeGreaterThan(size * 3);
    expect(reader.get(key, bytes("k7"))).toEqual(new Uint8Array(1000).fill(19));
    reader.close();
    const grown = backend.size();
    await fill(20);
    expect(backend.size()).toBe(grown);
    expect(backend.sizeInUse()).toBeLessThan(grown);
    await backend.close();
  });

  test("is found again when the file is opened", async () => {
    const disk = await newDisk();
    let backend = await Backend.open(disk, path, testOptions());
    backend.batch.createBucket(key);
    for (let i = 0; i < 2000; i++) backend.batch.put(key, bytes(`k${i}`), new Uint8Array(500));
    await backend.commit();
    for (let i = 0; i < 2000; i++) backend.batch.delete(key, bytes(`k${i}`));
    const reader = backend.read();
    await backend.commit();
    expect(backend.sizeInUse()).toBeGreaterThan(1_000_000);
    reader.close();
    expect(backend.sizeInUse()).toBeLessThan(6 * 4096);
    await backend.close();
    backend = await Backend.open(disk, path, testOptions());
    expect(backend.size()).toBeGreaterThan(1_000_000);
    expect(backend.sizeInUse()).toBeLessThan(6 * 4096);
    const size = backend.size();
    for (let i = 0; i < 1000; i++) backend.batch.put(key, bytes(`k${i}`), new Uint8Array(500));
    await backend.commit();
    expect(backend.size()).toBe(size);
    await backend.close();
  });

  test("of a large value lies in one run of pages", async () => {
    const disk = await newDisk();
    let backend = await Backend.open(disk, path, testOptions());
    backend.batch.createBucket(key);
    const large = new Uint8Array(1_500_000).fill(7);
    for (let i = 0; i < 4; i++) {
      backend.batch.put(key, bytes(`k${i}`), large);
      backend.batch.put(key, bytes(`small${i}`), bytes("v"));
    }
    await backend.close();
    expect([...check(disk, path)]).toEqual([]);
    if (haveBbolt) expect(bboltCheck(contentOf(disk))).toContain("OK");
    backend = await Backend.open(disk, path, testOptions());
    expect(backend.batch.get(key, bytes("k2"))).toEqual(large);
    await backend.close();
  });
});

describe("a read transaction", () => {
  test("sees what was written before it, committed or not, and nothing later", async () => {
    const backend = await Backend.open(await newDisk(), path, testOptions());
    backend.batch.createBucket(key);
    backend.batch.put(key, bytes("a"), bytes("1"));
    const before = backend.read();
    backend.batch.put(key, bytes("a"), bytes("2"));
    backend.batch.createBucket(bytes("later"));
    const after = backend.read();
    await backend.commit();
    backend.batch.deleteBucket(key);
    await backend.commit();
    await backend.commit();
    expect(utf8Decode(before.get(key, bytes("a")) as Uint8Array)).toBe("1");
    expect(before.bucket(bytes("later"))).toBeUndefined();
    expect(utf8Decode(after.get(key, bytes("a")) as Uint8Array)).toBe("2");
    expect(after.bucket(bytes("later"))).toBeDefined();
    expect(backend.batch.bucket(key)).toBeUndefined();
    expect(backend.openReads()).toBe(2);
    before.close();
    before.close();
    after.close();
    expect(backend.openReads()).toBe(0);
    expect(() => before.get(key, bytes("a"))).toThrow("closed");
    await backend.close();
  });

  test("lets a cursor go on while the batch is written to; one on the batch is void", async () => {
    const backend = await Backend.open(await newDisk(), path, testOptions());
    backend.batch.createBucket(key);
    for (let i = 0; i < 1000; i++) backend.batch.put(key, bytes(`k${1000 + i}`), bytes("v"));
    const reader = backend.read();
    const cursor = reader.cursor(key);
    const own = backend.batch.cursor(key);
    own.first();
    let seen = 0;
    for (let there = cursor.last(); there; there = cursor.prev()) {
      seen += 1;
      backend.batch.delete(key, cursor.key);
      if (seen % 100 === 0) await backend.commit();
    }
    expect(seen).toBe(1000);
    expect(backend.batch.count(key)).toBe(0);
    expect(() => own.next()).toThrow("void");
    reader.close();
    await backend.close();
  });

  test("of a bucket that does not exist says so", async () => {
    const backend = await Backend.open(await newDisk(), path, testOptions());
    expect(() => backend.batch.get(key, bytes("a"))).toThrow("bucket does not exist");
    expect(() => backend.batch.put(key, bytes("a"), bytes("b"))).toThrow("bucket does not exist");
    expect(() => backend.batch.deleteBucket(key)).toThrow("bucket does not exist");
    await backend.close();
  });

  test("refuses a visitor that writes", async () => {
    const backend = await Backend.open(await newDisk(), path, testOptions());
    backend.batch.createBucket(key);
    for (const name of ["a", "b"]) backend.batch.put(key, bytes(name), bytes("v"));
    const write = (): void => backend.batch.put(key, bytes("c"), bytes("v"));
    expect(() => backend.batch.range(key, bytes("a"), undefined, write)).toThrow("during a range");
    await backend.close();
  });
});

describe("nested buckets", () => {
  test("are read, written and removed as bbolt does, inline or not", async () => {
    const disk = await newDisk();
    let backend = await Backend.open(disk, path, testOptions());
    const outer = backend.batch.createBucket(bytes("outer"));
    const small = backend.batch.createBucket(bytes("small"), outer);
    const large = backend.batch.createBucket(bytes("large"), outer);
    const deep = backend.batch.createBucket(bytes("deep"), large);
    backend.batch.put(outer, bytes("row"), bytes("r"));
    backend.batch.put(small, bytes("s"), bytes("1"));
    for (let i = 0; i < 500; i++) backend.batch.put(large, bytes(`row ${i}`), new Uint8Array(50));
    for (let i = 0; i < 500; i++) backend.batch.put(deep, bytes(`row ${i}`), new Uint8Array(50));
    await backend.close();
    expect([...check(disk, path)]).toEqual([]);
    if (haveBbolt) {
      expect(bboltCheck(contentOf(disk))).toContain("OK");
      expect(bboltKeys(contentOf(disk), "outer", "small")).toEqual(["73"]);
      expect(bboltKeys(contentOf(disk), "outer", "large", "deep").length).toBe(500);
    }
    backend = await Backend.open(disk, path, testOptions());
    const again = backend.batch.bucket(bytes("outer")) as NonNullable<ReturnType<typeof backend.batch.bucket>>;
    const names: string[] = [];
    backend.batch.forEachBucket((name) => names.push(utf8Decode(name)), again);
    expect(names).toEqual(["large", "small"]);
    expect(backend.batch.count(again)).toBe(1);
    expect(backend.batch.get(again, bytes("small"))).toBeUndefined();
    expect(() => backend.batch.put(again, bytes("small"), bytes("x"))).toThrow("cannot have one key");
    expect(backend.batch.delete(again, bytes("small"))).toBe(false);
    const inner = backend.batch.bucket(bytes("small"), again);
    expect(inner === undefined ? undefined : backend.batch.get(inner, bytes("s"))).toEqual(bytes("1"));
    backend.batch.deleteBucket(bytes("large"), again);
    await backend.commit();
    backend.batch.createBucket(bytes("large"), again);
    expect(backend.batch.bucket(bytes("deep"), backend.bucket(bytes("large"), again))).toBeUndefined();
    await backend.close();
    expect([...check(disk, path)]).toEqual([]);
    if (haveBbolt) expect(bboltCheck(contentOf(disk))).toContain("OK");
    backend = await Backend.open(disk, path, testOptions());
    expect(backend.sizeInUse()).toBeLessThan(8 * 4096);
    await backend.close();
  });
});
