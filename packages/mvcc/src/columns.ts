/** Growing lists of numbers in chunks: no copying to grow, no object per number. */

const shift = 12;
const mask: number = (1 << shift) - 1;

/** A list of safe integers. */
export class NumberColumn {
  readonly #chunks: Float64Array[] = [];
  length = 0;

  push(value: number): void {
    const chunk = this.length >>> shift;
    if (chunk === this.#chunks.length) this.#chunks.push(new Float64Array(1 << shift));
    (this.#chunks[chunk] as Float64Array)[this.length & mask] = value;
    this.length += 1;
  }

  at(index: number): number {
    return (this.#chunks[index >>> shift] as Float64Array)[index & mask] as number;
  }
}

/** A list of unsigned 32-bit integers. */
export class WordColumn {
  readonly #chunks: Uint32Array[] = [];
  length = 0;

  push(value: number): void {
    const chunk = this.length >>> shift;
    if (chunk === this.#chunks.length) this.#chunks.push(new Uint32Array(1 << shift));
    (this.#chunks[chunk] as Uint32Array)[this.length & mask] = value;
    this.length += 1;
  }

  at(index: number): number {
    return (this.#chunks[index >>> shift] as Uint32Array)[index & mask] as number;
  }

  set(index: number, value: number): void {
    (this.#chunks[index >>> shift] as Uint32Array)[index & mask] = value;
  }

  /** Forgets everything from `length` on and gives its memory back. */
  truncate(length: number): void {
    this.length = length;
    this.#chunks.length = Math.min(this.#chunks.length, (length + mask) >>> shift);
  }
}
