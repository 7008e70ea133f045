/**
 * | message | fields |
 * | --- | --- |
 * | `HardState` | term = 1, vote = 2, commit = 3 |
 * | `SnapshotMetadata` | conf_state = 1, index = 2, term = 3 |
 * | `Snapshot` | data = 1 (unless empty), metadata = 2 |
 *
 * All but `data` is always written.
 */
import { emptyBytes, type MemberId, noMember } from "@quorate/base";
import type { HardState, Snapshot, SnapshotMetadata } from "../types.ts";
import { confStateSize, emptyConfState, readConfState, writeConfState } from "./conf.ts";
import { bytesSize, Cursor, idSize, putBytes, putId, putUvarint, uvarintSize } from "./wire.ts";

export function hardStateSize(state: HardState): number {
  return 3 + uvarintSize(state.term) + idSize(state.vote) + uvarintSize(state.commit);
}

/** Writes `state` at `at` and returns where it ends. */
export function writeHardState(state: HardState, buffer: Uint8Array, at: number): number {
  buffer[at] = 0x08;
  let next = putUvarint(buffer, at + 1, state.term);
  buffer[next] = 0x10;
  next = putId(buffer, next + 1, state.vote);
  buffer[next] = 0x18;
  return putUvarint(buffer, next + 1, state.commit);
}

export function encodeHardState(state: HardState): Uint8Array {
  const bytes = new Uint8Array(hardStateSize(state));
  writeHardState(state, bytes, 0);
  return bytes;
}

/** @throws CorruptError */
export function decodeHardState(
  bytes: Uint8Array,
  from = 0,
  to: number = bytes.length,
  where = "raftpb.HardState",
): HardState {
  const c = new Cursor(bytes, from, to, where);
  let term = 0;
  let vote: bigint = noMember;
  let commit = 0;
  for (let tag = c.tag(); tag !== 0; tag = c.tag()) {
    if (tag === 0x08) term = c.uvarint();
    else if (tag === 0x10) vote = c.id();
    else if (tag === 0x18) commit = c.uvarint();
    else c.skip(tag);
  }
  return { term, vote: vote as MemberId, commit };
}

export function snapshotMetadataSize(metadata: SnapshotMetadata): number {
  const state = bytesSize(confStateSize(metadata.confState));
  return 3 + state + uvarintSize(metadata.index) + uvarintSize(metadata.term);
}

/** Writes `metadata` at `at` and returns where it ends. */
export function writeSnapshotMetadata(metadata: SnapshotMetadata, buffer: Uint8Array, at: number): number {
  buffer[at] = 0x0a;
  let next = putUvarint(buffer, at + 1, confStateSize(metadata.confState));
  next = writeConfState(metadata.confState, buffer, next);
  buffer[next] = 0x10;
  next = putUvarint(buffer, next + 1, metadata.index);
  buffer[next] = 0x18;
  return putUvarint(buffer, next + 1, metadata.term);
}

export function encodeSnapshotMetadata(metadata: SnapshotMetadata): Uint8Array {
  const bytes = new Uint8Array(snapshotMetadataSize(metadata));
  writeSnapshotMetadata(metadata, bytes, 0);
  return bytes;
}

/** @throws CorruptError */
export function decodeSnapshotMetadata(bytes: Uint8Array, where = "raftpb.SnapshotMetadata"): SnapshotMetadata {
  return readSnapshotMetadata(new Cursor(bytes, 0, bytes.length, where));
}

function readSnapshotMetadata(c: Cursor): SnapshotMetadata {
  let confState = emptyConfState;
  let index = 0;
  let term = 0;
  for (let tag = c.tag(); tag !== 0; tag = c.tag()) {
    if (tag === 0x0a) {
      const outer = c.enter();
      confState = readConfState(c);
      c.leave(outer);
    } else if (tag === 0x10) index = c.uvarint();
    else if (tag === 0x18) term = c.uvarint();
    else c.skip(tag);
  }
  return { confState, index, term };
}

export function snapshotSize(snapshot: Snapshot): number {
  const data = snapshot.data.length === 0 ? 0 : 1 + bytesSize(snapshot.data.length);
  return data + 1 + bytesSize(snapshotMetadataSize(snapshot.metadata));
}

/** Writes `snapshot` at `at` and returns where it ends. */
export function writeSnapshot(snapshot: Snapshot, buffer: Uint8Array, at: number): number {
  let next = snapshot.data.length === 0 ? at : putBytes(buffer, at, 0x0a, snapshot.data);
  buffer[next] = 0x12;
  next = putUvarint(buffer, next + 1, snapshotMetadataSize(snapshot.metadata));
  return writeSnapshotMetadata(snapshot.metadata, buffer, next);
}

export function encodeSnapshot(snapshot: Snapshot): Uint8Array {
  const bytes = new Uint8Array(snapshotSize(snapshot));
  writeSnapshot(snapshot, bytes, 0);
  return bytes;
}

/**
 * Decodes a snapshot. `data` is a view of `bytes`.
 *
 * @throws CorruptError
 */
export function decodeSnapshot(bytes: Uint8Array, where = "raftpb.Snapshot"): Snapshot {
  return readSnapshot(new Cursor(bytes, 0, bytes.length, where));
}

/** Reads a snapshot that fills the cursor's message. */
export function readSnapshot(c: Cursor): Snapshot {
  let data = emptyBytes;
  let metadata: SnapshotMetadata = { confState: emptyConfState, index: 0, term: 0 };
  for (let tag = c.tag(); tag !== 0; tag = c.tag()) {
    if (tag === 0x0a) data = c.bytes();
    else if (tag === 0x12) {
      const outer = c.enter();
      metadata = readSnapshotMetadata(c);
      c.leave(outer);
    } else c.skip(tag);
  }
  return { data, metadata };
}
