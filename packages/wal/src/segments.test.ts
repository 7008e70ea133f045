import { DiskError } from "@quorate/base";
import { MemoryDisk } from "@quorate/base/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { logStart, readRecords, readWal, segmentName, validSnapshots, Wal, WalError } from "./index.ts";
import { putFile } from "./testing/golden.ts";
import {
  bare,
  confState,
  directory,
  emptyDisk,
  entryAt,
  fill,
  metadata,
  namesIn,
  settle,
  small,
  stateAt,
} from "./testing/log.ts";

let disk: MemoryDisk;

beforeEach(() => {
  disk = emptyDisk();
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
    expect(await wal.purge(2, 1)).toEqual(before.slice(0, 1));
    before.shift();
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
