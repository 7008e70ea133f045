import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DiskError } from "@quorate/base";
import { MemoryDisk } from "@quorate/base/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { NodeDisk } from "../../platform/src/index.ts";
import { hasWal, logStart, readRecords, readWal, segmentName, validSnapshots, Wal, WalError } from "./index.ts";
import { putFile } from "./testing/golden.ts";
import { bare, confState, directory, emptyDisk, entryAt, metadata, namesIn, stateAt } from "./testing/log.ts";

let disk: MemoryDisk;

beforeEach(() => {
  disk = emptyDisk();
});

const small = { segmentBytes: 4096 };

/** Lets background work of the memory disk, which takes microtasks only, come to rest. */
async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

/** Appends entries `from` to `to` of 300 bytes, each batch synced, and lets segments be prepared. */
async function fill(wal: Wal, from: number, to: number, term = 1): Promise<void> {
  for (let index = from; index <= to; index++) {
    wal.append(stateAt(term, index - 1), [entryAt(index, term, 300)]);
    await wal.sync();
    await settle();
  }
}

const firstSegment = `${directory}/${segmentName(0, 0).name}`;

describe("a new log", () => {
  test("holds what etcd's does, under its name and size", async () => {
    const wal = await Wal.create(disk, directory, metadata);
    expect(namesIn(disk)).toEqual(["0000000000000000-0000000000000000.wal"]);
    expect(disk.info(firstSegment)).toMatchObject({ size: 64_000_000, mode: 0o600 });
    expect(disk.info(directory)?.mode).toBe(0o700);
    await wal.close();
    const records: unknown[] = [];
    readRecords(disk, directory, (r) => records.push([r.offset, r.type, Buffer.from(r.data).toString("hex")]));
    expect(records).toEqual([
      [0, 4, ""],
      [16, 1, Buffer.from(metadata).toString("hex")],
      [56, 5, "08001000"],
    ]);
  });

  test("is refused where there is one, and replaces what an attempt left", async () => {
    disk.makeDirectory(`${directory}.tmp`);
    putFile(disk, `${directory}.tmp/junk`, Uint8Array.of(1));
    putFile(disk, `${directory}/0.tmp`, Uint8Array.of(1));
    expect(hasWal(disk, directory)).toBe(false);
    await (await Wal.create(disk, directory, metadata, small)).close();
    expect(disk.info(`${directory}.tmp`)).toBeUndefined();
    expect(namesIn(disk)).toEqual([segmentName(0, 0).name]);
    expect(hasWal(disk, directory)).toBe(true);
    await expect(Wal.create(disk, directory, metadata, small)).rejects.toMatchObject({ code: "exists" });
  });

  test("replaces nothing that may be somebody's data", async () => {
    putFile(disk, `${directory}/photos.zip`, Uint8Array.of(1));
    await expect(Wal.create(disk, directory, metadata, small)).rejects.toThrow("it holds photos.zip");
    expect(namesIn(disk)).toEqual(["photos.zip"]);
  });

  test("is durable with all its parents when it is there", async () => {
    const bareDisk = new MemoryDisk();
    await Wal.create(bareDisk, "/a/b/c/wal", metadata, small);
    bareDisk.crash();
    expect(hasWal(bareDisk, "/a/b/c/wal")).toBe(true);
    expect(readWal(bareDisk, "/a/b/c/wal", logStart).metadata).toEqual(metadata);
  });
});

