/**
 * Reads the records of one segment and judges damage.
 *
 * Two things look alike and must not be confused. A *torn* record is one that a crash left half written: nobody was told
 * that it is durable, and it is cut off. *Corruption* is a change of what was durable: it stops the member, for cutting
 * there could lose acknowledged entries. A disk writes whole sectors, in any order, and the space ahead is zero, so:
 *
 * | found | judged |
 * | --- | --- |
 * | zero length field, the rest of its sector zero | end of the segment |
 * | zero length field, something behind it in the sector | corrupt |
 * | the file ends inside a frame, and the record agrees about its length as far as it is there | torn |
 * | length field and record contradict each other | corrupt |
 * | wrong checksum or unreadable, and a sector's part of the record is all zero | torn |
 * | the same, the record ends in a zero and only zeros follow to the end of the file | torn |
 * | the same otherwise | corrupt |
 *
 * One flipped bit remains that looks like a lost sector: a length of 8 or 16 that became 0 in the last eight bytes of one.
 *
 * etcd has the first, third and fifth line only (plus "length does not fit: torn" whatever the record says), so a flipped
 * bit in a length field can cost it entries.
 */
import { crc32cUpdate, type DiskFile, emptyBytes } from "@quorate/base";
import { WalCorruptError } from "./errors.ts";
import { RecordType, sectorBytes } from "./frame.ts";

const chunkBytes = 1024 * 1024;

/** How reading went on: a record, the segment's end, or a torn record at `offset`. */
export type ReadOutcome = "record" | "end" | "torn";

export class SegmentReader {
  readonly #file: DiskFile;
  readonly path: string;
  readonly #size: number;
  #chunk: Uint8Array = emptyBytes;
  #chunkAt = 0;

  /** Where the frame of the current record begins; after "end" and "torn", where good records end. */
  offset = 0;
  /** Where the next frame begins. */
  #next = 0;
  /** The checksum over all data so far, the current record's included. */
  crc: number;
  type = 0;
  /** The current record's data is `[from, to)` of `buffer`, which is never written to again: views of it may be kept. */
  buffer: Uint8Array = emptyBytes;
  from = 0;
  to = 0;
  /** What is wrong with a torn record. */
  complaint = "";

  /** End of the header, in front of the data, of the record parsed last. */
  #headerEnd = 0;
  #recordCrc = 0;

  /** @param crc checksum of what lies before this segment, 0 for the first one read. */
  constructor(file: DiskFile, path: string, crc: number) {
    this.#file = file;
    this.path = path;
    this.#size = file.size();
    this.crc = crc;
  }

