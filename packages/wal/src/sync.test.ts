import { DiskError } from "@quorate/base";
import { type DiskStep, MemoryDisk } from "@quorate/base/testing";
import { describe, expect, test } from "vitest";
import { logStart, readWal, Wal } from "./index.ts";
import { bare, directory, entryAt, metadata, settle, small, stateAt } from "./testing/log.ts";

describe("sync", () => {
  /** A disk whose syncs end when the test says so. */
  function slowDisk(): { slow: MemoryDisk; syncs: (() => void)[]; end: () => Promise<void> } {
    const syncs: (() => void)[] = [];
    let waiting = false;
    const slow = new MemoryDisk({
      syncDelay: () => (waiting ? new Promise<void>((resolve) => syncs.push(resolve)) : Promise.resolve()),
    });
    slow.makeDirectory("/member");
    queueMicrotask(() => undefined);
    const end = async (): Promise<void> => {
      waiting = true;
      for (const resolve of syncs.splice(0)) resolve();
      await settle();
    };
    return { slow, syncs, end };
  }

  test("is one for all that was appended before, also for callers that come during one", async () => {
    const { slow, syncs, end } = slowDisk();
    const wal = await Wal.create(slow, directory, metadata, small);
    await end();
    const order: string[] = [];
    wal.append(stateAt(1, 0), [entryAt(1, 1, 10)]);
    const first = wal.sync().then(() => order.push("first"));
    const same = wal.sync().then(() => order.push("same"));
    wal.append(undefined, [entryAt(2, 1, 10)]);
    const second = wal.sync().then(() => order.push("second"));
    wal.append(undefined, [entryAt(3, 1, 10)]);
    const third = wal.sync().then(() => order.push("third"));
    expect(syncs.length).toBe(1);
    await end();
    expect(order).toEqual(["first", "same"]);
    expect(syncs.length).toBe(1);
    await end();
    expect(order).toEqual(["first", "same", "second", "third"]);
    await Promise.all([first, same, second, third]);
    const closing = wal.close();
    expect(syncs.length).toBe(0);
    await closing;
  });

  test("asks nothing of the disk where nobody wants it, and a new segment gets its name all the same", async () => {
    let syncs = 0;
    const counting = new MemoryDisk({
      before: ({ operation }) => {
        if (operation === "sync") syncs += 1;
      },
    });
    counting.makeDirectory("/member");
    const wal = await Wal.create(counting, directory, metadata, { ...small, noSync: true });
    syncs = 0;
    for (let index = 1; index <= 40; index++) {
      wal.append(stateAt(1, index - 1), [entryAt(index, 1, 100)]);
      await wal.sync();
      await settle();
    }
    await wal.close();
    expect(syncs).toBe(0);
    expect(counting.list(directory).filter((name) => name.endsWith(".wal")).length).toBeGreaterThan(1);
    expect(readWal(counting, directory, logStart).entries.length).toBe(40);
  });

  test("of nothing new does nothing", async () => {
    let syncs = 0;
    const counting = new MemoryDisk({
      before: ({ operation }) => {
        if (operation === "sync") syncs += 1;
      },
    });
    counting.makeDirectory("/member");
    const wal = await Wal.create(counting, directory, metadata, small);
    syncs = 0;
    await wal.sync();
    expect(syncs).toBe(0);
    wal.append(stateAt(1, 0), []);
    await wal.sync();
    await wal.sync();
    expect(syncs).toBe(1);
    await wal.close();
  });

  test("that fails is final: it rejects, and so does everything after", async () => {
    let broken = false;
    let syncs = 0;
    const failing = new MemoryDisk({
      before: ({ operation, path }) => {
        if (operation !== "sync" || !broken) return;
        syncs += 1;
        throw new DiskError(operation, path, "EIO");
      },
    });
    failing.makeDirectory("/member");
    const wal = await Wal.create(failing, directory, metadata, small);
    wal.append(stateAt(1, 0), [entryAt(1, 1, 10)]);
    broken = true;
    const first = wal.sync();
    wal.append(undefined, [entryAt(2, 1, 10)]);
    const second = wal.sync();
    await expect(first).rejects.toThrow("EIO");
    await expect(second).rejects.toThrow("EIO");
    broken = false;
    await expect(wal.sync()).rejects.toThrow("EIO");
    expect(() => wal.append(undefined, [entryAt(3, 1, 10)])).toThrow("EIO");
    await wal.close();
    expect(syncs).toBeLessThanOrEqual(2);
  });

  test("is not needed to fail: a write that fails is final too", async () => {
    let broken = false;
    const failing = new MemoryDisk({
      before: ({ operation, path }) => {
        if (operation === "write" && broken) throw new DiskError(operation, path, "ENOSPC");
      },
    });
    failing.makeDirectory("/member");
    const wal = await Wal.create(failing, directory, metadata, small);
    broken = true;
    expect(() => wal.append(stateAt(1, 0), [entryAt(1, 1, 10)])).toThrow("ENOSPC");
    broken = false;
    await expect(wal.sync()).rejects.toThrow("ENOSPC");
    await wal.close();
    expect(readWal(failing, directory, logStart).entries).toEqual([]);
  });
});

