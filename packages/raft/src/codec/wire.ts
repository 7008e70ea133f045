/**
 * The protobuf wire format, as far as raft's records need it. Writers know sizes beforehand and fill a buffer from
 * front to back; `Cursor` reads.
 *
 * Counters are safe integers: a larger one is refused where it is read, and an unsafe one is never written.
 */
import { CorruptError, invariant } from "@quorate/base";

const scratch64: BigUint64Array = new BigUint64Array(1);
const scratch32: Uint32Array = new Uint32Array(scratch64.buffer);
/** Index of the low half of `scratch64` in `scratch32`. */
const low: number = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 0 : 1;
const high: number = 1 - low;

/** How many bytes the varint of a counter takes. */
export function uvarintSize(value: number): number {
  if (value >>> 0 === value) {
    if (value < 0x80) return 1;
    if (value < 0x4000) return 2;
    if (value < 0x200000) return 3;
    return value < 0x10000000 ? 4 : 5;
  }
  invariant(Number.isSafeInteger(value) && value >= 0, "a counter is out of range", () => ({ value }));
  if (value < 0x800000000) return 5;
  if (value < 0x40000000000) return 6;
  return value < 0x2000000000000 ? 7 : 8;
}

/** Writes the varint of a counter at `at` and returns where it ends. */
export function putUvarint(buffer: Uint8Array, at: number, value: number): number {
  let next = at;
  let rest = value;
  while (rest >= 0x10000000) {
    buffer[next++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  while (rest >= 0x80) {
    buffer[next++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  buffer[next++] = rest;
  return next;
}

/** How many bytes the varint of an id takes. */
export function idSize(id: bigint): number {
  scratch64[0] = id;
  const hi = scratch32[high] as number;
  if (hi !== 0) return Math.ceil((64 - Math.clz32(hi)) / 7);
  const lo = scratch32[low] as number;
  return lo < 0x80 ? 1 : Math.ceil((32 - Math.clz32(lo)) / 7);
}

/** Writes the varint of an id (its low 64 bits) at `at` and returns where it ends. */
export function putId(buffer: Uint8Array, at: number, id: bigint): number {
  scratch64[0] = id;
  let lo = scratch32[low] as number;
  let hi = scratch32[high] as number;
  let next = at;
  while (hi !== 0 || lo >= 0x80) {
    buffer[next++] = (lo & 0x7f) | 0x80;
    lo = ((lo >>> 7) | (hi << 25)) >>> 0;
    hi >>>= 7;
  }
  buffer[next++] = lo;
  return next;
}

/** Size of a field's length and bytes, without its one-byte tag. */
export function bytesSize(length: number): number {
  return uvarintSize(length) + length;
}

/** Writes a one-byte tag, the length and the bytes. */
export function putBytes(buffer: Uint8Array, at: number, tag: number, bytes: Uint8Array): number {
  buffer[at] = tag;
  const start = putUvarint(buffer, at + 1, bytes.length);
  buffer.set(bytes, start);
  return start + bytes.length;
}

/** Reads protobuf values in order from `[at, limit)` of a buffer. Every failure is a `CorruptError` that names `where`. */
export class Cursor {
  buffer: Uint8Array;
  /** Position of the next byte. */
  at: number;
  /** Where the message being read ends. */
  limit: number;
  where: string;

  constructor(buffer: Uint8Array, from: number, to: number, where: string) {
    this.buffer = buffer;
    this.at = from;
    this.limit = to;
    this.where = where;
  }

  reset(buffer: Uint8Array, from: number, to: number, where: string): void {
    this.buffer = buffer;
    this.at = from;
    this.limit = to;
    this.where = where;
  }

  fail(message: string): never {
    throw new CorruptError(this.where, message);
  }

  /** Reads a tag; 0 at the end of the message. */
  tag(): number {
    if (this.at === this.limit) return 0;
    const tag = this.uvarint();
    if (tag >= 0x100000000) this.fail("a tag is out of range");
    if (tag < 8) this.fail("a field has number 0");
    return tag;
  }

  /** Reads a counter. */
  uvarint(): number {
    const buffer = this.buffer;
    const limit = this.limit;
    let at = this.at;
    if (at >= limit) this.fail("the message is cut short");
    let byte = buffer[at++] as number;
    if (byte < 0x80) {
      this.at = at;
      return byte;
    }
    let value = byte & 0x7f;
    let scale = 128;
    for (let size = 2; size <= 10; size++) {
      if (at >= limit) this.fail("the message is cut short");
      byte = buffer[at++] as number;
      // Past 2^53 this rounds, but never back below it.
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) this.fail("a counter is out of range");
        this.at = at;
        return value;
      }
      scale *= 128;
    }
    return this.fail("a varint is too long");
  }

  /** Reads all 64 bits. */
  id(): bigint {
    this.#varint64();
    return scratch64[0] as bigint;
  }

  /** Reads the low 32 bits, as for enumerations and `uint32`. */
  uint32(): number {
    this.#varint64();
    return scratch32[low] as number;
  }

  bool(): boolean {
    this.#varint64();
    return ((scratch32[low] as number) | (scratch32[high] as number)) !== 0;
  }

  /** Reads a varint into the scratch words. */
  #varint64(): void {
    const buffer = this.buffer;
    let lo = 0;
    let hi = 0;
    let at = this.at;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= this.limit) this.fail("the message is cut short");
      const byte = buffer[at++] as number;
      const bits = byte & 0x7f;
      if (shift < 28) lo |= bits << shift;
      else if (shift === 28) {
        lo |= bits << 28;
        hi = bits >>> 4;
      } else hi |= bits << (shift - 32);
      if (byte < 0x80) {
        this.at = at;
        scratch32[low] = lo;
        scratch32[high] = hi;
        return;
      }
    }
    this.fail("a varint is too long");
  }

  /** Reads a length and returns where that many bytes end; `at` is where they start. */
  lengthEnd(): number {
    const length = this.uvarint();
    const end = this.at + length;
    if (end > this.limit) this.fail("a field runs past the end of its message");
    return end;
  }

  /** Returns a view of the buffer. */
  bytes(): Uint8Array {
    const end = this.lengthEnd();
    const view = this.buffer.subarray(this.at, end);
    this.at = end;
    return view;
  }

  /** Starts a nested message; give what it returns to `leave`. */
  enter(): number {
    const outer = this.limit;
    this.limit = this.lengthEnd();
    return outer;
  }

  /** Ends the nested message. */
  leave(outer: number): void {
    this.at = this.limit;
    this.limit = outer;
  }

  /** Adds the ids of one field, packed or not, to `ids`. */
  ids(tag: number, ids: bigint[]): void {
    if ((tag & 7) === 0) {
      ids.push(this.id());
      return;
    }
    const outer = this.enter();
    while (this.at < this.limit) ids.push(this.id());
    this.leave(outer);
  }

  /** Skips a field that the message does not know, groups included. */
  skip(tag: number): void {
    const open: number[] = [];
    let next = tag;
    for (;;) {
      switch (next & 7) {
        case 0:
          this.#varint64();
          break;
        case 1:
          this.#advance(8);
          break;
        case 2:
          this.at = this.lengthEnd();
          break;
        case 3:
          open.push(next >>> 3);
          break;
        case 4:
          if (open.pop() !== next >>> 3) this.fail("a group ends that did not start");
          break;
        case 5:
          this.#advance(4);
          break;
        default:
          this.fail(`wire type ${next & 7} is unknown`);
      }
      if (open.length === 0) return;
      next = this.tag();
      if (next === 0) this.fail("a group does not end");
    }
  }

  #advance(bytes: number): void {
    if (this.at + bytes > this.limit) this.fail("the message is cut short");
    this.at += bytes;
  }
}
