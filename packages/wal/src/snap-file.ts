/**
 * `.snap` files: one `snappb.Snapshot`, crc = 1 (CRC-32C of data), data = 2 (`raftpb.Snapshot`).
 *
 * ```
 * 08 crc | 12 length data
 * 08 80 f6 9a 07   12 c2 37   0a aa 37 7b 22 52 6f 6f …
 * ```
 *
 * The name is `%016x-%016x.snap`: term, then index.
 */
import { CorruptError, crc32cUpdate, emptyBytes } from "@quorate/base";
import {
  bytesSize,
  decodeSnapshot,
  encodeSnapshot,
  putBytes,
  putUvarint,
  type Snapshot,
  uvarintSize,
  WireCursor,
} from "@quorate/raft";
import { hex16 } from "./segment-name.ts";
import type { LogPosition } from "./snapshot-record.ts";

export const snapshotFileName = (at: LogPosition): string => `${hex16(at.term)}-${hex16(at.index)}.snap`;

/** Returns undefined for names of other files. */
export function parseSnapshotFileName(name: string): LogPosition | undefined {
  const match = /^([0-9a-f]{16})-([0-9a-f]{16})\.snap$/.exec(name);
  if (match === null) return undefined;
  const term = Number.parseInt(match[1] as string, 16);
  const index = Number.parseInt(match[2] as string, 16);
  return Number.isSafeInteger(term) && Number.isSafeInteger(index) ? { term, index } : undefined;
}

/** Builds the content of a file. */
export function encodeSnapshotFile(snapshot: Snapshot): Uint8Array {
  const data = encodeSnapshot(snapshot);
  const crc = crc32cUpdate(0, data);
  const bytes = new Uint8Array(2 + uvarintSize(crc) + bytesSize(data.length));
  bytes[0] = 0x08;
  putBytes(bytes, putUvarint(bytes, 1, crc), 0x12, data);
  return bytes;
}

/**
 * Reads the content of a file. `data` of the snapshot is a view of `bytes`.
 *
 * @throws CorruptError when it is empty, malformed, or its checksum is wrong. As in etcd a checksum of 0 counts as none.
 */
export function decodeSnapshotFile(bytes: Uint8Array, path: string): Snapshot {
  const c = new WireCursor(bytes, 0, bytes.length, path);
  let crc = 0;
  let data = emptyBytes;
  for (let tag = c.tag(); tag !== 0; tag = c.tag()) {
    if (tag === 0x08) crc = c.uvarint();
    else if (tag === 0x12) data = c.bytes();
    else c.skip(tag);
  }
  if (crc === 0 || data.length === 0) throw new CorruptError(path, "the snapshot is empty");
  const computed = crc32cUpdate(0, data);
  if (computed !== crc) {
    throw new CorruptError(
      path,
      `crc mismatch: the file says ${crc.toString(16)}, its data give ${computed.toString(16)}`,
    );
  }
  return decodeSnapshot(data, path);
}
