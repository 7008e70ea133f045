import { MemoryDisk } from "@quorate/base/testing";
import { decodeConfChange, EntryType } from "@quorate/raft";
import { describe, expect, test } from "vitest";
import { FrameBuffer, RecordType } from "./frame.ts";
import {
  decodeSnapshotFile,
  encodeSnapshotFile,
  logStart,
  readRecords,
  readWal,
  segmentName,
  snapshotFileName,
  type WalRecord,
} from "./index.ts";
import { fixtureFile, putFile } from "./testing/golden.ts";
import { directory } from "./testing/log.ts";

describe("the beginning of a log of real etcd", () => {
  for (const version of ["3.4", "3.5", "3.6", "3.7"]) {
    test(`${version}: all records are read, and framed again they give the same bytes`, () => {
      const image = fixtureFile(`etcd-${version}.wal`);
      const disk = new MemoryDisk();
      putFile(disk, `${directory}/${segmentName(0, 0).name}`, image);
      const records: WalRecord[] = [];
      expect(readRecords(disk, directory, (record) => records.push(record))).toBeUndefined();
      expect(records.length).toBe(60);
      expect(records.slice(0, 4).map((r) => r.type)).toEqual([
        RecordType.crc,
        RecordType.metadata,
        RecordType.snapshot,
        RecordType.entry,
      ]);
      const frames = new FrameBuffer();
      for (const { type, data } of records) frames.addData(type, data);
      expect(Buffer.compare(frames.bytes(), image)).toBe(0);
      const { entries, hardState } = readWal(disk, directory, logStart);
      expect(entries.map((e) => e.index)).toEqual(entries.map((_, i) => i + 1));
      expect(hardState.term).toBe(2);
      expect(entries[0]?.type).toBe(EntryType.confChange);
      const change = decodeConfChange(entries[0]?.data as Uint8Array);
      expect(hardState.vote).toBe(change.nodeId);
      expect(Buffer.from(change.context).toString()).toContain(`{"id":${change.nodeId},"peerURLs":[`);
    });
  }
});

test.each(["3.4", "3.6"])(
  "a raft snapshot of real etcd %s is read, and written again it gives the same bytes",
  (version) => {
    const bytes = fixtureFile(`etcd-${version}.snap`);
    const snapshot = decodeSnapshotFile(bytes, "the fixture");
    expect(snapshotFileName(snapshot.metadata)).toBe("0000000000000002-0000000000000191.snap");
    expect(snapshot.metadata.confState.voters).toEqual([0x27611de2fe295e49n]);
    expect(Buffer.compare(encodeSnapshotFile(snapshot), bytes)).toBe(0);
  },
);
