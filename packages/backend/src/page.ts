import { CorruptError, compareBytes } from "@quorate/base";
import {
  branchFlag,
  bucketElement,
  bucketHeaderSize,
  elementSize,
  leafFlag,
  pageHeaderSize,
  readU32,
  readU64,
} from "./format.ts";
import { isSealBroken, isSealed } from "./seal.ts";

if (new Uint8Array(Uint32Array.of(1).buffer)[0] !== 1) throw new Error("only little-endian machines are supported");

/** A key that is not where the order of keys wants it. */
export interface Disorder {
  readonly element: number;
  /** Where the key begins, counted from the page. */
  readonly at: number;
  readonly message: string;
}

/** Where a page lies, or is read to. */
export interface PageMemory {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  /** A multiple of 4. */
  readonly base: number;
}

/** Makes memory for `size` bytes. */
export function pageMemory(size: number): PageMemory {
  const words = new Uint32Array(size >>> 2);
  return { words, bytes: new Uint8Array(words.buffer), base: 0 };
}

/**
 * A branch or leaf page as it stands in the file, with its overflow pages. Immutable: its bytes are never written
 * again, so keys and values handed out are views that stay as they are for as long as somebody holds them.
 */
export class Page {
  /** 0 for the page of an inline bucket. */
  readonly id: number;
  readonly leaf: boolean;
  readonly count: number;
  /** Pages that follow without headers. */
  readonly overflow: number;
  /** Bytes that the page occupies from `base` on. */
  readonly length: number;
  /** The cache's: its count of new pages when this one came, and when it was last asked for; 0 is never. */
  came: number = 0;
  used: number = 0;
  /** Memory that holds the page at `#base`, perhaps among others. */
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #base: number;
  /** Word of the first element's `pos`. */
  readonly #first: number;
  /** Bytes that all keys begin with; -1 before somebody searched. */
  #shared = -1;

  /**
   * @param bytes memory that begins at a multiple of 4 in its buffer and is given away.
   * @param words the same memory.
   * @param base where the page begins; a multiple of 4.
   */
  constructor(bytes: Uint8Array, words: Uint32Array, base: number, length: number) {
    const at = base >>> 2;
    this.id = (words[at + 1] as number) * 2 ** 32 + (words[at] as number);
    const flagsAndCount = words[at + 2] as number;
    this.leaf = (flagsAndCount & leafFlag) !== 0;
    this.count = flagsAndCount >>> 16;
    this.overflow = words[at + 3] as number;
    this.length = length;
    this.#bytes = bytes;
    this.#words = words;
    this.#base = base;
    this.#first = at + 4 + (this.leaf ? 1 : 0);
  }