describe("a large write, which a thread does", () => {
  const large = { ...small, segmentBytes: 1_000_000, threadBytesMin: 10_000 };

  interface HeldDisk {
    readonly disk: MemoryDisk;
    /** Writes and syncs, in order. */
    readonly writes: string[];
    readonly hold: () => void;
    readonly release: () => void;
  }

  /** A disk whose threads wait between `hold` and `release`. */
  function heldDisk(before?: (step: DiskStep) => void): HeldDisk {
    const writes: string[] = [];
    let release = (): void => undefined;
    let held: Promise<void> | undefined;
    const disk = new MemoryDisk({
      before: (step) => {
        if (step.operation === "write" || step.operation === "sync") writes.push(step.operation);
        before?.(step);
      },
      syncDelay: () => held ?? Promise.resolve(),
    });
    disk.makeDirectory("/member");
    const hold = (): void => {
      held = new Promise((resolve) => {
        release = () => {
          held = undefined;
          resolve();
        };
      });
    };
    return { disk, writes, hold, release: () => release() };
  }

  test("is followed by what was appended after it, and a sync waits for both", async () => {
    const { disk, writes, hold, release } = heldDisk();
    const wal = await Wal.create(disk, directory, metadata, large);
    writes.length = 0;
    hold();
    wal.append(stateAt(1, 0), [entryAt(1, 1, 20_000)]);
    wal.append(undefined, [entryAt(2, 1, 10)]);
    let synced = false;
    const sync = wal.sync().then(() => {
      synced = true;
    });
    await settle();
    expect({ writes: [...writes], synced }).toEqual({ writes: [], synced: false });
    release();
    await sync;
    expect(writes).toEqual(["write", "write", "sync"]);
    // Nothing is under way any more: a short one is written at once.
    wal.append(undefined, [entryAt(3, 1, 10)]);
    expect(writes).toEqual(["write", "write", "sync", "write"]);
    await wal.close();
    expect(readWal(disk, directory, logStart).entries.map((entry) => entry.index)).toEqual([1, 2, 3]);
  });

  test("is synced where it lies, though the log goes on in the next segment meanwhile", async () => {
    const { disk, hold, release } = heldDisk();
    await disk.syncDirectory("/");
    const wal = await Wal.create(disk, directory, metadata, { ...large, segmentBytes: 40_000 });
    await settle();
    wal.append(stateAt(1, 0), [entryAt(1, 1, 25_000)]);
    await wal.sync();
    await settle();
    hold();
    wal.append(undefined, [entryAt(2, 1, 12_000)]);
    const sync = wal.sync();
    wal.append(undefined, [entryAt(3, 1, 12_000)]);
    wal.append(undefined, [entryAt(4, 1, 10)]);
    release();
    await sync;
    disk.crash();
    expect(readWal(disk, directory, logStart).entries.map((entry) => entry.index)).toEqual([1, 2]);
  });

  test("that fails is final, for what waits behind it too", async () => {
    let broken = false;
    const { disk, writes } = heldDisk(({ operation, path }) => {
      if (operation === "write" && broken) throw new DiskError(operation, path, "ENOSPC");
    });
    const wal = await Wal.create(disk, directory, metadata, large);
    broken = true;
    writes.length = 0;
    wal.append(stateAt(1, 0), [entryAt(1, 1, 20_000)]);
    wal.append(undefined, [entryAt(2, 1, 10)]);
    await expect(wal.sync()).rejects.toThrow("ENOSPC");
    broken = false;
    expect(writes).toEqual(["write"]);
    expect(() => wal.append(undefined, [entryAt(3, 1, 10)])).toThrow("ENOSPC");
    await wal.close();
    expect(readWal(disk, directory, logStart).entries).toEqual([]);
  });

  test("is waited for by whoever closes the log, so that no descriptor is written to after it", async () => {
    const { disk, hold, release } = heldDisk();
    const wal = await Wal.create(disk, directory, metadata, { ...large, noSync: true });
    hold();
    wal.append(stateAt(1, 0), [entryAt(1, 1, 20_000)]);
    let closed = false;
    const closing = wal.close().then(() => {
      closed = true;
    });
    await settle();
    expect(closed).toBe(false);
    release();
    await closing;
    expect(readWal(disk, directory, logStart).entries.length).toBe(1);
  });

  test("holds what was appended, whatever the sizes, in one piece or in many, at once or by a thread", async () => {
    const sizes = [
      10, 32_700, 1, 32_767, 32_768, 33_000, 5, 300_000, 0, 65_536, 20_000, 20_000, 20_000, 20_000, 20_000,
    ];
    for (const threadBytesMin of [0, 100_000, 10_000_000]) {
      const { disk } = heldDisk();
      const wal = await Wal.create(disk, directory, metadata, { ...large, segmentBytes: 100_000_000, threadBytesMin });
      let index = 0;
      const written: number[] = [];
      for (let batch = 1; batch <= sizes.length; batch++) {
        const some = sizes.slice(0, batch);
        wal.append(
          stateAt(1, index),
          some.map((size) => entryAt(++index, 1, size)),
        );
        written.push(...some);
      }
      await wal.close();
      const { entries } = readWal(disk, directory, logStart);
      expect(entries.map((entry) => entry.data.length)).toEqual(written);
      expect(entries.map(bare)).toEqual(written.map((size, i) => bare(entryAt(i + 1, 1, size))));
    }
  });
});
