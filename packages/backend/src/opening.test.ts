import { DiskError, utf8Decode } from "@quorate/base";
import { describe, expect, test } from "vitest";
import { Backend } from "./backend.ts";
import { check } from "./check.ts";
import { encodeMeta } from "./format.ts";
import { BackendLockedError } from "./lock.ts";
import { bytes, contentOf, damage, ManualClock, newDisk, path, settle, testOptions } from "./testing/harness.ts";
import { bboltCheck, haveBbolt } from "./testing/real.ts";

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

  test("makes the name durable that a killed process gave the file, before anything is built on it (D09)", async () => {
    let killed = false;
    const disk = await newDisk(undefined, {
      before: ({ operation, path: name }) => {
        if (killed) throw new DiskError(operation, name, "EIO");
        killed = operation === "rename" && name.endsWith(".defragment");
      },
    });
    const first = await Backend.open(disk, path, testOptions());
    first.batch.createBucket(key);
    first.batch.put(key, bytes("a"), bytes("1"));
    await first.commit();
    await expect(first.defragment()).rejects.toThrow("EIO");
    await first.close();
    killed = false;
    const second = await Backend.open(disk, path, testOptions());
    second.batch.put(key, bytes("b"), bytes("2"));
    await second.commit();
    disk.crash();
    const third = await Backend.open(disk, path, testOptions());
    expect(third.batch.get(key, bytes("b"))).toEqual(bytes("2"));
    await third.close();
  });

  test("shows the newest tree when either meta page is damaged after a commit that a start began (D13)", async () => {
    const disk = await newDisk();
    let backend = await Backend.open(disk, path, testOptions());
    backend.batch.createBucket(key);
    for (const value of ["v0", "v1", "v2"]) {
      for (let row = 0; row < 500; row++) backend.batch.put(key, bytes(`k${row}`), bytes(value));
      await backend.commit();
    }
    await backend.close();
    let broken = false;
    const again = await newDisk(contentOf(disk), {
      before: ({ operation, path: name }) => {
        if (broken && operation === "sync") throw new DiskError("sync", name, "EIO");
      },
    });
    backend = await Backend.open(again, path, testOptions());
    broken = true;
    // Its pages take the place of those that the tree before the newest had; no meta names it.
    for (let row = 0; row < 500; row++) backend.batch.put(key, bytes(`k${row}`), bytes("v3"));
    await expect(backend.commit()).rejects.toThrow("EIO");
    await backend.close();
    for (const slot of [0, 1]) {
      const last = await newDisk(contentOf(again));
      damage(last, slot * 4096 + 64, 0xff);
      backend = await Backend.open(last, path, testOptions());
      for (let row = 0; row < 500; row++) {
        expect(utf8Decode(backend.batch.get(key, bytes(`k${row}`)) as Uint8Array)).toBe("v2");
      }
      await backend.close();
    }
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
      encodeMeta(
        { pageSize: 4096, root: 3, rootSequence: 0, freelist: undefined, highWaterMark: 4, txid: 2, sealed: false },
        0,
      ),
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
