/**
 * Segments are named `%016x-%016x.wal`: sequence (0, 1, 2, …) and first index, which is one more than the last index
 * that the log knew when the file was begun.
 */
import type { Disk, LogIndex } from "@quorate/base";
import { WalError } from "./errors.ts";

export interface SegmentName {
  readonly name: string;
  readonly sequence: number;
  /** Every entry of earlier segments that still counts lies below this index, or is overwritten later. */
  readonly firstIndex: LogIndex;
}

/** Formats a number as 16 hexadecimal digits. */
export const hex16 = (value: number): string => value.toString(16).padStart(16, "0");

export function segmentName(sequence: number, firstIndex: LogIndex): SegmentName {
  return { name: `${hex16(sequence)}-${hex16(firstIndex)}.wal`, sequence, firstIndex };
}

/** Returns undefined for names of other files. */
export function parseSegmentName(name: string): SegmentName | undefined {
  const match = /^([0-9a-f]{16})-([0-9a-f]{16})\.wal$/.exec(name);
  if (match === null) return undefined;
  const sequence = Number.parseInt(match[1] as string, 16);
  const firstIndex = Number.parseInt(match[2] as string, 16);
  if (!Number.isSafeInteger(sequence) || !Number.isSafeInteger(firstIndex)) return undefined;
  return { name, sequence, firstIndex };
}

/** The segments in `directory`, ascending; empty when there is no such directory. */
export function listSegments(disk: Disk, directory: string): SegmentName[] {
  if (disk.info(directory)?.kind !== "directory") return [];
  return disk
    .list(directory)
    .map(parseSegmentName)
    .filter((segment) => segment !== undefined);
}

/** Tells whether a directory holds a log: exactly when a segment is in it. */
export function hasWal(disk: Disk, directory: string): boolean {
  return listSegments(disk, directory).length > 0;
}

/**
 * The segments that hold everything above `index`, ascending and without a gap.
 *
 * @throws WalError when none reaches back that far, or one is missing or there twice.
 */
export function segmentsFrom(disk: Disk, directory: string, index: LogIndex): SegmentName[] {
  const all = listSegments(disk, directory);
  let first = all.length - 1;
  while (first >= 0 && (all[first] as SegmentName).firstIndex > index) first -= 1;
  if (first < 0) {
    const message = all.length === 0 ? "there are no segments" : `no segment reaches back to index ${index}`;
    throw new WalError("missing", `${directory}: ${message}`);
  }
  const needed = all.slice(first);
  checkSequence(directory, needed);
  return needed;
}

/** @throws WalError unless each sequence number is one more than the one before. */
export function checkSequence(directory: string, segments: readonly SegmentName[]): void {
  let previous: SegmentName | undefined;
  for (const segment of segments) {
    if (previous !== undefined) {
      if (segment.sequence === previous.sequence) {
        throw new WalError("gap", `${directory}: sequence number ${hex16(segment.sequence)} is there twice`);
      }
      if (segment.sequence !== previous.sequence + 1) {
        const missing = hex16(previous.sequence + 1);
        throw new WalError("gap", `${directory}: the segment with sequence number ${missing} is missing`);
      }
    }
    previous = segment;
  }
}
