import { type ChunkOwner, WordTable } from "./word-table.ts";

const tombstoneBit = 0x80000000;
const listedBit = 0x40000000;
const subMask = 0x3fffffff;

const wordKey = 0;
const wordSub = 1;
const wordOlder = 2;
const words = 3;

const numberMain = 0;
const numberCreate = 1;
const numberVersion = 2;
const numbers = 3;

/** Records per chunk: 288 KiB in two arrays. */
const chunkShift = 13;

/**
 * The revisions of all keys. A record is one change of one key:
 *
 * ```
 *  f64 main   f64 createRevision   f64 version        36 bytes
 *  u32 key    u32 tombstone:1 listed:1 sub:30   u32 older
 * ```
 *
 * The newest record of a key is its *slot*: its id is the key's identity for as long as the index knows the key, and
 * its word `key` says where the key's bytes are. `older` chains the earlier revisions, newest first, 0 ends.
 * A tombstone's createRevision and version are 0.
 */
export class RevisionTable implements ChunkOwner {
  readonly #words: WordTable = new WordTable(words, chunkShift, wordOlder, this);
  readonly #numbers: Float64Array[] = [];

  onChunkAdded(chunk: number): void {
    this.#numbers[chunk] = new Float64Array(numbers << chunkShift);
  }

  onChunkDropped(chunk: number): void {
    this.#numbers[chunk] = new Float64Array(0);
  }

  /** Records in use. */
  get size(): number {
    return this.#words.size;
  }

  /** Bytes held. */
  get byteSize(): number {
    let size = this.#words.byteSize;
    for (const chunk of this.#numbers) size += chunk.byteLength;
    return size;
  }

  /** Returns a new record; it is no tombstone, not listed, and has no older one. */
  add(main: number, sub: number, createRevision: number, version: number): number {
    const id = this.#words.allocate();
    this.set(id, main, sub, createRevision, version);
    const chunk = this.#words.chunks[id >>> chunkShift] as Uint32Array;
    const at = (id & this.#words.mask) * words;
    chunk[at + wordKey] = 0;
    chunk[at + wordSub] = sub;
    chunk[at + wordOlder] = 0;
    return id;
  }

  release(id: number): void {
    this.#words.release(id);
  }

  /** Overwrites the revision of a record with that of a put; its key, list mark and older records stay. */
  set(id: number, main: number, sub: number, createRevision: number, version: number): void {
    const revisions = this.#numbers[id >>> chunkShift] as Float64Array;
    const local = id & this.#words.mask;
    revisions[local * numbers + numberMain] = main;
    revisions[local * numbers + numberCreate] = createRevision;
    revisions[local * numbers + numberVersion] = version;
    const chunk = this.#words.chunks[id >>> chunkShift] as Uint32Array;
    const at = local * words + wordSub;
    chunk[at] = ((chunk[at] as number) & listedBit) | sub;
  }

  /** Overwrites the revision of a record with that of a tombstone. */
  setTombstone(id: number, main: number, sub: number): void {
    this.set(id, main, sub, 0, 0);
    const chunk = this.#words.chunks[id >>> chunkShift] as Uint32Array;
    const at = (id & this.#words.mask) * words + wordSub;
    chunk[at] = (chunk[at] as number) | tombstoneBit;
  }

  /** Moves the revision of slot `id` into a new record behind it, so that the slot can take a newer one. */
  push(id: number): void {
    const copy = this.#words.allocate();
    const fromWords = this.#words.chunks[id >>> chunkShift] as Uint32Array;
    const fromNumbers = this.#numbers[id >>> chunkShift] as Float64Array;
    const toWords = this.#words.chunks[copy >>> chunkShift] as Uint32Array;
    const toNumbers = this.#numbers[copy >>> chunkShift] as Float64Array;
    const from = (id & this.#words.mask) * words;
    const to = (copy & this.#words.mask) * words;
    toNumbers[to] = fromNumbers[from] as number;
    toNumbers[to + 1] = fromNumbers[from + 1] as number;
    toNumbers[to + 2] = fromNumbers[from + 2] as number;
    toWords[to + wordKey] = 0;
    toWords[to + wordSub] = (fromWords[from + wordSub] as number) & ~listedBit;
    toWords[to + wordOlder] = fromWords[from + wordOlder] as number;
    fromWords[from + wordOlder] = copy;
  }

  main(id: number): number {
    return (this.#numbers[id >>> chunkShift] as Float64Array)[(id & this.#words.mask) * numbers + numberMain] as number;
  }

  createRevision(id: number): number {
    return (this.#numbers[id >>> chunkShift] as Float64Array)[
      (id & this.#words.mask) * numbers + numberCreate
    ] as number;
  }

  version(id: number): number {
    return (this.#numbers[id >>> chunkShift] as Float64Array)[
      (id & this.#words.mask) * numbers + numberVersion
    ] as number;
  }

  sub(id: number): number {
    return this.#word(id, wordSub) & subMask;
  }

  isTombstone(id: number): boolean {
    return this.#word(id, wordSub) >= tombstoneBit;
  }

  older(id: number): number {
    return this.#word(id, wordOlder);
  }

  setOlder(id: number, older: number): void {
    (this.#words.chunks[id >>> chunkShift] as Uint32Array)[(id & this.#words.mask) * words + wordOlder] = older;
  }

  keyRef(id: number): number {
    return this.#word(id, wordKey);
  }

  setKeyRef(id: number, ref: number): void {
    (this.#words.chunks[id >>> chunkShift] as Uint32Array)[(id & this.#words.mask) * words + wordKey] = ref;
  }

  /** Whether the slot stands in the list of keys that a compaction has to look at. */
  isListed(id: number): boolean {
    return (this.#word(id, wordSub) & listedBit) !== 0;
  }

  setListed(id: number, listed: boolean): void {
    const chunk = this.#words.chunks[id >>> chunkShift] as Uint32Array;
    const at = (id & this.#words.mask) * words + wordSub;
    chunk[at] = listed ? (chunk[at] as number) | listedBit : (chunk[at] as number) & ~listedBit;
  }

  #word(id: number, word: number): number {
    return (this.#words.chunks[id >>> chunkShift] as Uint32Array)[(id & this.#words.mask) * words + word] as number;
  }
}
