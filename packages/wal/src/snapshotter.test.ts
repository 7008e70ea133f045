import { DiskError, type LogFields, type MemberId } from "@quorate/base";
import { MemoryDisk } from "@quorate/base/testing";
import type { Snapshot } from "@quorate/raft";
import { beforeEach, describe, expect, test } from "vitest";
import { decodeSnapshotFile, encodeSnapshotFile, snapshotFileName } from "./snap-file.ts";
import { Snapshotter } from "./snapshotter.ts";
import { fileBytes, goldenArchives, goldenDisk, haveGolden, putFile } from "./testing/golden.ts";

const snapshotAt = (term: number, index: number, text = "{}"): Snapshot => ({
  data: new Uint8Array(Buffer.from(text)),
  metadata: {
    confState: { voters: [1n as MemberId], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false },
    index,
    term,
  },
});

let disk: MemoryDisk;
let warnings: LogFields[];
let snapshotter: Snapshotter;

function open(): void {
  warnings = [];
  snapshotter = new Snapshotter(disk, "/snap", { log: (_level, _message, fields = {}) => warnings.push(fields) });
}

beforeEach(async () => {
  disk = new MemoryDisk();
  disk.makeDirectory("/snap");
  await disk.syncDirectory("/");
  open();
});

describe("saved snapshots", () => {
  test("are loaded again when the log vouches for them, the newest term and index first", async () => {
    await snapshotter.save(snapshotAt(2, 10, "a"));
    await snapshotter.save(snapshotAt(3, 5, "b"));
    await snapshotter.save(snapshotAt(3, 7, "c"));
    const all = [
      { term: 2, index: 10 },
      { term: 3, index: 5 },
      { term: 3, index: 7 },
    ];
    expect(snapshotter.load(all)?.metadata.index).toBe(7);
    expect(snapshotter.load(all.slice(0, 2))?.metadata).toMatchObject({ term: 3, index: 5 });
    expect(snapshotter.load([{ term: 2, index: 10 }])?.data).toEqual(new Uint8Array([97]));
    expect(snapshotter.load([{ term: 3, index: 10 }])).toBeUndefined();
    expect(snapshotter.load([])).toBeUndefined();
    expect(warnings).toEqual([]);
  });

  test("survive a power cut right after, and leave nothing half named before", async () => {
    const steps: string[] = [];
    for (let cut = 0; ; cut++) {
      let count = 0;
      disk = new MemoryDisk({
        before: ({ operation, path }) => {
          if (!path.startsWith("/snap/") && operation !== "syncDirectory") return;
          if (count++ === cut) throw new DiskError(operation, path, "EIO");
          steps.push(operation);
        },
      });
      disk.makeDirectory("/snap");
      open();
      const failed = await snapshotter.save(snapshotAt(2, 10)).then(
        () => false,
        () => true,
      );
      disk.crash((o) => o.kind === "names");
      open();
      const loaded = snapshotter.load([{ term: 2, index: 10 }]);
      expect(warnings).toEqual([]);
      if (!failed) {
        expect(loaded).toEqual(snapshotAt(2, 10));
        break;
      }
    }
    expect(new Set(steps)).toEqual(
      new Set(["create", "truncate", "write", "sync", "rename", "syncDirectory", "remove"]),
    );
  });

  test("have the mode and the name that etcd gives them", async () => {
    await snapshotter.save(snapshotAt(2, 401));
    expect(disk.list("/snap")).toEqual(["0000000000000002-0000000000000191.snap"]);
    expect(disk.info("/snap/0000000000000002-0000000000000191.snap")?.mode).toBe(0o644);
  });
});

