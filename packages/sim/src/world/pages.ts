/** The content of a file, kept as pages; and, for what is not durable yet, the pages that were there before. */

import { sectorBytes } from "@quorate/base";

/** Pages are what the cache holds; files with holes cost nothing for them. */
export const pageBytes = 4096;
const sectorsPerPage: number = pageBytes / sectorBytes;
const zeros: Uint8Array = new Uint8Array(pageBytes);

/** What pages held before they were changed, since the sync before. */
interface Generation {
  readonly before: Map<number, Uint8Array>;
  /** The size that a sync of this generation makes durable. */
  size: number;
}

const newGeneration = (): Generation => ({ before: new Map(), size: 0 });

/** Names one sync under way. */
export type SyncMark = object;

/** Chooses, at a power cut, among the versions of one sector: 0 is what is durable, `newest` the last one written. */
export type SectorChoice = (newest: number) => number;

/**
 * A file's bytes as a running process sees them, from which a power cut can be played: for each change the content before
 * it is kept until a sync has covered it.
 *
 * ```
 *   pages            what readers see
 *   open             pages changed since the last sync began, with what they held then
 *   syncing          the same for syncs under way, oldest first
 *   lost             pages of failed syncs: the cache counts them as clean, the disk never got them
 * ```
 */
export class FilePages {
  size = 0;
  #durableSize = 0;
  readonly #pages: Map<number, Uint8Array> = new Map();
  #open: Generation = newGeneration();
  readonly #syncing: Generation[] = [];
  readonly #lost: Map<number, Uint8Array> = new Map();

  read(target: Uint8Array, position: number): number {
    const length = Math.max(0, Math.min(target.length, this.size - position));
    for (let done = 0; done < length; ) {
      const at = position + done;
      const offset = at % pageBytes;
      const count = Math.min(pageBytes - offset, length - done);
      const page = this.#pages.get((at - offset) / pageBytes);
      if (page === undefined) target.fill(0, done, done + count);
      else if (count === pageBytes) target.set(page, done);
      else target.set(page.subarray(offset, offset + count), done);
      done += count;
    }
    return length;
  }

  write(bytes: Uint8Array, position: number): void {
    for (let done = 0; done < bytes.length; ) {
      const at = position + done;
      const offset = at % pageBytes;
      const count = Math.min(pageBytes - offset, bytes.length - done);
      const page = this.#change((at - offset) / pageBytes);
      page.set(count === bytes.length ? bytes : bytes.subarray(done, done + count), offset);
      done += count;
    }
    if (position + bytes.length > this.size) this.size = position + bytes.length;
  }

