/**
 * Revision keys, the names of rows in the backend:
 *
 * ```
 *  0        8    9        17   18
 *  +--------+----+--------+----+
 *  | main   | _  | sub    | t  |     both numbers u64 big endian; `t` only for a tombstone
 *  +--------+----+--------+----+
 * ```
 *
 * Their order as bytes is the order of revisions. Example: revision 7, second change, a deletion, is
 * `0000000000000007 5f 0000000000000001 74`.
 *
 * Source: etcd's mvcc schema, bucket `key`.
 */

import { CorruptError } from "@quorate/base";

/** Bytes of the revision key of a put. */
export const revisionBytes = 17;
/** Bytes of the revision key of a tombstone. */
export const tombstoneBytes = 18;

const separator = 0x5f;
const tombstoneMark = 0x74;

function writeU64(target: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / 0x100000000);
  const low = value >>> 0;
  target[at] = high >>> 24;
  target[at + 1] = high >>> 16;
  target[at + 2] = high >>> 8;
  target[at + 3] = high;
  target[at + 4] = low >>> 24;
  target[at + 5] = low >>> 16;
  target[at + 6] = low >>> 8;
  target[at + 7] = low;
}

function readU64(bytes: Uint8Array, at: number): number {
  const high =
    (bytes[at] as number) * 0x1000000 +
    (((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number));
  const low =
    (bytes[at + 4] as number) * 0x1000000 +
    (((bytes[at + 5] as number) << 16) | ((bytes[at + 6] as number) << 8) | (bytes[at + 7] as number));
  return high * 0x100000000 + low;
}

/** Writes the 17 bytes of a revision into `target`, which is at least that long. */
export function writeRevision(target: Uint8Array, main: number, sub: number): void {
  writeU64(target, 0, main);
  target[8] = separator;
  writeU64(target, 9, sub);
}

/** Returns the row key of a change: 17 bytes, or 18 for a tombstone. */
export function revisionKey(main: number, sub: number, tombstone: boolean): Uint8Array {
  const key = new Uint8Array(tombstone ? tombstoneBytes : revisionBytes);
  writeRevision(key, main, sub);
  if (tombstone) key[revisionBytes] = tombstoneMark;
  return key;
}

/** Returns the 8 bytes that sort before every row of `main` and behind all earlier ones. */
export function revisionBound(main: number): Uint8Array {
  const bound = new Uint8Array(8);
  writeU64(bound, 0, main);
  return bound;
}

/** The main revision of a row key that `checkRevisionKey` accepts. */
export const mainOf = (key: Uint8Array): number => readU64(key, 0);

/** The number of the change inside its transaction. */
export const subOf = (key: Uint8Array): number => readU64(key, 9);

/** Tells whether a row key names a tombstone. */
export const isTombstoneKey = (key: Uint8Array): boolean => key.length === tombstoneBytes;

/** Throws `CorruptError` unless `key` has the form above with numbers that are safe integers. */
export function checkRevisionKey(key: Uint8Array): void {
  const shaped =
    key.length === revisionBytes || (key.length === tombstoneBytes && key[revisionBytes] === tombstoneMark);
  if (!shaped || key[8] !== separator)
    throw new CorruptError("bucket key", `row key of ${key.length} bytes is malformed`);
  if (!Number.isSafeInteger(mainOf(key)) || subOf(key) > 0x3fffffff) {
    throw new CorruptError("bucket key", "row key holds a number that is too large");
  }
}
