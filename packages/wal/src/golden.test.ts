import { gunzipSync } from "node:zlib";
import { equalBytes } from "@quorate/base";
import type { MemoryDisk } from "@quorate/base/testing";
import {
  decodeConfChange,
  decodeEntry,
  decodeHardState,
  encodeConfChange,
  encodeEntry,
  encodeHardState,
  EntryType,
} from "@quorate/raft";
import { describe, expect, test } from "vitest";
import { FrameBuffer, RecordType } from "./frame.ts";
import {
  decodeSnapshotRecord,
  encodeSnapshotRecord,
  logStart,
  readRecords,
  readWal,
  segmentName,
  validSnapshots,
  Wal,
  type WalRecord,
} from "./index.ts";
import {
  fileBytes,
  fixtureArchives,
  fixtureDisk,
  fixtureFile,
  goldenArchives,
  goldenDisk,
  goldenJson,
  haveGolden,
  putFile,
} from "./testing/golden.ts";
import { emptyDisk } from "./testing/log.ts";

const wal = "/member/wal";
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** What a manifest says of one data directory. */
interface DataDir {
  readonly hard_state: { readonly term: number; readonly vote: string; readonly commit: number };
  readonly snapshot_records: readonly { readonly index: number; readonly term: number }[];
}

function recordsOf(disk: MemoryDisk): WalRecord[] {
  const records: WalRecord[] = [];
  expect(readRecords(disk, wal, (record) => records.push(record))).toBeUndefined();
  return records;
}

/** Writes the records again, as bytes of one segment, through our codecs. */
function rewrite(frames: FrameBuffer, record: WalRecord): void {
  switch (record.type) {
    case RecordType.crc:
      return frames.addCrc();
    case RecordType.entry: {
      const { type, term, index, data } = decodeEntry(record.data);
      return frames.addEntry({ type, term, index, data, encoded: undefined });
    }
    case RecordType.state:
      return frames.addState(decodeHardState(record.data));
    case RecordType.snapshot:
      return frames.addData(record.type, encodeSnapshotRecord(decodeSnapshotRecord(record.data)));
    default:
      return frames.addData(record.type, record.data);
  }
}

/** Compares records with what another reader found. */
function expectKnown(records: readonly WalRecord[], known: readonly Record<string, unknown>[]): void {
  const names = ["", "metadata", "entry", "state", "crc", "snapshot"];
  expect(records.length).toBe(known.length);
  records.forEach((record, i) => {
    expect([record.offset, names[record.type], record.crc.toString(16).padStart(8, "0"), hex(record.data)]).toEqual([
      known[i]?.["off"],
      known[i]?.["type"],
      known[i]?.["crc"],
      known[i]?.["data"] ?? "",
    ]);
  });
}

test("the beginning of a log of 3.4 decodes to the records that another reader found", () => {
  const disk = emptyDisk();
  putFile(disk, `${wal}/${segmentName(0, 0).name}`, fixtureFile("etcd-3.4.wal"));
  const known = JSON.parse(gunzipSync(fixtureFile("etcd-3.4.wal.json.gz")).toString()) as Record<string, unknown>[];
  expectKnown(recordsOf(disk), known);
});

test.skipIf(!haveGolden)("a whole log of 3.4 decodes to the records that another reader found", () => {
  const known = goldenJson("etcd-3.4/single.wal.json") as Record<string, unknown>[];
  expectKnown(recordsOf(goldenDisk("etcd-3.4/single.data.tar.gz")), known);
});

interface Case {
  readonly name: string;
  readonly load: () => MemoryDisk;
}

const cases: readonly Case[] = [
  ...fixtureArchives.map((name) => ({ name: `${name} in the fixtures`, load: () => fixtureDisk(name) })),
  ...goldenArchives().map((name) => ({ name, load: () => goldenDisk(name) })),
];

