/** What a disk writes as a whole. */
export const sectorBytes = 512;

/** Pages keep files with holes, such as preallocated segments, small. */
const pageBytes = 4096;

/**
 * Bytes with holes, which read as zeros: the content of a file of a disk that is not there. A fork shares pages with what it
 * was forked from until one of the two writes them.
 */
export class SparseBytes {
  size = 0;
  #pages: Map<number, Uint8Array> = new Map();
  /** Pages that nobody else holds. */
  #own: Set<number> = new Set();

  fork(): SparseBytes {
    const copy = new SparseBytes();
    copy.size = this.size;
    copy.#pages = new Map(this.#pages);
    this.#own = new Set();
    return copy;
  }

  /** @returns how many bytes were there. */
  read(target: Uint8Array, position: number): number {
    const length = Math.max(0, Math.min(target.length, this.size - position));
    for (let done = 0; done < length; ) {
      const at = position + done;
      const inPage = at % pageBytes;
      const count = Math.min(pageBytes - inPage, length - done);
      const page = this.#pages.get((at - inPage) / pageBytes);
      if (page === undefined) target.fill(0, done, done + count);
      else target.set(page.subarray(inPage, inPage + count), done);
      done += count;
    }
    return length;
  }

  /** @param bytes copied. */
  write(bytes: Uint8Array, position: number): void {
    for (let done = 0; done < bytes.length; ) {
      const at = position + done;
      const inPage = at % pageBytes;
      const count = Math.min(pageBytes - inPage, bytes.length - done);
      this.#writable((at - inPage) / pageBytes).set(bytes.subarray(done, done + count), inPage);
      done += count;
    }
    this.size = Math.max(this.size, position + bytes.length);
  }

  resize(size: number): void {
    if (size < this.size) {
      for (const number of [...this.#pages.keys()]) {
        if (number * pageBytes >= size) this.#pages.delete(number);
        else if ((number + 1) * pageBytes > size) this.#writable(number).fill(0, size - number * pageBytes);
      }
    }
    this.size = size;
  }

  #writable(number: number): Uint8Array {
    let page = this.#pages.get(number);
    if (page !== undefined && this.#own.has(number)) return page;
    page = page === undefined ? new Uint8Array(pageBytes) : page.slice();
    this.#pages.set(number, page);
    this.#own.add(number);
    return page;
  }

  /** All bytes, holes as zeros. */
  bytes(): Uint8Array {
    const all = new Uint8Array(this.size);
    this.read(all, 0);
    return all;
  }

  /** Where the last byte that is not zero ends; 0 when there is none. */
  end(): number {
    let last = 0;
    for (const [number, page] of this.#pages) {
      if ((number + 1) * pageBytes <= last) continue;
      let length = pageBytes;
      while (length > 0 && page[length - 1] === 0) length -= 1;
      if (length > 0) last = Math.max(last, number * pageBytes + length);
    }
    return Math.min(last, this.size);
  }
}
