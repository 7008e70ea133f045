import { equalBytes } from "@quorate/base";
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
  validSnapshots,
  Wal,
  type WalRecord,
} from "./index.ts";
import { fileBytes, goldenArchives, goldenDisk, goldenJson, haveGolden } from "./testing/golden.ts";

const wal = "/member/wal";
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** What a manifest says of one data directory. */
interface DataDir {
  readonly hard_state: { readonly term: number; readonly vote: string; readonly commit: number };
  readonly snapshot_records: readonly { readonly index: number; readonly term: number }[];
}

function recordsOf(archive: string): { records: WalRecord[]; disk: ReturnType<typeof goldenDisk> } {
  const disk = goldenDisk(archive);
  const records: WalRecord[] = [];
  expect(readRecords(disk, wal, (record) => records.push(record))).toBeUndefined();
  return { records, disk };
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

describe.skipIf(!haveGolden)("logs written by real etcd", () => {
  test("decode to the records that another reader found", () => {
    const names = ["", "metadata", "entry", "state", "crc", "snapshot"];
    const known = goldenJson("etcd-3.4/single.wal.json") as Record<string, unknown>[];
    const { records } = recordsOf("etcd-3.4/single.data.tar.gz");
    expect(records.length).toBe(known.length);
    records.forEach((record, i) => {
      expect([record.offset, names[record.type], record.crc.toString(16).padStart(8, "0"), hex(record.data)]).toEqual([
        known[i]?.["off"],
        known[i]?.["type"],
        known[i]?.["crc"],
        known[i]?.["data"] ?? "",
      ]);
    });
  });

  for (const archive of goldenArchives()) {
    test(`${archive}: every record is read, and written again it gives the same bytes`, () => {
      const { records, disk } = recordsOf(archive);
      const sparse = archive.startsWith("etcd-3.7");
      const frames = new FrameBuffer();
      let file = "";
      const segments = new Map<string, Uint8Array>();
      for (const record of records) {
        if (record.file !== file) {
          if (file !== "") segments.set(file, frames.bytes().slice());
          frames.clear();
          file = record.file;
        }
        if (sparse) frames.addData(record.type, record.data);
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

    test(`${archive}: opens for writing without repair, and goes on`, async () => {
      const disk = goldenDisk(archive);
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
  }

  for (const version of ["3.4", "3.5", "3.6", "3.7"]) {
    test(`${version}: hard state and snapshot records are those of the manifest`, () => {
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
  }
});

describe.skipIf(!haveGolden)("raft's records in logs written by real etcd", () => {
  test("encode again to the same bytes up to 3.6, and mean the same in 3.7", () => {
    let changes = 0;
    let differing = 0;
    for (const archive of ["etcd-3.4/cluster/m1", "etcd-3.5/cluster/m4", "etcd-3.6/single", "etcd-3.7/cluster/m4"]) {
      const same = (ours: Uint8Array, theirs: Uint8Array): void => {
        if (!archive.startsWith("etcd-3.7") && !equalBytes(ours, theirs)) differing += 1;
      };
      for (const { type, data } of recordsOf(`${archive}.data.tar.gz`).records) {
        if (type === RecordType.state) {
          const state = decodeHardState(data);
          same(encodeHardState(state), data);
        }
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
    }
    expect(differing).toBe(0);
    expect(changes).toBeGreaterThan(10);
  });
});
