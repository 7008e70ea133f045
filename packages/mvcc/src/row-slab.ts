import type { RowStore } from "./ports.ts";
import { revisionBytes } from "./revision.ts";

/** Memory for rows is taken from the platform in pieces of this size; for larger rows than a quarter of it the store is asked. */
const slabBytes = 64 * 1024;

/**
 * Memory for encoded rows. An array of its own for each row would cost more than encoding it. A row that is kept keeps
 * its piece alive: the backend keeps rows until they are committed, and who needs one for longer copies it.
 */
export class RowSlab {
  #slab: Uint8Array = new Uint8Array(0);
  #used = 0;
  readonly #rows: RowStore;

  constructor(rows: RowStore) {
    this.#rows = rows;
  }

  /** Returns `size` zeros that nobody else has. */
  take(size: number): Uint8Array {
    if (size > slabBytes / 4) return this.#rows.room(revisionBytes, size);
    if (this.#used + size > this.#slab.length) {
      this.#slab = new Uint8Array(slabBytes);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += size;
    return this.#slab.subarray(start, start + size);
  }
}
