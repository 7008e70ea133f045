import { invariant } from "@quorate/base";

/** Bytes of a chunk; places are counted in units of 8 bytes, so 32 bits reach 32 GiB of keys. */
const chunkBytes = 1 << 18;
const unitShift = 15;
/** Longer keys, header included, lie in a chunk of their own. */
const sharedMax: number = chunkBytes / 4;
const unitMask = (1 << unitShift) - 1;

/** Learns that a key's bytes have moved. */
export interface KeyOwner {
  onKeyMoved(slot: number, ref: number): void;
}

/**
 * The bytes of all keys, in chunks of 256 KiB:
 *
 * ```
 *  | u32 slot | u32 length | bytes … | padding to 8 |
 * ```
 *
 * Slot 0 marks a freed key. When less than half of a full chunk is still in use, its keys move on and the chunk is
 * let go, so the arena is at most about twice its content. A long key gets a chunk of its own size.
 * A `ref` is where a key lies; it holds until the owner is told otherwise.
 */
export class KeyArena {
  readonly #bytes: Uint8Array[] = [];
  readonly #words: Uint32Array[] = [];
  /** Per chunk: bytes in use, headers and padding included. */
  readonly #live: number[] = [];
  /** Numbers of chunks that were let go. */
  readonly #vacant: number[] = [];
  readonly #owner: KeyOwner;
  #current = -1;
  #end = chunkBytes;

  constructor(owner: KeyOwner) {
    this.#owner = owner;
  }

