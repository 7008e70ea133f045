/** Opens the segments of a log for writing: locks, reads, repairs, and clears the space ahead. */
import { type Disk, type DiskFile, type FileLock, invariant, type LogIndex } from "@quorate/base";
import type { Entry, HardState } from "@quorate/raft";
import { lockLog, parentOf } from "./create.ts";
import { WalError } from "./errors.ts";
import { FrameBuffer, RecordType } from "./frame.ts";
import { closeAll, type OpenSegment, Replay, type TornRecord, walk, type WalkResult } from "./replay.ts";
import { type SegmentName, segmentsFrom } from "./segment-name.ts";
import type { LogPosition } from "./snapshot-record.ts";

const copyChunkBytes = 1024 * 1024;

/** What `Wal` needs to go on writing. */
export interface WalStart {
  /** Of the directory. */
  readonly lock: FileLock;
  readonly segments: readonly (SegmentName & { readonly file: DiskFile })[];
  /** Where the next record goes in the last segment. */
  readonly position: number;
  readonly crc: number;
  readonly metadata: Uint8Array;
  readonly hardState: HardState;
  readonly lastIndex: LogIndex;
}

export interface OpenedSegments {
  readonly start: WalStart;
  readonly entries: Entry[];
  readonly repaired: TornRecord | undefined;
}

export async function openSegments(
  disk: Disk,
  directory: string,
  from: LogPosition,
  segmentBytes: number,
): Promise<OpenedSegments> {
  // What is no log is told of before anything is locked.
  segmentsFrom(disk, directory, from.index);
  const segments: (SegmentName & OpenSegment)[] = [];
  const lock = await lockLog(disk, directory);
  try {
    for (const name of segmentsFrom(disk, directory, from.index)) {
      const path = `${directory}/${name.name}`;
      segments.push({ ...name, path, file: disk.open(path, "write") });
    }
    await lockTail(disk, segments[segments.length - 1] as OpenSegment);
    // A process that was killed may have given the names without making them durable; what is written now is lost with
    // the name of its segment.
    await Promise.all([disk.syncDirectory(directory), disk.syncDirectory(parentOf(directory))]);
    const replay = new Replay(from);
    const walked = walk(segments, (reader) => replay.visit(reader));
    if (!replay.foundStart) {
      const message = `${directory}: the log has no record of a snapshot at index ${from.index}, term ${from.term}`;
      throw new WalError("snapshot", message);
    }
    const tail = segments[segments.length - 1] as OpenSegment;
    if (walked.torn !== undefined) await copyBroken(disk, directory, tail);
    const { position, crc } = await startTail(tail.file, walked, replay, segmentBytes);
    const { metadata, hardState, lastIndex } = replay;
    invariant(metadata !== undefined, "a log begins with its metadata");
    const start = { lock, segments, position, crc, metadata, hardState, lastIndex };
    return { start, entries: replay.entries, repaired: walked.torn };
  } catch (error) {
    closeAll(segments);
    lock.release();
    throw error;
  }
}

/** A real etcd locks no directory, but each segment that it writes to. */
async function lockTail(disk: Disk, { path, file }: OpenSegment): Promise<void> {
  if ((await disk.lock(file)) !== undefined) return;
  throw new WalError("locked", `${path}: another process has locked the file`);
}

/** Keeps a segment that is about to be cut, for whoever wants to know. */
async function copyBroken(disk: Disk, directory: string, segment: OpenSegment): Promise<void> {
  const copy = disk.open(`${segment.path}.broken`, "create", 0o600);
  try {
    copy.truncate(0);
    const chunk = new Uint8Array(copyChunkBytes);
    const size = segment.file.size();
    for (let at = 0; at < size; ) {
      const count = segment.file.readAt(chunk, at);
      const part = chunk.subarray(0, count);
      // Most of a segment is zero; a hole does.
      if (part.some((byte) => byte !== 0)) copy.writeAt(part, at);
      at += count;
    }
    copy.truncate(size);
    await copy.sync();
  } finally {
    copy.close();
  }
  await disk.syncDirectory(directory);
}

/** Clears all behind the last good record, and writes the beginning of a segment that a crash left without. */
async function startTail(
  file: DiskFile,
  walked: WalkResult,
  replay: Replay,
  segmentBytes: number,
): Promise<{ position: number; crc: number }> {
  const frames = new FrameBuffer(walked.crc);
  const end = walked.hasHeader ? walked.end : 0;
  file.truncate(end);
  await file.allocate(segmentBytes);
  if (!walked.hasHeader) {
    const { metadata, hardState } = replay;
    invariant(metadata !== undefined, "the segment before has the metadata");
    frames.addCrc();
    frames.addData(RecordType.metadata, metadata);
    if (hardState.term !== 0) frames.addState(hardState);
    file.writeAt(frames.bytes(), 0);
  }
  await file.sync();
  return { position: end + frames.length, crc: frames.crc };
}