describe("an opened log", () => {
  test("gives back what was appended, and goes on", async () => {
    const wal = await Wal.create(disk, directory, metadata, small);
    wal.append(stateAt(1, 0), [entryAt(1, 1, 10), entryAt(2, 1, 0)]);
    wal.append(undefined, [entryAt(3, 1, 2000)]);
    wal.append(stateAt(2, 2), []);
    wal.append(undefined, []);
    await wal.close();
    const first = await Wal.open(disk, directory, logStart, small);
    expect(first.metadata).toEqual(metadata);
    expect(first.hardState).toEqual(stateAt(2, 2));
    expect(first.entries.map(bare)).toEqual([entryAt(1, 1, 10), entryAt(2, 1, 0), entryAt(3, 1, 2000)].map(bare));
    expect(first.repaired).toBeUndefined();
    expect(first.wal.lastIndex).toBe(3);
    first.wal.append(stateAt(3, 3), [entryAt(4, 3, 5)]);
    await first.wal.close();
    const second = await Wal.open(disk, directory, logStart, small);
    expect(second.entries.map((e) => [e.index, e.term])).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
      [4, 3],
    ]);
    expect(second.hardState).toEqual(stateAt(3, 3));
  });

  test("keeps encodings of entries, so that followers get the same bytes", async () => {
    const wal = await Wal.create(disk, directory, metadata, small);
    const entry = entryAt(1, 1, 10);
    wal.append(stateAt(1, 0), [entry]);
    await wal.close();
    const { entries } = await Wal.open(disk, directory, logStart, small);
    expect(entries[0]?.encoded).toEqual(entry.encoded);
  });

  test("lets later entries replace earlier ones", async () => {
    const wal = await Wal.create(disk, directory, metadata, small);
    wal.append(
      stateAt(1, 0),
      [1, 2, 3, 4].map((index) => entryAt(index, 1, 5)),
    );
    wal.append(stateAt(2, 1), [entryAt(2, 2, 5)]);
    await wal.close();
    const { entries, wal: again } = await Wal.open(disk, directory, logStart, small);
    expect(entries.map((e) => [e.index, e.term])).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(again.lastIndex).toBe(2);
  });

  test("excludes another process, until it is closed", async () => {
    const wal = await Wal.create(disk, directory, metadata, small);
    await expect(Wal.open(disk, directory, logStart, small)).rejects.toMatchObject({ code: "locked" });
    expect(readWal(disk, directory, logStart).foundStart).toBe(true);
    await wal.close();
    const opened = await Wal.open(disk, directory, logStart, small);
    await opened.wal.close();
  });

  test("overwrites what lies behind the last record", async () => {
    const wal = await Wal.create(disk, directory, metadata, small);
    await wal.close();
    const file = disk.open(firstSegment, "write");
    file.writeAt(new Uint8Array(100).fill(7), 2048);
    file.close();
    const opened = await Wal.open(disk, directory, logStart, small);
    opened.wal.append(stateAt(1, 0), [entryAt(1, 1, 5)]);
    await opened.wal.close();
    const target = new Uint8Array(100);
    disk.open(firstSegment, "read").readAt(target, 2048);
    expect(target.every((byte) => byte === 0)).toBe(true);
    expect(disk.info(firstSegment)?.size).toBe(4096);
  });

  test("that has no segments says so", async () => {
    await expect(Wal.open(disk, directory, logStart)).rejects.toThrow("there are no segments");
  });
});

