/** Reads segments in order into what raft starts from. */
import { CorruptError, type Disk, type DiskFile, type LogIndex, noMember } from "@quorate/base";
import { decodeEntry, decodeHardState, type Entry, type HardState, hardStateSize } from "@quorate/raft";
import { WalCorruptError, WalError } from "./errors.ts";
import { RecordType } from "./frame.ts";
import { type SegmentName, checkSequence, listSegments } from "./segment-name.ts";
import { SegmentReader } from "./segment-reader.ts";
import { decodeSnapshotRecord, type LogPosition, type SnapshotRecord } from "./snapshot-record.ts";

/** Where a torn record begins. */
export interface TornRecord {
  readonly file: string;
  readonly offset: number;
  readonly complaint: string;
}

/** The hard state of a log in which none was written. */
export const emptyHardState: HardState = { term: 0, vote: noMember, commit: 0 };

/** A segment that is open. */
export interface OpenSegment {
  readonly path: string;
  readonly file: DiskFile;
}

/** What a walk over segments found, and where it ended. */
export interface WalkResult {
  readonly torn: TornRecord | undefined;
  /** The checksum to continue with. */
  readonly crc: number;
  /** Where good records end in the last segment, in bytes. */
  readonly end: number;
  /** Whether the last segment begins with its checksum and the metadata. */
  readonly hasHeader: boolean;
}

/** Gives every record of the segments to `visit`; only the last segment may end in a torn one. */
export function walk(segments: readonly OpenSegment[], visit: (reader: SegmentReader) => void): WalkResult {
  let torn: TornRecord | undefined;
  let crc = 0;
  let end = 0;
  let hasHeader = false;
  segments.forEach(({ path, file }, number) => {
    const reader = new SegmentReader(file, path, crc);
    let records = 0;
    let outcome = reader.next();
    while (outcome === "record") {
      if (records === 0) expectType(reader, path, RecordType.crc);
      if (records === 1) expectType(reader, path, RecordType.metadata);
      visitRecord(reader, path, visit);
      records += 1;
      outcome = reader.next();
    }
    hasHeader = records > 1;
    const last = number === segments.length - 1;
    if (!last && outcome === "torn") throw new WalCorruptError(path, reader.offset, reader.complaint);
    if (!(last && number > 0) && !hasHeader) throw new WalCorruptError(path, reader.offset, "there is no metadata");
    if (outcome === "torn") torn = { file: path, offset: reader.offset, complaint: reader.complaint };
    crc = reader.crc;
    end = reader.offset;
  });
  return { torn, crc, end, hasHeader };
}

function expectType(reader: SegmentReader, path: string, type: number): void {
  if (reader.type === type) return;
  throw new WalCorruptError(path, reader.offset, `a record of type ${type} is expected, not ${reader.type}`);
}

/** Errors of the codecs learn where the record is. */
function visitRecord(reader: SegmentReader, path: string, visit: (reader: SegmentReader) => void): void {
  try {
    visit(reader);
  } catch (error) {
    if (!(error instanceof CorruptError)) throw error;
    throw new WalCorruptError(path, reader.offset, error.message, { cause: error });
  }
}

/** Collects what raft starts from, record by record. */
export class Replay {
  readonly #from: LogPosition;
  metadata: Uint8Array | undefined;
  hardState: HardState = emptyHardState;
  /** Those above the start that no later record replaced. */
  readonly entries: Entry[] = [];
  /** The last index that the log knows, of an entry or a snapshot. */
  lastIndex: LogIndex;
  /** Whether the start has its record. */
  foundStart = false;
  /** The term that the log has at the start, by what was read so far; −1 while it does not reach there. */
  #termAtStart = -1;
  /** The newest snapshot above the start that does not count yet. */
  #above: SnapshotRecord | undefined;

  constructor(from: LogPosition) {
    this.#from = from;
    this.lastIndex = from.index;
  }

  visit(reader: SegmentReader): void {
    const { buffer, from, to } = reader;
    switch (reader.type) {
      case RecordType.metadata:
        this.#onMetadata(buffer.subarray(from, to));
        return;
      case RecordType.entry:
        this.#onEntry(decodeEntry(buffer, from, to, "entry"));
        return;
      case RecordType.state:
        this.#onState(readState(buffer, from, to, this.hardState));
        return;
      case RecordType.snapshot:
        this.#onSnapshot(decodeSnapshotRecord(buffer, from, to, "snapshot record"));
        return;
      case RecordType.crc:
        return;
      default:
        throw new CorruptError("record", `type ${reader.type} is unknown`);
    }
  }

