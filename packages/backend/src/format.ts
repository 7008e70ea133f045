/**
 * The layout of a bbolt file; all integers little endian.
 *
 * ```
 * page header   0 u64 id | 8 u16 flags | 10 u16 count | 12 u32 overflow | 16 elements …
 * leaf element  0 u32 flags (1 = bucket) | 4 u32 pos | 8 u32 ksize | 12 u32 vsize     pos counts from the element
 * branch elem.  0 u32 pos | 4 u32 ksize | 8 u64 child page
 * meta          16 u32 magic | 20 u32 version | 24 u32 page size | 28 u32 flags | 32 u64 root page | 40 u64 sequence
 *               48 u64 freelist page | 56 u64 high water mark | 64 u64 txid | 72 u64 FNV-1a of bytes 16..71
 *               80 u32 ours: says that all pages are sealed; bbolt writes 0 here
 * bucket value  0 u64 root page, 0 = inline | 8 u64 sequence | 16 inline page, when root is 0
 * ```
 */

import { invariant } from "@quorate/base";

export const pageHeaderSize = 16;
export const elementSize = 16;
export const bucketHeaderSize = 16;
export const metaSize = 84;
/** What of it bbolt knows. */
const bboltMetaSize = 80;

export const branchFlag = 0x01;
export const leafFlag = 0x02;
export const metaFlag = 0x04;
export const freelistFlag = 0x10;

/** Set on a leaf element whose value is a bucket. */
export const bucketElement = 1;

export const keyBytesMax = 32_768;
export const valueBytesMax = 2_147_483_646;

const magic = 0xed0cdaed;
const version = 2;
/** Beside the checksum of a meta all of whose pages are sealed. */
const sealedMark = 0x64_6c_61_73;

/** What a commit publishes. */
export interface Meta {
  readonly pageSize: number;
  /** Page of the root bucket's root. */
  readonly root: number;
  readonly rootSequence: number;
  /** Page of the stored freelist; undefined when there is none, as etcd on Linux writes it. */
  readonly freelist: number | undefined;
  /** The first page never used: the database's size in pages. */
  readonly highWaterMark: number;
  readonly txid: number;
  /** Every page of the tree is sealed: one without a seal is damaged. */
  readonly sealed: boolean;
}

/** Reads an unsigned 32-bit integer. */
export function readU32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    0
  );
}

/** Reads an unsigned 64-bit integer; beyond 2^53 the result is inexact but stays above every safe integer. */
export function readU64(bytes: Uint8Array, at: number): number {
  return readU32(bytes, at + 4) * 2 ** 32 + readU32(bytes, at);
}

export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

export function writeU64(bytes: Uint8Array, at: number, value: number): void {
  writeU32(bytes, at, value >>> 0);
  writeU32(bytes, at + 4, Math.floor(value / 2 ** 32));
}

/** FNV-1a, 64 bits, as low and high half. */
function fnv1a(bytes: Uint8Array, from: number, to: number): { low: number; high: number } {
  let low = 0x84222325;
  let high = 0xcbf29ce4;
  for (let i = from; i < to; i++) {
    low = (low ^ (bytes[i] as number)) >>> 0;
    // The prime is 2^40 + 0x1b3.
    const product = low * 0x1b3;
    high = (high * 0x1b3 + Math.floor(product / 2 ** 32) + low * 0x100) % 2 ** 32;
    low = product % 2 ** 32;
  }
  return { low, high };
}

/** Writes a page header. */
export function writePageHeader(
  bytes: Uint8Array,
  at: number,
  header: { readonly id: number; readonly flags: number; readonly count: number; readonly overflow: number },
): void {
  writeU64(bytes, at, header.id);
  writeU32(bytes, at + 8, (header.flags | (header.count << 16)) >>> 0);
  writeU32(bytes, at + 12, header.overflow);
}

/** Writes a page header at word `at`. */
export function composeHeader(
  words: Uint32Array,
  at: number,
  id: number,
  flags: number,
  count: number,
  overflow: number,
): void {
  words[at] = id >>> 0;
  words[at + 1] = Math.floor(id / 2 ** 32);
  words[at + 2] = (flags | (count << 16)) >>> 0;
  words[at + 3] = overflow;
}

/** Encodes the meta page `id` (0 or 1), one whole page. */
export function encodeMeta(meta: Meta, id: number): Uint8Array {
  const page = new Uint8Array(meta.pageSize);
  writePageHeader(page, 0, { id, flags: metaFlag, count: 0, overflow: 0 });
  writeU32(page, 16, magic);
  writeU32(page, 20, version);
  writeU32(page, 24, meta.pageSize);
  writeU64(page, 32, meta.root);
  writeU64(page, 40, meta.rootSequence);
  if (meta.freelist === undefined) page.fill(0xff, 48, 56);
  else writeU64(page, 48, meta.freelist);
  writeU64(page, 56, meta.highWaterMark);
  writeU64(page, 64, meta.txid);
  const sum = fnv1a(page, 16, 72);
  writeU32(page, 72, sum.low);
  writeU32(page, 76, sum.high);
  if (meta.sealed) writeU32(page, 80, (sealedMark ^ sum.low) >>> 0);
  return page;
}

/**
 * Decodes a meta page that begins at `at`.
 *
 * @returns the meta, or why it is not one, in bbolt's words.
 */
export function decodeMeta(bytes: Uint8Array, at = 0): Meta | string {
  if (bytes.length < at + bboltMetaSize) return "file size too small";
  if (readU32(bytes, at + 16) !== magic) return "invalid database";
  if (readU32(bytes, at + 20) !== version) return "version mismatch";
  const sum = fnv1a(bytes, at + 16, at + 72);
  if (readU32(bytes, at + 72) !== sum.low || readU32(bytes, at + 76) !== sum.high) return "checksum error";
  const meta: Meta = {
    pageSize: readU32(bytes, at + 24),
    root: readU64(bytes, at + 32),
    rootSequence: readU64(bytes, at + 40),
    freelist: isNoPage(bytes, at + 48) ? undefined : readU64(bytes, at + 48),
    highWaterMark: readU64(bytes, at + 56),
    txid: readU64(bytes, at + 64),
    sealed: bytes.length >= at + metaSize && readU32(bytes, at + 80) === (sealedMark ^ sum.low) >>> 0,
  };
  if (meta.pageSize < 512 || (meta.pageSize & (meta.pageSize - 1)) !== 0) return `invalid page size ${meta.pageSize}`;
  if (!Number.isSafeInteger(meta.txid + 1)) return `invalid txid ${meta.txid}`;
  if (meta.root < 2 || meta.root >= meta.highWaterMark) return `root page ${meta.root} is out of bounds`;
  if (meta.highWaterMark > Number.MAX_SAFE_INTEGER / meta.pageSize) return "high water mark is out of bounds";
  return meta;
}

function isNoPage(bytes: Uint8Array, at: number): boolean {
  return readU32(bytes, at) === 0xffffffff && readU32(bytes, at + 4) === 0xffffffff;
}

/** The page size of a file that is created; 4,096 unless asked otherwise. */
export function pageSizeOf(asked: number | undefined): number {
  const size = asked ?? 4096;
  const allowed = size >= 1024 && size <= 65_536 && (size & (size - 1)) === 0;
  invariant(allowed, "the page size is not a power of two from 1,024 to 65,536", () => ({ size }));
  return size;
}