describe("snapshot records", () => {
  test("count up to the last commit index, by index, wherever they stand", async () => {
    const wal = await Wal.create(disk, directory, metadata);
    await fill(wal, 1, 9);
    await wal.saveSnapshot({ index: 7, term: 1, confState });
    await wal.saveSnapshot({ index: 4, term: 1, confState });
    await wal.saveSnapshot({ index: 9, term: 1, confState });
    expect(validSnapshots(disk, directory)).toEqual([
      { index: 0, term: 0, confState: undefined },
      { index: 4, term: 1, confState },
      { index: 7, term: 1, confState },
    ]);
    await wal.close();
  });

  test("are where reading starts", async () => {
    const wal = await Wal.create(disk, directory, metadata);
    await fill(wal, 1, 9);
    await wal.saveSnapshot({ index: 7, term: 1, confState });
    await wal.close();
    const opened = await Wal.open(disk, directory, { index: 7, term: 1 });
    expect(opened.entries.map((e) => e.index)).toEqual([8, 9]);
    expect(opened.wal.lastIndex).toBe(9);
    await opened.wal.close();
    const asked = (index: number, term: number): Promise<unknown> => Wal.open(disk, directory, { index, term });
    await expect(asked(7, 2)).rejects.toThrow("the snapshot at index 7 has term 1 in the log, not 2");
    await expect(asked(6, 1)).rejects.toThrow("no record of a snapshot at index 6, term 1");
  });

  test("of a leader's snapshot move the log ahead", async () => {
    const wal = await Wal.create(disk, directory, metadata, small);
    wal.append(stateAt(2, 0), []);
    await wal.saveSnapshot({ index: 7009, term: 2, confState });
    expect(wal.lastIndex).toBe(7009);
    wal.append(stateAt(2, 7009), [entryAt(7010, 2, 4000)]);
    await settle();
    wal.append(undefined, [entryAt(7011, 2, 10)]);
    wal.append(undefined, [entryAt(7012, 2, 10)]);
    await wal.close();
    expect(namesIn(disk)).toEqual([segmentName(0, 0).name, segmentName(1, 7012).name]);
    const opened = await Wal.open(disk, directory, { index: 7009, term: 2 }, small);
    expect(opened.entries.map((e) => e.index)).toEqual([7010, 7011, 7012]);
    await opened.wal.close();
  });

  test("need their configuration, as 3.5 and later ask", async () => {
    const wal = await Wal.create(disk, directory, metadata, small);
    expect(() => wal.saveSnapshot({ index: 1, term: 1, confState: undefined })).toThrow("has its configuration");
  });
});