describe("a damaged snapshot file", () => {
  test("cut at any byte is set aside, and the next older one is taken", async () => {
    const older = snapshotAt(2, 5);
    const newer = encodeSnapshotFile(snapshotAt(2, 10, "some data"));
    const name = snapshotFileName({ term: 2, index: 10 });
    const valid = [
      { term: 2, index: 5 },
      { term: 2, index: 10 },
    ];
    for (let cut = 0; cut < newer.length; cut++) {
      disk = new MemoryDisk();
      putFile(disk, `/snap/${name}`, newer.subarray(0, cut));
      open();
      await snapshotter.save(older);
      expect(snapshotter.load(valid), `cut at ${cut}`).toEqual(older);
      expect(disk.list("/snap")).toEqual([snapshotFileName({ term: 2, index: 5 }), `${name}.broken`]);
    }
  });

  test("with any bit flipped is not taken for good", () => {
    const good = encodeSnapshotFile(snapshotAt(2, 10, "some data"));
    for (let bit = 0; bit < good.length * 8; bit++) {
      const bad = good.slice();
      bad[bit >> 3] = (bad[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => decodeSnapshotFile(bad, "f"), `bit ${bit}`).toThrow("f: ");
    }
  });
});

describe("received databases", () => {
  test("get their name once complete", async () => {
    const receiver = snapshotter.receiveDb(401);
    receiver.write(Uint8Array.of(1, 2));
    receiver.write(Uint8Array.of(3));
    expect(receiver.size).toBe(3);
    expect(snapshotter.findDb(401)).toBeUndefined();
    expect(await receiver.commit()).toBe("/snap/0000000000000191.snap.db");
    receiver.abort();
    disk.crash();
    open();
    const path = snapshotter.findDb(401) as string;
    expect([...fileBytes(disk, path)]).toEqual([1, 2, 3]);
    expect(disk.list("/snap")).toEqual(["0000000000000191.snap.db"]);
  });

  test("leave nothing when given up, and the first complete one stays", async () => {
    const first = snapshotter.receiveDb(401);
    const second = snapshotter.receiveDb(401);
    const third = snapshotter.receiveDb(401);
    first.write(Uint8Array.of(1));
    second.write(Uint8Array.of(2));
    third.abort();
    await first.commit();
    await second.commit();
    expect([...fileBytes(disk, snapshotter.findDb(401) as string)]).toEqual([1]);
    expect(disk.list("/snap")).toEqual(["0000000000000191.snap.db"]);
  });

  test("that were half received are removed at the next start, and a defragmentation's output", async () => {
    snapshotter.receiveDb(401).write(Uint8Array.of(1));
    for (const name of ["tmp123", "db.tmp.77", "db", "0000000000000005.snap.db"])
      putFile(disk, `/snap/${name}`, Uint8Array.of(1));
    expect((await snapshotter.removeTemporary()).length).toBe(3);
    expect(disk.list("/snap")).toEqual(["0000000000000005.snap.db", "db"]);
    expect(snapshotter.load([])).toBeUndefined();
    expect(warnings.length).toBe(3);
  });

  test("are released below a newer snapshot", async () => {
    for (const index of [5, 9, 10])
      putFile(disk, `/snap/${index.toString(16).padStart(16, "0")}.snap.db`, Uint8Array.of(1));
    expect(await snapshotter.releaseDbs(10)).toEqual(["0000000000000005.snap.db", "0000000000000009.snap.db"]);
    expect(snapshotter.findDb(10)).toBeDefined();
  });
});

test("purge keeps the newest files, and all for 0", async () => {
  for (let index = 1; index <= 7; index++) {
    await snapshotter.save(snapshotAt(2, index));
    putFile(disk, `/snap/${String(index).padStart(16, "0")}.snap.db`, Uint8Array.of(1));
  }
  expect(await snapshotter.purge(0, 0)).toEqual([]);
  expect(await snapshotter.purge(5, 6)).toEqual([
    snapshotFileName({ term: 2, index: 1 }),
    snapshotFileName({ term: 2, index: 2 }),
    "0000000000000001.snap.db",
  ]);
  expect(await snapshotter.purge(5, 6)).toEqual([]);
});

test("a file that nobody knows is named in a warning and left alone", () => {
  putFile(disk, "/snap/notes.txt", Uint8Array.of(1));
  expect(snapshotter.load([])).toBeUndefined();
  expect(warnings).toEqual([{ path: "notes.txt" }]);
  expect(disk.list("/snap")).toEqual(["notes.txt"]);
});

describe.skipIf(!haveGolden)("snapshot files of real etcd", () => {
  test("are read, carry their name's position, and encode to the same bytes up to 3.6", () => {
    let files = 0;
    for (const archive of goldenArchives().filter((a) => /single|restore3|cluster\/m4/.test(a))) {
      const golden = goldenDisk(archive);
      for (const name of golden.list("/member/snap").filter((n) => n.endsWith(".snap"))) {
        const bytes = fileBytes(golden, `/member/snap/${name}`);
        const snapshot = decodeSnapshotFile(bytes, name);
        expect(snapshotFileName(snapshot.metadata)).toBe(name);
        expect(Buffer.from(snapshot.data).toString("utf8")).toContain('"Root":{"Path":"/"');
        const again = encodeSnapshotFile(snapshot);
        if (!archive.startsWith("etcd-3.7")) expect(Buffer.compare(again, bytes), `${archive} ${name}`).toBe(0);
        expect(decodeSnapshotFile(again, name)).toEqual(snapshot);
        files += 1;
      }
    }
    expect(files).toBeGreaterThan(8);
  });
});
