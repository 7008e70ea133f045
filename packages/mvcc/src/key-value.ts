/**
 * The value of a row: the protobuf message `mvccpb.KeyValue`, written and read by hand because every put and every
 * row of a range passes here. Field order and omissions are etcd's, byte for byte: HashKV is compared across
 * implementations.
 *
 * ```
 *  0a len key   10 create_revision   18 mod_revision   20 version   2a len value   30 lease
 * ```
 *
 * Zero numbers and empty bytes are left out; a tombstone holds the key only.
 * Example: `0a 01 63 10 07 18 07 20 01 2a 01 79` is c=y, created and modified at 7, version 1.
 *
 * Source: etcd's kv.proto and the row format of bucket `key`.
 */

import { CorruptError, emptyBytes, type LeaseId, toLeaseId } from "@quorate/base";
import type { RowSlab } from "./row-slab.ts";

const tagKey = 0x0a;
const tagCreate = 0x10;
const tagMod = 0x18;
const tagVersion = 0x20;
const tagValue = 0x2a;
const tagLease = 0x30;

/** "No lease". */
export const noLease: LeaseId = 0n as LeaseId;

/** A decoded row. `key` and `value` are views of the row's bytes. */
export interface KeyValue {
  readonly key: Uint8Array;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  readonly value: Uint8Array;
  readonly lease: LeaseId;
}

function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  if (value < 0x10000000) return 4;
  let size = 5;
  for (let rest = Math.floor(value / 0x800000000); rest > 0; rest = Math.floor(rest / 128)) size += 1;
  return size;
}

