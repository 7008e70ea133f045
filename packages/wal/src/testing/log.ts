/** Small logs for tests. */
import type { Disk, MemberId } from "@quorate/base";
import { MemoryDisk } from "@quorate/base/testing";
import { type ConfState, type Entry, EntryType, type HardState, newEntry } from "@quorate/raft";
import type { Wal } from "../wal.ts";

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

/** Options of a log whose segments fill soon. */
export const small = { segmentBytes: 4096 } as const;

/** Lets background work of the memory disk, which takes microtasks only, come to rest. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

/** Appends entries `from` to `to` of 300 bytes, each batch synced, and lets segments be prepared. */
export async function fill(wal: Wal, from: number, to: number, term = 1): Promise<void> {
  for (let index = from; index <= to; index++) {
    wal.append(stateAt(term, index - 1), [entryAt(index, term, 300)]);
    await wal.sync();
    await settle();
  }
}
