/**
 * `raftpb.Entry`: Type = 1, Term = 2, Index = 3 (always written), Data = 4 (written unless empty).
 *
 * ```
 * 08 type | 10 term | 18 index | 22 length data
 * 08 00     10 02     18 06      22 03     6b 3d 76
 * ```
 */
import { emptyBytes } from "@quorate/base";
import { type Entry, type EntryType, newEntry } from "../types.ts";
import { bytesSize, Cursor, putBytes, putUvarint, uvarintSize } from "./wire.ts";

/** Entries up to this size share a slab, so that most need no memory of their own. */
const slabEntryBytesMax = 4096;
const slabBytes = 64 * 1024;

const dataTag = 0x22;
/** What comes before the data: four tags, a type, two counters of up to eight bytes, a length of up to five. */
const headBytesMax = 4 + 1 + 2 * 8 + 5;
/** From this size on it is worth a note in `rooms` to spare a copy. */
const roomyBytesMin = 32 * 1024;
/** Memory of large data that no entry was encoded in yet. */
const rooms: WeakSet<ArrayBufferLike> = new WeakSet();

let slab: Uint8Array = emptyBytes;
let slabUsed = 0;

const cursor: Cursor = new Cursor(emptyBytes, 0, 0, "");

/** How many bytes the canonical encoding takes. */
export function entrySize(entry: Entry): number {
  if (entry.encoded !== undefined) return entry.encoded.length;
  return fieldsSize(entry.term, entry.index, entry.data.length);
}

function fieldsSize(term: number, index: number, dataLength: number): number {
  return 4 + uvarintSize(term) + uvarintSize(index) + (dataLength === 0 ? 0 : 1 + bytesSize(dataLength));
}

/** Writes `entry` at `at`, copying `encoded` when it is there, and returns where it ends. Does not set `encoded`. */
export function writeEntry(entry: Entry, buffer: Uint8Array, at: number): number {
  const encoded = entry.encoded;
  if (encoded !== undefined) {
    buffer.set(encoded, at);
    return at + encoded.length;
  }
  const next = writeCounters(entry, buffer, at);
  return entry.data.length === 0 ? next : putBytes(buffer, next, dataTag, entry.data);
}

/** Writes what comes before the data. */
function writeCounters(entry: Entry, buffer: Uint8Array, at: number): number {
  buffer[at] = 0x08;
  buffer[at + 1] = entry.type;
  buffer[at + 2] = 0x10;
  const next = putUvarint(buffer, at + 3, entry.term);
  buffer[next] = 0x18;
  return putUvarint(buffer, next + 1, entry.index);
}

/** Gives zeros for the data of an entry. Other memory does as well; around large data from here the entry is encoded without a copy. */
export function entryData(size: number): Uint8Array {
  if (size < roomyBytesMin) return new Uint8Array(size);
  const bytes = new Uint8Array(headBytesMax + size);
  rooms.add(bytes.buffer);
  return bytes.subarray(headBytesMax);
}

/** The encoding of `entry` around its data, where there is room for it that no other entry has taken. */
function encodeInPlace(entry: Entry, size: number): Uint8Array | undefined {
  const { data } = entry;
  if (data.byteOffset !== headBytesMax || !rooms.delete(data.buffer)) return undefined;
  const bytes = new Uint8Array(data.buffer, headBytesMax + data.length - size, size);
  const at = writeCounters(entry, bytes, 0);
  bytes[at] = dataTag;
  putUvarint(bytes, at + 1, data.length);
  return bytes;
}

/**
 * Returns the encoding of `entry`, made at the first call and kept in `entry.encoded`.
 * Nobody writes to it; small ones share memory with their neighbours.
 */
export function encodeEntry(entry: Entry): Uint8Array {
  if (entry.encoded !== undefined) return entry.encoded;
  const size = entrySize(entry);
  if (entry.data.length >= roomyBytesMin) {
    const around = encodeInPlace(entry, size);
    if (around !== undefined) {
      entry.encoded = around;
      return around;
    }
  }
  let bytes: Uint8Array;
  if (size > slabEntryBytesMax) {
    bytes = new Uint8Array(size);
  } else {
    if (slabUsed + size > slab.length) {
      slab = new Uint8Array(slabBytes);
      slabUsed = 0;
    }
    bytes = slab.subarray(slabUsed, slabUsed + size);
    slabUsed += size;
  }
  writeEntry(entry, bytes, 0);
  entry.encoded = bytes;
  return bytes;
}

/**
 * Decodes the entry in `[from, to)` of `bytes`.
 *
 * `data`, and `encoded` when the bytes are in canonical form, are views of `bytes`: the caller no longer writes to it.
 *
 * @param where what a `CorruptError` names.
 * @throws CorruptError for malformed bytes, an unknown type, or a counter past the safe integers.
 */
export function decodeEntry(bytes: Uint8Array, from = 0, to: number = bytes.length, where = "raftpb.Entry"): Entry {
  cursor.reset(bytes, from, to, where);
  return readEntry(cursor);
}

/** Reads an entry that fills the cursor's message. */
export function readEntry(c: Cursor): Entry {
  const start = c.at;
  let type = 0;
  let term = 0;
  let index = 0;
  let data = emptyBytes;
  /** Field numbers in the order seen, an octal digit each. */
  let seen = 0;
  for (let tag = c.tag(); tag !== 0; tag = c.tag()) {
    seen = seen < 0o1000 ? seen * 8 + (tag >>> 3) : 0o7777;
    switch (tag) {
      case 0x08:
        type = c.uint32();
        break;
      case 0x10:
        term = c.uvarint();
        break;
      case 0x18:
        index = c.uvarint();
        break;
      case dataTag:
        data = c.bytes();
        break;
      default:
        seen = 0o7777;
        c.skip(tag);
    }
  }
  if (type > 2) c.fail(`entry type ${type} is unknown`);
  const entry = newEntry(type as EntryType, term, index, data);
  // All fields once and in order, in as few bytes as possible: this is the encoding that we would make.
  const complete = seen === (data.length === 0 ? 0o123 : 0o1234);
  if (complete && c.at - start === fieldsSize(term, index, data.length)) entry.encoded = c.buffer.subarray(start, c.at);
  return entry;
}