  /** Bytes of all chunks. */
  get byteSize(): number {
    let size = 0;
    for (const chunk of this.#bytes) size += chunk.length;
    return size;
  }

  /** Copies `key` in and returns where it lies. */
  store(slot: number, key: Uint8Array): number {
    const ref = this.#reserve(slot, key.length);
    const bytes = this.#bytes[ref >>> unitShift] as Uint8Array;
    const start = ((ref & unitMask) << 3) + 8;
    if (key.length > 24) bytes.set(key, start);
    else for (let i = 0; i < key.length; i++) bytes[start + i] = key[i] as number;
    return ref;
  }

  /** Forgets the key at `ref`; may move others, of which the owner is told before this returns. */
  release(ref: number): void {
    const chunk = ref >>> unitShift;
    const words = this.#words[chunk] as Uint32Array;
    const at = (ref & unitMask) << 1;
    invariant(words[at] !== 0, "a key was freed twice");
    words[at] = 0;
    const live = (this.#live[chunk] as number) - recordBytes(words[at + 1] as number);
    this.#live[chunk] = live;
    if (chunk === this.#current) return;
    if (live === 0) this.#drop(chunk);
    else if (live < chunkBytes / 2) this.#evacuate(chunk);
  }

  length(ref: number): number {
    return (this.#words[ref >>> unitShift] as Uint32Array)[((ref & unitMask) << 1) + 1] as number;
  }

  /** Returns a copy of the key at `ref`. */
  copy(ref: number): Uint8Array {
    const start = ((ref & unitMask) << 3) + 8;
    return (this.#bytes[ref >>> unitShift] as Uint8Array).slice(start, start + this.length(ref));
  }

  /** Orders the key at `ref` against `key`, both known to agree in the first `from` bytes. */
  compare(ref: number, key: Uint8Array, from: number): number {
    const bytes = this.#bytes[ref >>> unitShift] as Uint8Array;
    const start = ((ref & unitMask) << 3) + 8;
    const length = this.length(ref);
    const common = length < key.length ? length : key.length;
    for (let i = from; i < common; i++) {
      const difference = (bytes[start + i] as number) - (key[i] as number);
      if (difference !== 0) return difference;
    }
    return length - key.length;
  }

  /** How many leading bytes, `most` at most, the key at `ref` shares with `key`. */
  sharedWith(ref: number, key: Uint8Array, most: number): number {
    const bytes = this.#bytes[ref >>> unitShift] as Uint8Array;
    const start = ((ref & unitMask) << 3) + 8;
    const end = Math.min(most, this.length(ref), key.length);
    let i = 0;
    while (i < end && bytes[start + i] === key[i]) i++;
    return i;
  }

  /** How many leading bytes the keys at two places share. */
  shared(ref: number, other: number): number {
    const a = this.#bytes[ref >>> unitShift] as Uint8Array;
    const b = this.#bytes[other >>> unitShift] as Uint8Array;
    const startA = ((ref & unitMask) << 3) + 8;
    const startB = ((other & unitMask) << 3) + 8;
    const end = Math.min(this.length(ref), this.length(other));
    let i = 0;
    while (i < end && a[startA + i] === b[startB + i]) i++;
    return i;
  }

  /** The four bytes from `at` on as a number that orders like them; missing bytes count as 0. */
  head(ref: number, at: number): number {
    const length = this.length(ref);
    const bytes = this.#bytes[ref >>> unitShift] as Uint8Array;
    const start = ((ref & unitMask) << 3) + 8;
    let head = 0;
    for (let i = at; i < at + 4; i++) head = (head << 8) | (i < length ? (bytes[start + i] as number) : 0);
    return head >>> 0;
  }

  #reserve(slot: number, length: number): number {
    const size = recordBytes(length);
    if (size > sharedMax) return this.#reserveAlone(slot, length, size);
    if (this.#end + size > chunkBytes) this.#openChunk();
    const chunk = this.#current;
    const unit = this.#end >>> 3;
    this.#end += size;
    this.#live[chunk] = (this.#live[chunk] as number) + size;
    const words = this.#words[chunk] as Uint32Array;
    words[unit << 1] = slot;
    words[(unit << 1) + 1] = length;
    return ((chunk << unitShift) | unit) >>> 0;
  }

  /** Begins a new current chunk; what is left of the last one moves in if that is little, and leaves room for any key. */
  #openChunk(): void {
    const full = this.#current;
    this.#current = this.#addChunk(chunkBytes);
    this.#end = 0;
    if (full >= 0 && (this.#live[full] as number) < chunkBytes / 2) this.#evacuate(full);
  }

  #reserveAlone(slot: number, length: number, size: number): number {
    const chunk = this.#addChunk(size);
    this.#live[chunk] = size;
    const words = this.#words[chunk] as Uint32Array;
    words[0] = slot;
    words[1] = length;
    return (chunk << unitShift) >>> 0;
  }

  #addChunk(size: number): number {
    const chunk = this.#vacant.pop() ?? this.#bytes.length;
    invariant(chunk < 2 ** (32 - unitShift), "the key arena is full", () => ({ chunk }));
    const buffer = new ArrayBuffer(size);
    this.#bytes[chunk] = new Uint8Array(buffer);
    this.#words[chunk] = new Uint32Array(buffer);
    this.#live[chunk] = 0;
    return chunk;
  }

  #drop(chunk: number): void {
    this.#bytes[chunk] = new Uint8Array(0);
    this.#words[chunk] = new Uint32Array(0);
    this.#vacant.push(chunk);
  }

  /** Moves what is left in a chunk to the current one. */
  #evacuate(chunk: number): void {
    const words = this.#words[chunk] as Uint32Array;
    const bytes = this.#bytes[chunk] as Uint8Array;
    let at = 0;
    while (at < chunkBytes) {
      const slot = words[at >>> 2] as number;
      const length = words[(at >>> 2) + 1] as number;
      // What no key ever filled at the end of a chunk reads as freed keys of no bytes.
      if (slot !== 0) {
        const ref = this.#reserve(slot, length);
        const target = this.#bytes[ref >>> unitShift] as Uint8Array;
        target.set(bytes.subarray(at + 8, at + 8 + length), ((ref & unitMask) << 3) + 8);
        this.#owner.onKeyMoved(slot, ref);
      }
      at += recordBytes(length);
    }
    this.#live[chunk] = 0;
    this.#drop(chunk);
  }
}

const recordBytes = (length: number): number => 8 + ((length + 7) & ~7);