  /**
   * Finds `key`.
   *
   * @returns its index, or `~i` where `i` is the index of the first greater key.
   */
  search(key: Uint8Array): number {
    const bytes = this.#bytes;
    const words = this.#words;
    const first = this.#first;
    const elements = this.#base + pageHeaderSize;
    const length = key.length;
    let high = this.count - 1;
    if (high < 0) return ~0;
    const shared = this.#shared < 0 ? this.#findShared() : this.#shared;
    const lowest = elements + (words[first] as number);
    for (let i = 0; i < shared; i++) {
      if (i >= length) return ~0;
      const difference = (bytes[lowest + i] as number) - (key[i] as number);
      if (difference !== 0) return difference > 0 ? ~0 : ~this.count;
    }
    let low = 0;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const word = first + middle * 4;
      const size = words[word + 1] as number;
      const start = elements + middle * elementSize + (words[word] as number);
      const both = size < length ? size : length;
      let order = size - length;
      for (let i = shared; i < both; i++) {
        const difference = (bytes[start + i] as number) - (key[i] as number);
        if (difference !== 0) {
          order = difference;
          break;
        }
      }
      if (order < 0) low = middle + 1;
      else if (order > 0) high = middle - 1;
      else return middle;
    }
    return ~low;
  }

  /** Measures what the first key has in common with the last, and so with all. */
  #findShared(): number {
    const first = this.key(0);
    const last = this.key(this.count - 1);
    const both = first.length < last.length ? first.length : last.length;
    let shared = 0;
    while (shared < both && first[shared] === last[shared]) shared += 1;
    this.#shared = shared;
    return shared;
  }

  key(index: number): Uint8Array {
    const word = this.#first + index * 4;
    const start = this.#base + pageHeaderSize + index * elementSize + (this.#words[word] as number);
    return this.#bytes.subarray(start, start + (this.#words[word + 1] as number));
  }

  /** Only of leaves. */
  value(index: number): Uint8Array {
    const word = this.#first + index * 4;
    const start =
      this.#base +
      pageHeaderSize +
      index * elementSize +
      (this.#words[word] as number) +
      (this.#words[word + 1] as number);
    return this.#bytes.subarray(start, start + (this.#words[word + 2] as number));
  }

  /** Tells whether the value at `index` is a bucket. Only of leaves. */
  isBucket(index: number): boolean {
    return ((this.#words[this.#first + index * 4 - 1] as number) & bucketElement) !== 0;
  }

  /** The first nested bucket at `from` or behind it; `count` when there is none. Only of leaves. */
  firstBucket(from: number): number {
    const words = this.#words;
    const count = this.count;
    let index = from;
    for (let word = this.#first + from * 4 - 1; index < count; index++, word += 4) {
      if (((words[word] as number) & bucketElement) !== 0) break;
    }
    return index;
  }

  /** The page below. Only of branches. */
  child(index: number): number {
    const word = this.#first + index * 4 + 2;
    return (this.#words[word + 1] as number) * 2 ** 32 + (this.#words[word] as number);
  }

  /** Copies the page to other memory. */
  copyTo({ bytes, words, base }: PageMemory): Page {
    bytes.set(this.#bytes.subarray(this.#base, this.#base + this.length), base);
    return new Page(bytes, words, base, this.length);
  }

  /** Bytes that the content needs on a page, header included. */
  usedBytes(): number {
    const words = this.#words;
    let used = pageHeaderSize + this.count * elementSize;
    let word = this.#first + 1;
    for (let i = 0; i < this.count; i++, word += 4) {
      used += words[word] as number;
      if (this.leaf) used += words[word + 1] as number;
    }
    return used;
  }

  /** Says what is wrong with the first 16 bytes, or nothing. */
  headerProblem(id: number, highWaterMark: number): string | undefined {
    if (this.id !== id) return `page expected to be ${id}, but self identifies as ${this.id}`;
    const flags = (this.#words[(this.#base >>> 2) + 2] as number) & 0xffff;
    if (flags !== leafFlag && flags !== branchFlag) return `page ${id}: invalid type 0x${flags.toString(16)}`;
    if (id > 0 && id + this.overflow >= highWaterMark) return `page ${id}: overflow is out of bounds`;
    return undefined;
  }

  /** Says what is wrong with the layout, or nothing; of the order of keys `disorder` speaks. */
  problem(id: number, highWaterMark: number): string | undefined {
    const header = this.headerProblem(id, highWaterMark);
    if (header !== undefined) return header;
    const data = pageHeaderSize + this.count * elementSize;
    if (data > this.length) return `page ${id}: ${this.count} elements do not fit`;
    if (!this.leaf && this.count === 0) return `page ${id}: branch without children`;
    for (let i = 0; i < this.count; i++) {
      const problem = this.#elementProblem(i, data, highWaterMark);
      if (problem !== undefined) return `page ${id}: element ${i}: ${problem}`;
    }
    return undefined;
  }

  get isSealed(): boolean {
    return isSealed(this.#words, this.#base, this.length);
  }

  /** Says that the page is not what was written, where its seal tells; without one it is, unless it `mustBeSealed`. */
  sealProblem(id: number, mustBeSealed: boolean): string | undefined {
    if (!this.isSealed) return mustBeSealed ? `page ${id}: the checksum is missing` : undefined;
    return isSealBroken(this.#words, this.#base, this.length) ? `page ${id}: the checksum does not match` : undefined;
  }

  /**
   * Finds the first key that does not rise above the one before it, or that lies outside [low, high).
   *
   * The page has a good layout.
   */
  disorder(low: Uint8Array | undefined, high: Uint8Array | undefined): Disorder | undefined {
    if (this.count === 0) return undefined;
    if (low !== undefined && compareBytes(this.key(0), low) < 0) return this.#disorderAt(0, "key is below its branch");
    const bytes = this.#bytes;
    const words = this.#words;
    let word = this.#first;
    let element = this.#base + pageHeaderSize;
    let before = element + (words[word] as number);
    let beforeSize = words[word + 1] as number;
    for (let i = 1; i < this.count; i++) {
      word += 4;
      element += elementSize;
      const start = element + (words[word] as number);
      const size = words[word + 1] as number;
      const both = size < beforeSize ? size : beforeSize;
      let order = size - beforeSize;
      for (let at = 0; at < both; at++) {
        const difference = (bytes[start + at] as number) - (bytes[before + at] as number);
        if (difference !== 0) {
          order = difference;
          break;
        }
      }
      if (order <= 0) return this.#disorderAt(i, "key is not above the one before it");
      before = start;
      beforeSize = size;
    }
    const last = this.count - 1;
    // Keys rise, so the last one speaks for all.
    if (high === undefined || compareBytes(this.key(last), high) < 0) return undefined;
    return this.#disorderAt(last, "key is not below the next branch");
  }

  #disorderAt(element: number, message: string): Disorder {
    const at = pageHeaderSize + element * elementSize + (this.#words[this.#first + element * 4] as number);
    return { element, at, message };
  }

  #elementProblem(index: number, data: number, highWaterMark: number): string | undefined {
    const word = this.#first + index * 4;
    const start = pageHeaderSize + index * elementSize + (this.#words[word] as number);
    const keySize = this.#words[word + 1] as number;
    if (keySize === 0) return "empty key";
    if (start < data) return "key overlaps the elements";
    if (!this.leaf) {
      const child = this.child(index);
      if (child < 2 || child >= highWaterMark) return `child page ${child} is out of bounds`;
      return start + keySize > this.length ? "key ends outside the page" : undefined;
    }
    const valueSize = this.#words[word + 2] as number;
    if (start + keySize + valueSize > this.length) return "value ends outside the page";
    if (this.isBucket(index) && valueSize < bucketHeaderSize) return "bucket header is cut short";
    return undefined;
  }
}

/** A bucket as its entry in the parent's leaf says. */
export interface BucketRecord {
  /** Root page, or the inline page. */
  readonly root: number | Page;
  readonly sequenceLow: number;
  readonly sequenceHigh: number;
}

/**
 * Decodes the value of a bucket entry.
 *
 * @param path of the file, for the error.
 * @throws CorruptError when it is not a bucket.
 */
export function decodeBucket(value: Uint8Array, path: string, highWaterMark: number): BucketRecord {
  if (value.length < bucketHeaderSize) throw new CorruptError(path, "bucket header is cut short");
  const sequenceLow = readU32(value, 8);
  const sequenceHigh = readU32(value, 12);
  const root = readU64(value, 0);
  if (root !== 0) {
    if (root < 2 || root >= highWaterMark) throw new CorruptError(path, `bucket root page ${root} is out of bounds`);
    return { root, sequenceLow, sequenceHigh };
  }
  const length = value.length - bucketHeaderSize;
  if (length < pageHeaderSize) throw new CorruptError(path, "inline bucket is cut short");
  const words = new Uint32Array((length + 3) >>> 2);
  const bytes = new Uint8Array(words.buffer);
  bytes.set(value.subarray(bucketHeaderSize));
  const page = new Page(bytes, words, 0, length);
  const problem = page.problem(0, highWaterMark) ?? (page.leaf ? undefined : "inline bucket is not a leaf");
  if (problem !== undefined) throw new CorruptError(path, `inline bucket: ${problem}`);
  return { root: page, sequenceLow, sequenceHigh };
}
