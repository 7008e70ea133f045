/**
 * The protobuf wire format, for the generated codecs.
 *
 * The writer fills its buffer from the end towards the front: when a nested message has been written its length is
 * known, so one pass is enough and nothing is measured beforehand.
 */
import { isUtf8, utf8Decode, utf8Encode } from "@quorate/base";

/** Bytes that are not a message of the expected type. */
export class ProtoError extends Error {
  override readonly name = "ProtoError";
}

const scratch64 = new BigInt64Array(1);
const scratch32 = new Uint32Array(scratch64.buffer);
const unsigned64 = new BigUint64Array(scratch64.buffer);

/** Index of the low half of `scratch64` in `scratch32`. */
const low = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 0 : 1;
const high = 1 - low;

/** Writes protobuf values in front of each other. Get one with `startWriter`. */
export class Writer {
  #buffer: Uint8Array;
  #at: number;

  constructor(capacity = 4096) {
    this.#buffer = new Uint8Array(capacity);
    this.#at = capacity;
  }

  /** Forgets what was written. */
  start(): void {
    // One huge message must not keep its memory for ever.
    if (this.#buffer.length > writerKeepBytesMax) this.#buffer = new Uint8Array(4096);
    this.#at = this.#buffer.length;
  }

  /** How many bytes have been written so far, counted as a negative distance: `end - mark()` is a length. */
  mark(): number {
    return this.#at - this.#buffer.length;
  }

  /** Copies out what was written. */
  finish(): Uint8Array {
    return this.#buffer.slice(this.#at);
  }

  #reserve(bytes: number): void {
    if (this.#at >= bytes) return;
    const used = this.#buffer.length - this.#at;
    const grown = new Uint8Array(Math.max(this.#buffer.length * 2, used + bytes));
    grown.set(this.#buffer.subarray(this.#at), grown.length - used);
    this.#at = grown.length - used;
    this.#buffer = grown;
  }

  /** Writes a non-negative safe integer. */
  uvarint(value: number): void {
    this.#reserve(10);
    const buffer = this.#buffer;
    if (value < 0x80) {
      buffer[--this.#at] = value;
      return;
    }
    let size = 1;
    for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 128)) size += 1;
    this.#at -= size;
    let at = this.#at;
    let rest = value;
    while (rest >= 0x80000000) {
      buffer[at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest >= 0x80) {
      buffer[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    buffer[at] = rest;
  }

  /** Writes a safe integer; a negative one takes ten bytes. */
  varint(value: number): void {
    if (value >= 0) this.uvarint(value);
    else this.bigVarint(BigInt(value));
  }

  /** Writes the low 64 bits of `value`. */
  bigVarint(value: bigint): void {
    scratch64[0] = value;
    this.#halves(scratch32[low] as number, scratch32[high] as number);
  }

  #halves(lower: number, upper: number): void {
    this.#reserve(10);
    let lo = lower;
    let hi = upper;
    const buffer = this.#buffer;
    const bits = hi === 0 ? 32 - Math.clz32(lo) : 64 - Math.clz32(hi);
    const size = bits === 0 ? 1 : Math.ceil(bits / 7);
    this.#at -= size;
    let at = this.#at;
    for (let i = 1; i < size; i++) {
      buffer[at++] = (lo & 0x7f) | 0x80;
      lo = ((lo >>> 7) | (hi << 25)) >>> 0;
      hi >>>= 7;
    }
    buffer[at] = lo;
  }

  /** Writes the unsigned 64-bit value whose upper 16 bits are `upper` and whose lower 48 bits are `low48`. */
  parts64(upper: number, low48: number): void {
    this.#halves((low48 % 0x100000000) >>> 0, ((upper << 16) | Math.floor(low48 / 0x100000000)) >>> 0);
  }

  bool(value: boolean): void {
    this.#reserve(1);
    this.#buffer[--this.#at] = value ? 1 : 0;
  }

  /** Writes a length and the bytes. */
  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#at -= value.length;
    this.#buffer.set(value, this.#at);
    this.uvarint(value.length);
  }

  /** Writes bytes without a length, as when they are the fields of a message already encoded. */
  splice(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#at -= value.length;
    this.#buffer.set(value, this.#at);
  }

  /** Writes a length and the UTF-8 form of `value`. */
  string(value: string): void {
    this.bytes(utf8Encode(value));
  }
}

const writerKeepBytesMax = 4 * 1024 * 1024;
const sharedWriter = new Writer(64 * 1024);

/** Returns the writer that all encoders share; it is free again after `finish`. */
export function startWriter(): Writer {
  sharedWriter.start();
  return sharedWriter;
}

/** Reads protobuf values in order. Get one with `startReader`. */
export class Reader {
  #buffer: Uint8Array;
  /** Position of the next byte. */
  at: number;
  /** The upper 16 bits of what `low48` read last. */
  highPart = 0;
  #limit: number;

  constructor(buffer: Uint8Array) {
    this.#buffer = buffer;
    this.at = 0;
    this.#limit = buffer.length;
  }

  reset(buffer: Uint8Array): void {
    this.#buffer = buffer;
    this.at = 0;
    this.#limit = buffer.length;
  }

  /** Gives the reader back for the next `startReader`, and forgets the buffer. */
  release(): void {
    this.reset(noBytes);
    if (spareReader === undefined) spareReader = this;
  }

  /** Reads a tag that must lie before `end`. Field number 0 is malformed. */
  tag(end: number): number {
    const tag = this.#uvarint32();
    if (this.at > end) throw new ProtoError("message is truncated");
    if (tag >>> 3 === 0) throw new ProtoError("field number 0");
    return tag;
  }

  /** Reads a length and returns where that many bytes end. */
  lengthEnd(): number {
    const length = this.uint64();
    const end = this.at + length;
    if (end > this.#limit) throw new ProtoError("message is truncated");
    return end;
  }

  /** A field that ran over the end of its message is malformed. */
  expectEnd(end: number): void {
    if (this.at !== end) throw new ProtoError("field runs over the end of its message");
  }

  #uvarint32(): number {
    const buffer = this.#buffer;
    const first = buffer[this.at] as number;
    if (this.at < this.#limit && first < 0x80) {
      this.at += 1;
      return first;
    }
    this.#varint64();
    return scratch32[low] as number;
  }

  /** Reads a varint into the scratch words. */
  #varint64(): void {
    const buffer = this.#buffer;
    let lo = 0;
    let hi = 0;
    let shift = 0;
    let at = this.at;
    for (;;) {
      if (at >= this.#limit) throw new ProtoError("message is truncated");
      const byte = buffer[at++] as number;
      const bits = byte & 0x7f;
      if (shift < 28) lo |= bits << shift;
      else if (shift === 28) {
        lo |= bits << 28;
        hi = bits >>> 4;
      } else hi |= bits << (shift - 32);
      if (byte < 0x80) break;
      shift += 7;
      if (shift > 63) throw new ProtoError("varint is too long");
    }
    this.at = at;
    scratch32[low] = lo;
    scratch32[high] = hi;
  }

  bool(): boolean {
    this.#varint64();
    return scratch32[low] !== 0 || scratch32[high] !== 0;
  }

  int32(): number {
    return this.#uvarint32() | 0;
  }

  uint32(): number {
    return this.#uvarint32() >>> 0;
  }

  /** Values past the safe integers are clamped. */
  uint64(): number {
    const buffer = this.#buffer;
    const first = buffer[this.at] as number;
    if (this.at < this.#limit && first < 0x80) {
      this.at += 1;
      return first;
    }
    this.#varint64();
    const hi = scratch32[high] as number;
    return hi >= 0x200000 ? Number.MAX_SAFE_INTEGER : hi * 0x100000000 + (scratch32[low] as number);
  }

  /** Values past the safe integers are clamped, on both sides. */
  int64(): number {
    const buffer = this.#buffer;
    const first = buffer[this.at] as number;
    if (this.at < this.#limit && first < 0x80) {
      this.at += 1;
      return first;
    }
    this.#varint64();
    const hi = (scratch32[high] as number) | 0;
    if (hi >= 0x200000) return Number.MAX_SAFE_INTEGER;
    const value = hi * 0x100000000 + (scratch32[low] as number);
    return value < Number.MIN_SAFE_INTEGER ? Number.MIN_SAFE_INTEGER : value;
  }

  bigUint64(): bigint {
    this.#varint64();
    return unsigned64[0] as bigint;
  }

  bigInt64(): bigint {
    this.#varint64();
    return scratch64[0] as bigint;
  }

  /** Reads an unsigned 64-bit value without making a bigint; `highPart` has the upper 16 bits of it. */
  low48(): number {
    this.#varint64();
    const upper = scratch32[high] as number;
    this.highPart = upper >>> 16;
    return (upper & 0xffff) * 0x100000000 + (scratch32[low] as number);
  }

  /** Returns a view of the buffer. */
  bytes(): Uint8Array {
    const end = this.lengthEnd();
    const view = this.#buffer.subarray(this.at, end);
    this.at = end;
    return view;
  }

  string(): string {
    const bytes = this.bytes();
    if (!isUtf8(bytes)) throw new ProtoError("string is not UTF-8");
    return utf8Decode(bytes);
  }

  /** Skips the value of a field that the message does not know. */
  skip(tag: number): void {
    switch (tag & 7) {
      case 0:
        this.#varint64();
        return;
      case 1:
        this.#advance(8);
        return;
      case 2:
        this.at = this.lengthEnd();
        return;
      case 3:
        this.#skipGroup(tag >>> 3);
        return;
      case 5:
        this.#advance(4);
        return;
      default:
        throw new ProtoError(`wire type ${tag & 7} cannot be skipped`);
    }
  }

  #advance(bytes: number): void {
    if (this.at + bytes > this.#limit) throw new ProtoError("message is truncated");
    this.at += bytes;
  }

  #skipGroup(field: number): void {
    // Groups nest; a stack of field numbers instead of recursion, so that hostile input cannot exhaust the call stack.
    const open = [field];
    while (open.length > 0) {
      const tag = this.tag(this.#limit);
      if ((tag & 7) === 3) open.push(tag >>> 3);
      else if ((tag & 7) === 4) {
        if (open.pop() !== tag >>> 3) throw new ProtoError("group ends that did not start");
      } else this.skip(tag);
    }
  }
}

const noBytes = new Uint8Array(0);
let spareReader: Reader | undefined = new Reader(noBytes);

/** Returns a reader over `bytes`; give it back with `release`. */
export function startReader(bytes: Uint8Array): Reader {
  const reader = spareReader;
  if (reader === undefined) return new Reader(bytes);
  spareReader = undefined;
  reader.reset(bytes);
  return reader;
}
