/**
 * How records lie in a segment.
 *
 * ```
 * u64 length field, little endian        n bytes walpb.Record                        p bytes
 * bits 0..55   n                         08 type  10 crc  [1a length data]           zero
 * bits 56..58  p = (8 - n mod 8) mod 8
 * bit 63       1 if p > 0
 * ```
 *
 * A segment starts with a crc record, the metadata and, unless it is empty, the hard state. The checksum is CRC-32C over
 * the data of all records since the first segment; a crc record carries it into the next segment. A length field of 0,
 * or the end of the file, ends a segment.
 *
 * Worked example, the first two records of a log:
 *
 * ```
 * 04 00 00 00 00 00 00 84  08 04 10 00  00 00 00 00                            crc 0
 * 1f 00 00 00 00 00 00 81  08 01 10 ea c6 87 85 03  1a 15 08 c9 … da 01  00   metadata, 21 bytes
 * ```
 */
import { crc32cUpdate, emptyBytes, invariant } from "@quorate/base";
import {
  encodeEntry,
  type Entry,
  type HardState,
  hardStateSize,
  putUvarint,
  uvarintSize,
  writeHardState,
} from "@quorate/raft";

/** `walpb.Record.type`. */
export const RecordType = { metadata: 1, entry: 2, state: 3, crc: 4, snapshot: 5 } as const;
export type RecordType = (typeof RecordType)[keyof typeof RecordType];

/** etcd 3.4 refuses to read a record of 10 MiB or more. */
export const recordBytesMax: number = 10 * 1024 * 1024;
/** The unit that a disk writes as a whole. */
export const sectorBytes = 512;

const initialBytes = 256 * 1024;
const keepBytesMax = 4 * 1024 * 1024;
/** A term, a vote and a commit index take at most 30 bytes with their tags. */
const stateScratch: Uint8Array = new Uint8Array(32);

/** Builds the frames of one batch in a buffer that it uses again, and carries the checksum on. */
export class FrameBuffer {
  #bytes: Uint8Array = new Uint8Array(initialBytes);
  #length = 0;
  /** The checksum over all data so far. */
  crc: number;

  constructor(crc = 0) {
    this.crc = crc;
  }

  get length(): number {
    return this.#length;
  }

  /** What was built; valid until the next call of a method. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Forgets the frames, not the checksum. */
  clear(): void {
    this.#length = 0;
    if (this.#bytes.length > keepBytesMax) this.#bytes = new Uint8Array(initialBytes);
  }

  /** What was built, for whoever keeps it; the frames are forgotten, not the checksum. */
  take(): Uint8Array {
    const taken = this.bytes();
    this.#bytes = new Uint8Array(initialBytes);
    this.#length = 0;
    return taken;
  }

  /** Adds the record that passes the checksum on. */
  addCrc(): void {
    this.#add(RecordType.crc, emptyBytes, 0, 0);
  }

  addEntry(entry: Entry): void {
    const encoded = encodeEntry(entry);
    this.#add(RecordType.entry, encoded, 0, encoded.length);
  }

  addState(state: HardState): void {
    writeHardState(state, stateScratch, 0);
    this.#add(RecordType.state, stateScratch, 0, hardStateSize(state));
  }

  addData(type: RecordType, data: Uint8Array): void {
    this.#add(type, data, 0, data.length);
  }

  #add(type: RecordType, data: Uint8Array, from: number, to: number): void {
    const size = to - from;
    const crc = crc32cUpdate(this.crc, data, from, to);
    const recordSize = 3 + uvarintSize(crc) + (size === 0 ? 0 : 1 + uvarintSize(size) + size);
    invariant(recordSize < recordBytesMax, "a record is too large for the log", () => ({ type, size }));
    const padding = (8 - (recordSize & 7)) & 7;
    const frameSize = 8 + recordSize + padding;
    if (this.#length + frameSize > this.#bytes.length) this.#grow(this.#length + frameSize);
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at] = recordSize & 0xff;
    bytes[at + 1] = (recordSize >>> 8) & 0xff;
    bytes[at + 2] = (recordSize >>> 16) & 0xff;
    bytes[at + 3] = recordSize >>> 24;
    bytes[at + 4] = 0;
    bytes[at + 5] = 0;
    bytes[at + 6] = 0;
    bytes[at + 7] = padding === 0 ? 0 : 0x80 | padding;
    bytes[at + 8] = 0x08;
    bytes[at + 9] = type;
    bytes[at + 10] = 0x10;
    at = putUvarint(bytes, at + 11, crc);
    if (size !== 0) {
      bytes[at] = 0x1a;
      at = putUvarint(bytes, at + 1, size);
      bytes.set(size === data.length ? data : data.subarray(from, to), at);
      at += size;
    }
    for (let i = 0; i < padding; i++) bytes[at++] = 0;
    this.#length = at;
    this.crc = crc;
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.bytes());
    this.#bytes = grown;
  }
}