  resize(size: number): void {
    if (size < this.size) {
      const partial = size % pageBytes;
      for (const number of [...this.#pages.keys()].sort((a, b) => a - b)) {
        if (number * pageBytes >= size) this.#change(number).fill(0);
        else if (partial > 0 && number === Math.floor(size / pageBytes)) this.#change(number).fill(0, partial);
      }
    }
    this.size = size;
  }

  /** The page to write to; what it holds is kept first. */
  #change(number: number): Uint8Array {
    let page = this.#pages.get(number);
    if (page === undefined) {
      page = new Uint8Array(pageBytes);
      this.#pages.set(number, page);
      if (!this.#open.before.has(number)) this.#open.before.set(number, zeros);
      return page;
    }
    if (!this.#open.before.has(number)) {
      const lost = this.#lost.get(number);
      this.#lost.delete(number);
      this.#open.before.set(number, lost ?? page.slice());
    }
    return page;
  }

  /** True when a power cut now could change what is read. */
  get dirty(): boolean {
    return (
      this.#open.before.size > 0 || this.#syncing.length > 0 || this.#lost.size > 0 || this.size !== this.#durableSize
    );
  }

  /** A sync begins: it covers what was written so far. */
  startSync(): SyncMark {
    const generation = this.#open;
    generation.size = this.size;
    this.#open = newGeneration();
    this.#syncing.push(generation);
    return generation;
  }

  /** The sync has reached the disk, with all before it. */
  endSync(mark: SyncMark): void {
    const at = this.#syncing.indexOf(mark as Generation);
    if (at < 0) return;
    this.#durableSize = (mark as Generation).size;
    this.#syncing.splice(0, at + 1);
  }

  /** The sync failed: the cache forgets that its pages were to be written. */
  failSync(mark: SyncMark): void {
    const at = this.#syncing.indexOf(mark as Generation);
    if (at < 0) return;
    this.#syncing.splice(at, 1);
    for (const [number, page] of (mark as Generation).before) {
      if (!this.#lost.has(number)) this.#lost.set(number, page);
    }
  }

  /** The sync said that it was done, and did nothing: a later one will write the pages. */
  skipSync(mark: SyncMark): void {
    const at = this.#syncing.indexOf(mark as Generation);
    if (at < 0) return;
    this.#syncing.splice(at, 1);
    for (const [number, page] of (mark as Generation).before) this.#open.before.set(number, page);
  }

  /** The cache writes one changed page on its own account. */
  writeBack(draw: (bound: number) => number): void {
    const { before } = this.#open;
    if (before.size === 0) return;
    const number = [...before.keys()][draw(before.size)] as number;
    before.delete(number);
    for (const generation of this.#syncing) generation.before.delete(number);
    this.#lost.delete(number);
  }

  /**
   * The power is cut: each sector that is not durable falls back to one of its versions.
   *
   * @param keepSize whether the present size survives.
   */
  crash(choose: SectorChoice, keepSize: boolean): void {
    const generations = [...this.#syncing, this.#open];
    const numbers = new Set<number>(this.#lost.keys());
    for (const { before } of generations) for (const number of before.keys()) numbers.add(number);
    for (const number of [...numbers].sort((a, b) => a - b)) {
      const versions: Uint8Array[] = [];
      const lost = this.#lost.get(number);
      if (lost !== undefined) versions.push(lost);
      for (const { before } of generations) {
        const page = before.get(number);
        if (page !== undefined) versions.push(page);
      }
      const page = this.#pages.get(number);
      if (page === undefined) continue;
      const newest = page.slice();
      versions.push(newest);
      for (let sector = 0; sector < sectorsPerPage; sector++) {
        const from = sector * sectorBytes;
        const chosen = versions[choose(versions.length - 1)] as Uint8Array;
        page.set(chosen.subarray(from, from + sectorBytes), from);
      }
    }
    this.#open = newGeneration();
    this.#syncing.length = 0;
    this.#lost.clear();
    const size = keepSize ? this.size : this.#durableSize;
    this.size = Math.max(this.size, size);
    this.resize(size);
    this.settle();
  }

  /** What is there counts as durable. */
  settle(): void {
    this.#open = newGeneration();
    this.#syncing.length = 0;
    this.#lost.clear();
    this.#durableSize = this.size;
  }

  clone(): FilePages {
    const copy = new FilePages();
    copy.size = this.size;
    for (const [number, page] of this.#pages) copy.#pages.set(number, page.slice());
    copy.settle();
    return copy;
  }

  /** Flips one bit, on the disk and in the cache. @returns false where nothing was ever written, or the file ends before. */
  flip(position: number, bit: number): boolean {
    const page = this.#pages.get(Math.floor(position / pageBytes));
    if (page === undefined || position >= this.size) return false;
    const offset = position % pageBytes;
    page[offset] = (page[offset] as number) ^ (1 << bit);
    return true;
  }

  /** Puts bytes where they were not meant to go, on the disk and in the cache. @returns false where nothing was ever written. */
  overwrite(position: number, bytes: Uint8Array): boolean {
    const page = this.#pages.get(Math.floor(position / pageBytes));
    if (page === undefined || position + bytes.length > this.size) return false;
    page.set(bytes, position % pageBytes);
    return true;
  }

  /** Numbers of the pages that were ever written, in order. */
  writtenPages(): number[] {
    return [...this.#pages.keys()].sort((a, b) => a - b);
  }
}
