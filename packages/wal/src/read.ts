/** Reading a log without changing it, for tools. */
import type { Disk, LogIndex } from "@quorate/base";
import type { Entry, HardState } from "@quorate/raft";
import type { RecordType } from "./frame.ts";
import { closeAll, openForReading, Replay, type TornRecord, walk } from "./replay.ts";
import { checkSequence, listSegments, segmentsFrom } from "./segment-name.ts";
import type { LogPosition } from "./snapshot-record.ts";

/** What a log holds above a position. */
export interface WalContent {
  readonly metadata: Uint8Array;
  readonly hardState: HardState;
  readonly entries: Entry[];
  readonly lastIndex: LogIndex;
  /** Whether the position asked for has a snapshot record. */
  readonly foundStart: boolean;
  /** Where a half-written record begins, which `Wal.open` would cut off. */
  readonly torn: TornRecord | undefined;
}

/**
 * Reads what `Wal.open` would, without locks and without repair; a torn record ends the reading.
 *
 * @throws WalCorruptError, WalError, DiskError
 */
export function readWal(disk: Disk, directory: string, from: LogPosition): WalContent {
  const segments = openForReading(disk, directory, segmentsFrom(disk, directory, from.index));
  try {
    const replay = new Replay(from);
    const { torn } = walk(segments, (reader) => replay.visit(reader));
    const { metadata = new Uint8Array(0), hardState, entries, lastIndex, foundStart } = replay;
    return { metadata, hardState, entries, lastIndex, foundStart, torn };
  } finally {
    closeAll(segments);
  }
}

/** One record as it lies in the file. */
export interface WalRecord {
  readonly file: string;
  /** Where its frame begins, in bytes. */
  readonly offset: number;
  readonly type: RecordType;
  /** The checksum over all data up to and with this record. */
  readonly crc: number;
  readonly data: Uint8Array;
}

/**
 * Gives all records of all segments to `visit`, oldest first.
 *
 * @returns where a half-written record begins, undefined when there is none.
 * @throws WalCorruptError, WalError, DiskError
 */
export function readRecords(disk: Disk, directory: string, visit: (record: WalRecord) => void): TornRecord | undefined {
  const names = listSegments(disk, directory);
  checkSequence(directory, names);
  const segments = openForReading(disk, directory, names);
  try {
    return walk(segments, (reader) => {
      visit({
        file: reader.path,
        offset: reader.offset,
        type: reader.type as RecordType,
        crc: reader.crc,
        data: reader.buffer.subarray(reader.from, reader.to),
      });
    }).torn;
  } finally {
    closeAll(segments);
  }
}
