export { WalCorruptError, WalError, type WalErrorCode } from "./errors.ts";
export { RecordType, recordBytesMax } from "./frame.ts";
export { readRecords, readWal, type WalContent, type WalRecord } from "./read.ts";
export { emptyHardState, type TornRecord, validSnapshots } from "./replay.ts";
export { hasWal, listSegments, parseSegmentName, type SegmentName, segmentName } from "./segment-name.ts";
export {
  decodeSnapshotRecord,
  encodeSnapshotRecord,
  type LogPosition,
  logStart,
  type SnapshotRecord,
} from "./snapshot-record.ts";
export { type OpenedWal, segmentBytesDefault, Wal, type WalOptions } from "./wal.ts";
export { decodeSnapshotFile, encodeSnapshotFile, parseSnapshotFileName, snapshotFileName } from "./snap-file.ts";
export { type DbReceiver, parseSnapshotDbName, snapshotDbName, Snapshotter } from "./snapshotter.ts";
