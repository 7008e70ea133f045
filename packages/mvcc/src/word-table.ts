import { invariant } from "@quorate/base";

/**
 * A growing table of records of `stride` unsigned 32-bit words, in chunks, so that growing copies nothing, a million
 * records are a few hundred objects to the collector, and a chunk whose records are all free goes back to it.
 *
 * Ids are 31 bits, never 0. Freed ids are kept in a list per chunk through word `link`, and the lowest chunk with
 * room is filled first, which lets the high ones drain.
 */
export class WordTable {
  /** One array per chunk; an empty array stands for a chunk that was dropped. */
  readonly chunks: Uint32Array[] = [];
  readonly stride: number;
  readonly shift: number;
  readonly mask: number;
  readonly #link: number;
  /** Per chunk: records in use, ids never handed out from here on, first freed record plus one. */
  readonly #used: number[] = [];
  readonly #fresh: number[] = [];
  readonly #freed: number[] = [];
  #lowest = 0;

  /**
   * @param shift base-2 logarithm of the records in a chunk.
   * @param link the word that links free records.
   */
  constructor(stride: number, shift: number, link: number) {
    this.stride = stride;
    this.shift = shift;
    this.mask = (1 << shift) - 1;
    this.#link = link;
  }

  /** Records handed out. */
  get size(): number {
    let size = 0;
    for (const used of this.#used) size += used;
    return size;
  }

  /** Bytes of all chunks. */
  get byteSize(): number {
    let size = 0;
    for (const chunk of this.chunks) size += chunk.byteLength;
    return size;
  }

  /** Returns the id of a record whose words hold anything. */
  allocate(): number {
    let chunk = this.#lowest;
    while (chunk < this.chunks.length && !this.#hasRoom(chunk)) chunk += 1;
    this.#lowest = chunk;
    if (chunk === this.chunks.length || (this.chunks[chunk] as Uint32Array).length === 0) this.#addChunk(chunk);
    this.#used[chunk] = (this.#used[chunk] as number) + 1;
    const freed = this.#freed[chunk] as number;
    if (freed === 0) {
      const fresh = this.#fresh[chunk] as number;
      this.#fresh[chunk] = fresh + 1;
      return (chunk << this.shift) | fresh;
    }
    const words = this.chunks[chunk] as Uint32Array;
    this.#freed[chunk] = words[(freed - 1) * this.stride + this.#link] as number;
    return (chunk << this.shift) | (freed - 1);
  }

  /** Takes a record back. */
  release(id: number): void {
    const chunk = id >>> this.shift;
    const used = (this.#used[chunk] as number) - 1;
    invariant(used >= 0, "a record was freed twice", () => ({ id }));
    this.#used[chunk] = used;
    if (chunk < this.#lowest) this.#lowest = chunk;
    // The first chunk stays, so that a small table does not come and go.
    if (used === 0 && chunk !== 0) {
      this.#dropChunk(chunk);
      return;
    }
    const local = id & this.mask;
    (this.chunks[chunk] as Uint32Array)[local * this.stride + this.#link] = this.#freed[chunk] as number;
    this.#freed[chunk] = local + 1;
  }

  #hasRoom(chunk: number): boolean {
    return (this.#freed[chunk] as number) !== 0 || (this.#fresh[chunk] as number) <= this.mask;
  }

  #addChunk(chunk: number): void {
    invariant(chunk < 2 ** (31 - this.shift), "a table is full", () => ({ chunk }));
    this.chunks[chunk] = new Uint32Array(this.stride << this.shift);
    this.#used[chunk] = 0;
    this.#freed[chunk] = 0;
    this.#fresh[chunk] = chunk === 0 ? 1 : 0;
  }

  #dropChunk(chunk: number): void {
    this.chunks[chunk] = new Uint32Array(0);
    this.#freed[chunk] = 0;
    this.#fresh[chunk] = 0;
  }
}