function writeVarint(out: Uint8Array, at: number, value: number): number {
  let rest = value;
  while (rest > 0x7fffffff) {
    out[at++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  while (rest > 0x7f) {
    out[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  out[at++] = rest;
  return at;
}

function leaseSize(lease: bigint): number {
  if (lease < 0n) return 10;
  let size = 1;
  for (let rest = lease >> 7n; rest > 0n; rest >>= 7n) size += 1;
  return size;
}

function writeLease(out: Uint8Array, at: number, lease: bigint): number {
  let rest = BigInt.asUintN(64, lease);
  while (rest > 0x7fn) {
    out[at++] = Number(rest & 0x7fn) | 0x80;
    rest >>= 7n;
  }
  out[at++] = Number(rest);
  return at;
}

/** Short strings are copied faster by a loop than by a call into the runtime. */
function copyInto(out: Uint8Array, at: number, bytes: Uint8Array): void {
  if (bytes.length > 24) out.set(bytes, at);
  else for (let i = 0; i < bytes.length; i++) out[at + i] = bytes[i] as number;
}

/**
 * Encodes a row of a put into an array of exactly its size.
 *
 * @param slab where memory for it is taken from.
 * @param createRevision, modRevision, version safe integers of 1 or more.
 */
export function encodeKeyValue(
  key: Uint8Array,
  createRevision: number,
  modRevision: number,
  version: number,
  value: Uint8Array,
  lease: LeaseId,
  slab?: RowSlab,
): Uint8Array {
  let size = 3 + varintSize(createRevision) + varintSize(modRevision) + varintSize(version);
  if (key.length > 0) size += 1 + varintSize(key.length) + key.length;
  if (value.length > 0) size += 1 + varintSize(value.length) + value.length;
  const leased = lease !== noLease;
  if (leased) size += 1 + leaseSize(lease);
  const out = slab === undefined ? new Uint8Array(size) : slab.take(size);
  let at = 0;
  if (key.length > 0) {
    out[at++] = tagKey;
    at = writeVarint(out, at, key.length);
    copyInto(out, at, key);
    at += key.length;
  }
  out[at++] = tagCreate;
  at = writeVarint(out, at, createRevision);
  out[at++] = tagMod;
  at = writeVarint(out, at, modRevision);
  out[at++] = tagVersion;
  at = writeVarint(out, at, version);
  if (value.length > 0) {
    out[at++] = tagValue;
    at = writeVarint(out, at, value.length);
    copyInto(out, at, value);
    at += value.length;
  }
  if (leased) {
    out[at++] = tagLease;
    writeLease(out, at, lease);
  }
  return out;
}

/** Encodes the row of a tombstone: the key and nothing else. */
export function encodeTombstone(key: Uint8Array): Uint8Array {
  if (key.length === 0) return emptyBytes;
  const out = new Uint8Array(1 + varintSize(key.length) + key.length);
  out[0] = tagKey;
  const at = writeVarint(out, 1, key.length);
  copyInto(out, at, key);
  return out;
}

/**
 * Reads rows without an object per row: `read` leaves the fields of one row behind, until the next `read`.
 * Offsets are relative to the row; a field that is missing is zero or empty.
 */
export class RowReader {
  keyStart = 0;
  keyEnd = 0;
  createRevision = 0;
  modRevision = 0;
  version = 0;
  /** Start of the value field with its tag, or the row's length when there is no value. */
  valueTag = 0;
  valueStart = 0;
  valueEnd = 0;
  lease: LeaseId = noLease;
  #at = 0;

  /** Throws `CorruptError` when `row` is not such a message; fields it does not know are skipped. */
  read(row: Uint8Array): void {
    this.keyStart = this.keyEnd = this.createRevision = this.modRevision = this.version = 0;
    this.valueTag = this.valueStart = this.valueEnd = row.length;
    this.lease = noLease;
    this.#at = 0;
    while (this.#at < row.length) {
      const start = this.#at;
      const tag = row[this.#at++] as number;
      switch (tag) {
        case tagKey:
          this.keyEnd = this.#skipBytes(row);
          this.keyStart = this.keyEnd - this.#length;
          break;
        case tagCreate:
          this.createRevision = this.#varint(row);
          break;
        case tagMod:
          this.modRevision = this.#varint(row);
          break;
        case tagVersion:
          this.version = this.#varint(row);
          break;
        case tagValue:
          this.valueTag = start;
          this.valueEnd = this.#skipBytes(row);
          this.valueStart = this.valueEnd - this.#length;
          break;
        case tagLease:
          this.lease = this.#lease(row);
          break;
        default:
          this.#at = start;
          this.#skipUnknown(row);
      }
    }
  }

  #length = 0;

  #skipBytes(row: Uint8Array): number {
    this.#length = this.#varint(row);
    const end = this.#at + this.#length;
    if (end > row.length) throw malformed();
    this.#at = end;
    return end;
  }

  #varint(row: Uint8Array): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      if (this.#at >= row.length) throw malformed();
      const byte = row[this.#at++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) throw malformed();
        return value;
      }
      scale *= 128;
    }
    throw malformed();
  }

  #lease(row: Uint8Array): LeaseId {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (this.#at >= row.length) throw malformed();
      const byte = row[this.#at++] as number;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return toLeaseId(value);
    }
    throw malformed();
  }

  #skipUnknown(row: Uint8Array): void {
    const wire = this.#varint(row) % 8;
    if (wire === 2) this.#skipBytes(row);
    else if (wire === 0) this.#lease(row);
    else if (wire === 1) this.#at += 8;
    else if (wire === 5) this.#at += 4;
    else throw malformed();
    if (this.#at > row.length) throw malformed();
  }
}

const malformed = (): CorruptError => new CorruptError("bucket key", "row is not a KeyValue message");

const shared: RowReader = new RowReader();

/** Decodes a row; the result's `key` and `value` are views of `row`. Throws `CorruptError`. */
export function decodeKeyValue(row: Uint8Array): KeyValue {
  shared.read(row);
  return {
    key: row.subarray(shared.keyStart, shared.keyEnd),
    createRevision: shared.createRevision,
    modRevision: shared.modRevision,
    version: shared.version,
    value: row.subarray(shared.valueStart, shared.valueEnd),
    lease: shared.lease,
  };
}

/** Returns the value in a row, as a view. */
export function valueOf(row: Uint8Array): Uint8Array {
  shared.read(row);
  return row.subarray(shared.valueStart, shared.valueEnd);
}

/** Returns the lease in a row. */
export function leaseOf(row: Uint8Array): LeaseId {
  shared.read(row);
  return shared.lease;
}

/** Returns the row without its value: `row` itself when it has none, else a new array. */
export function withoutValue(row: Uint8Array): Uint8Array {
  shared.read(row);
  if (shared.valueTag === row.length) return row;
  const out = new Uint8Array(row.length - (shared.valueEnd - shared.valueTag));
  out.set(row.subarray(0, shared.valueTag));
  out.set(row.subarray(shared.valueEnd), shared.valueTag);
  return out;
}
