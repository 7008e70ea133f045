import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemoryDisk } from "@quorate/base/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { NodeDisk } from "../../platform/src/index.ts";
import { hasWal, logStart, readRecords, readWal, RecordType, segmentName, validSnapshots, Wal } from "./index.ts";
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

  test("excludes another process in segments begun later, and after the first ones are gone", async () => {
    const wal = await Wal.create(disk, directory, metadata, small);
    for (let index = 1; index <= 40; index++) {
      wal.append(stateAt(1, index - 1), [entryAt(index, 1, 100)]);
      await wal.sync();
      await settle();
    }
    await wal.saveSnapshot({ index: 39, term: 1, confState });
    wal.release(39);
    expect((await wal.purge(1)).length).toBeGreaterThan(0);
    await expect(Wal.open(disk, directory, { index: 39, term: 1 }, small)).rejects.toMatchObject({ code: "locked" });
    await wal.close();
  });

  test("is refused while a real etcd writes to it, which locks segments and no directory", async () => {
    const wal = await Wal.create(disk, directory, metadata, small);
    await wal.close();
    const etcd = disk.open(firstSegment, "write");
    await disk.lock(etcd);
    await expect(Wal.open(disk, directory, logStart, small)).rejects.toMatchObject({ code: "locked" });
    etcd.close();
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

  test("hide entries above them that an entry at or below them has replaced", async () => {
    for (const last of [3, 4]) {
      disk = emptyDisk();
      const wal = await Wal.create(disk, directory, metadata, small);
      wal.append(
        stateAt(1, 1),
        [1, 2, 3, 4, 5, 6].map((index) => entryAt(index, 1, 5)),
      );
      for (let index = 3; index <= last; index++) wal.append(stateAt(2, index), [entryAt(index, 2, 5)]);
      await wal.saveSnapshot({ index: 3, term: 2, confState });
      await wal.close();
      const { entries, wal: again } = await Wal.open(disk, directory, { index: 3, term: 2 }, small);
      expect(entries.map((e) => [e.index, e.term])).toEqual(last === 3 ? [] : [[4, 2]]);
      await again.close();
    }
  });

  test("of a leader's snapshot replace the log where it has another entry there, and leave it where it has the same", async () => {
    for (const term of [1, 2]) {
      disk = emptyDisk();
      const wal = await Wal.create(disk, directory, metadata, small);
      wal.append(
        stateAt(1, 1),
        [1, 2, 3, 4, 5].map((index) => entryAt(index, 1, 5)),
      );
      await wal.saveSnapshot({ index: 3, term, confState });
      wal.append(stateAt(2, 3), []);
      await wal.close();
      const { entries, wal: again } = await Wal.open(disk, directory, { index: 3, term }, small);
      expect(entries.map((e) => [e.index, e.term])).toEqual(
        term === 2
          ? []
          : [
              [4, 1],
              [5, 1],
            ],
      );
      await again.close();
    }
  });

  test("of a leader's snapshot change nothing while no commit index reaches them", async () => {
    const wal = await Wal.create(disk, directory, metadata, small);
    const five = [1, 2, 3, 4, 5].map((index) => entryAt(index, 1, 5));
    wal.append(stateAt(1, 2), five);
    await wal.saveSnapshot({ index: 9, term: 2, confState });
    await wal.close();
    const { entries, hardState, wal: again } = await Wal.open(disk, directory, logStart, small);
    expect(entries.map((e) => e.index)).toEqual([1, 2, 3, 4, 5]);
    expect(hardState.commit).toBe(2);
    again.append(stateAt(2, 6), [entryAt(6, 2, 5)]);
    await again.close();
    const whole = await Wal.open(disk, directory, logStart, small);
    expect(whole.entries.map((e) => e.index)).toEqual([1, 2, 3, 4, 5, 6]);
    await whole.wal.close();
  });

  test("count before the entries behind them, wherever a torn write ends", async () => {
    const wal = await Wal.create(disk, directory, metadata, small);
    wal.append(
      stateAt(1, 2),
      [1, 2, 3].map((index) => entryAt(index, 1, 5)),
    );
    await wal.saveSnapshot({ index: 9, term: 2, confState });
    wal.append(stateAt(2, 9), [entryAt(10, 2, 5)]);
    await wal.close();
    const order: number[] = [];
    readRecords(disk, directory, ({ type }) => order.push(type));
    expect(order.slice(-3)).toEqual([RecordType.snapshot, RecordType.state, RecordType.entry]);
    const { entries, wal: again } = await Wal.open(disk, directory, { index: 9, term: 2 }, small);
    expect(entries.map((e) => e.index)).toEqual([10]);
    await again.close();
  });

  test("need their configuration, as 3.5 and later ask", async () => {
    const wal = await Wal.create(disk, directory, metadata, small);
    expect(() => wal.saveSnapshot({ index: 1, term: 1, confState: undefined })).toThrow("has its configuration");
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