  /**
   * Goes to the next record.
   *
   * @throws WalCorruptError
   */
  next(): ReadOutcome {
    const offset = this.#next;
    this.offset = offset;
    const left = this.#size - offset;
    if (left === 0) return "end";
    if (left < 8) return this.#torn("the file ends inside a length field");
    let at = this.#load(offset, 8);
    const low = word(this.#chunk, at);
    const high = word(this.#chunk, at + 4);
    if (low === 0 && high === 0) return this.#endAt(offset);
    const size = (high & 0xffffff) * 0x100000000 + low;
    const padding = (8 - (size % 8)) % 8;
    if (high >>> 24 !== (padding === 0 ? 0 : 0x80 | padding)) return this.#badLengthField(offset);
    if (8 + size + padding > left) return this.#cutShort(offset, size);
    at = this.#load(offset, 8 + size + padding) + 8;
    const complaint = this.#check(at, size, padding);
    if (complaint !== "") return this.#judge(complaint, size, padding);
    this.#next = offset + 8 + size + padding;
    return "record";
  }

  /** Takes the record apart and checks it; returns what is wrong, empty when nothing is. */
  #check(at: number, size: number, padding: number): string {
    const end = this.#parse(at, at + size);
    if (end < 0) return "the record is unreadable";
    if (end !== at + size) return this.#contradiction(at, size);
    const chunk = this.#chunk;
    const crc = this.#recordCrc;
    if (this.type === RecordType.crc) {
      if (this.crc !== 0 && this.crc !== crc) return mismatch(crc, this.crc);
      this.crc = crc;
    } else {
      const computed = crc32cUpdate(this.crc, chunk, this.from, this.to);
      if (computed !== crc) return mismatch(crc, computed);
      this.crc = computed;
    }
    for (let i = 0; i < padding; i++) if (chunk[at + size + i] !== 0) this.#corrupt("the padding is not zero");
    this.buffer = chunk;
    return "";
  }

  /**
   * Parses the record at `at` of the chunk as far as `limit`, into `type`, `from`, `to`.
   *
   * @returns where the record ends by its own account, -1 when it cannot be read.
   */
  #parse(at: number, limit: number): number {
    const chunk = this.#chunk;
    if (at + 4 > limit || chunk[at] !== 0x08 || chunk[at + 2] !== 0x10) return -1;
    this.type = chunk[at + 1] as number;
    let next = this.#varint(at + 3, limit);
    if (next < 0 || this.#value > 0xffffffff) return -1;
    this.#recordCrc = this.#value;
    this.from = next;
    this.to = next;
    this.#headerEnd = next;
    if (next === limit || this.type === RecordType.crc) return next;
    if (chunk[next] !== 0x1a) return -1;
    next = this.#varint(next + 1, limit);
    if (next < 0) return -1;
    this.#headerEnd = next;
    this.from = next;
    this.to = next + this.#value;
    return this.to;
  }

  #value = 0;

  /** Reads a varint of the chunk into `#value`; returns where it ends, or -1. */
  #varint(at: number, limit: number): number {
    const chunk = this.#chunk;
    let value = 0;
    let scale = 1;
    for (let next = at; next < limit && next < at + 7; next++) {
      const byte = chunk[next] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        this.#value = value;
        return next + 1;
      }
      scale *= 128;
    }
    return -1;
  }

  /** Length field and record disagree: corrupt, unless the record's own length was lost with what is behind it. */
  #contradiction(at: number, size: number): string {
    const complaint = `the length field says ${size}, the record another length`;
    if (this.#chunk[this.#headerEnd - 1] !== 0) this.#corrupt(complaint);
    const headerEnd = this.offset + 8 + this.#headerEnd - at;
    const sectorEnd = Math.min(this.#size, Math.ceil(headerEnd / sectorBytes) * sectorBytes);
    const start = this.#load(this.offset, sectorEnd - this.offset);
    const rest = start + headerEnd - this.offset;
    if (!isZero(this.#chunk, rest, start + sectorEnd - this.offset)) this.#corrupt(complaint);
    return complaint;
  }

  /** A zero length field ends the segment if it is one that nobody wrote to. */
  #endAt(offset: number): ReadOutcome {
    const end = Math.min(this.#size, (Math.floor(offset / sectorBytes) + 1) * sectorBytes);
    const at = this.#load(offset, end - offset);
    if (!isZero(this.#chunk, at, at + end - offset)) this.#corrupt("a length field is zero in front of data");
    return "end";
  }

  /** A length field whose parts contradict each other is torn only if nothing came behind it. */
  #badLengthField(offset: number): ReadOutcome {
    const length = Math.min(8, this.#size - offset - 8);
    const at = this.#load(offset, 8 + length) + 8;
    if (!isZero(this.#chunk, at, at + length)) this.#corrupt("a length field is malformed");
    return this.#torn("the length field is cut off");
  }

  /** The file ends inside the frame: torn, unless the record says that it is shorter. */
  #cutShort(offset: number, size: number): ReadOutcome {
    // Type, checksum and length take at most 20 bytes.
    const length = Math.min(32, this.#size - offset - 8, size);
    const at = this.#load(offset, 8 + length) + 8;
    const end = this.#parse(at, at + length);
    const headerCut = this.from === at + length;
    if (end >= 0 && !headerCut && end !== at + size) this.#contradiction(at, size);
    return this.#torn("the file ends inside a record");
  }

  #judge(complaint: string, size: number, padding: number): ReadOutcome {
    const at = this.#load(this.offset, 8 + size + padding) + 8;
    if (this.#hasZeroPiece(at, size + padding)) return this.#torn(complaint);
    const endsInZero = this.#chunk[at + size - 1] === 0;
    if (endsInZero && this.#isZeroFrom(this.offset + 8 + size + padding)) return this.#torn(complaint);
    return this.#corrupt(complaint);
  }

  /** Tells whether the part of the record in one of its sectors is all zero. */
  #hasZeroPiece(at: number, length: number): boolean {
    const start = this.offset + 8;
    for (let done = 0; done < length; ) {
      const piece = Math.min(length - done, sectorBytes - ((start + done) % sectorBytes));
      if (isZero(this.#chunk, at + done, at + done + piece)) return true;
      done += piece;
    }
    return false;
  }

  #isZeroFrom(position: number): boolean {
    const chunk = new Uint8Array(64 * 1024);
    for (let at = position; at < this.#size; ) {
      const count = this.#file.readAt(chunk, at);
      if (count === 0) break;
      if (!isZero(chunk, 0, count)) return false;
      at += count;
    }
    return true;
  }

  #torn(complaint: string): ReadOutcome {
    this.complaint = complaint;
    return "torn";
  }

  #corrupt(complaint: string): never {
    throw new WalCorruptError(this.path, this.offset, complaint);
  }

  /** Brings `[offset, offset + length)` of the file into the chunk and returns where it lies there. */
  #load(offset: number, length: number): number {
    const at = offset - this.#chunkAt;
    if (at >= 0 && at + length <= this.#chunk.length) return at;
    // A new chunk each time: entries keep views of the old one.
    const wanted = Math.min(this.#size - offset, Math.max(chunkBytes, length));
    this.#chunk = new Uint8Array(wanted);
    this.#chunkAt = offset;
    const count = this.#file.readAt(this.#chunk, offset);
    if (count < wanted) this.#corrupt("the file became shorter while it was read");
    return 0;
  }
}

function word(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
  return (low | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)) >>> 0;
}

function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] !== 0) return false;
  return true;
}

const mismatch = (expected: number, computed: number): string =>
  `crc mismatch: the record says ${expected.toString(16).padStart(8, "0")}, its data give ${computed.toString(16).padStart(8, "0")}`;
