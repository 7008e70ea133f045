/**
 * `walpb.Snapshot`: index = 1, term = 2 (always written), conf_state = 3 (absent before 3.5, and for the record
 * `{0, 0}` that every log begins with).
 */
import type { LogIndex, Term } from "@quorate/base";
import {
  bytesSize,
  type ConfState,
  confStateSize,
  putUvarint,
  readConfState,
  uvarintSize,
  WireCursor,
  writeConfState,
} from "@quorate/raft";

/** A position in the log that a snapshot stands for. */
export interface LogPosition {
  readonly index: LogIndex;
  readonly term: Term;
}

/** The log's note that a snapshot is on disk. */
export interface SnapshotRecord extends LogPosition {
  readonly confState: ConfState | undefined;
}

/** The start of every log. */
export const logStart: SnapshotRecord = { index: 0, term: 0, confState: undefined };

export function encodeSnapshotRecord(record: SnapshotRecord): Uint8Array {
  const { index, term, confState } = record;
  const stateSize = confState === undefined ? 0 : confStateSize(confState);
  const bytes = new Uint8Array(
    2 + uvarintSize(index) + uvarintSize(term) + (confState === undefined ? 0 : 1 + bytesSize(stateSize)),
  );
  bytes[0] = 0x08;
  let at = putUvarint(bytes, 1, index);
  bytes[at] = 0x10;
  at = putUvarint(bytes, at + 1, term);
  if (confState === undefined) return bytes;
  bytes[at] = 0x1a;
  at = putUvarint(bytes, at + 1, stateSize);
  writeConfState(confState, bytes, at);
  return bytes;
}

/** @throws CorruptError */
export function decodeSnapshotRecord(
  bytes: Uint8Array,
  from = 0,
  to: number = bytes.length,
  where = "walpb.Snapshot",
): SnapshotRecord {
  const c = new WireCursor(bytes, from, to, where);
  let index = 0;
  let term = 0;
  let confState: ConfState | undefined;
  for (let tag = c.tag(); tag !== 0; tag = c.tag()) {
    if (tag === 0x08) index = c.uvarint();
    else if (tag === 0x10) term = c.uvarint();
    else if (tag === 0x1a) {
      const outer = c.enter();
      confState = readConfState(c);
      c.leave(outer);
    } else c.skip(tag);
  }
  return { index, term, confState };
}
