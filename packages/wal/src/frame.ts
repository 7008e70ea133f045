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

/** Frames are built in pieces of memory of this size. */
const pieceBytes = 256 * 1024;
/** Data from this size on is written from where it is, not copied between its frame's head and padding. */
const referencedBytesMin = 32 * 1024;
/** A frame without its data: length field, tags, type, checksum, size, padding. */
const frameOverheadMax = 8 + 2 + 6 + 6 + 7;
/** A term, a vote and a commit index take at most 30 bytes with their tags. */
const stateScratch: Uint8Array = new Uint8Array(32);

/**
 * Builds the frames of one batch, in memory that it uses again, and carries the checksum on. Large data stays where it
 * is; nobody changes it until it is written.
 */
export class FrameBuffer {
  #piece: Uint8Array = new Uint8Array(pieceBytes);
  /** How much of the piece is used, and where in it begins what is in no part yet. */
  #used = 0;
  #partStart = 0;
  #parts: Uint8Array[] = [];
  #length = 0;
  /** The checksum over all data so far. */
  crc: number;

  constructor(crc = 0) {
    this.crc = crc;
  }

  get length(): number {
    return this.#length;
  }

  /** What was built, one part behind the other; valid until the next call of a method. */
  parts(): readonly Uint8Array[] {
    this.#endPart();
    return this.#parts;
  }

  /** What was built, in one piece. */
  bytes(): Uint8Array {
    const parts = this.parts();
    if (parts.length === 1) return parts[0] as Uint8Array;
    const bytes = new Uint8Array(this.#length);
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  /** Forgets the frames, not the checksum. */
  clear(): void {
    this.#parts = [];
    this.#used = 0;
    this.#partStart = 0;
    this.#length = 0;
  }

  /** What was built, for whoever keeps it; the frames are forgotten, not the checksum. */
  take(): readonly Uint8Array[] {
    const parts = this.parts();
    this.clear();
    this.#piece = new Uint8Array(pieceBytes);
    return parts;
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
    const referenced = size >= referencedBytesMin;
    this.#reserve(frameOverheadMax + (referenced ? 0 : size));
    const bytes = this.#piece;
    let at = this.#used;
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
      const part = size === data.length ? data : data.subarray(from, to);
      if (referenced) {
        this.#used = at;
        this.#endPart();
        this.#parts.push(part);
      } else {
        bytes.set(part, at);
        at += size;
      }
    }
    for (let i = 0; i < padding; i++) bytes[at++] = 0;
    this.#used = at;
    this.#length += 8 + recordSize + padding;
    this.crc = crc;
  }

  /** Ends the part that is being built, where the piece is used to. */
  #endPart(): void {
    if (this.#used === this.#partStart) return;
    this.#parts.push(this.#piece.subarray(this.#partStart, this.#used));
    this.#partStart = this.#used;
  }

  #reserve(bytes: number): void {
    if (this.#used + bytes <= this.#piece.length) return;
    this.#endPart();
    this.#piece = new Uint8Array(pieceBytes);
    this.#used = 0;
    this.#partStart = 0;
  }
}
