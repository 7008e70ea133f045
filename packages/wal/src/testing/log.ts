/** Small logs for tests. */
import type { Disk, MemberId } from "@quorate/base";
import { MemoryDisk } from "@quorate/base/testing";
import { type ConfState, type Entry, EntryType, type HardState, newEntry } from "@quorate/raft";

export const directory = "/member/wal";
export const metadata: Uint8Array = Uint8Array.from({ length: 21 }, (_, i) => i + 1);
export const vote: MemberId = 0x27611de2fe295e49n as MemberId;

export const confState: ConfState = {
  voters: [vote],
  learners: [],
  votersOutgoing: [],
  learnersNext: [],
  autoLeave: false,
};

/** An entry whose data is `size` bytes that are not zero and depend on its position. */
export function entryAt(index: number, term: number, size: number): Entry {
  return newEntry(EntryType.normal, term, index, dataOf(index, term, size));
}

function dataOf(index: number, term: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => 1 + ((index * 31 + term * 7 + i) % 255));
}

export const stateAt = (term: number, commit: number): HardState => ({ term, vote, commit });

/** What an entry is, without its cached encoding. */
export const bare = (entry: Entry): unknown[] => [
  entry.type,
  entry.term,
  entry.index,
  Buffer.from(entry.data).toString("hex"),
];

export function emptyDisk(): MemoryDisk {
  const disk = new MemoryDisk();
  disk.makeDirectory("/member");
  return disk;
}

/** Names in the log's directory. */
export const namesIn = (disk: Disk): string[] => disk.list(directory);