  #onMetadata(metadata: Uint8Array): void {
    const known = this.metadata;
    this.metadata = metadata;
    if (known === undefined) return;
    const same = known.length === metadata.length && known.every((byte, i) => byte === metadata[i]);
    if (!same) throw new CorruptError("metadata", "it differs from that of an earlier segment");
  }

  #onEntry(entry: Entry): void {
    if (entry.index === 0 || entry.term === 0) throw new CorruptError("entry", "it has no index or no term");
    this.lastIndex = entry.index;
    const slot = entry.index - this.#from.index - 1;
    const { entries } = this;
    if (slot < 0) {
      // It replaces everything behind it, also what was read already.
      entries.length = 0;
      this.#termAtStart = slot === -1 ? entry.term : -1;
      return;
    }
    if (slot > entries.length) {
      const last = this.#from.index + entries.length;
      throw new CorruptError("entry", `index ${entry.index} does not follow ${last}`);
    }
    entries.length = slot;
    entries.push(entry);
  }

  #onState(state: HardState): void {
    this.hardState = state;
    this.#countAbove();
  }

  /** A snapshot counts when the commit index reaches it: until then the log is the one before it. */
  #countAbove(): void {
    const record = this.#above;
    if (record === undefined || record.index > this.hardState.commit) return;
    this.#above = undefined;
    if (this.entries[record.index - this.#from.index - 1]?.term !== record.term) this.entries.length = 0;
  }

  /**
   * A snapshot of an entry that the log has leaves the log as it is; any other one takes its place: that of the start at
   * once, since it was chosen because it counts, and one above it when it does.
   */
  #onSnapshot(record: SnapshotRecord): void {
    if (record.index > this.lastIndex) this.lastIndex = record.index;
    const slot = record.index - this.#from.index - 1;
    if (slot >= 0) {
      this.#above = record;
      this.#countAbove();
    }
    if (slot !== -1) return;
    if (record.term !== this.#from.term) {
      const message = `the snapshot at index ${record.index} has term ${record.term} in the log, not ${this.#from.term}`;
      throw new WalError("snapshot", message);
    }
    if (this.#termAtStart !== record.term) this.entries.length = 0;
    this.#termAtStart = record.term;
    this.foundStart = true;
  }
}

/** Reads a hard state; the type of a record has no checksum, so what cannot be one is refused. */
function readState(buffer: Uint8Array, from: number, to: number, previous: HardState): HardState {
  const state = decodeHardState(buffer, from, to, "hard state");
  if (to - from > hardStateSize(state)) throw new CorruptError("hard state", "it has more than three fields");
  if (state.term < previous.term) throw new CorruptError("hard state", `its term goes back from ${previous.term}`);
  return state;
}

/** Opens segments for reading. */
export function openForReading(disk: Disk, directory: string, names: readonly SegmentName[]): OpenSegment[] {
  const segments: OpenSegment[] = [];
  try {
    for (const { name } of names) {
      const path = `${directory}/${name}`;
      segments.push({ path, file: disk.open(path, "read") });
    }
  } catch (error) {
    closeAll(segments);
    throw error;
  }
  return segments;
}

export function closeAll(segments: readonly OpenSegment[]): void {
  for (const { file } of segments) file.close();
}

/**
 * Lists the snapshots that the log vouches for, by index: those that have a record and lie at or below the last commit
 * index that the log knows. Reads all segments, without locks, and changes nothing.
 *
 * @throws WalCorruptError, WalError
 */
export function validSnapshots(disk: Disk, directory: string): SnapshotRecord[] {
  const names = listSegments(disk, directory);
  checkSequence(directory, names);
  const segments = openForReading(disk, directory, names);
  const records: SnapshotRecord[] = [];
  let state = emptyHardState;
  try {
    walk(segments, ({ type, buffer, from, to }) => {
      if (type === RecordType.snapshot) records.push(decodeSnapshotRecord(buffer, from, to, "snapshot record"));
      else if (type === RecordType.state) state = readState(buffer, from, to, state);
    });
  } finally {
    closeAll(segments);
  }
  return records.filter((record) => record.index <= state.commit).sort((a, b) => a.index - b.index);
}