describe("segments", () => {
  test("are cut when full: trimmed, named by what follows, each readable alone", async () => {
    const wal = await Wal.create(disk, directory, metadata, small);
    await fill(wal, 1, 40);
    await wal.close();
    const names = namesIn(disk);
    expect(names.length).toBeGreaterThan(3);
    expect(names).toEqual(names.map((name, i) => segmentName(i, Number.parseInt(name.slice(17, 33), 16)).name));
    for (const name of names.slice(0, -1)) {
      const size = disk.info(`${directory}/${name}`)?.size as number;
      expect(size).toBeGreaterThanOrEqual(4096);
      expect(size).toBeLessThan(4096 + 400);
    }
    expect(disk.info(`${directory}/${names.at(-1)}`)?.size).toBe(4096);
    const { entries, hardState } = readWal(disk, directory, logStart);
    expect(entries.map(bare)).toEqual(Array.from({ length: 40 }, (_, i) => bare(entryAt(i + 1, 1, 300))));
    expect(hardState).toEqual(stateAt(1, 39));
  });

  test("begin with the checksum, the metadata and the hard state", async () => {
    const wal = await Wal.create(disk, directory, metadata, small);
    await fill(wal, 1, 12);
    await wal.close();
    const types = new Map<string, number[]>();
    readRecords(disk, directory, ({ file, type }) => {
      const list = types.get(file) ?? [];
      list.push(type);
      types.set(file, list);
    });
    expect([...types.values()].slice(1).map((list) => list.slice(0, 3))).toEqual([[4, 1, 3]]);
  });

  test("grow past their size while the next is not ready", async () => {
    const wal = await Wal.create(disk, directory, metadata, small);
    for (let index = 1; index <= 40; index++) wal.append(stateAt(1, 0), [entryAt(index, 1, 300)]);
    await wal.sync();
    expect(namesIn(disk).filter((name) => name.endsWith(".wal")).length).toBe(1);
    wal.append(undefined, [entryAt(41, 1, 300)]);
    await wal.close();
    expect(namesIn(disk)).toEqual([segmentName(0, 0).name, segmentName(1, 42).name]);
    expect(readWal(disk, directory, logStart).entries.length).toBe(41);
  });

  test("have no name before a sync", async () => {
    const wal = await Wal.create(disk, directory, metadata, small);
    wal.append(stateAt(1, 0), [entryAt(1, 1, 3000)]);
    await settle();
    wal.append(stateAt(1, 0), [entryAt(2, 1, 3000)]);
    wal.append(stateAt(1, 0), [entryAt(3, 1, 10)]);
    expect(namesIn(disk)).toEqual(["0.tmp", segmentName(0, 0).name]);
    await wal.sync();
    expect(namesIn(disk)).toEqual([segmentName(0, 0).name, segmentName(1, 3).name]);
    await wal.close();
  });

  test("leave no temporary file when the log is closed", async () => {
    const wal = await Wal.create(disk, directory, metadata, small);
    await fill(wal, 1, 7);
    expect(namesIn(disk)).toContain("0.tmp");
    await wal.close();
    await wal.close();
    expect(namesIn(disk)).toEqual([segmentName(0, 0).name]);
    expect(() => wal.append(stateAt(1, 1), [])).toThrow("the log is closed");
    await expect(wal.sync()).rejects.toMatchObject({ code: "closed" });
  });

  test("that could not be prepared stop the log when they are needed", async () => {
    const full = new MemoryDisk({
      before: ({ operation, path }) => {
        if (path.endsWith("0.tmp")) throw new DiskError(operation, path, "ENOSPC");
      },
    });
    full.makeDirectory("/member");
    const wal = await Wal.create(full, directory, metadata, small);
    wal.append(stateAt(1, 0), [entryAt(1, 1, 3000)]);
    await wal.sync();
    await settle();
    expect(() => wal.append(undefined, [entryAt(2, 1, 3000)])).toThrow("ENOSPC");
    expect(() => wal.append(undefined, [entryAt(3, 1, 10)])).toThrow("ENOSPC");
    await expect(wal.sync()).rejects.toThrow("ENOSPC");
    await wal.close();
  });

  test("are purged once released, the oldest first, never those that a start needs", async () => {
    const wal = await Wal.create(disk, directory, metadata, small);
    await fill(wal, 1, 80);
    const before = namesIn(disk).filter((name) => name.endsWith(".wal"));
    expect(before.length).toBeGreaterThan(6);
    expect(await wal.purge(2)).toEqual([]);
    await wal.saveSnapshot({ index: 50, term: 1, confState });
    wal.release(50);
    expect(await wal.purge(0)).toEqual([]);
    const removed = await wal.purge(2);
    expect(removed).toEqual(before.slice(0, removed.length));
    const kept = before.slice(removed.length);
    expect(Number.parseInt((kept[0] as string).slice(17, 33), 16)).toBeLessThan(50);
    expect(Number.parseInt((kept[1] as string).slice(17, 33), 16)).toBeGreaterThanOrEqual(50);
    await wal.close();
    const opened = await Wal.open(disk, directory, { index: 50, term: 1 }, small);
    expect(opened.entries.map((e) => e.index)).toEqual(Array.from({ length: 30 }, (_, i) => i + 51));
    await opened.wal.close();
    await expect(Wal.open(disk, directory, logStart, small)).rejects.toThrow("no segment reaches back to index 0");
  });

  test("that somebody else holds are not purged", async () => {
    const wal = await Wal.create(disk, directory, metadata, small);
    await fill(wal, 1, 60);
    await wal.saveSnapshot({ index: 50, term: 1, confState });
    wal.release(50);
    const reader = disk.open(`${directory}/${segmentName(0, 0).name}`, "read");
    await disk.lock(reader);
    expect(await wal.purge(1)).toEqual([]);
    reader.close();
    expect((await wal.purge(1)).length).toBeGreaterThan(0);
    await wal.close();
  });
});

