import { CorruptError, utf8Encode } from "@quorate/base";
import type { MetaStore } from "./ports.ts";
import { checkRevisionKey, isTombstoneKey, mainOf, revisionKey } from "./revision.ts";

/** Written before a compaction begins. */
export const scheduledCompact: Uint8Array = utf8Encode("scheduledCompactRev");
/** Written with its last deletions. */
export const finishedCompact: Uint8Array = utf8Encode("finishedCompactRev");

/** Reads one of the two marks; −1 when it was never written. Throws `CorruptError`. */
export function readMark(meta: MetaStore, name: Uint8Array): number {
  const value = meta.get(name);
  if (value === undefined) return -1;
  checkRevisionKey(value);
  if (isTombstoneKey(value)) throw new CorruptError("bucket meta", "a compaction mark is malformed");
  return mainOf(value);
}

/** Writes one of the two marks. */
export function writeMark(meta: MetaStore, name: Uint8Array, revision: number): void {
  meta.put(name, revisionKey(revision, 0, false));
}
