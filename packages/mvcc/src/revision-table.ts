import { WordTable } from "./word-table.ts";

const tombstoneBit = 0x80000000;
const listedBit = 0x40000000;
const subMask = 0x3fffffff;

const wordKey = 0;
const wordSub = 1;
const wordOlder = 2;
const wordMain = 3;
const wordCreate = 4;
const wordVersion = 5;
const wordHighA = 6;
const wordHighB = 7;
const stride = 8;

/** Records per chunk: 256 KiB. */
const chunkShift = 13;
const scale = 0x100000000;

/**
 * The revisions of all keys. A record is one change of one key, 32 bytes, so that it never crosses a cache line:
 *
 * ```
 *  word 0  key            6  main >> 32 (21 bits)    | createRevision >> 32, low 11 bits
 *       1  tombstone:1 listed:1 sub:30
 *       2  older          7  version >> 32 (21 bits) | createRevision >> 32, high 10 bits
 *       3  main, low 32 bits   4  createRevision, low 32 bits   5  version, low 32 bits
 * ```
 *
 * The newest record of a key is its *slot*: its id is the key's identity for as long as the index knows the key, and
 * its word `key` says where the key's bytes are. `older` chains the earlier revisions, newest first, 0 ends.
 * A tombstone's createRevision and version are 0.
 */
export class RevisionTable {
  readonly #words: WordTable = new WordTable(stride, chunkShift, wordOlder);

  /** Records in use. */
  get size(): number {
    return this.#words.size;
  }

  /** Bytes held. */
  get byteSize(): number {
    return this.#words.byteSize;
  }

  /** Returns a new record; it is no tombstone, not listed, and has no older one. */
  add(main: number, sub: number, createRevision: number, version: number): number {
    const id = this.#words.allocate();
    const words = this.#chunk(id);
    const at = this.#at(id);
    words[at + wordKey] = 0;
    words[at + wordSub] = 0;
    words[at + wordOlder] = 0;
    this.set(id, main, sub, createRevision, version);
    return id;
  }

  release(id: number): void {
    this.#words.release(id);
  }

  /** Overwrites the revision of a record with that of a put; its key, list mark and older records stay. */
  set(id: number, main: number, sub: number, createRevision: number, version: number): void {
    const words = this.#chunk(id);
    const at = this.#at(id);
    words[at + wordSub] = ((words[at + wordSub] as number) & listedBit) | sub;
    words[at + wordMain] = main;
    words[at + wordCreate] = createRevision;
    words[at + wordVersion] = version;
    words[at + wordHighA] = 0;
    words[at + wordHighB] = 0;
    if (main >= scale || version >= scale) this.#setHigh(words, at, main, createRevision, version);
  }

  /** A create revision is never above the main one, so it has high bits only when that has. */
  #setHigh(words: Uint32Array, at: number, main: number, createRevision: number, version: number): void {
    const create = Math.floor(createRevision / scale);
    words[at + wordHighA] = Math.floor(main / scale) | ((create & 0x7ff) << 21);
    words[at + wordHighB] = Math.floor(version / scale) | ((create >>> 11) << 21);
  }

  /** Overwrites the revision of a record with that of a tombstone. */
  setTombstone(id: number, main: number, sub: number): void {
    this.set(id, main, sub, 0, 0);
    const words = this.#chunk(id);
    const at = this.#at(id) + wordSub;
    words[at] = (words[at] as number) | tombstoneBit;
  }

  /** Moves the revision of slot `id` into a new record behind it, so that the slot can take a newer one. */
  push(id: number): void {
    const copy = this.#words.allocate();
    const from = this.#chunk(id);
    const to = this.#chunk(copy);
    const source = this.#at(id);
    const target = this.#at(copy);
    for (let word = wordSub; word < stride; word++) to[target + word] = from[source + word] as number;
    to[target + wordKey] = 0;
    to[target + wordSub] = (to[target + wordSub] as number) & ~listedBit;
    from[source + wordOlder] = copy;
  }

  main(id: number): number {
    const words = this.#chunk(id);
    const at = this.#at(id);
    const high = words[at + wordHighA] as number;
    const low = words[at + wordMain] as number;
    return high === 0 ? low : (high & 0x1fffff) * scale + low;
  }

  createRevision(id: number): number {
    const words = this.#chunk(id);
    const at = this.#at(id);
    const highA = words[at + wordHighA] as number;
    const highB = words[at + wordHighB] as number;
    const low = words[at + wordCreate] as number;
    return highA === 0 ? low : ((highA >>> 21) | ((highB >>> 21) << 11)) * scale + low;
  }

  version(id: number): number {
    const words = this.#chunk(id);
    const at = this.#at(id);
    const high = words[at + wordHighB] as number;
    const low = words[at + wordVersion] as number;
    return high === 0 ? low : (high & 0x1fffff) * scale + low;
  }

  sub(id: number): number {
    return (this.#chunk(id)[this.#at(id) + wordSub] as number) & subMask;
  }

  isTombstone(id: number): boolean {
    return (this.#chunk(id)[this.#at(id) + wordSub] as number) >= tombstoneBit;
  }

  older(id: number): number {
    return this.#chunk(id)[this.#at(id) + wordOlder] as number;
  }

  setOlder(id: number, older: number): void {
    this.#chunk(id)[this.#at(id) + wordOlder] = older;
  }

  keyRef(id: number): number {
    return this.#chunk(id)[this.#at(id) + wordKey] as number;
  }

  setKeyRef(id: number, ref: number): void {
    this.#chunk(id)[this.#at(id) + wordKey] = ref;
  }

  /** Whether the slot stands in the list of keys that a compaction has to look at. */
  isListed(id: number): boolean {
    return ((this.#chunk(id)[this.#at(id) + wordSub] as number) & listedBit) !== 0;
  }

  setListed(id: number, listed: boolean): void {
    const words = this.#chunk(id);
    const at = this.#at(id) + wordSub;
    words[at] = listed ? (words[at] as number) | listedBit : (words[at] as number) & ~listedBit;
  }

  #chunk(id: number): Uint32Array {
    return this.#words.chunks[id >>> chunkShift] as Uint32Array;
  }

  #at(id: number): number {
    return (id & ((1 << chunkShift) - 1)) * stride;
  }
}