describe.each(cases)("the log of real etcd $name", ({ name, load }) => {
  test("is read to the last record, and written again it gives the same bytes", () => {
    const disk = load();
    const is37 = name.startsWith("etcd-3.7");
    const frames = new FrameBuffer();
    let file = "";
    const segments = new Map<string, Uint8Array>();
    for (const record of recordsOf(disk)) {
      if (record.file !== file) {
        if (file !== "") segments.set(file, frames.bytes().slice());
        frames.clear();
        file = record.file;
      }
      if (is37) frames.addData(record.type, record.data);
      else rewrite(frames, record);
    }
    segments.set(file, frames.bytes().slice());
    for (const [path, rewritten] of segments) {
      const original = fileBytes(disk, path);
      expect(Buffer.compare(original.subarray(0, rewritten.length), rewritten), path).toBe(0);
      const rest = original.subarray(rewritten.length);
      expect(Buffer.compare(rest, Buffer.alloc(rest.length))).toBe(0);
    }
  });

  test("opens for writing without repair, and goes on", async () => {
    const disk = load();
    const start = validSnapshots(disk, wal).at(-1) ?? logStart;
    const before = readWal(disk, wal, start);
    const opened = await Wal.open(disk, wal, start);
    expect(opened.repaired).toBeUndefined();
    expect(opened.entries.map((e) => e.index)).toEqual(before.entries.map((e) => e.index));
    const { term } = opened.hardState;
    const index = opened.wal.lastIndex + 1;
    const added = { type: EntryType.normal, term, index, data: Uint8Array.of(1), encoded: undefined };
    opened.wal.append({ ...opened.hardState, commit: index }, [added]);
    await opened.wal.sync();
    await opened.wal.close();
    const after = readWal(disk, wal, start);
    expect(after.torn).toBeUndefined();
    expect(after.entries.length).toBe(before.entries.length + 1);
    expect(after.hardState.commit).toBe(index);
    expect(hex(after.metadata)).toBe(hex(before.metadata));
  });
});

test("hard state and snapshot records of a log of 3.6 are those that etcd's tools found", () => {
  const disk = fixtureDisk("etcd-3.6-single");
  expect(readWal(disk, wal, logStart).hardState).toEqual({ term: 2, vote: 2837582100984061513n, commit: 422 });
  expect(validSnapshots(disk, wal).map((s) => [s.index, s.term, s.confState === undefined])).toEqual([
    [0, 0, true],
    [401, 2, false],
  ]);
});

describe.skipIf(!haveGolden).each(["3.4", "3.5", "3.6", "3.7"])("hard state and snapshot records of %s", (version) => {
  test("are those of the manifest", () => {
    const manifest = goldenJson(`etcd-${version}/single.manifest.json`) as { data_dir: DataDir };
    const disk = goldenDisk(`etcd-${version}/single.data.tar.gz`);
    const { hardState } = readWal(disk, wal, logStart);
    const known = manifest.data_dir.hard_state;
    expect([hardState.term, String(hardState.vote), hardState.commit]).toEqual([
      known.term,
      String(known.vote),
      known.commit,
    ]);
    const snapshots = validSnapshots(disk, wal);
    expect(snapshots.map((s) => [s.index, s.term])).toEqual(
      manifest.data_dir.snapshot_records.map((s) => [s.index, s.term]),
    );
    expect(snapshots.at(-1)?.confState === undefined).toBe(version === "3.4");
  });
});

/** How many records are other bytes when they are encoded again, and how many changes of members there are. */
function encodeAgain(records: readonly WalRecord[], sameBytes: boolean): { differing: number; changes: number } {
  let changes = 0;
  let differing = 0;
  const same = (ours: Uint8Array, theirs: Uint8Array): void => {
    if (sameBytes && !equalBytes(ours, theirs)) differing += 1;
  };
  for (const { type, data } of records) {
    if (type === RecordType.state) same(encodeHardState(decodeHardState(data)), data);
    if (type !== RecordType.entry) continue;
    const entry = decodeEntry(data);
    const again = encodeEntry({ ...entry, encoded: undefined });
    same(again, data);
    const { index, term } = decodeEntry(again);
    if (index !== entry.index || term !== entry.term) differing += 1;
    if (entry.type !== EntryType.confChange) continue;
    same(encodeConfChange(decodeConfChange(entry.data)), entry.data);
    changes += 1;
  }
  return { differing, changes };
}

describe("raft's records in logs written by real etcd", () => {
  test.each(fixtureArchives)("encode again to the same bytes up to 3.6, and mean the same in 3.7 (%s)", (name) => {
    const { differing, changes } = encodeAgain(recordsOf(fixtureDisk(name)), !name.startsWith("etcd-3.7"));
    expect(differing).toBe(0);
    expect(changes).toBeGreaterThan(0);
  });

  test.skipIf(!haveGolden)("do so in the collection too", () => {
    let changed = 0;
    for (const archive of ["etcd-3.4/cluster/m1", "etcd-3.5/cluster/m4", "etcd-3.6/single", "etcd-3.7/cluster/m4"]) {
      const records = recordsOf(goldenDisk(`${archive}.data.tar.gz`));
      const { differing, changes } = encodeAgain(records, !archive.startsWith("etcd-3.7"));
      expect(differing).toBe(0);
      changed += changes;
    }
    expect(changed).toBeGreaterThan(10);
  });
});