describe("segments that are not a chain", () => {
  async function build(): Promise<string[]> {
    const wal = await Wal.create(disk, directory, metadata, small);
    await fill(wal, 1, 60);
    await wal.close();
    return namesIn(disk);
  }

  test("one missing in the middle is named", async () => {
    for (const at of [1, 2]) {
      disk = emptyDisk();
      const names = await build();
      disk.remove(`${directory}/${names[at]}`);
      const missing = `sequence number 000000000000000${at} is missing`;
      await expect(Wal.open(disk, directory, logStart, small)).rejects.toThrow(missing);
      expect(() => validSnapshots(disk, directory)).toThrow(missing);
    }
  });

  test("one there twice is named", async () => {
    await build();
    putFile(disk, `${directory}/${segmentName(2, 1).name}`, Uint8Array.of(0));
    const attempt = Wal.open(disk, directory, logStart, small);
    await expect(attempt).rejects.toBeInstanceOf(WalError);
    await expect(attempt).rejects.toThrow("sequence number 0000000000000002 is there twice");
  });

  test("one of another log does not fit, by its checksum or its metadata", async () => {
    const names = await build();
    const other = emptyDisk();
    const wal = await Wal.create(other, directory, Uint8Array.of(9), small);
    await fill(wal, 1, 60, 2);
    await wal.close();
    const name = names[1] as string;
    const source = other.open(`${directory}/${other.list(directory)[1]}`, "read");
    const content = new Uint8Array(source.size());
    source.readAt(content, 0);
    disk.remove(`${directory}/${name}`);
    putFile(disk, `${directory}/${name}`, content);
    await expect(Wal.open(disk, directory, logStart, small)).rejects.toThrow(
      `${directory}/${name} at offset 0: crc mismatch`,
    );
  });

  test("other files are not taken for segments", async () => {
    await build();
    for (const name of ["1.tmp", "x.wal", "0000000000000009-0000000000000000.wal.broken", "0-0.wal"]) {
      putFile(disk, `${directory}/${name}`, Uint8Array.of(1));
    }
    expect(readWal(disk, directory, logStart).entries.length).toBe(60);
  });
});

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

describe("append", () => {
  test("writes one batch at once", async () => {
    let writes = 0;
    const counting = new MemoryDisk({
      before: ({ operation }) => {
        if (operation === "write") writes += 1;
      },
    });
    counting.makeDirectory("/member");
    const wal = await Wal.create(counting, directory, metadata);
    writes = 0;
    wal.append(
      stateAt(1, 1),
      Array.from({ length: 100 }, (_, i) => entryAt(i + 1, 1, 300)),
    );
    expect(writes).toBe(1);
    wal.append({ term: 0, vote: 0n as never, commit: 0 }, []);
    expect(writes).toBe(1);
    await wal.close();
  });

  test("refuses a term that goes back, and a record that 3.4 could not read", async () => {
    const wal = await Wal.create(disk, directory, metadata);
    wal.append(stateAt(3, 1), []);
    expect(() => wal.append(stateAt(2, 1), [])).toThrow("the term goes back");
    expect(() => wal.append(undefined, [entryAt(1, 3, 10 * 1024 * 1024)])).toThrow("too large for the log");
  });
});

describe("on a real disk", () => {
  test("a log is written, cut, locked and read again", async () => {
    const folder = mkdtempSync(join(tmpdir(), "quorate-wal-"));
    try {
      const real = new NodeDisk();
      const path = `${folder}/member/wal`;
      const wal = await Wal.create(real, path, metadata, { segmentBytes: 64 * 1024 });
      for (let index = 1; index <= 300; index++) {
        wal.append(stateAt(1, index - 1), [entryAt(index, 1, 600)]);
        await wal.sync();
      }
      const again = Wal.open(new NodeDisk(), path, logStart, { segmentBytes: 64 * 1024 });
      await expect(again).rejects.toMatchObject({ code: "locked" });
      await wal.close();
      expect(real.list(path).length).toBeGreaterThan(1);
      expect(real.list(path).every((name) => name.endsWith(".wal"))).toBe(true);
      const opened = await Wal.open(real, path, logStart, { segmentBytes: 64 * 1024 });
      expect(opened.repaired).toBeUndefined();
      expect(opened.entries.map(bare)).toEqual(Array.from({ length: 300 }, (_, i) => bare(entryAt(i + 1, 1, 600))));
      await opened.wal.close();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
